"""What the rule of the example catalog comes to on a generated load: one DuckDB query over the same columns.

Rules: only numpy columns and SQL; nothing of the product. This is also the peer "nightly recompute":
`python -m tests.bench.expected ROWS.parquet OUT.parquet`.
"""

import sys
from pathlib import Path

import duckdb
import numpy as np
from numpy.typing import NDArray

from tests.bench.columns import SLOTS, Ints, Shape, chunks

CLEAR, EXPLAINED, OPEN = 0, 1, 2

_LAST = """
CREATE OR REPLACE TEMP TABLE latest AS
SELECT subject, slot, kind, newest.first, newest.last, newest.code FROM (
    SELECT subject, slot, any_value(kind) AS kind,
           max_by({'op': op, 'first': "start", 'last': "end", 'code': code}, "row") AS newest
    FROM $rows GROUP BY subject, slot)
WHERE newest.op <> 2
"""
_VERDICTS = f"""
SELECT b.subject * {SLOTS} + b.slot AS record,
       CASE WHEN count(e.subject) = 0 THEN {CLEAR}
            WHEN bool_and((e.kind = 1 AND e.code = 1) OR (e.kind = 3 AND e.code > 0)) THEN {EXPLAINED}
            ELSE {OPEN} END AS state
FROM latest AS b
LEFT JOIN (SELECT * FROM latest WHERE kind <> 0) AS e
    ON e.subject = b.subject AND e.first <= b.last AND b.first <= e.last
WHERE b.kind = 0
GROUP BY b.subject, b.slot
ORDER BY record
"""


def write_parquet(shape: Shape, path: Path) -> None:
    """The rows as a file, as a nightly job would find them."""
    with duckdb.connect() as db:
        first = True
        for columns in chunks(shape):
            db.register("chunk", columns._asdict())
            db.execute("CREATE TABLE rows AS FROM chunk" if first else "INSERT INTO rows FROM chunk")
            db.unregister("chunk")
            first = False
        db.execute(f"COPY rows TO '{path}' (FORMAT parquet)")


def verdicts(path: Path) -> tuple[Ints, NDArray[np.int32]]:
    """Record numbers, ascending, and the state of every benefit month that stands in the end."""
    with duckdb.connect() as db:
        db.execute(_LAST.replace("$rows", f"read_parquet('{path}')"))
        found = db.execute(_VERDICTS).fetchnumpy()
    return found["record"].astype(np.int64), found["state"].astype(np.int32)


def recompute(path: Path, out: Path) -> None:
    """The nightly job: read, keep the newest, compare, write the answer."""
    with duckdb.connect() as db:
        db.execute(_LAST.replace("$rows", f"read_parquet('{path}')"))
        db.execute(f"COPY ({_VERDICTS}) TO '{out}' (FORMAT parquet)")


if __name__ == "__main__":
    recompute(*map(Path, sys.argv[1:]))
