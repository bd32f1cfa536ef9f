"""The join step against DuckDB: every row ever told, in whatever order, and one SQL statement over them."""

from datetime import date
from typing import Any

import duckdb
from hypothesis import given, settings

from tests.streams.steps.histories import History, histories
from tests.streams.steps.world import RULES

FAR = date(9999, 12, 31)
VERDICTS = """
WITH final AS (
    SELECT * FROM told
    QUALIFY row_number() OVER (PARTITION BY resource, handle, subject ORDER BY version DESC) = 1),
facts AS (FROM final WHERE op <> 'd')
SELECT c.handle, c.subject, CASE
    WHEN count(e.handle) = 0 THEN 'clear'
    WHEN bool_and(e.code IN ('back_payment', 'dormant', 'revoked', 'cancelled')) THEN 'explained'
    ELSE 'discrepancy' END
FROM facts c LEFT JOIN facts e ON e.subject = c.subject AND e.resource <> 'hrss.unemployment_benefit'
    AND e.first_day <= c.last_day AND e.last_day >= c.first_day
WHERE c.resource = 'hrss.unemployment_benefit' GROUP BY ALL
"""


TABLE = (
    "CREATE TABLE told (resource TEXT, handle TEXT, subject TEXT, version BIGINT, op TEXT,"
    " first_day DATE, last_day DATE, code TEXT)"
)


def verdicts(rows: list[tuple[Any, ...]]) -> list[tuple[str, str, str]]:
    """What SQL says of these rows."""
    with duckdb.connect(config={"threads": 1}) as db:
        db.execute(TABLE)
        if rows:
            marks = ", ".join(["(?, ?, ?, ?, ?, ?, ?, ?)"] * len(rows))
            db.execute(f"INSERT INTO told VALUES {marks}", [value for row in rows for value in row])
        return db.execute(VERDICTS).fetchall()


def told(history: History) -> list[tuple[object, ...]]:
    """Rows as delivered, repeats and all; an unknown first day is NULL, which joins with nothing."""
    return [
        (batch.resource, r.handle, r.subject.hex(), r.version, r.op, r.start, r.end or FAR, *codes(r.codes))
        for batch, rows in history.delivered
        for r in rows
    ]


def codes(carried: dict[str, str]) -> tuple[str]:
    return (next(iter(carried.values()), ""),)


@settings(max_examples=150, deadline=None)
@given(history=histories())
def test_results_are_those_of_sql(history: History) -> None:
    expected = {(handle, subject): verdict for handle, subject, verdict in verdicts(told(history))}
    machine = history.machine()
    outcomes = {
        (handle, token.hex()): ("clear", "explained", "discrepancy")[outcome.state]
        for token, subject in machine.memory.subjects.items()
        for handle, outcome in subject.outcomes.get(next(iter(RULES.rules)), {}).items()
    }
    assert outcomes == expected
    said = sorted(r.verdict for r in machine.results().values() if r.verdict != "withdrawn")
    assert said == sorted(expected.values())
