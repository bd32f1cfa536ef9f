"""Try before use: what a rule would say of the hub's own fact log, before anyone is asked anything by it.

    fact base (stores/factbase) -> backtest (sums, by SQL) -> report (one HTML page) or tables (streams/cli)

Rules: figures only: no handle, token or period of a single record gets into a sum, a table or a page; the answer is
that of the same query that verifies the stream. Must not know: the command line, keys.
"""
