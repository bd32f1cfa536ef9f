"""A snapshot holds what was in the log, and nothing that was not told to a department."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest

from stores.snapshot import opened
from streams.readers import current
from streams.readers.decide import precision
from streams.readers.snapshot import take_snapshot
from streams.transport.port import connect
from topics.batch import Counts
from topics.codec import encode
from topics.names import COMPLETENESS, alert_topic, disposition_topic, receipt_topic, result_topic
from topics.records import Record

COLUMNS = (
    "run, batches, sent_insert, sent_update, sent_delete, received_delete, applied, unreadable, missing, "
    "reconciled"
)

Gathered = Callable[[Any], Any]


def taken(town: Any) -> Path:
    async def take() -> Path:
        async with connect(town.broker) as log:
            return await take_snapshot(log, town.catalog, town.data)

    return asyncio.run(take())


def ask(snapshot: Path, query: str) -> list[tuple[Any, ...]]:
    with opened(snapshot) as db:
        return db.execute(query).fetchall()


def test_content_is_what_was_in_the_log(town: Any) -> None:
    made = taken(town)
    assert ask(made, "SELECT alert_id[-1], state, revision, pieces FROM alerts ORDER BY 1") == [
        ("1", "open", 10, 1),
        ("2", "explained", 10, 1),
        ("3", "withdrawn", 11, 0),
        ("4", "open", 10, 1),
        ("5", "open", 10, 1),
    ]
    assert ask(made, "SELECT handle FROM alerts WHERE alert_id[-1] = '2'") == [(town.handle(2),)]
    evidence = "SELECT piece, resource, code, period, exculpation FROM evidence WHERE alert_id[-1] = '2'"
    assert ask(made, evidence) == [(1, "hrss.social_insurance", "back_payment", "2008-05", "back_payment")]
    assert ask(made, "SELECT verdict FROM results ORDER BY check_id") == [
        ("discrepancy",),
        ("explained",),
        ("withdrawn",),
        ("discrepancy",),
        ("discrepancy",),
        ("clear",),
    ]
    decisions = "SELECT alert_id[-2:], decision, reason, officer FROM dispositions ORDER BY 1"
    assert ask(made, decisions)[0] == ("01", "confirmed", "employed", "Li")
    assert ask(made, "SELECT count(*), sum(applied) FROM receipts") == [(3, 12)]
    assert ask(made, "SELECT count(*), bool_and(complete) FROM completeness") == [(8, True)]
    assert ask(
        made,
        "SELECT bool_and(complete) FROM (SELECT complete FROM alerts UNION ALL FROM (SELECT complete FROM results))",
    ) == [(True,)]


def test_parquet_says_the_same(town: Any) -> None:
    made = taken(town)
    with duckdb.connect(str(made / "crosscheck.duckdb"), read_only=True) as db:
        tables = [name for (name,) in db.execute("SELECT table_name FROM duckdb_tables()").fetchall()]
        assert len(tables) == 9
        for table in tables:
            left = db.execute(f"FROM {table} EXCEPT ALL FROM '{made}/{table}.parquet'").fetchall()
            right = db.execute(f"FROM '{made}/{table}.parquet' EXCEPT ALL FROM {table}").fetchall()
            assert (left, right) == ([], []), table
        kind = "SELECT typeof(updated_at), typeof(complete) FROM '{}' LIMIT 1"
        times = db.execute(kind.format(made / "results.parquet")).fetchone()
        assert times == ("TIMESTAMP WITH TIME ZONE", "BOOLEAN")


def test_complete_follows_the_bucket(town: Any) -> None:
    town.send(COMPLETENESS, [msgspec.structs.replace(town.complete("market.enterprise", 1, [7]), position=6)])
    made = taken(town)
    both = "SELECT DISTINCT bucket, complete, complete_then FROM alerts ORDER BY 1"
    assert ask(made, both) == [(0, True, True), (1, False, True)]
    assert ask(made, "SELECT DISTINCT bucket, complete FROM results ORDER BY 1") == [(0, True), (1, False)]
    missing = "SELECT missing, reconciled FROM reconciliation WHERE resource = 'market.enterprise'"
    assert ask(made, missing) == [(1, False)]


def test_reconciliation_per_run_and_overall(town: Any) -> None:
    query = f"SELECT {COLUMNS} FROM reconciliation WHERE resource = 'hrss.unemployment_benefit'"
    assert ask(taken(town), query) == [
        (None, 3, 7, 2, 3, 3, 12, 0, 0, True),
        ("run-1", 2, 6, 0, 0, 0, 6, None, None, True),
        ("run-2", 1, 1, 2, 3, 3, 6, None, None, True),
    ]


def test_what_does_not_add_up_is_not_reconciled(town: Any) -> None:
    short = msgspec.structs.replace(town.receipt(4, "run-3", Counts(insert=5)), applied=4)
    town.send(receipt_topic("hrss"), [short, town.receipt(9, None, None, "refused")])
    query = "SELECT run, reconciled, unreadable FROM reconciliation WHERE run IS NULL AND batches > 0 OR run = 'run-3'"
    assert ask(taken(town), query) == [(None, False, 1), ("run-3", False, None)]


def test_precision_of_the_last_decisions_on_known_alerts(town: Any) -> None:
    town.send(alert_topic("hrss"), [town.alert(6, "open", 10, version=0)])
    rows = ask(taken(town), "SELECT * EXCLUDE (rule, department) FROM rule_precision ORDER BY version")
    assert rows[0] == (0, 1, 0, 0, 0, 0, None, None, None)
    assert rows[1][:6] == (1, 3, 1, 1, 2, 1)
    # Wilson for 2 of 3, worked out by hand: (2/3 + 1.9208/3 -+ 1.96 sqrt(...)) / (1 + 3.8415/3)
    assert rows[1][6:] == pytest.approx((2 / 3, 0.207655, 0.938508), abs=1e-5)


def test_a_decision_counts_for_the_version_that_the_officer_had(town: Any) -> None:
    """Version 2 was measured by what officers made of version 1; the hub and `rules list` said otherwise."""
    town.send(alert_topic("hrss"), [town.alert(n, revision=20, version=2) for n in (1, 4)])
    town.send(
        disposition_topic("hrss"),
        [
            msgspec.structs.replace(town.decision(1), rule_version=1),
            msgspec.structs.replace(town.decision(4), rule_version=2),
        ],
    )
    asked = "SELECT version, open, confirmed, dismissed FROM rule_precision ORDER BY version"
    assert ask(taken(town), asked) == [(1, 1, 1, 1), (2, 2, 1, 0)]
    assert ask(taken(town), "SELECT max(rule_version) FROM dispositions") == [(2,)]


def test_an_interval_ends_at_nought_or_one_exactly() -> None:
    """Of three dismissals the lower end was 5.55e-17."""
    for n in range(1, 60):
        assert precision(["dismissed"] * n).low == 0.0
        assert precision(["confirmed"] * n).high == 1.0


def test_no_record_key_gets_in(town: Any) -> None:
    made = taken(town)
    for file in made.iterdir():
        assert b"MARKER" not in file.read_bytes(), file
    with opened(made) as db:
        for (table,) in db.execute("SELECT table_name FROM duckdb_tables()").fetchall():
            assert "MARKER" not in str(db.execute(f"FROM {table}").fetchall())
        names = {
            name
            for (name,) in db.execute(
                "SELECT column_name FROM duckdb_columns() WHERE NOT internal"
            ).fetchall()
        }
    assert not names & {"key", "token", "subject", "name", "person_id"}


def test_it_can_be_made_without_any_key(town: Any) -> None:
    for key in (town.data / "keys").iterdir():
        key.unlink()
    assert ask(taken(town), "SELECT count(*) FROM results") == [(6,)]
    assert list((town.data / "keys").iterdir()) == []


def test_empty_log(empty_town: Any) -> None:
    made = taken(empty_town)
    with opened(made) as db:
        for table in (
            "alerts",
            "evidence",
            "results",
            "dispositions",
            "receipts",
            "reconciliation",
            "completeness",
        ):
            assert db.execute(f"FROM {table}").fetchall() == []
            assert db.execute(
                "SELECT count(*) FROM duckdb_columns() WHERE table_name = ?", [table]
            ).fetchone() != (0,)
        assert db.execute("SELECT rule, open, precision FROM rule_precision").fetchall() == [
            ("benefit-while-employed", 0, None)
        ]
    assert duckdb.sql(f"SELECT count(*) FROM '{made}/results.parquet'").fetchall() == [(0,)]


def test_meta_says_up_to_where_it_was_read(town: Any) -> None:
    made = taken(town)
    town.send(result_topic("hrss"), [town.result(7)])
    assert ask(made, "SELECT catalog FROM meta") == [("example-city",)]
    positions = dict(ask(made, "SELECT p.topic, p.next FROM (SELECT unnest(positions) p FROM meta)"))
    assert (positions["result.hrss"], positions["alert.hrss"], positions["alert.tax"]) == (6, 7, 0)


def test_what_comes_while_it_is_made_waits_for_the_next(town: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    read = current.deliveries

    async def late(log: Any) -> current.Deliveries:
        async with connect(town.broker) as other:
            await (await other.send("result.hrss", 0, [Record(b"k", encode(town.result(7)))]))
        return await read(log)

    monkeypatch.setattr(current, "deliveries", late)
    made = taken(town)
    assert ask(made, "SELECT count(*) FROM results") == [(6,)]
    assert ask(
        made, "SELECT p.next FROM (SELECT unnest(positions) p FROM meta) WHERE p.topic = 'result.hrss'"
    ) == [(6,)]


def test_what_a_department_makes_up_does_not_stop_a_snapshot(town: Any) -> None:
    wild = msgspec.structs.replace(
        town.receipt(4, "run'; DROP", Counts(insert=2), "refused"), bucket=-(2**70), at="banana"
    )
    town.send(receipt_topic("hrss"), [wild, town.receipt(9, None, None, "refused")])
    town.send(result_topic("hrss"), [msgspec.structs.replace(town.result(8), updated_at="yesterday\x1b[2J")])
    made = taken(town)
    query = "SELECT sent_insert, bucket, \"at\" FROM receipts WHERE run LIKE '%DROP'"
    assert ask(made, query) == [(2, None, None)]
    assert ask(made, 'SELECT epoch_ms("at") FROM receipts WHERE batch IS NULL') == [(1212312615123,)]
    assert ask(made, "SELECT count(*) FROM results WHERE updated_at IS NULL") == [(1,)]


def test_decisions_of_another_department_do_not_count(town: Any, gathered: Gathered) -> None:
    town.send("disposition.tax", [town.decision(2)])
    rows = gathered(town).rule_precision
    assert [(row.confirmed, row.dismissed) for row in rows] == [(2, 1)]


def test_twenty_thousand_results(empty_town: Any) -> None:
    handle = empty_town.handle(1)
    one = empty_town.result(1)
    empty_town.send(
        result_topic("hrss"),
        [msgspec.structs.replace(one, check_id=f"{n:032x}", handle=handle) for n in range(20_000)],
    )
    made = taken(empty_town)
    assert ask(made, "SELECT count(*), count(DISTINCT check_id) FROM results") == [(20_000, 20_000)]
