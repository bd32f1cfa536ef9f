"""Catalogs whose files do not fit each other, or a contract that contradicts itself.

A case is (file, old text, new text, text of the line the finding points at, part of the finding).
"""

from collections.abc import Callable

import pytest

GRANTS = "grants.yml"
RULE = "rules/benefit-while-employed.yml"
BENEFIT = "resources/hrss.unemployment_benefit.yml"
INSURANCE = "resources/hrss.social_insurance.yml"
WAGES = "resources/tax.wage_withholding.yml"
ENTERPRISE = "resources/market.enterprise.yml"

LEGAL_BASIS_LINE = "  - {property: legalBasis, value: "


def prop(key: str, value: str) -> str:
    return f"{{property: {key}, value: {value}}}"


Case = tuple[str, str, str, str, str]

RESOURCES: dict[str, Case] = {
    "id": (
        BENEFIT,
        "name: unemployment_benefit\nversion",
        "name: unemployment\nversion",
        "id: hrss",
        "department.name",
    ),
    "no key": (BENEFIT, "        primaryKey: true\n", "", "properties:", "no key field"),
    "second key": (
        BENEFIT,
        "businessName: 姓名\n",
        "businessName: 姓名\n        primaryKey: true\n",
        "primaryKey: true",
        "a second key field",
    ),
    "optional key": (
        WAGES,
        "primaryKey: true\n        required: true",
        "primaryKey: true\n        required: false",
        "required: false",
        "key 'record_no' is not required",
    ),
    "field twice": (INSURANCE, "name: paid_on", "name: kind", "name: kind", "field 'kind' is here twice"),
    "identifier without kind": (
        INSURANCE,
        "          - {property: identifierKind, value: uscc}\n",
        "",
        prop("role", "identifier"),
        "identifier 'employer_uscc' has no kind",
    ),
    "subject of another kind": (
        INSURANCE,
        prop("identifierKind", "uscc"),
        prop("identifierKind", "uscc") + "\n          - " + prop("subject", "person"),
        prop("subject", "person"),
        "'employer_uscc' (uscc) does not identify a person",
    ),
    "subject on a private field": (
        WAGES,
        prop("titleEn", "Name"),
        prop("titleEn", "Name") + "\n          - " + prop("subject", "person"),
        prop("subject", "person"),
        "'name' has subject but its role is private",
    ),
    "fact of no kind": (
        INSURANCE,
        "          - {property: fact, value: code}\n",
        "",
        prop("role", "fact"),
        "fact 'kind' does not say what it states",
    ),
    "fact of the wrong type": (
        WAGES,
        "format: yyyy-MM",
        "format: yyyy-MM-dd",
        prop("fact", "month"),
        "'month' states a month but is of type date -> give it logicalType: date with",
    ),
    "optional start": (
        ENTERPRISE,
        "format: yyyy-MM-dd}\n        required: true",
        "format: yyyy-MM-dd}\n        required: false",
        "required: false",
        "period field 'registered_on' is not required",
    ),
    "end without start": (
        ENTERPRISE,
        prop("fact", "start"),
        prop("fact", "end"),
        prop("fact", "end"),
        "no period",
    ),
    "second period": (
        INSURANCE,
        prop("fact", "end"),
        prop("fact", "event"),
        prop("fact", "event"),
        "a second period",
    ),
    "code twice": (INSURANCE, "[regular, ", "[regular, regular, ", "codes", "code 'regular' is here twice"),
    "withheld without legal basis": (
        INSURANCE,
        prop("sharingType", "conditional") + "\n" + LEGAL_BASIS_LINE,
        prop("sharingType", "withheld") + "\n#",
        prop("sharingType", "withheld"),
        "withheld without a legal basis",
    ),
    "forbidden input": (
        INSURANCE,
        "businessName: 缴费类型",
        "businessName: 民族",
        prop("fact", "code"),
        "'kind' must not be a fact: nationality, ethnicity and district are no inputs -> make it private",
    ),
}
REFERENCES: dict[str, Case] = {
    "grant of an unknown resource": (
        GRANTS,
        "resource: market.enterprise",
        "resource: market.enterprises",
        "resource: market.enterprises",
        "no resource 'market.enterprises' -> did you mean 'market.enterprise'?",
    ),
    "grant twice": (
        GRANTS,
        "- id: hrss-uses-enterprise",
        "- id: hrss-uses-wage-withholding",
        "- id: hrss-uses-wage-withholding",
        "grant 'hrss-uses-wage-withholding' is here twice",
    ),
    "grant for its own": (
        GRANTS,
        "department: hrss\n    resource: tax",
        "department: tax\n    resource: tax",
        "department: tax",
        "needs no grant for its own",
    ),
    "rule file name": (
        RULE,
        "id: benefit-while-employed",
        "id: benefit",
        "id: benefit",
        "rename the file to benefit.yml",
    ),
    "rule kind": (RULE, "kind: conflict", "kind: missing", "kind: missing", "without a deadline"),
    "unknown anchor": (
        RULE,
        "anchor: hrss.unemployment_benefit",
        "anchor: hrss.benefit",
        "anchor: hrss.b",
        "no resource",
    ),
    "anchor of another": (
        RULE,
        "anchor: hrss.unemployment_benefit",
        "anchor: tax.wage_withholding",
        "anchor: tax",
        "belongs to tax, but alerts go to hrss",
    ),
    "unknown subject field": (
        RULE,
        "subject_field: legal_rep_id",
        "subject_field: legal_rep_name",
        "subject_field: legal_rep_name",
        "no subject field of market.enterprise 'legal_rep_name' -> did you mean 'legal_rep_id'?",
    ),
    "unknown code": (
        RULE,
        "[dormant, revoked, cancelled]",
        "[dormant, revoked, canceled]",
        "values: [dormant",
        "no code of status 'canceled' -> did you mean 'cancelled'?",
    ),
    "private attribute": (
        RULE,
        "discloses: status",
        "discloses: legal_rep_name",
        "discloses: legal_rep_name",
        "'legal_rep_name' of market.enterprise is private: it never leaves its department -> name a coded fact: status",
    ),
    "no grant": (
        RULE,
        "grants: [hrss-uses-wage-withholding, hrss-uses-enterprise]",
        "grants: [hrss-uses-wage-withholding]",
        "- resource: market.enterprise",
        "no grant to hrss covers market.enterprise, which is conditional",
    ),
    "evidence twice": (
        RULE,
        "subject_field: person_id\n    text:",
        "subject_field: person_id\n    text: {zh: 甲, en: a}\n  - resource: tax.wage_withholding\n"
        "    subject_field: person_id\n    text:",
        "- resource: tax.wage_withholding",
        "is here twice",
    ),
    "anchor as evidence": (
        RULE,
        "- resource: tax.wage_withholding",
        "- resource: hrss.unemployment_benefit",
        "- resource: hrss.unemployment_benefit",
        "cannot be its own evidence",
    ),
    "no way to dismiss": (
        RULE,
        "decision: dismissed",
        "decision: confirmed",
        "reasons:",
        "no reason for dismissed",
    ),
}
CASES = RESOURCES | REFERENCES


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_broken_catalog_says_what_and_where(judge: Callable[[Case], None], case: Case) -> None:
    judge(case)
