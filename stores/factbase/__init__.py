"""Fact bases: the hub's own `facts` log as a DuckDB file, for backtests and to verify what the stream says.

    told (rows of batches) -> versions (which version of a fact held from where to where) -> queries of rules

Rules: made from the log alone, up to a noted position; never written again once finished; never leaves the hub,
since it holds tokens and handles. See README.md for how to call it, schema.sql for its tables.
Must not know: rules' queries (matchers), how the log is read (streams).
"""

from stores.factbase.database import FactBase
from stores.factbase.rows import Checked, Piece, Standing

__all__ = ["Checked", "FactBase", "Piece", "Standing"]
