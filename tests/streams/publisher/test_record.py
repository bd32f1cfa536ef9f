"""One row into facts: what is refused and why, and what is left when everything private is gone."""

from datetime import date

import msgspec
import pytest

from streams.publisher.record import Fact, RecordReader
from tests.streams.publisher.front import CATALOG, CLAIM, ENTERPRISE, SPELL, WAGE, person
from topics.errors import RowRefused

LINKAGE, OWN = bytes(32), bytes(range(64))
USCC = "91350100M000100Y43"
GOOD = {
    CLAIM: {
        "claim_no": "C1",
        "person_id": person(1),
        "name": "张三",
        "month": "2008-05",
        "amount": "1200.00",
    },
    SPELL: {
        "record_no": "S1",
        "person_id": person(1),
        "name": "张三",
        "employer_uscc": USCC,
        "period_start": "2008-04-17",
        "period_end": "2008-05-17",
        "kind": "regular",
        "paid_on": "2008-05-20",
    },
    WAGE: {
        "record_no": "W1",
        "person_id": person(1),
        "name": "张三",
        "employer_uscc": USCC,
        "month": "2008-05",
        "income": "3000",
    },
    ENTERPRISE: {
        "uscc": USCC,
        "name": "某公司",
        "legal_rep_id": person(1),
        "legal_rep_name": "张三",
        "status": "active",
        "registered_on": "2003-08-18",
        "cancelled_on": "",
    },
}
READERS = {name: RecordReader(CATALOG.resource(name), LINKAGE, OWN) for name in GOOD}


def fact(resource: str, **changes: str) -> Fact:
    return READERS[resource].read(list((GOOD[resource] | changes).values()))


def fault(resource: str, **changes: str) -> tuple[str, str]:
    with pytest.raises(RowRefused) as caught:
        fact(resource, **changes)
    return caught.value.field, caught.value.reason


def test_good_rows_are_in_the_contracts_order() -> None:
    for name, values in GOOD.items():
        assert tuple(values) == CATALOG.resource(name).header


REQUIRED = [(r, f.name) for r in GOOD for f in CATALOG.resource(r).fields if f.required]


@pytest.mark.parametrize("blank", ["", " ", "\u3000"])
@pytest.mark.parametrize(("resource", "name"), REQUIRED)
def test_required(resource: str, name: str, blank: str) -> None:
    assert fault(resource, **{name: blank}) == (name, "missing")


@pytest.mark.parametrize(
    ("resource", "name", "value", "reason"),
    [
        (CLAIM, "person_id", "110105194912310021", "bad_person_id"),
        (CLAIM, "person_id", "E12345678", "bad_person_id"),
        (CLAIM, "month", "2008-13", "not_a_month"),
        (CLAIM, "month", "2008-05-01", "not_a_month"),
        (CLAIM, "month", "200805", "not_a_month"),
        (CLAIM, "month", "2008-5", "not_a_month"),
        (CLAIM, "month", "2008年5月", "not_a_month"),
        (CLAIM, "amount", "a lot", "not_an_amount"),
        (CLAIM, "amount", "1,200.00", "not_an_amount"),
        (CLAIM, "amount", "1e3", "not_an_amount"),
        (CLAIM, "amount", "NaN", "not_an_amount"),
        (CLAIM, "claim_no", "C" * 201, "bad_key"),
        (SPELL, "employer_uscc", "91350100M000100Y44", "bad_uscc"),
        (SPELL, "period_start", "2008-02-30", "not_a_date"),
        (SPELL, "period_start", "20080417", "not_a_date"),
        (SPELL, "period_start", "17.04.2008", "not_a_date"),
        (SPELL, "period_start", "2008-W16-4", "not_a_date"),
        (SPELL, "period_start", "2008-04-17T00:00", "not_a_date"),
        (SPELL, "period_end", "soon", "not_a_date"),
        (SPELL, "period_end", "2008-04-16", "ends_before_it_starts"),
        (SPELL, "paid_on", "0000-00-00", "not_a_date"),
        (SPELL, "kind", "unknown", "not_on_code_list"),
        (WAGE, "income", "-", "not_an_amount"),
        (WAGE, "month", "0", "not_a_month"),
        (ENTERPRISE, "uscc", "91350100M000100Y4", "bad_uscc"),
        (ENTERPRISE, "legal_rep_id", "1", "bad_person_id"),
        (ENTERPRISE, "status", "open", "not_on_code_list"),
        (ENTERPRISE, "cancelled_on", "2003-08-17", "ends_before_it_starts"),
    ],
)
def test_refused(resource: str, name: str, value: str, reason: str) -> None:
    assert fault(resource, **{name: value}) == (name, reason)


