"""Subjects between two batches: in stored form, opened source by source for a step, packed again while still at hand.

A change looks at one source of its subject, and at more only where a rule asks; what nobody looks at is never decoded.
A stored form takes a seventh of the room of an open subject. Objects that live for one batch are made and packed in the
processor's own cache; left open until a checkpoint, each would be fetched from memory again (three times the cost).
Rules: `Sources` is a dict of facts to everybody else; the form on disk does not tell which sources were opened.
Must not know: RocksDB, positions, what a step does with a subject.
"""

from typing import TYPE_CHECKING, Any

import msgspec

from topics.facts import Fact, Outcome, Subject
from topics.held import held

if TYPE_CHECKING:
    from _collections_abc import dict_items, dict_values

ENTRY = 200
"""Bytes that a subject takes beside its facts: its token, heads of objects, a place in a dict."""

LARGE = 64
"""Facts from which on a subject stays open: to pack it after each change would cost as much as it is large."""

OPENED_FACT = 600
"""Bytes of an open fact (measured; some 90 in stored form)."""


class _Stored(msgspec.Struct, array_like=True):
    """A subject whose sources are not opened."""

    facts: dict[str, msgspec.Raw]
    outcomes: dict[str, dict[str, Outcome]]
    size: int = 0


_subject = msgspec.msgpack.Decoder(_Stored).decode
_facts = msgspec.msgpack.Decoder(dict[str, Fact]).decode

pack = msgspec.msgpack.encode
"""The stored form of a subject."""


def unpack(data: bytes) -> Subject:
    """A subject of its stored form; its sources open when they are asked for."""
    stored = _subject(data)
    as_stored: Any = stored.facts
    facts = Sources(as_stored)
    # States from before 2026-11-27 do not say how many facts they hold.
    size = stored.size or sum(map(len, facts.values()))
    return Subject(facts, stored.outcomes, size)


class Sources(dict[str, dict[str, Fact]]):
    """Facts by source, each as it was stored until it is asked for (by [], get, items or values) or set."""

    __slots__ = ()

    def __getitem__(self, source: str) -> dict[str, Fact]:
        facts: Any = super().__getitem__(source)
        return self._open(source, facts) if isinstance(facts, msgspec.Raw) else facts

    def get(self, source: str, default: Any = None) -> Any:
        facts: Any = super().get(source, default)
        return self._open(source, facts) if isinstance(facts, msgspec.Raw) else facts

    def _open(self, source: str, stored: msgspec.Raw) -> dict[str, Fact]:
        facts = self[source] = held(_facts(stored))
        return facts

    def _opened(self) -> dict[str, dict[str, Fact]]:
        for source in self:
            self[source]
        return self

    def items(self) -> "dict_items[str, dict[str, Fact]]":
        return dict.items(self._opened())

    def values(self) -> "dict_values[str, dict[str, Fact]]":
        return dict.values(self._opened())

    def __eq__(self, other: object) -> bool:
        return dict.__eq__(self._opened(), other._opened() if isinstance(other, Sources) else other)

    __hash__ = None


class SubjectCache:
    """Subjects of one partition as they were put away: in stored form, or open if they are large. `size`: bytes."""

    def __init__(self) -> None:
        self.size = 0
        self._kept: dict[bytes, bytes | Subject] = {}
        self._open: dict[bytes, int] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, token: bytes) -> Subject | None:
        """The subject, if it is here."""
        kept = self._kept.get(token)
        return unpack(kept) if isinstance(kept, bytes) else kept

    def packed(self, token: bytes) -> bytes:
        """The stored form of a subject that is here."""
        kept = self._kept[token]
        return kept if isinstance(kept, bytes) else pack(kept)

    def put(self, token: bytes, subject: Subject) -> None:
        """Keep a subject, as the last to be let go of."""
        self._drop(token)
        if subject.size < LARGE:
            packed = self._kept[token] = pack(subject)
            self.size += len(packed) + ENTRY
        else:
            self._kept[token] = subject
            self._open[token] = ENTRY + subject.size * OPENED_FACT
            self.size += self._open[token]

    def _drop(self, token: bytes) -> None:
        before = self._kept.pop(token, None)
        if isinstance(before, bytes):
            self.size -= len(before) + ENTRY
        elif before is not None:
            self.size -= self._open.pop(token)

    def trim(self, room: int) -> None:
        """Let go of what was put away longest ago, until the rest fits."""
        gone, left = list[bytes](), self.size
        for token, kept in self._kept.items():
            if left <= room:
                break
            left -= len(kept) + ENTRY if isinstance(kept, bytes) else self._open[token]
            gone.append(token)
        for token in gone:
            self._drop(token)
