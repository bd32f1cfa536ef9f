"""CSV records out of lines: a quote that nobody closed costs the line it stands in, not the lines after it.

Rules: a record of several lines is believed only if its quotes close soon, its lines follow one another and its
columns are as many as they should be; otherwise its first line alone is refused, and the next one is read afresh.
Must not know: what a column is called.
"""

import csv
from collections import deque
from collections.abc import Iterator
from itertools import chain

from streams.publisher.lines import Line, Lines
from streams.publisher.remedies import refuse
from topics.errors import RowRefused
from topics.limits import MAX_LINE, MAX_RECORD_LINES

Record = tuple[int, list[str] | RowRefused]
"""The line where a record begins, and its fields or why it has none."""


class Records:
    """The records of one file: `first`, the header, then `rest`."""

    def __init__(self, lines: Lines) -> None:
        self._source = iter(lines)
        self._held: list[Line] = []
        """Lines of the record that is being read, so that they can be read again."""
        self._again: deque[Line] = deque()
        self._ended = False

    def first(self) -> list[str]:
        """The header; empty where there is none, a single name where its quotes make no sense."""
        try:
            return next(csv.reader(self._feed(), strict=True), [])
        except csv.Error:
            return [self._held[0][1].replace('"', "")]
        finally:
            self._held.clear()

    def rest(self, width: int) -> Iterator[Record]:
        """Every other record. `width`: how many columns one of several lines must have."""
        held = self._held
        while True:
            try:
                for values in csv.reader(self._feed(), strict=True):
                    if len(held) > 1 and len(values) != width:
                        break
                    yield held[0][0], values
                    held.clear()
                else:
                    return
            except csv.Error:
                pass
            yield self._refuse()

    def _feed(self) -> Iterator[str]:
        """Lines for the reader, which asks for a second one only where a quote is open. Raises csv.Error."""
        held = self._held
        for line in chain(self._left(), self._source):
            held.append(line)
            if len(held) > 1 and not _believable(held):
                raise csv.Error
            yield line[1]
        self._ended = bool(held)

    def _left(self) -> Iterator[Line]:
        while self._again:
            yield self._again.popleft()

    def _refuse(self) -> Record:
        """The refusal of the first line that is held; the others are read again."""
        (number, _), *others = self._held
        still_open = bool(others) or self._ended
        self._again.extendleft(reversed(others))
        self._held.clear()
        self._ended = False
        if not still_open:
            return number, refuse("line", "not_csv")
        far = f"it is still open {len(others)} lines on" if others else "the file ends before it does"
        remedy = (
            f"close the quote that opens in line {number} ({far}); the lines after it are read by themselves"
        )
        return number, refuse("line", "quote_not_closed", remedy)


def _believable(lines: list[Line]) -> bool:
    """Whether these can be lines of one record."""
    follows = lines[-1][0] == lines[-2][0] + 1  # else one between them was too long, and is left out
    return follows and len(lines) <= MAX_RECORD_LINES and sum(len(text) for _, text in lines) <= MAX_LINE


csv.field_size_limit(MAX_LINE)
