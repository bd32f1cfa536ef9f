"""Text lines of a file, read and decoded in blocks, each with its number.

Rules: memory stays bounded whatever is in the file; a line that is too long is skipped and remembered, never cut.
Must not know: what a line says.
"""

from collections.abc import Iterator
from io import StringIO
from typing import BinaryIO

from topics.limits import MAX_LINE

BLOCK = 1 << 18
"""Bytes that are read and decoded together; far below MAX_LINE, so that no line of a block is too long."""


Line = tuple[int, str]
"""Its number, from 1, and its text."""


class Lines:
    """Lines of bounded length; `read`: the bytes so far."""

    def __init__(self, file: BinaryIO, encoding: str) -> None:
        self._file = file
        self._encoding = encoding
        self.read = 0
        self.too_long: list[int] = []
        """Numbers of lines that were skipped; whoever reports one takes it away."""

    def __iter__(self) -> Iterator[Line]:
        number = 1
        while block := self._file.read(BLOCK):
            block, whole = self._complete(block)
            self.read += len(block)
            # Only a newline ends a line: str.splitlines knows other ends, which may stand inside a field.
            yield from enumerate(StringIO(block.decode(self._encoding), newline="\n"), number)
            number += block.count(b"\n")
            if not whole:
                self.too_long.append(number)
                number += 1

    def _complete(self, block: bytes) -> tuple[bytes, bool]:
        """A block up to the end of its last line; False: that line was too long, and is left out."""
        begun = block.rfind(b"\n") + 1
        room = MAX_LINE - (len(block) - begun)
        rest = self._file.readline(room) if begun < len(block) else b""
        if len(rest) < room or rest.endswith(b"\n"):
            return block + rest, True
        self._skip(len(block) - begun + len(rest))
        return block[:begun], False

    def _skip(self, size: int) -> None:
        self.read += size
        while rest := self._file.readline(MAX_LINE):
            self.read += len(rest)
            if rest.endswith(b"\n"):
                break
