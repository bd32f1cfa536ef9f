"""The readers' side: current alerts and results, keys resolved, decisions, snapshots.

Rules: a reader sees what is addressed to its department; a handle becomes a record key only with that
department's own key. Must not know: Faust, subject state, how a check was decided.
"""
