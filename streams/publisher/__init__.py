"""The front node (前置机): runs in a department, beside its own data; the only place where keys live.

    reading > record > compare (memory) > batching > sending > receipts

Rules: raw fields and identifiers never leave this package but as tokens, handles, periods and codes; values
never reach a log or an error. Must not know: Faust, DuckDB, state, other departments' data.
"""