@pytest.mark.parametrize(
    ("resource", "changes", "period"),
    [
        (CLAIM, {}, (date(2008, 5, 1), date(2008, 5, 31))),
        (CLAIM, {"month": "２００８－０２"}, (date(2008, 2, 1), date(2008, 2, 29))),
        (CLAIM, {"month": " 2008-12 "}, (date(2008, 12, 1), date(2008, 12, 31))),
        (SPELL, {}, (date(2008, 4, 17), date(2008, 5, 17))),
        (SPELL, {"period_end": ""}, (date(2008, 4, 17), None)),
        (SPELL, {"period_end": "  "}, (date(2008, 4, 17), None)),
        (SPELL, {"period_end": "2008-04-17", "paid_on": ""}, (date(2008, 4, 17), date(2008, 4, 17))),
        (ENTERPRISE, {}, (date(2003, 8, 18), None)),
        (ENTERPRISE, {"cancelled_on": "2008-05-01"}, (date(2003, 8, 18), date(2008, 5, 1))),
    ],
)
def test_periods(resource: str, changes: dict[str, str], period: tuple[date, date | None]) -> None:
    read = fact(resource, **changes)
    assert (read.start, read.end) == period


@pytest.mark.parametrize("spelling", ["dormant", "Dormant", " DORMANT ", "ｄｏｒｍａｎｔ"])
def test_codes_are_folded(spelling: str) -> None:
    assert fact(ENTERPRISE, status=spelling).codes == {"status": "dormant"}


def test_only_what_the_contract_lets_cross_is_in_a_fact() -> None:
    for resource, values in GOOD.items():
        crossing = msgspec.json.encode(fact(resource)).decode()
        for name, value in values.items():
            if value and name not in (
                "month",
                "status",
                "kind",
                "period_start",
                "period_end",
                "registered_on",
            ):
                assert value not in crossing


def test_private_changes_do_not_change_the_digest_and_crossing_ones_do() -> None:
    base = fact(SPELL).digest()
    assert fact(SPELL, name="李四", paid_on="").digest() == base
    others = [
        {"person_id": person(2)},
        {"kind": "back_payment"},
        {"period_end": ""},
        {"period_start": "2008-04-18"},
    ]
    assert len({fact(SPELL, **change).digest() for change in others} | {base}) == 5


def test_one_person_has_one_token_in_every_resource_and_spelling() -> None:
    tokens = {token for r in GOOD for _, token in fact(r).subjects}
    wide = person(1).translate({ord(c): ord(c) + 0xFEE0 for c in "0123456789X"})
    assert tokens == {fact(CLAIM, person_id=wide).subjects[0][1]}


def test_the_handle_of_a_refused_row_is_that_of_the_good_one() -> None:
    broken = list((GOOD[CLAIM] | {"month": "x", "person_id": ""}).values())
    assert READERS[CLAIM].handle(broken) == fact(CLAIM).handle
    assert READERS[ENTERPRISE].handle(["９１３５０１００m000100Y43", *[""] * 6]) == fact(ENTERPRISE).handle


@pytest.mark.parametrize("values", [(), ["", "", "", "", ""], ["C" * 201, "", "", "", ""]])
def test_an_unreadable_key_has_no_handle(values: list[str]) -> None:
    assert READERS[CLAIM].handle(values) is None


def test_a_fault_never_shows_the_value() -> None:
    with pytest.raises(RowRefused) as caught:
        fact(CLAIM, person_id="330102197501019999")
    assert "3301" not in str(caught.value)
