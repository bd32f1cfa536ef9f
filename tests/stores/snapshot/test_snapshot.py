"""Snapshots are whole or absent, never change, and let a query see nothing else."""

import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import duckdb
import msgspec
import pytest

from stores.snapshot import SnapshotContent, newest, opened, rows, write
from stores.snapshot.build import SCHEMA
from topics.errors import StateError

AT = "2008-06-01T09:30:15.123456+00:00"


def result(number: int) -> rows.ResultRow:
    return rows.ResultRow(
        f"{number:032x}", "r", 1, number, "clear", "hrss", "hrss.claims", f"h{number}", 0, True, AT
    )


def content(made_at: str = AT, results: Sequence[rows.ResultRow] = ()) -> SnapshotContent:
    meta = rows.Meta(made_at, "city", "0.1.0", "log", [rows.Position("facts", 0, 5)])
    return SnapshotContent(meta, (), (), results, (), (), (), (), ())


def count(db: duckdb.DuckDBPyConnection) -> int:
    (number,) = db.execute("SELECT count(*) FROM results").fetchone() or (None,)
    assert isinstance(number, int)
    return number


def test_row_types_have_the_columns_of_the_schema() -> None:
    types = {
        "alerts": rows.AlertRow,
        "evidence": rows.EvidenceRow,
        "results": rows.ResultRow,
        "dispositions": rows.DispositionRow,
        "receipts": rows.ReceiptRow,
        "reconciliation": rows.ReconciliationRow,
        "rule_precision": rows.PrecisionRow,
        "completeness": rows.CompletenessRow,
        "meta": rows.Meta,
    }
    with duckdb.connect() as db:
        db.execute(SCHEMA.read_text("utf-8"))
        for table, kind in types.items():
            named = db.execute(f"DESCRIBE {table}").fetchall()
            assert tuple(row[0] for row in named) == kind.__struct_fields__, table
    assert set(content().tables()) == set(types)


def test_written_once_and_read_only(tmp_path: Path) -> None:
    made = write(tmp_path, content(results=[result(1)]))
    assert made == tmp_path / "20080601T093015.123456Z"
    assert newest(tmp_path) == made
    for file in made.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o444, file
    assert sorted(f.suffix for f in made.iterdir()) == [".duckdb"] + [".parquet"] * 9
    with pytest.raises(StateError):
        write(tmp_path, content())
    with opened(made) as db:
        assert count(db) == 1
        assert db.execute("SELECT made_at::VARCHAR FROM meta").fetchone() == (
            "2008-06-01 09:30:15.123456+00",
        )


def test_the_file_is_for_duckdb_1_2_and_newer(tmp_path: Path) -> None:
    with opened(write(tmp_path, content())) as db:
        tags = db.execute("SELECT tags FROM duckdb_databases() WHERE NOT internal").fetchall()
    assert "v1.2.0" in str(tags)


def test_a_reader_is_not_disturbed(tmp_path: Path) -> None:
    older = write(tmp_path, content(results=[result(n) for n in range(3)]))
    with opened(older) as held, opened(older) as another:
        newer = write(tmp_path, content(AT.replace("09:30", "09:31"), [result(1)]))
        assert newest(tmp_path) == newer
        assert (count(held), count(another)) == (3, 3)
        with opened(newer) as db:
            assert count(db) == 1
    assert [f.name for f in older.iterdir() if f.suffix not in (".duckdb", ".parquet")] == []


def test_a_failure_leaves_nothing(tmp_path: Path) -> None:
    older = write(tmp_path, content())
    broken = msgspec.structs.replace(result(1), complete=None)
    with pytest.raises(duckdb.ConstraintException):
        write(tmp_path, content(AT.replace("2008", "2009"), [broken]))
    assert newest(tmp_path) == older
    assert list(tmp_path.iterdir()) == [older]


def test_a_writer_killed_at_any_point_leaves_no_half_snapshot(tmp_path: Path) -> None:
    older = write(tmp_path, content(results=[result(7)]))
    script = (
        "import sys, pathlib\n"
        "from stores.snapshot import SnapshotContent, rows, write\n"
        "r = [rows.ResultRow(f'{n:032x}','r',1,n,'clear','d','d.x',f'h{n}',0,True,None) for n in range(60000)]\n"
        "print('go', flush=True)\n"
        "for year in range(2010, 2090):\n"
        "    meta = rows.Meta(f'{year}-06-01T09:30:15.123456+00:00', 'c', '0', 'l', [])\n"
        "    write(pathlib.Path(sys.argv[1]), SnapshotContent(meta, (), (), r, (), (), (), (), ()))\n"
    )
    for delay in (0.05, 0.2, 0.35):
        for left in tmp_path.glob("20[1-9]*"):
            left.rename(tmp_path.parent / f"{left.name}-{delay}")
        with subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE
        ) as writer:
            assert writer.stdout is not None
            writer.stdout.readline()
            time.sleep(delay)
            os.kill(writer.pid, signal.SIGKILL)
        found = newest(tmp_path)
        assert found is not None
        with opened(found) as db:
            assert count(db) == (1 if found == older else 60_000)
    assert list(tmp_path.glob(".building-*")), "no writer was killed half-way: the test shows nothing"


def test_what_killed_writers_left_is_swept_after_an_hour(tmp_path: Path) -> None:
    for name, age in ((".building-old", 4000), (".building-new", 10)):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (time.time() - age,) * 2)
    write(tmp_path, content())
    assert sorted(p.name for p in tmp_path.glob(".building-*")) == [".building-new"]


def test_newest_knows_a_snapshot_when_it_sees_one(tmp_path: Path) -> None:
    assert newest(tmp_path / "none") is None
    (tmp_path / "20990101T000000.000000Z").mkdir()
    (tmp_path / "zzz").mkdir()
    assert newest(tmp_path) is None
    made = write(tmp_path, content())
    assert newest(tmp_path) == made


def test_a_query_that_spills_leaves_the_snapshot_alone(tmp_path: Path) -> None:
    made = write(tmp_path, content())
    before = sorted(made.iterdir())
    with opened(made) as db:
        (spill,) = db.execute("SELECT current_setting('temp_directory')").fetchone() or ("",)
        held = db.execute("SELECT i FROM range(3000000) t(i) ORDER BY hash(i)")
        assert len(held.fetchmany(10)) == 10
        assert sorted(made.iterdir()) == before
        assert "crosscheck-sql" in spill
    assert not Path(spill).exists()


def test_a_folder_with_a_quote_in_its_name(tmp_path: Path) -> None:
    with opened(write(tmp_path / "o'clock", content(results=[result(1)]))) as db:
        assert count(db) == 1


def test_names_need_microseconds_in_utc(tmp_path: Path) -> None:
    for bad in ("2008-06-01", "2008-06-01T09:30:15+00:00", "2008-06-01T09:30:15.123456+08:00", "../../x"):
        wrong = content()
        with pytest.raises(StateError):
            write(tmp_path, replace(wrong, meta=msgspec.structs.replace(wrong.meta, made_at=bad)))
    assert list(tmp_path.iterdir()) == []
