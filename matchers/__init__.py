"""Pure decisions: normalise, tokenise, compare periods, evaluate rules, explain.

Rules: no I/O, clock or randomness; same input, same answer. Imports topics only.
"""
