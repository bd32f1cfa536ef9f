"""Fact bases: which version held where, and that a finished file can be asked again."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest

import stores.factbase.database as database
from stores.factbase import FactBase
from topics.batch import ChangeBatch, Counts, Row
from topics.errors import StateError
from topics.facts import FOREVER

TOKEN = b"A" * 16
FIRST = date(2008, 4, 1)


def batch(seq: int, epoch: int = 1, resource: str = "tax.work") -> ChangeBatch:
    raw = b"[]"
    return ChangeBatch(
        department="tax",
        resource=resource,
        epoch=epoch,
        bucket=0,
        seq=seq,
        run="run",
        mode="full",
        ends_run=False,
        contract_version="1.0.0",
        key_version=1,
        produced_at="2008-09-01T00:00:00Z",
        counts=Counts(),
        content_hash="",
        rows=raw,
    )


def row(handle: str, version: int, op: str = "i", **changes: object) -> Row:
    told = {"start": FIRST, "end": None, "codes": {"kind": "a"}} if op != "d" else {}
    return Row(op, handle, version, "person", TOKEN, **(told | changes))


@pytest.fixture
def base() -> Iterator[FactBase]:
    with FactBase.create(threads=1) as made:
        yield made


def versions(base: FactBase, columns: str = "handle, live, since, until") -> list[tuple[object, ...]]:
    base.finish()
    return base.query(f"SELECT {columns} FROM versions ORDER BY handle, since")


def test_the_newest_version_holds_whatever_came_first(base: FactBase) -> None:
    base.append(0, 3, batch(1), [row("h", 2)])
    base.append(0, 5, batch(2), [row("h", 1), row("h", 2)])
    base.append(0, 7, batch(3), [row("h", 3)])
    assert versions(base) == [("h", True, 3, 7), ("h", True, 7, None)]


def test_of_several_versions_in_one_batch_only_the_last_was_looked_at(base: FactBase) -> None:
    base.append(0, 3, batch(1), [row("h", 1), row("h", 2), row("h", 3, end=FIRST)])
    start = FIRST.toordinal()
    assert versions(base, "first, last, since, until") == [(start, start, 3, None)]


def test_a_running_and_an_unknown_period(base: FactBase) -> None:
    base.append(0, 0, batch(1), [row("a", 1), row("b", 2, start=None), row("c", 3, start=None, end=FIRST)])
    assert versions(base, "first, last") == [(FIRST.toordinal(), FOREVER), (1, 0), (1, 0)]


def test_a_delete_keeps_the_period_of_what_it_ends(base: FactBase) -> None:
    base.append(0, 0, batch(1), [row("a", 1, end=FIRST), row("b", 2, "d")])
    base.append(0, 1, batch(2), [row("a", 3, "d")])
    base.append(0, 2, batch(3), [row("a", 4, "d")])
    start = FIRST.toordinal()
    assert versions(base, "handle, live, first, last, cardinality(codes), since, until") == [
        ("a", True, start, start, 1, 0, 1),
        ("a", False, start, start, 0, 1, 2),
        ("a", False, start, start, 0, 2, None),
        ("b", False, 1, 0, 0, 0, None),
    ]


def test_what_a_new_epoch_does_not_send_again_ends_with_its_first_whole_run(base: FactBase) -> None:
    base.append(0, 0, batch(1), [row("gone", 1), row("kept", 2), row("left", 3)])
    base.append(0, 1, batch(1, resource="tax.other"), [row("other", 4)])
    base.append(0, 2, batch(1, epoch=2), [row("kept", 5)])
    base.append(0, 4, batch(2, epoch=2), [row("left", 6, "d")])
    base.note_replaced(0, 4, batch(2, epoch=2))
    base.append(0, 6, batch(3, epoch=2), [row("gone", 7)])
    assert versions(base, "handle, live, epoch, seq, since, until") == [
        ("gone", True, 1, 1, 0, 4),
        ("gone", False, 2, 2, 4, 6),
        ("gone", True, 2, 3, 6, None),
        ("kept", True, 1, 1, 0, 2),
        ("kept", True, 2, 1, 2, None),
        ("left", True, 1, 1, 0, 4),
        ("left", False, 2, 2, 4, None),
        ("other", True, 1, 1, 1, None),
    ]


def test_a_full_subject_takes_no_new_handle_but_changes_those_it_has(
    base: FactBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "MAX_FACTS", 2)
    base.append(0, 0, batch(1), [row("b", 1), row("c", 2), row("a", 3)])
    base.append(0, 1, batch(2), [row("b", 4), row("a", 5), row("c", 6, "d")])
    assert versions(base) == [
        ("b", True, 0, 1),
        ("b", True, 1, None),
        ("c", True, 0, 1),
        ("c", False, 1, None),
    ]


def test_partitions_are_kept_apart(base: FactBase) -> None:
    base.append(0, 5, batch(1), [row("h", 2)])
    base.append(1, 3, batch(1), [row("h", 1)])
    assert sorted(versions(base, "bucket, since, until")) == [(0, 5, None), (1, 3, None)]


def test_rows_that_come_in_several_chunks(base: FactBase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "_CHUNK", 2)
    for position in range(5):
        base.append(0, position, batch(position + 1), [row(f"h{position}", 1)])
    assert len(versions(base)) == 5


def test_hostile_text_is_only_text(base: FactBase) -> None:
    handle = "'; DROP TABLE versions; --\x00\u2028核"
    base.append(0, 0, batch(1), [row(handle, 1, codes={"it's": '"q"\\'})])
    assert versions(base, "handle, codes") == [(handle, {"it's": '"q"\\'})]


def test_clear_forgets_everything(base: FactBase) -> None:
    base.append(0, 0, batch(1), [row("h", 1)])
    base.note_end(0, 0)
    base.finish()
    base.append(0, 1, batch(2), [row("h", 2)])
    base.note_day(0, 1, 5)
    base.clear()
    assert versions(base) == []
    assert base.query("FROM ends") == base.query("FROM days") == []


def test_a_finished_file_is_opened_read_only(tmp_path: Path) -> None:
    path = tmp_path / "facts.duckdb"
    with FactBase.create(path) as made:
        made.append(0, 0, batch(1), [row("h", 1)])
        made.note_end(0, 0)
        made.finish()
    with FactBase.open(path) as again, FactBase.open(path) as beside:
        assert len(again.query("FROM versions")) == len(beside.query("FROM versions")) == 1
        with pytest.raises(duckdb.Error, match="read-only"):
            again.query("DELETE FROM versions")
    with pytest.raises(StateError, match="already"):
        FactBase.create(path)


def test_what_is_no_fact_base_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "facts.duckdb"
    with pytest.raises(StateError, match="not a fact base"):
        FactBase.open(path)
    path.write_text("no database")
    with pytest.raises(StateError, match="not a fact base"):
        FactBase.open(path)


def test_what_was_not_finished_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "facts.duckdb"
    with FactBase.create(path) as made:
        made.append(0, 0, batch(1), [row("h", 1)])
    with pytest.raises(StateError, match="not finished"):
        FactBase.open(path)


def test_every_table_and_column_that_needs_words_has_them(base: FactBase) -> None:
    tables = base.query("SELECT table_name FROM duckdb_tables() WHERE comment IS NULL AND NOT temporary")
    assert tables == []
