"""A small world for the step laws: rows of the four example resources, batches of them, and the memory they meet.

Rules: everything is built by hand from the wire structs, without the front node; nothing here decides.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

import msgspec

from matchers.rules.compiled import CompiledRule
from matchers.rules.ruleset import RuleSet
from stores.subjects import pack, unpack
from streams.steps.govern import govern
from streams.steps.join import join
from streams.steps.ledger import Ledger
from streams.steps.memory import Effects, Memory
from streams.steps.rulebook import Rulebook
from topics.batch import ChangeBatch, Row, count, encode_rows
from topics.catalog import Rule, load_catalog
from topics.control import Control, RuleChange
from topics.facts import Subject

CATALOG = load_catalog()
RULES = RuleSet.of(map(CompiledRule.of, CATALOG.active_rules))
RULE = "benefit-while-employed"
CLAIM, SPELL, WAGE, ENTERPRISE = (
    "hrss.unemployment_benefit",
    "hrss.social_insurance",
    "tax.wage_withholding",
    "market.enterprise",
)
RESOURCES = (CLAIM, SPELL, WAGE, ENTERPRISE)
FIELD = {CLAIM: "person_id", SPELL: "person_id", WAGE: "person_id", ENTERPRISE: "legal_rep_id"}
TOKENS = (b"A" * 16, b"B" * 16, b"C" * 16)
BUCKET = 3


def batch_of(resource: str, rows: Sequence[Row], seq: int, **changes: object) -> ChangeBatch:
    """A well-formed batch; `changes` replace fields of the envelope."""
    data, content_hash = encode_rows(list(rows))
    batch = ChangeBatch(
        department=resource.partition(".")[0],
        resource=resource,
        epoch=1,
        bucket=BUCKET,
        seq=seq,
        run="run",
        mode="full",
        ends_run=False,
        contract_version="1.0.0",
        key_version=1,
        produced_at=f"2008-09-01T00:00:{seq % 60:02}Z",
        counts=count(list(rows)),
        content_hash=content_hash,
        rows=data,
    )
    return msgspec.structs.replace(batch, **changes)


def row(
    resource: str,
    handle: str,
    version: int,
    token: bytes = TOKENS[0],
    *,
    op: str = "i",
    start: date | None = None,
    end: date | None = None,
    **codes: str,
) -> Row:
    """One row on the wire."""
    return Row(op, handle, version, FIELD[resource], token, start, end, codes)


class _Subjects(dict[bytes, Subject]):
    def __missing__(self, token: bytes) -> Subject:
        return self.setdefault(token, Subject())


@dataclass
class Shelf:
    """A store whose subjects are all at hand (streams.steps.memory.Store)."""

    subjects: dict[bytes, Subject] = field(default_factory=_Subjects)
    waits: set[tuple[str, bytes]] = field(default_factory=set)

    def load(self, tokens: Iterable[bytes]) -> None:
        for token in tokens:
            self.subjects[token]

    def everyone(self) -> list[bytes]:
        return sorted(token for token, subject in self.subjects.items() if subject.facts)

    def wait(self, name: str, token: bytes) -> None:
        self.waits.add((name, token))

    def take(self, first: str, last: str) -> list[bytes]:
        taken = {wait for wait in self.waits if first <= wait[0] <= last}
        self.waits -= taken
        return sorted({token for _, token in taken})


def in_force(*rules: Rule) -> Rulebook:
    """A rulebook in which rules are active from the beginning."""
    changes = (RuleChange(rule, "active", None, None, "activated", "test", "") for rule in rules)
    return Rulebook(0, {change.rule.id: change for change in changes})


def memory_of(subjects: dict[bytes, Subject], ledger: Ledger, book: Rulebook | None = None) -> Memory:
    """A memory whose subjects are all at hand."""
    return Memory.of(Shelf(subjects), ledger, book or in_force(*CATALOG.active_rules))


@dataclass
class Machine:
    """One partition, fed record by record; `said` is everything it ever answered, `spoken` the same as sent."""

    memory: Memory = field(default_factory=lambda: memory_of(_Subjects(), Ledger()))
    position: int = 0
    said: list[Effects] = field(default_factory=list)
    spoken: list[bytes] = field(default_factory=list)

    def feed(self, batch: ChangeBatch, rows: Sequence[Row]) -> Effects:
        """Join one batch at the next position."""
        return self._take(join(batch, list(rows), self.position, self.memory))

    def govern(self, control: Control) -> Effects:
        """Apply a tick or a rule change at the next position."""
        return self._take(govern(control, self.position, BUCKET, self.memory))

    def _take(self, step: Iterator[Effects]) -> Effects:
        effects = merged(step)
        self.position += 1
        self.said.append(effects)
        self.spoken.append(encoded(effects))
        return effects

    def tell(self, resource: str, *rows: Row, **changes: object) -> Effects:
        """Feed rows as the next batch of their resource."""
        seq = self.memory.ledger.newest(resource)[1].high + 1
        return self.feed(batch_of(resource, rows, seq, **changes), rows)

    def save_and_restore(self) -> None:
        """What a crash right after a checkpoint does to the memory."""
        saved = {token: pack(s) for token, s in self.memory.store.subjects.items()}
        meta = msgspec.msgpack.encode((self.memory.ledger, self.memory.book))
        subjects = {token: unpack(data) for token, data in saved.items()}
        ledger, book = msgspec.msgpack.decode(meta, type=tuple[Ledger, Rulebook])
        waits = self.memory.store.waits
        self.memory = memory_of(_Subjects(subjects), ledger, book)
        self.memory.store.waits = waits

    def alerts(self) -> dict[str, msgspec.Struct]:
        """Newest revision of each alert, as a reader keeps them."""
        return _newest((a.alert_id, a) for effects in self.said for a in effects.alerts)

    def results(self) -> dict[str, msgspec.Struct]:
        """Newest revision of each result."""
        return _newest((r.check_id, r) for effects in self.said for r in effects.results)

    def picture(self) -> bytes:
        """Everything remembered, comparable whatever the order it was learned in."""
        return msgspec.json.encode(
            (
                sorted(
                    (t.hex(), dict(s.facts.items()), s.outcomes)
                    for t, s in self.memory.store.subjects.items()
                    if s.facts
                ),
                self.memory.ledger,
            ),
            order="deterministic",
        )


def _newest(pairs: Iterable[tuple[str, msgspec.Struct]]) -> dict[str, msgspec.Struct]:
    kept: dict[str, msgspec.Struct] = {}
    for name, revised in pairs:
        if name not in kept or revised.revision > kept[name].revision:
            kept[name] = revised
    return kept


def merged(step: Iterable[Effects]) -> Effects:
    """All chunks of one step as one."""
    whole = Effects()
    dirty: list[bytes] = []
    for effects in step:
        whole.receipt = whole.receipt or effects.receipt
        whole.completeness = whole.completeness or effects.completeness
        whole.alerts += effects.alerts
        whole.results += effects.results
        whole.events += effects.events
        dirty += effects.dirty
    whole.dirty = list(dict.fromkeys(dirty))
    return whole


def encoded(effects: Effects) -> bytes:
    """One answer to the byte (dirty subjects are no output)."""
    said = (effects.receipt, effects.alerts, effects.results, effects.completeness, effects.events)
    return msgspec.json.encode(said)
