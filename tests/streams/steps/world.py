"""A small world for the step laws: rows of the four example resources, batches of them, and the memory they meet.

Rules: everything is built by hand from the wire structs, without the front node; nothing here decides.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

import msgspec

from matchers.rules.conflict import RuleSet
from streams.steps.join import Effects, Memory, join
from streams.steps.ledger import Ledger
from topics.batch import ChangeBatch, Row, count, encode_rows
from topics.catalog import load_catalog
from topics.facts import Subject

CATALOG = load_catalog()
RULES = RuleSet.of(CATALOG.active_rules)
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
    return Row(op, handle, version, FIELD[resource], token, start, end, codes)  # type: ignore[arg-type]


class _Subjects(dict[bytes, Subject]):
    def __missing__(self, token: bytes) -> Subject:
        return self.setdefault(token, Subject())


def memory_of(subjects: dict[bytes, Subject], ledger: Ledger) -> Memory:
    """A memory whose subjects are all at hand."""
    return Memory(subjects, ledger, lambda wanted: [t for t, subject in subjects.items() if wanted(subject)])


@dataclass
class Machine:
    """One partition, fed batch by batch; `said` is everything it ever answered, `spoken` the same as sent."""

    memory: Memory = field(default_factory=lambda: memory_of(_Subjects(), Ledger()))
    position: int = 0
    said: list[Effects] = field(default_factory=list)
    spoken: list[bytes] = field(default_factory=list)

    def feed(self, batch: ChangeBatch, rows: Sequence[Row]) -> Effects:
        """Join one batch at the next position."""
        effects = join(batch, list(rows), self.position, self.memory, RULES)
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
        saved = {token: msgspec.msgpack.encode(s) for token, s in self.memory.subjects.items()}
        ledger = msgspec.msgpack.encode(self.memory.ledger)
        subjects = {t: msgspec.msgpack.decode(data, type=Subject) for t, data in saved.items()}
        self.memory = memory_of(_Subjects(subjects), msgspec.msgpack.decode(ledger, type=Ledger))

    def alerts(self) -> dict[str, msgspec.Struct]:
        """Newest revision of each alert, as a reader keeps them."""
        return _newest((a.alert_id, a) for effects in self.said for a in effects.alerts)

    def results(self) -> dict[str, msgspec.Struct]:
        """Newest revision of each result."""
        return _newest((r.check_id, r) for effects in self.said for r in effects.results)

    def picture(self) -> bytes:
        """Everything remembered, comparable whatever the order it was learned in."""
        return msgspec.json.encode(
            (sorted((t.hex(), s) for t, s in self.memory.subjects.items() if s.facts), self.memory.ledger),
            order="deterministic",
        )


def _newest(pairs: Iterable[tuple[str, msgspec.Struct]]) -> dict[str, msgspec.Struct]:
    kept: dict[str, msgspec.Struct] = {}
    for name, revised in pairs:
        if name not in kept or revised.revision > kept[name].revision:
            kept[name] = revised
    return kept


def encoded(effects: Effects) -> bytes:
    """One answer to the byte (dirty subjects are no output)."""
    return msgspec.json.encode((effects.receipt, effects.alerts, effects.results, effects.completeness))
