"""Random histories of the small world: rows, runs, epochs, ticks and rule changes, late, repeated and out of order.

Rules: one number a move, read from a few bytes, so that thousands are made and shrink quickly. A front node's
memory makes rows of moves (a move to another person is a delete and an insert under one version); batches are
numbered from 1 in each epoch. `tidy` histories send what a front node may really send; others also send old
versions under new numbers.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from random import Random
from typing import Any

from hypothesis import strategies as st

from tests.differential.declarations import Declared
from tests.differential.world import BANDS, DAY, HANDLES, KINDS, MATCHES, RESOURCES, SOURCES, TOKENS
from tests.streams.steps.world import batch_of
from topics.batch import ChangeBatch, Row
from topics.calendar import WEEKENDS
from topics.control import Control, RuleChange, Tick

AT = "2008-06-01T00:00:00Z"
Sent = tuple[ChangeBatch, list[Row]]
Record = Sent | Control
MOVES, MOVE_BYTES = 30, 5
"""Moves of a history, and what each is read from; five zeros are none, so that examples shrink to few."""


@dataclass(frozen=True)
class History:
    """`records`: the log of one partition, as made from moves, a seed, and the declarations that come into force."""

    made_of: tuple[bytes, int, int]
    records: tuple[Record, ...] = field(repr=False)

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        """As Hypothesis prints it."""
        printer.text(repr(self))

    def __str__(self) -> str:
        return "\n".join(f"{position:3} {_line(record)}" for position, record in enumerate(self.records))


def _line(record: Record) -> str:
    """One record for people to read."""
    if isinstance(record, Tick):
        return f"tick {record.day:%m-%d}"
    if isinstance(record, RuleChange):
        return f"{record.rule.id} v{record.rule.version} {record.force} until {record.until}"
    batch, rows = record
    told = [
        f"{r.op} {r.handle} v{r.version} {r.field} {r.subject[:1]} {r.start} {r.end} {r.codes}" for r in rows
    ]
    ends = f" ends a run of {batch.mode}" if batch.ends_run else ""
    return f"{batch.resource} {batch.epoch}/{batch.seq}{ends} {told}"


class _Digits:
    """A number, taken apart digit by digit, each to its own base; 0 is the plainest of everything."""

    def __init__(self, number: int) -> None:
        self.left = number

    def take(self, base: int) -> int:
        self.left, digit = divmod(self.left, base)
        return digit

    def pick(self, choices: Sequence[object]) -> object:
        return choices[self.take(len(choices))]


@dataclass
class _Stream:
    """One resource's front node: its present epoch, the number of its last batch, rows not sent yet."""

    resource: str
    epoch: int = 1
    seq: int = 0
    rows: list[Row] = field(default_factory=list)

    def flush(self, **changes: object) -> Sent:
        """The next batch."""
        self.seq += 1
        rows, self.rows = self.rows, []
        return batch_of(self.resource, rows, self.seq, epoch=self.epoch, bucket=0, **changes), rows


@dataclass
class _Writer:
    """Turns moves into records in the order in which they were sent."""

    declared: tuple[Declared, ...]
    tidy: bool
    streams: dict[str, _Stream] = field(default_factory=lambda: {r: _Stream(r) for r in RESOURCES})
    at: dict[tuple[str, str, str], bytes] = field(default_factory=dict)
    records: list[Record] = field(default_factory=list)
    version: int = 0
    day: int = DAY

    def move(self, number: int) -> None:
        """One move: mostly a row, else the end of a run, a tick, a rule change, a new epoch."""
        digits = _Digits(number)
        step = digits.take(16)
        if step < 10:
            self._row(digits)
        elif step < 12:
            self._end_run(self.streams[digits.pick(RESOURCES)], "changes" if digits.take(4) == 3 else "full")
        elif step < 14:
            self.tick(digits.take(9))
        elif step == 14:
            self.change(digits)
        else:
            stream = self.streams[digits.pick(RESOURCES)]
            if stream.seq and digits.take(3) == 2:
                self._new_epoch(stream, Random(number))

    def _row(self, digits: _Digits) -> None:
        self.version += 1
        resource, name = digits.pick(SOURCES)
        handle, token, kind = digits.pick(HANDLES), TOKENS[max(0, digits.take(16) - 13)], digits.take(8)
        place, stream = (resource, name, handle), self.streams[resource]
        version = self.version if self.tidy or kind != 7 else max(1, self.version - 3)
        old = self.at.pop(place, None)
        if old is not None and (kind == 6 or old != token):
            stream.rows.append(Row("d", handle, version, name, old))
        if old is None or kind != 6:
            self.at[place] = token
            first, last = _period(digits)
            stream.rows.append(Row("i", handle, version, name, token, first, last, _codes(digits)))
        if len(stream.rows) > digits.take(3):
            self.records.append(stream.flush())

    def _end_run(self, stream: _Stream, mode: str) -> None:
        self.records.append(stream.flush(mode=mode, ends_run=True))

    def _new_epoch(self, stream: _Stream, chance: Random) -> None:
        """The front node lost its memory; it sends most of what it had again, and may end the run."""
        if stream.rows:
            self.records.append(stream.flush())
        stream.epoch, stream.seq = stream.epoch + 1, 0
        for (resource, name, handle), token in sorted(self.at.items()):
            if resource == stream.resource and chance.random() < 0.7:
                self.version += 1
                digits = _Digits(chance.getrandbits(40))
                first, last = _period(digits)
                stream.rows.append(Row("i", handle, self.version, name, token, first, last, _codes(digits)))
        if chance.random() < 0.7:
            self._end_run(stream, "full")

    def tick(self, days: int) -> None:
        """The business date moves on; sometimes it is said to be one that has passed."""
        self.day += days if days < 8 else -1
        self.records.append(Tick(date.fromordinal(self.day), AT))

    def change(self, digits: _Digits) -> None:
        """A rule comes into force, goes on trial, ends, or ends soon."""
        if not self.declared:
            return
        declared = digits.pick(self.declared)
        what = digits.take(6)
        until = date.fromordinal(self.day + digits.take(8)) if what == 5 else None
        force = ("active", "suspended", "active", "trial", "active", "active")[what]
        self.records.append(in_force(declared, force, until))

    def end(self) -> None:
        """Everything that was waiting is sent."""
        self.records += [stream.flush() for stream in self.streams.values() if stream.rows]


