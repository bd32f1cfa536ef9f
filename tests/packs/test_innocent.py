"""People whom a rule of the packs must not ask about, record by record: each of them was asked once."""

from datetime import date
from typing import NamedTuple

import pytest

from matchers.rules.compiled import CompiledRule
from matchers.rules.judge import Moment
from topics.calendar import chinese_calendar
from topics.catalog import Catalog
from topics.facts import FOREVER, Fact, State, Subject, source_of

TODAY = date(2026, 6, 1)


class Record(NamedTuple):
    """A record of somebody; the first one of a case is asked about."""

    source: str
    first: str
    last: str
    codes: dict[str, str]


def day(text: str) -> int:
    return date.fromisoformat(text).toordinal() if text else FOREVER


def event(source: str, on: str, **codes: str) -> Record:
    return Record(source, on, on, codes)


def spell(source: str, first: str, last: str = "", **codes: str) -> Record:
    return Record(source, first, last, codes)


def married(first: str, last: str = "") -> Record:
    return spell("civil.marriage.person_id", first, last, status="married")


def earned(month: str, last: int, income: str) -> Record:
    return spell("tax.income_month.person_id", f"{month}-01", f"{month}-{last}", income=income, kind="wage")


def inspected(trade: str) -> Record:
    return event("market.food_inspection.uscc", "2026-03-10", found="operating", trade=trade)


def contract(price: str) -> Record:
    return event("housing.sale_contract.property_no", "2026-01-10", price=price, status="filed")


def based(band: str) -> Record:
    return spell("hrss.contribution_base.person_id", "2025-01-01", "2025-12-31", annual_base=band)


DIVORCED = "court.divorce.person_id"
INSPECTED = inspected("retail")
SOLD = event("market.equity_transfer.transferor_id", "2026-03-10", kind="sale", company_uscc="c")
TITLE = event("naturalres.title_transfer.property_no", "2026-01-10", kind="sale")
REVIEWED = spell("civil.low_income_review.person_id", "2026-01-16", "2026-04-15", declared_income="4800-6000")
MARRIED = married("2026-03-10")
DECLARED = event("tax.deed_tax.property_no", "2026-03-10", price="1000000-1500000")
BORN = event("health.birth_certificate.certificate_no", "2026-05-01")
CASES = {
    "married on the day on which a court's divorce took effect": (
        "marriage-overlap",
        (MARRIED, married("2010-01-01"), event(DIVORCED, "2026-03-10")),
        State.EXPLAINED,
    ),
    "divorced by a court the day after": (
        "marriage-overlap",
        (MARRIED, married("2010-01-01"), event(DIVORCED, "2026-03-11")),
        State.OPEN,
    ),
    "one marriage written twice": ("marriage-overlap", (MARRIED, MARRIED), State.CLEAR),
    "a licence that covered the day and was revoked months later": (
        "food-unlicensed",
        (INSPECTED, spell("permits.food_licence.uscc", "2024-01-01", "2028-12-31", status="revoked")),
        State.EXPLAINED,
    ),
    "deed tax paid two years before, to the day, a leap day between": (
        "title-without-deed-tax",
        (TITLE, event("tax.deed_tax.property_no", "2024-01-10")),
        State.CLEAR,
    ),
    "deed tax paid three years before the title of a home that was bought off plan": (
        "title-without-deed-tax",
        (TITLE, event("tax.deed_tax.property_no", "2023-01-10")),
        State.CLEAR,
    ),
    "a former owner's deed tax, more than five years before": (
        "title-without-deed-tax",
        (TITLE, event("tax.deed_tax.property_no", "2021-01-08")),
        State.OPEN,
    ),
    "more declared than the contract says, as after an assessment": (
        "deed-price",
        (DECLARED, contract("0-500000")),
        State.CLEAR,
    ),
    "less declared than the contract says": (
        "deed-price",
        (DECLARED, contract("2000000-3000000")),
        State.OPEN,
    ),
    "a birth on the last day that may still be registered": ("birth-not-registered", (BORN,), State.CLEAR),
    "a birth the day before": (
        "birth-not-registered",
        (event("health.birth_certificate.certificate_no", "2026-04-30"),),
        State.OPEN,
    ),
    "a death on the last day that may still be registered": (
        "death-not-registered",
        (event("health.death.person_id", "2026-05-01"),),
        State.CLEAR,
    ),
    "tax paid a month before the transfer was registered": (
        "equity-without-tax",
        (SOLD, event("tax.equity_tax.person_id", "2026-02-01", company_uscc="c")),
        State.CLEAR,
    ),
    "months of which only a part lies in the quarter": (
        "low-income-income",
        (REVIEWED, earned("2026-01", 31, "3000-4000"), earned("2026-04", 30, "4000-5000")),
        State.CLEAR,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_only_those_are_asked_whom_the_records_contradict(case: str, town_catalog: Catalog) -> None:
    name, records, expected = CASES[case]
    rule = CompiledRule.of(town_catalog.rule(name), chinese_calendar())
    subject = Subject({source: {} for source in (rule.anchor, *rule.looks_at)})
    for handle, (source, first, last, codes) in enumerate(reversed(records)):
        subject.facts[source][str(handle)] = Fact(1, day(first), day(last), codes, 1, 1)
    handle, moment = str(len(records) - 1), Moment(TODAY.toordinal(), lambda resource: True)
    found = rule.evaluate(subject, handle, subject.facts[rule.anchor][handle], moment)
    assert rule.anchor == source_of(rule.rule.anchor, rule.rule.anchor_subject) == records[0].source
    assert found.state == expected


ASKED = {
    "a restaurant": ("food-unlicensed", inspected("catering"), True),
    "a seller of farm produce": ("food-unlicensed", inspected("farm_produce"), False),
    "a stall under local rules": ("food-unlicensed", inspected("small_scale"), False),
    "a base below the ceiling": ("contribution-base-low", based("120000-180000"), True),
    "a base at 300 % of the average wage": ("contribution-base-low", based("180000-240000"), False),
}


@pytest.mark.parametrize("case", ASKED)
def test_whom_the_law_exempts_no_rule_asks_about(case: str, town_catalog: Catalog) -> None:
    name, (source, first, last, codes), expected = ASKED[case]
    rule = CompiledRule.of(town_catalog.rule(name), chinese_calendar())
    assert rule.anchor == source
    assert rule.asks(Fact(1, day(first), day(last), codes, 1, 1)) is expected


REASONS = {
    "food-unlicensed": "no_licence_needed",
    "nursing-subsidy-unclaimed": "no_long_term_care",
    "enterprise-no-counterpart": "no_tax_business",
    "enterprise-legal-rep": "still_time",
    "benefit-while-employed": "not_reemployed",
}


@pytest.mark.parametrize("name", REASONS)
def test_an_officer_can_say_what_no_register_holds(name: str, town_catalog: Catalog) -> None:
    assert town_catalog.rule(name).reasons[REASONS[name]][0] == "dismissed"


def test_the_police_only_verify_their_own_records(town_catalog: Catalog) -> None:
    """Whether tax is due or a lease to be filed is for others to decide; until it is referred, they know no month."""
    for name, decides in (("rental-untaxed", "tax"), ("lease-not-filed", "housing")):
        rule = town_catalog.rule(name)
        assert (rule.department, rule.disclosure[decides]) == ("police", frozenset())
        assert [code for code, said in rule.reasons.items() if said[0] == "confirmed"] == ["record_right"]
