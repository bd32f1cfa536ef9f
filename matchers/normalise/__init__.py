"""Bring identifiers to one written form before they are compared or tokenised.

Versioned together (`VERSION`): every front node must normalise alike, or tokens would not meet.
"""

VERSION = 1
