"""Rows read column by column are what they are row by row, to the byte; and what cannot be so read is left alone."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.publisher import columns
from streams.publisher.columns import ColumnReader
from streams.publisher.record import Fact, RecordReader
from tests.streams.publisher.front import CATALOG, person
from tests.streams.publisher.test_attributes import RESOURCE, ROW
from tests.streams.publisher.test_record import GOOD, LINKAGE, OWN
from topics.catalog import CITY, Resource, load_catalog
from topics.errors import RowRefused

RESOURCES: list[tuple[Resource, tuple[str, ...]]] = [
    *((CATALOG.resource(name), tuple(row.values())) for name, row in GOOD.items()),
    (RESOURCE, tuple(ROW.values())),
]
SPOILT = (
    "",
    " ",
    "\u3000",
    "x",
    "2008-02-30",
    "110105194912310021",
    "-1",
    "１２",
    "C" * 201,
    person(7),
    "2008-06",
)


def alone(reader: RecordReader, row: list[str]) -> tuple[Fact, bytes] | None:
    try:
        fact = reader.read(row)
    except RowRefused:
        return None
    return fact, fact.digest()


@st.composite
def chunks(draw: st.DrawFn) -> tuple[Resource, list[list[str]]]:
    resource, good = draw(st.sampled_from(RESOURCES))
    rows = []
    for _ in range(draw(st.integers(0, 6))):
        row = list(good)
        for place in draw(st.lists(st.integers(0, len(good) - 1), max_size=2)):
            row[place] = draw(st.sampled_from((*SPOILT, *good)) | st.text(max_size=5))
        rows.append(row)
    return resource, rows


@settings(max_examples=400, deadline=None)
@given(chunks())
def test_the_same_facts_and_digests_as_row_by_row(chunk: tuple[Resource, list[list[str]]]) -> None:
    resource, rows = chunk
    reader = RecordReader(resource, LINKAGE, OWN)
    assert ColumnReader(reader).read(rows) == [alone(reader, row) for row in rows]


def test_good_rows_of_every_kind_are_read_together() -> None:
    for resource, good in RESOURCES:
        reader = ColumnReader(RecordReader(resource, LINKAGE, OWN))
        assert None not in reader.read([list(good)] * 3), resource.id


def test_every_resource_of_the_town_has_its_tables() -> None:
    """One with several subjects or none of some part is read as well, if only to be refused."""
    for resource in load_catalog(CITY).resources.values():
        reader = RecordReader(resource, LINKAGE, OWN)
        row = [""] * len(resource.header)
        assert ColumnReader(reader).read([row]) == [alone(reader, row)]


def test_tables_forget_when_they_are_full(monkeypatch: pytest.MonkeyPatch) -> None:
    resource, good = RESOURCES[0]
    reader = RecordReader(resource, LINKAGE, OWN)
    together = ColumnReader(reader)
    monkeypatch.setattr(columns, "TABLE", 2)
    for number in range(8):
        row = [person(number) if text == person(1) else text for text in good]
        assert together.read([row]) == [alone(reader, row)]
    assert len(together._subjects) <= 4
