"""Rules compiled from their declarations: the incremental evaluator of the stream, and the same rule as SQL.

    source (where one looks) > judge (one function a kind) > compiled (one rule) > ruleset (all in force)
    sql (one rule as a DuckDB query), words (one rule as a sentence)

Rule: cost follows the changed fact. Must not know: where facts are stored or alerts go.
"""
