"""Adding a rule is one YAML file; adding a resource is one YAML file: done exactly so, on a running worker.

Rules: the catalog is a copy; after each step the folder differs by the one file that was written; nothing is
published again, the worker is restarted and nothing else.
"""

from collections.abc import Iterator
from pathlib import Path
from shutil import copytree

import pytest

from tests.e2e.people import LI, ZHANG
from tests.e2e.town import Town, states, wait_until
from topics.catalog.load import CITY

CARE = "civil.institution_care"
PAYMENTS = "civil.low_income_payment"
RELIEF = "civil.temporary_relief"

RULE = """
id: low-income-in-care
version: 1
kind: conflict
department: civil
status: active
severity: low
title: {zh: 特困供养与低保疑似重复享受, en: Low-income support beside support of the destitute}
purpose: {zh: 核查低保金月份是否同时享受特困供养, en: Check whether a month was supported twice}
legal_basis: 《社会救助暂行办法》(国务院令第649号)
anchor: civil.low_income_payment
anchor_subject: person_id
temporal: overlaps
evidence:
  - resource: civil.institution_care
    subject_field: person_id
    text: {zh: 同月享受特困供养, en: supported as destitute in the same month}
volume_cap: 100
expires: 2030-12-31
reasons:
  twice:
    decision: confirmed
    text: {zh: 经核实重复享受, en: supported twice}
  settled:
    decision: dismissed
    text: {zh: 已结清, en: settled since}
"""

RESOURCE = """
apiVersion: v3.0.2
kind: DataContract
id: civil.temporary_relief
name: temporary_relief
version: 1.0.0
status: active
customProperties:
  - {property: department, value: civil}
  - {property: sharingType, value: conditional}
  - {property: legalBasis, value: 《社会救助暂行办法》(国务院令第649号)第四十七条}
  - {property: cadence, value: daily}
schema:
  - name: temporary_relief
    businessName: 临时救助
    customProperties:
      - {property: titleEn, value: Temporary relief}
    properties:
      - name: grant_no
        businessName: 救助编号
        logicalType: string
        primaryKey: true
        required: true
        customProperties: [{property: titleEn, value: Grant number}]
      - name: person_id
        businessName: 公民身份号码
        logicalType: string
        required: true
        customProperties:
          - {property: titleEn, value: Citizen identity number}
          - {property: role, value: identifier}
          - {property: identifierKind, value: person_id}
          - {property: subject, value: person}
      - name: granted_on
        businessName: 救助日期
        logicalType: date
        logicalTypeOptions: {format: yyyy-MM-dd}
        required: true
        customProperties:
          - {property: titleEn, value: Granted on}
          - {property: role, value: fact}
          - {property: fact, value: event}
"""

RULE_ON_IT = """
id: relief-too-often
version: 1
kind: duplicate
department: civil
status: active
severity: low
title: {zh: 一年内临时救助三次以上, en: More than two grants of relief within a year}
purpose: {zh: 核查一年内临时救助次数, en: Check how often relief was granted within a year}
legal_basis: 《社会救助暂行办法》(国务院令第649号)第四十七条
anchor: civil.temporary_relief
anchor_subject: person_id
temporal:
  within: {days: 365, of: start, side: before}
allowed: 2
evidence:
  - resource: civil.temporary_relief
    subject_field: person_id
    text: {zh: 此前一年内已救助, en: granted within the year before}
volume_cap: 100
expires: 2030-12-31
reasons:
  too_often:
    decision: confirmed
    text: {zh: 经核实次数超限, en: too often}
  other_cause:
    decision: dismissed
    text: {zh: 事由不同, en: for another cause}
"""


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    """On the embedded log, with a catalog of its own."""
    for name in ("example", "city"):
        copytree(CITY.parent / name, tmp_path / "catalog" / name)
    made = Town(tmp_path, f"embedded://{tmp_path / 'log'}", tmp_path / "catalog" / "city")
    made.make_keys()
    try:
        yield made
    finally:
        made.close()


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def add(town: Town, name: str, text: str) -> None:
    """Write one file into the catalog, restart the worker, and insist that nothing else was touched."""
    assert town.declared is not None
    before = contents(town.declared.parent)
    (town.declared / name).parent.mkdir(exist_ok=True)
    (town.declared / name).write_text(text.lstrip(), encoding="utf-8")
    after = contents(town.declared.parent)
    assert {n for n in after if after[n] != before.get(n)} == {f"city/{name}"}
    town.declare(town.declared)
    town.workers[-1].stop()
    town.start("--clock", "log")


def results(town: Town, rule: str) -> dict[str, str]:
    return states(r for r in town.results("civil") if r["rule"] == rule)


def alerts(town: Town, rule: str) -> dict[str, str]:
    return {a["key"]: a["state"] for a in town.alerts("civil") if a["rule"] == rule}


def test_one_file_each(town: Town) -> None:
    town.start("--clock", "log")
    town.tell(PAYMENTS, ("P1", ZHANG, "张", "2025-05", "700"), ("P2", LI, "李", "2025-05", "700"))
    town.tell(CARE, ("C1", ZHANG, "张", "2025-05-31", ""))
    before = set(town.records("facts"))

    add(town, "rules/low-income-in-care.yml", RULE)
    wait_until(lambda: results(town, "low-income-in-care"), "the new rule's results")
    wait_until(lambda: len(results(town, "low-income-in-care")) == 2, "both checks")
    assert results(town, "low-income-in-care") == {"P1": "open", "P2": "clear"}
    assert alerts(town, "low-income-in-care") == {"P1": "open"}
    written = set(town.records("facts")) - before
    assert {kind for record in written for kind in record.headers if kind[0] == "ce_type"} == {
        ("ce_type", b"crosscheck.rulechange.v1")
    }, "nothing but the rule was written to the facts"

    add(town, f"resources/{RELIEF}.yml", RESOURCE)
    grants = [(f"G{n}", ZHANG, f"2025-0{n}-01") for n in range(1, 5)]
    assert town.tell(RELIEF, *grants).tally.insert == 4

    add(town, "rules/relief-too-often.yml", RULE_ON_IT)
    wait_until(lambda: len(results(town, "relief-too-often")) == 4, "a result for every grant")
    assert results(town, "relief-too-often") == {"G1": "clear", "G2": "clear", "G3": "open", "G4": "open"}
    assert alerts(town, "low-income-in-care") == {"P1": "open"}
