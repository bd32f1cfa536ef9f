"""The simulated city: its catalog, random rules, and the numbered batches its departments' front nodes make.

Rules: what a front node may really send: versions grow, a record that moves is a delete and an insert under one
version, each stream (resource, epoch, bucket) is numbered from 1, a full run ends in every bucket; now and then a
row is sent again under a new number, as a front node does that is not sure. A front node that lost its memory begins
a new epoch with a full run. Handles and days are those of tests.differential.world: few, so that they meet.
Must not know: what becomes of a batch.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from random import Random

import msgspec

from matchers.token import bucket_of
from tests.differential.world import BANDS, DAY, HANDLES, KINDS, MATCHES, RESOURCES, SOURCES
from tests.streams.steps.world import batch_of
from topics.batch import ChangeBatch, Row, encode_batch
from topics.catalog import (
    Catalog,
    Compare,
    Condition,
    Deadline,
    Department,
    EvidenceSource,
    ExculpatingSource,
    Exculpation,
    Resource,
    Rule,
    Temporal,
    Text,
    Threshold,
)
from topics.catalog.model import Field
from topics.catalog.rule import PREDICATES, SHARED_DAY, Form
from topics.control import RuleChange
from topics.records import Record

PARTITIONS = 2
TOKENS = tuple(letter.encode() * 16 for letter in "ABCEG")
"""Subjects: B is alone in its partition, so that steps over the other are longer."""

AT = "2008-06-01T00:00:00.000+00:00"
VERSIONS_PER_EPOCH = 1000
WORDS = Text("词", "words")
FORMS: frozenset[Form] = frozenset({"month", "code", "band"})
CODES = {"kind": KINDS, "band": tuple(BANDS), "match": MATCHES}
KINDS_OF_RULE = ("conflict", "missing", "missing", "mismatch", "duplicate", "threshold")


def _field(name: str, **changes: object) -> Field:
    plain = Field(name, "code", False, frozenset({"fact"}), None, None, "code", (), WORDS)
    return replace(plain, **changes)


def _resource(id_: str) -> Resource:
    subjects = [name for resource, name in SOURCES if resource == id_]
    fields = (
        *(_field(name, subject="person", roles=frozenset({"identifier"}), fact=None) for name in subjects),
        *(_field(name, codes=codes) for name, codes in CODES.items()),
    )
    department = id_.partition(".")[0]
    return Resource(id_, department, id_, WORDS, "1.0.0", "active", "conditional", "a law", "daily", fields)


_DEPARTMENTS = {name: Department(name, WORDS) for name in ("aid", "tax", "reg", "other")}
_EMPTY = Catalog("city", WORDS, PARTITIONS, _DEPARTMENTS, {id_: _resource(id_) for id_ in RESOURCES}, {}, {})


def catalog_with(*rules: Rule) -> Catalog:
    """The city, with these rules declared."""
    return replace(_EMPTY, rules={rule.id: rule for rule in rules})


def _some(chance: Random, values: tuple[str, ...]) -> frozenset[str]:
    return frozenset(chance.sample(values, chance.randint(1, len(values))))


def _where(chance: Random) -> tuple[Condition, ...]:
    return (Condition("kind", _some(chance, KINDS)),) if chance.random() < 0.1 else ()


def _temporal(chance: Random) -> Temporal:
    relations = (SHARED_DAY, PREDICATES["any"])
    return Temporal(chance.choice(relations), 1, None)


def _evidence(chance: Random, source: tuple[str, str], kind: str, *, summed: bool) -> EvidenceSource:
    plain = kind == "missing"
    excuses = (
        () if plain or chance.random() < 0.5 else (Exculpation("e0", "kind", _some(chance, KINDS), WORDS),)
    )
    return EvidenceSource(
        *source,
        excuses,
        None if plain else chance.choice((None, "kind")),
        WORDS,
        temporal=_temporal(chance),
        where=_where(chance),
        compare=Compare("match", "match", "different", {}) if kind == "mismatch" else None,
        amount="band" if summed else None,
    )


def random_rule(chance: Random, id_: str, version: int, kinds: tuple[str, ...] = KINDS_OF_RULE) -> Rule:
    """One declaration of any kind, as tests.differential.declarations makes them, but from one Random."""
    kind = chance.choice(kinds)
    anchor = chance.choice(SOURCES)
    others = [source for source in SOURCES if source != anchor]
    found = chance.sample(others, chance.randint(1, 2))
    if kind == "duplicate":
        found[0] = anchor
    threshold = (
        Threshold(chance.choice(("count", "sum")), chance.choice((1, 2))) if kind == "threshold" else None
    )
    summed = threshold is not None and threshold.measure == "sum"
    department = anchor[0].partition(".")[0]
    excused = [chance.choice(others)] if chance.random() < 0.3 else []
    return Rule(
        id=id_,
        version=version,
        kind=kind,
        department=department,
        title=WORDS,
        purpose=WORDS,
        legal_basis="a law",
        grants=(),
        anchor=anchor[0],
        anchor_subject=anchor[1],
        evidence=tuple(_evidence(chance, source, kind, summed=summed) for source in found),
        severity="low",
        volume_cap=100,
        status="active",
        expires=None,
        reasons={},
        disclosure={department: FORMS, **chance.choice(({}, {"other": frozenset()}, {"other": FORMS}))},
        anchor_where=_where(chance),
        exculpations=tuple(ExculpatingSource("x0", *s, _temporal(chance), (), WORDS) for s in excused),
        deadline=Deadline(chance.randint(5, 20), "days", "start") if kind == "missing" else None,
        threshold=threshold,
    )


def word_on(chance: Random, rule: Rule, day: int) -> RuleChange:
    """What an officer may say of a rule."""
    force = chance.choice(("active", "active", "active", "suspended", "trial"))
    until = date.fromordinal(day + chance.randint(0, 8)) if chance.random() < 0.1 else None
    return RuleChange(rule, force, until, None, "by-hand: a test", "an officer", AT)


Sent = tuple[ChangeBatch, list[Row]]


@dataclass
class Front:
    """One resource's front node: what it remembers, and rows that wait for their batch."""

    resource: str
    chance: Random
    epoch: int = 1
    count: int = 0
    runs: int = 0
    seqs: dict[int, int] = field(default_factory=dict)
    at: dict[tuple[str, str], Row] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)

    def version(self) -> int:
        self.count += 1
        return self.epoch * VERSIONS_PER_EPOCH + self.count

    def act(self) -> Iterator[Sent]:
        """Something happens at the department; the batches that say so."""
        happens = self.chance.random()
        if happens < 0.7:
            for _ in range(self.chance.choice((1, 2, 3, 4))):
                self._change()
            if self.chance.random() < 0.7:
                yield from self._flush("changes", ends=self.chance.random() < 0.3)
        elif happens < 0.84:
            yield from self._flush("full", ends=True)
        elif happens < 0.93 or not self.at:
            yield from self._again()
        else:
            yield from self._begin_again()

    def end(self) -> Iterator[Sent]:
        """The last run, mostly: what waits is sent."""
        yield from self._flush("full", ends=self.chance.random() < 0.8)

    def _change(self) -> None:
        names = [name for resource, name in SOURCES if resource == self.resource]
        place = (self.chance.choice(names), self.chance.choice(HANDLES))
        token, version = self.chance.choice((*TOKENS, *TOKENS[:1] * 4)), self.version()
        old = self.at.pop(place, None)
        gone = old is not None and self.chance.random() < 0.25
        if old is not None and (gone or old.subject != token):
            self.rows.append(Row("d", place[1], version, place[0], old.subject))
        if not gone:
            self.at[place] = self._row(place, token, version, "u" if old and old.subject == token else "i")
            self.rows.append(self.at[place])

    def _row(self, place: tuple[str, str], token: bytes, version: int, op: str) -> Row:
        chance = self.chance
        first = DAY + chance.randrange(15)
        last = date.fromordinal(first + chance.randrange(8)) if chance.random() < 0.9 else None
        start = date.fromordinal(first) if chance.random() < 0.95 else None
        codes = {name: chance.choice(values) for name, values in CODES.items() if chance.random() < 0.8}
        return Row(op, place[1], version, place[0], token, start, last, codes)

    def _flush(self, mode: str, *, ends: bool) -> Iterator[Sent]:
        """What waits, a batch for each bucket; the end of a full run is said in every bucket."""
        rows, self.rows = self.rows, []
        by_bucket: dict[int, list[Row]] = {}
        for row in rows:
            by_bucket.setdefault(bucket_of(row.subject, PARTITIONS), []).append(row)
        self.runs += ends
        everywhere = range(PARTITIONS) if ends and mode == "full" else ()
        for bucket in sorted({*by_bucket, *everywhere}):
            yield self._batch(bucket, by_bucket.get(bucket, []), mode=mode, ends_run=ends)

    def _batch(self, bucket: int, rows: list[Row], **changes: object) -> Sent:
        seq = self.seqs[bucket] = self.seqs.get(bucket, 0) + 1
        at = f"2008-06-01T00:{self.epoch % 60:02}:{(self.count + seq) % 60:02}.000+00:00"
        run = f"run-{self.epoch}-{self.runs}"
        made = batch_of(self.resource, rows, seq, epoch=self.epoch, bucket=bucket, run=run, produced_at=at)
        return msgspec.structs.replace(made, **changes), rows

    def _again(self) -> Iterator[Sent]:
        """The same row under a new number: it changes nothing."""
        if self.at and not self.rows:
            row = self.chance.choice(list(self.at.values()))
            yield self._batch(bucket_of(row.subject, PARTITIONS), [row], mode="changes")

    def _begin_again(self) -> Iterator[Sent]:
        """The memory is lost: a new epoch, with most of what there was, and a full run that mostly ends."""
        yield from self._flush("changes", ends=False)
        self.epoch, self.count, self.seqs = self.epoch + 1, 0, {}
        places, self.at = list(self.at), {}
        for place in places:
            if self.chance.random() < 0.7:
                self.at[place] = self._row(place, self.chance.choice(TOKENS), self.version(), "i")
                self.rows.append(self.at[place])
        yield from self._flush("full", ends=self.chance.random() < 0.8)


def message(batch: ChangeBatch) -> Record:
    """A batch as it is put on its change topic."""
    return Record(batch.batch_id.encode(), encode_batch(batch), ())


def hostile(chance: Random, sent: list[Record]) -> tuple[Record, str]:
    """A message that must be refused, and on which resource's topic it stands."""
    resource = chance.choice(RESOURCES)
    if not sent or chance.random() < 0.3:
        return Record(None, chance.randbytes(chance.randint(0, 60)), ()), resource
    whole = chance.choice(sent)
    batch = msgspec.json.decode(whole.value, type=ChangeBatch)
    forged = chance.choice(
        (
            {"bucket": batch.bucket + PARTITIONS},
            {"content_hash": "0" * 64},
            {"department": "other"},
            {"counts": msgspec.structs.replace(batch.counts, insert=batch.counts.insert + 1)},
            {"contract_version": "9.0.0"},
            {"produced_at": "yesterday"},
            {"rows": msgspec.Raw(b'[["i"]]')},
        )
    )
    if chance.random() < 0.2:
        return Record(whole.key, whole.value[: len(whole.value) // 2], ()), batch.resource
    return message(msgspec.structs.replace(batch, **forged)), batch.resource
