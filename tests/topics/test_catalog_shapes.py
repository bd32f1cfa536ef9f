"""Files of the wrong shape: YAML, keys and values, each with one finding at the right line.

A case is (file, old text, new text, text of the line the finding points at, part of the finding).
"""

from collections.abc import Callable

import pytest

from tests.topics.conftest import Break
from topics.catalog import check_catalog

CITY = "city.yml"
GRANTS = "grants.yml"
RULE = "rules/benefit-while-employed.yml"
BENEFIT = "resources/hrss.unemployment_benefit.yml"
INSURANCE = "resources/hrss.social_insurance.yml"
WAGES = "resources/tax.wage_withholding.yml"
ENTERPRISE = "resources/market.enterprise.yml"


def prop(key: str, value: str) -> str:
    return f"{{property: {key}, value: {value}}}"


Case = tuple[str, str, str, str, str]

SYNTAX: dict[str, Case] = {
    "syntax": (
        CITY,
        "partitions: 8 ",
        "partitions: : 8 ",
        "partitions: : 8",
        "not valid YAML: mapping values",
    ),
    "a tab": (CITY, "    title: {zh: 税务局", "\ttitle: {zh: 税务局", "title: {zh: 税务局", "not valid YAML"),
    "key twice": (
        CITY,
        "partitions: 8 ",
        "name: again\npartitions: 8 ",
        "name: again",
        "'name' is here twice",
    ),
    "an alias": (
        RULE,
        "    text: {zh: 身份被冒用, en: the identity was misused by another}\n",
        "    text: &x {zh: 冒用, en: misuse}\n  other:\n    decision: dismissed\n    text: *x\n",
        "text: &x",
        "alias",
    ),
    "no such day": (GRANTS, "2030-12-31", "2030-02-30", "valid_until: 2030-02-30", "no such day"),
    "not a custom property": (
        BENEFIT,
        prop("cadence", "monthly"),
        prop("cadence", "monthly") + "\n  - {name: owner}",
        "- {name: owner}",
        "not a custom property -> write {property: name, value: ...}",
    ),
}
KEYS: dict[str, Case] = {
    "unknown key": (
        RULE,
        "severity: medium",
        "severty: medium",
        "severty: medium",
        "unknown key 'severty' -> did you mean 'severity'?",
    ),
    "unknown key of the standard": (
        BENEFIT,
        "domain: hrss",
        "domian: hrss",
        "domian: hrss",
        "unknown key 'domian' -> did you mean 'domain'?",
    ),
    "unknown custom property": (
        WAGES,
        prop("sharingType", "conditional"),
        prop("sharingTyp", "conditional"),
        "sharingTyp,",
        "unknown key 'sharingTyp' -> did you mean 'sharingType'?",
    ),
    "unknown field property": (
        ENTERPRISE,
        prop("identifierKind", "person_id"),
        prop("identiferKind", "person_id"),
        "identiferKind",
        "did you mean 'identifierKind'?",
    ),
    "missing key": (RULE, "anchor_subject: person_id\n", "", "id: benefit", "'anchor_subject' is missing"),
    "missing English": (
        CITY,
        "{zh: 税务局, en: Tax Bureau}",
        "{zh: 税务局}",
        "title: {zh: 税务局}",
        "'en' is missing",
    ),
    "empty text": (
        GRANTS,
        "agreement: 示例市政务数据共享安全协议 2025-011",
        'agreement: " "',
        "agreement",
        "is empty",
    ),
    "wrong type": (
        CITY,
        "partitions: 8 ",
        "partitions: eight ",
        "partitions: eight",
        "'partitions' should be a whole number, not text -> write a whole number",
    ),
    "boolean code": (
        INSURANCE,
        "[regular, back_payment]",
        "[regular, yes]",
        "value: [regular, yes]",
        "an entry of 'codes' should be text, not true (an unquoted on, yes or true) -> put it in quotes",
    ),
    "not on the list": (
        WAGES,
        prop("sharingType", "conditional"),
        prop("sharingType", "secret"),
        "value: secret",
        "'sharingType' cannot be 'secret' -> write 'unconditional', 'conditional' or 'withheld'",
    ),
    "too many partitions": (
        CITY,
        "partitions: 8 ",
        "partitions: 0 ",
        "partitions: 0",
        "'partitions' cannot be 0 -> write at least 1",
    ),
    "department with underscore": (CITY, "- id: tax", "- id: ta_x", "- id: ta_x", "no underscore"),
    "version": (
        ENTERPRISE,
        "version: 1.0.0",
        "version: 1.0",
        "version: 1.0",
        "'version' should be text, not a number",
    ),
    "raw data lands": (GRANTS, "mode: comparison", "mode: copy", "mode: copy", "write 'comparison'"),
    "two tables": (
        WAGES,
        "schema:\n",
        "schema:\n  - name: more\n    businessName: 多\n    "
        "customProperties: [{property: titleEn, value: m}]\n"
        "    properties:\n      - {name: a, businessName: 甲, logicalType: string, customProperties: "
        "[{property: titleEn, value: a}]}\n",
        "schema:",
        "at most 1 item",
    ),
}
HUGE = "99999999999999999999999999"
DECIDING = "volume_cap: 2000"
NUMBERS: dict[str, Case] = {
    "a huge version": (
        RULE,
        "version: 2\n",
        f"version: {HUGE}\n",
        f"version: {HUGE}",
        f"'version' cannot be {HUGE} -> write at most 1000000000",
    ),
    "a huge cap": (
        RULE,
        DECIDING,
        f"volume_cap: {HUGE}",
        f"volume_cap: {HUGE}",
        "write at most 1000000000000",
    ),
    "a cap of a thousand digits": (
        RULE,
        DECIDING,
        f"volume_cap: {'9' * 1000}",
        "volume_cap: 9999",
        "'volume_cap' cannot be 999999999999... (1000 digits) -> write at most 1000000000000",
    ),
    "a huge band": (
        WAGES,
        prop("titleEn", "Income"),
        prop("titleEn", "Income") + "\n          - " + prop("bands", f"[0, {HUGE}]"),
        HUGE,
        f"an entry of 'bands' cannot be {HUGE} -> write at most 1000000000000",
    ),
    "more partitions than a city may have": (
        CITY,
        "partitions: 8 ",
        "partitions: 1025 ",
        "partitions: 1025",
        "'partitions' cannot be 1025 -> write at most 1024",
    ),
    "a share that is no number": (
        RULE,
        DECIDING,
        DECIDING + "\nprecision_floor: .nan",
        "precision_floor: .nan",
        "'precision_floor' cannot be nan -> write less than 1",
    ),
    "an endless share": (
        RULE,
        DECIDING,
        DECIDING + "\nprecision_floor: .inf",
        "precision_floor: .inf",
        "'precision_floor' cannot be inf -> write less than 1",
    ),
    "an octal band": (
        WAGES,
        prop("titleEn", "Income"),
        prop("titleEn", "Income") + "\n          - " + prop("bands", "[0, 010]"),
        "010",
        "an entry of 'bands' is written '010', which YAML reads as 8 -> write it in plain digits: 10, or 8 if",
    ),
    "octal partitions": (
        CITY,
        "partitions: 8 ",
        "partitions: 012 ",
        "partitions: 012",
        "'partitions' is written '012', which YAML reads as 10",
    ),
    "a share with an underscore": (
        RULE,
        DECIDING,
        DECIDING + "\nprecision_floor: 0_0.3",
        "precision_floor: 0_0.3",
        "'precision_floor' is written '0_0.3', which YAML reads as 0.3 -> write it in plain digits: 0.3",
    ),
    "a version of many digits": (
        ENTERPRISE,
        "version: 1.0.0",
        f"version: 1.0.{HUGE}",
        HUGE,
        "three numbers, as in 1.0.0",
    ),
}
CASES = SYNTAX | KEYS | NUMBERS


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_broken_catalog_says_what_and_where(judge: Callable[[Case], None], case: Case) -> None:
    judge(case)


def test_a_number_that_is_not_read_may_be_written_in_any_way(broken: Break) -> None:
    """Keys of the standard that Crosscheck passes over."""
    assert (
        check_catalog(
            broken(WAGES, "logicalType: object", "logicalType: object\n    quality: [{mustBe: 010}]")
        )
        == []
    )