def in_force(declared: Declared, force: str = "active", until: date | None = None) -> RuleChange:
    """What puts a declaration in force."""
    calendar = None if declared.calendar == WEEKENDS else declared.calendar
    return RuleChange(declared.rule, force, until, calendar, "activated", "test", AT)


def _period(digits: _Digits) -> tuple[date | None, date | None]:
    """Within three weeks, mostly a few days; now and then of unknown beginning, or still running."""
    first, days = digits.take(15), digits.take(9)
    last = date.fromordinal(DAY + first + days) if days < 8 else None
    return (date.fromordinal(DAY + first), last) if first < 14 else (None, last)


def _codes(digits: _Digits) -> dict[str, str]:
    choices = {"kind": (*KINDS, ""), "band": (*BANDS, ""), "match": (*MATCHES, "")}
    found = {name: str(digits.pick(values)) for name, values in choices.items()}
    return {name: value for name, value in found.items() if value}


def _delivered(sent: list[Record], order: int) -> tuple[Record, ...]:
    """Batches come late and again; ticks and rule changes keep their order. Order 0 is as sent."""
    if not order:
        return tuple(sent)
    chance = Random(order)
    late = chance.choice((2, 6, 30))
    placed = [(i + (chance.random() * late if isinstance(r, tuple) else 0), r) for i, r in enumerate(sent)]
    batches = [r for r in sent if isinstance(r, tuple)]
    again = chance.choices(batches, k=chance.randint(0, 3)) if batches else []
    placed += [(chance.random() * (len(sent) + late), batch) for batch in again]
    return tuple(record for _, record in sorted(placed, key=lambda one: one[0]))


def history(
    declared: tuple[Declared, ...], moves: bytes, ends: int, order: int, *, tidy: bool = False
) -> History:
    """One history. Bits of `ends`: nothing is in force at the beginning; the end is left open."""
    numbers = [int.from_bytes(moves[i : i + MOVE_BYTES]) for i in range(0, len(moves), MOVE_BYTES)]
    writer = _Writer(declared, tidy)
    first = {d.rule.id: d for d in reversed(declared)}
    writer.records += [in_force(d) for d in first.values() if not ends & 1]
    for number in filter(None, numbers):
        writer.move(number)
    writer.end()
    records = _delivered(writer.records, order)
    ending = _Writer(declared, tidy, writer.streams, day=writer.day)
    if not ends & 2:
        for stream in writer.streams.values():
            ending._end_run(stream, "full")
        ending.tick(7)
    return History((moves, ends, order), (*records, *ending.records))


def deliveries(
    declared: tuple[Declared, ...], times: int, *, tidy: bool = False
) -> st.SearchStrategy[list[History]]:
    """The same moves, delivered in several ways: orders are multiples, so that all are plain where one is."""
    data = st.binary(min_size=MOVES * MOVE_BYTES, max_size=MOVES * MOVE_BYTES)

    def told(moves: bytes, ends: int, order: int) -> list[History]:
        return [history(declared, moves, ends, order * way, tidy=tidy) for way in range(1, times + 1)]

    return st.builds(told, data, st.integers(0, 3), st.integers(0, 2**16))
