"""Bands and matches: what an amount or an address becomes before it leaves, and what is admitted."""

from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchers.normalise.numbers import normalise_certificate_no, normalise_property_no
from streams.publisher.record import Fact, RecordReader
from streams.steps.admission import Admission, Admitted, Refused
from tests.streams.publisher.front import CATALOG, person
from tests.streams.publisher.test_record import LINKAGE, OWN, USCC
from tests.streams.steps.world import BUCKET, batch_of
from topics.batch import Row, encode_batch
from topics.catalog import Catalog, Field, Resource, Text
from topics.catalog.model import band_names
from topics.errors import RowRefused
from topics.names import change_topic
from topics.records import StoredRecord

WORDS = Text("字", "words")


def field(name: str, type_: Any = "string", **more: Any) -> Field:
    made = Field(name, type_, False, frozenset({"fact"}), None, None, None, (), WORDS)
    return replace(made, **more)


RESOURCE = Resource(
    id="housing.unit",
    department="housing",
    name="unit",
    title=WORDS,
    version="1.0.0",
    status="active",
    sharing_type="unconditional",
    legal_basis="",
    cadence="daily",
    fields=(
        field("no", roles=frozenset({"key"}), required=True),
        field(
            "property_no",
            roles=frozenset({"identifier"}),
            kind="property_no",
            subject="property",
            required=True,
        ),
        field("on", "date", fact="event", required=True),
        field("price", "amount", fact="band", bands=(0, 500, 1000), required=True),
        field("address", fact="match"),
        field("owner", fact="match", kind="person_id"),
        field("firm", fact="match", kind="uscc"),
    ),
)
UNIT = "330106001001GB00001F00010001"
ROW = {
    "no": "1",
    "property_no": UNIT,
    "on": "2025-03-01",
    "price": "499.99",
    "address": "文三路 1 号",
    "owner": person(1),
    "firm": USCC,
}
READER = RecordReader(RESOURCE, LINKAGE, OWN)


def fact(**changes: str) -> Fact:
    return READER.read(list((ROW | changes).values()))


def fault(**changes: str) -> tuple[str, str]:
    with pytest.raises(RowRefused) as caught:
        fact(**changes)
    return caught.value.field, caught.value.reason


@pytest.mark.parametrize(
    ("price", "band"),
    [
        ("0", "0-500"),
        ("499.99", "0-500"),
        ("500", "500-1000"),
        ("999.9999", "500-1000"),
        ("1000", "1000+"),
        ("5e1", None),
        ("１０００", "1000+"),
        ("123456789012345", "1000+"),
    ],
)
def test_an_amount_crosses_as_its_band(price: str, band: str | None) -> None:
    if band is None:
        assert fault(price=price) == ("price", "not_an_amount")
    else:
        assert fact(price=price).codes["price"] == band


def test_an_amount_below_the_first_band_is_refused() -> None:
    assert fault(price="-0.01") == ("price", "below_first_band")


def test_the_amount_itself_does_not_change_what_crosses() -> None:
    assert fact(price="1").digest() == fact(price="2").digest() != fact(price="500").digest()


def test_equal_values_match_however_they_are_written() -> None:
    assert fact(address="文三路１号").codes["address"] == fact().codes["address"]
    assert fact(address="文三路 2 号").codes["address"] != fact().codes["address"]


def test_a_match_of_a_number_is_not_its_token() -> None:
    made = fact()
    assert made.codes["owner"] != made.codes["firm"]
    reader = RecordReader(RESOURCE, bytes([1] * 32), OWN)
    assert reader.read(list(ROW.values())).codes["owner"] != made.codes["owner"]
    as_text = replace(
        RESOURCE, fields=(*RESOURCE.fields[:5], field("owner", fact="match"), RESOURCE.fields[6])
    )
    assert RecordReader(as_text, LINKAGE, OWN).read(list(ROW.values())).codes["owner"] != made.codes["owner"]


def test_a_wrong_number_is_no_match() -> None:
    assert fault(owner="330102197501010000") == ("owner", "bad_person_id")
    assert fault(property_no=UNIT[:-1]) == ("property_no", "bad_property_no")


def test_what_is_empty_does_not_cross() -> None:
    assert set(fact(address="", owner="", firm=" ").codes) == {"price"}


@pytest.mark.parametrize(
    ("written", "number"),
    [
        (UNIT, UNIT),
        (UNIT.lower(), UNIT),
        (f" {UNIT[:6]} {UNIT[6:]}", UNIT),
        (UNIT[:-8] + "00000000", UNIT[:-8] + "00000000"),
        (UNIT[:-1], None),
        (UNIT.replace("GB", "12"), None),
        ("", None),
    ],
)
def test_property_numbers(written: str, number: str | None) -> None:
    assert normalise_property_no(written) == number


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("浙 133-0601234", "浙1330601234"),
        ("建〔造〕11（33）001", "建造1133001"),
        ("ab12", "AB12"),
        ("ab1", None),
        ("A" * 41, None),
        ("A/123", None),
    ],
)
def test_certificate_numbers(written: str, number: str | None) -> None:
    assert normalise_certificate_no(written) == number


@given(st.text(max_size=50))
def test_normalising_a_number_twice_changes_nothing(text: str) -> None:
    for normalise in (normalise_property_no, normalise_certificate_no):
        once = normalise(text)
        assert once is None or normalise(once) == once


def test_band_names_say_their_edges() -> None:
    assert band_names((0, 500, 1000)) == ("0-500", "500-1000", "1000+")
    assert band_names(()) == ()


def decide(**codes: str) -> Admitted | Refused:
    catalog: Catalog = replace(CATALOG, resources={RESOURCE.id: RESOURCE})
    token = b"\x00\x00\x00\x03" + b"t" * 12
    row = Row("i", "h", 1, "property_no", token, None, None, fact().codes | codes)
    batch = msgspec.structs.replace(batch_of(RESOURCE.id, [row], 1), bucket=BUCKET)
    record = StoredRecord(change_topic(RESOURCE.id), 0, 1, 0, b"", encode_batch(batch), ())
    return Admission(catalog).admit(record)


def test_bands_and_matches_are_admitted() -> None:
    assert isinstance(decide(), Admitted)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("price", "499.99"),
        ("price", "0-501"),
        ("address", "文三路"),
        ("address", "ABCDEF0123456789"),
        ("address", "0123456789abcdef0"),
        ("other", "0123456789abcdef"),
    ],
)
def test_raw_values_in_their_place_are_refused(name: str, value: str) -> None:
    found = decide(**{name: value})
    assert isinstance(found, Refused)
    assert found.letter.reason == "bad_code"
