"""Snapshots (快照) for analysts: an immutable DuckDB file with Parquet beside it, one folder per snapshot.

    SNAPSHOTS/20261122T023906.557308Z/   crosscheck.duckdb, alerts.parquet, evidence.parquet, results.parquet, ...

Rules: built aside and renamed into place, so that a folder with a snapshot's name is always whole; never
written again (mode 0444), so that a reader is never disturbed by a newer one; read only, without access to
any other file. Holds what departments were told (codes, months, handles), so no record key and no token.
Must not know: the log, streams, matchers, how the rows were gathered.
"""

from stores.snapshot.build import write
from stores.snapshot.query import columns, newest, opened
from stores.snapshot.rows import SnapshotContent

__all__ = ["SnapshotContent", "columns", "newest", "opened", "write"]
