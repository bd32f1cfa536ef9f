"""Many rows into facts at once, column by column: what a text stands for is worked out once, then looked up.

Rules: the same facts and digests as RecordReader.read, to the byte; a row that anything is wrong with is not read
here but left to RecordReader, which says what. Tables are bounded. Must not know: files, memory, batches.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import repeat
from typing import Any

import msgspec

from streams.publisher.record import Fact, RecordReader, digest_of
from topics.errors import RowRefused

TABLE = 100_000
"""Texts that a table knows before it forgets them all."""

Column = tuple[str, ...]
Part = tuple[Any, bytes]
"""A part of a fact, and the same in MessagePack; a period is two."""

_pack = msgspec.msgpack.Encoder().encode
_FOUR = b"\x94"
"""How MessagePack begins a list of four: what crosses beside the handle, see Fact.digest."""


Read = tuple[Fact, bytes]
"""A fact and its digest."""


class _Table(dict[Column, "Part | None"]):
    """What the texts of some columns stand for; None where they are wrong."""

    def __init__(self, columns: Sequence[int], make: Callable[[Column], Part | None]) -> None:
        self._columns = columns
        self._make = make

    def __missing__(self, texts: Column) -> Part | None:
        made = self[texts] = self._make(texts)
        return made

    def of(self, columns: Sequence[Column]) -> Iterable[Part | None]:
        """One part a row."""
        if len(self) > TABLE:
            self.clear()
        if not self._columns:
            return repeat(self[()])
        return map(self.__getitem__, zip(*[columns[i] for i in self._columns], strict=True))


class ColumnReader:
    """Reads rows of one resource, many at a time."""

    def __init__(self, records: RecordReader) -> None:
        self._records = records
        self._width = len(records.resource.header)
        self._check = {i: check for i, _, check in records.checks}
        self._needed = {i for i, _ in records.required}
        subjects = tuple(i for i, _, _ in records.subjects)
        codes = tuple(i for i, _, _ in records.attributes)
        self._subjects = _Table(subjects, self._who)
        self._periods = self._table(records.period_columns, records.period, _pack_both)
        self._codes = self._table(codes, records.codes_of, _pack)
        grouped = {*subjects, *records.period_columns, *codes}
        # That a key is there, its sealing sees.
        self._alone = sorted((self._needed - {records.key} | self._check.keys()) - grouped)

    def _table(
        self, columns: Sequence[int], step: Callable[[Sequence[str]], Any], pack: Callable[[Any], bytes]
    ) -> _Table:
        """A table of what `step` makes of some columns, once they have passed their checks."""

        def make(texts: Column) -> Part | None:
            values = [""] * self._width
            for i, text in zip(columns, texts, strict=True):
                values[i] = text
            try:
                part = step(values) if all(self._passes(i, values[i]) for i in columns) else None
            except RowRefused:
                return None
            return None if part is None else (part, pack(part))

        return _Table(columns, make)

    def _who(self, texts: Column) -> Part | None:
        """Subjects; apart from `_table`, because most of a large file's are new each time."""
        found = []
        for (i, name, kind), text in zip(self._records.subjects, texts, strict=True):
            token = self._records.token(kind, text)
            if token is not None:
                found.append((name, token))
            elif i in self._needed or text.strip():
                return None
        subjects = tuple(found)
        return subjects, _pack(subjects)

    def _passes(self, column: int, text: str) -> bool:
        check = self._check.get(column)
        if not text.strip():
            return column not in self._needed
        return check is None or bool(check(text))

    def read(self, rows: Sequence[Sequence[str]]) -> list[Read | None]:
        """One fact a row; None where a row must be read by itself."""
        if not rows:
            return []
        columns: list[Column] = list(zip(*rows, strict=True))
        parts = [table.of(columns) for table in (self._subjects, self._periods, self._codes)]
        bad = self._bad(columns)
        found = list(map(self._fact, columns[self._records.key], *parts))
        for row in bad:
            found[row] = None
        return found

    def _fact(self, key: str, who: Part | None, when: Part | None, codes: Part | None) -> Read | None:
        if who is None or when is None or codes is None:
            return None
        try:
            handle = self._records.seal(self._records.record_key(key))
        except RowRefused:
            return None
        start, end = when[0]
        fact = Fact(handle, who[0], start, end, codes[0])
        return fact, digest_of(b"".join((_FOUR, who[1], when[1], codes[1])))

    def _bad(self, columns: Sequence[Column]) -> set[int]:
        """Rows with a fault in a column that no table looks at."""
        bad: set[int] = set()
        for i in self._alone:
            check, texts = self._check.get(i, str.strip), columns[i]
            if i in self._needed:
                passed: list[object] = list(map(check, texts))
            else:
                passed = [check(text) or not text.strip() for text in texts]
            if not all(passed):
                bad |= {row for row, well in enumerate(passed) if not well}
        return bad


def _pack_both(period: Sequence[object]) -> bytes:
    return _pack(period[0]) + _pack(period[1])
