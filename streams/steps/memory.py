"""What one partition remembers, and what one step of it causes.

Rules: a step changes memory in place and says its effects in chunks, each of which is sent before the next is
asked for, so that a step over every subject needs no more room than one over a batch.
Must not know: disks, brokers, clocks.
"""

from collections.abc import Iterable, Iterator, MutableMapping
from dataclasses import dataclass, field
from typing import Protocol

from matchers.rules.judge import Moment
from matchers.rules.ruleset import RuleSet
from streams.steps.ledger import Ledger
from streams.steps.rulebook import Rulebook
from topics.alerts import Alert, Result
from topics.control import RuleEvent
from topics.facts import Subject
from topics.receipts import Completeness, Receipt

CHUNK = 500
"""Subjects that one chunk of a long step looks at."""


class Store(Protocol):
    """Where subjects are when they are not at hand, and who waits for what (a day, a resource)."""

    @property
    def subjects(self) -> MutableMapping[bytes, Subject]:
        """Subjects at hand."""
        ...

    def load(self, tokens: Iterable[bytes]) -> None:
        """Bring subjects to hand; unknown ones begin empty."""
        ...

    def everyone(self) -> list[bytes]:
        """Tokens of all subjects, in order."""
        ...

    def wait(self, name: str, token: bytes) -> None:
        """Note that a subject waits for `name`."""
        ...

    def take(self, first: str, last: str) -> list[bytes]:
        """Tokens of subjects that wait for a name from `first` to `last`, in order; they wait no longer."""
        ...


@dataclass(slots=True)
class Memory:
    """Subjects, batches seen, rules in force (`rules` is `book`, compiled).

    `done`: subjects that the chunks of this step went over; `passed`: how many were done with when it was broken off.
    """

    store: Store
    ledger: Ledger
    book: Rulebook
    rules: RuleSet
    _moment: Moment | None = None
    done: int = 0
    passed: int = 0

    @classmethod
    def of(cls, store: Store, ledger: Ledger, book: Rulebook) -> "Memory":
        """Compile the rulebook."""
        return cls(store, ledger, book, book.rules())

    @property
    def moment(self) -> Moment:
        """What outcomes depend on beside facts."""
        if self._moment is None or self._moment.day != self.book.day:
            self._moment = Moment(self.book.day, self.ledger.delivered)
        return self._moment

    def begin(self, passed: int = 0) -> None:
        """A step begins, for the first time or (`passed`) where it was broken off."""
        self.done, self.passed = 0, passed

    def chunks(self, tokens: list[bytes]) -> Iterator[list[bytes]]:
        """Tokens a chunk at a time, each brought to hand; those that were done with before are passed over."""
        first = min(max(0, self.passed - self.done), len(tokens))
        self.done += first
        for i in range(first, len(tokens), CHUNK):
            chunk = tokens[i : i + CHUNK]
            self.store.load(chunk)
            self.done += len(chunk)
            yield chunk


@dataclass(slots=True)
class Effects:
    """What one chunk of a step causes. `dirty`: subjects the caller must save."""

    receipt: Receipt | None = None
    alerts: list[Alert] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    completeness: Completeness | None = None
    events: list[RuleEvent] = field(default_factory=list)
    dirty: Iterable[bytes] = ()
