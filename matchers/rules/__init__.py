"""Rules compiled from their declarations, and the incremental evaluator.

Rule: cost follows the changed fact. Must not know: where facts are stored or alerts go.
"""
