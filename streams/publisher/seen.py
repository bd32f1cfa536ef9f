"""A Bloom filter: which handles have certainly not been published, in two bytes each.

Rule: may say that a new handle was perhaps seen (one in a thousand), never that a seen one is new.
Must not know: what a handle stands for.
"""

from collections.abc import Iterable

_BITS = 28
_MASK = (1 << _BITS) - 1
"""For some 20 million handles; beyond that it only helps less."""


class Seen:
    """Handles noted so far. Python hashes differ from process to process, so it is never stored."""

    def __init__(self) -> None:
        self._bits = bytearray(1 << _BITS >> 3)

    def note(self, handles: Iterable[str]) -> None:
        """From now on these were seen."""
        bits = self._bits
        for handle in handles:
            number = hash(handle)
            first, second = number & _MASK, number >> _BITS & _MASK
            bits[first >> 3] |= 1 << (first & 7)
            bits[second >> 3] |= 1 << (second & 7)

    def perhaps(self, handles: Iterable[str]) -> list[str]:
        """Those that may have been seen; the others have not."""
        bits = self._bits
        return [
            handle
            for handle in handles
            if bits[(first := (number := hash(handle)) & _MASK) >> 3] >> (first & 7) & 1
            and bits[(second := number >> _BITS & _MASK) >> 3] >> (second & 7) & 1
        ]
