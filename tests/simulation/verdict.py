"""Was everything right in the end? What a history should come to, worked out in ways of their own.

    every batch that was sent is in `facts`, and nothing else         (bytes)
    a naive reference heard the batches as sent, and `facts` as is    (tests.differential.reference; no product code)
    a clean replay of `facts`                                         (the pure steps, in one go)

Rules: nothing is decided here; every difference is an AssertionError that names what differs.
Must not know: what befell whom.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from stores.state import HALFWAY, LOG, META, POSITION
from streams.agents.outputs import outputs
from streams.agents.partition import Meta
from streams.steps.govern import govern
from streams.steps.join import join
from streams.steps.ledger import Ledger
from streams.steps.memory import Memory
from streams.steps.rulebook import Rulebook
from tests.differential.reference import Reference, Said
from tests.differential.test_three_engines import STATES, VERDICTS, said_to, words_of
from tests.simulation.city import PARTITIONS
from tests.simulation.process import Process
from tests.simulation.simulator import Simulation
from tests.streams.steps.world import Shelf
from topics.alerts import Alert, Result
from topics.batch import TOKEN_BYTES, ChangeBatch, Row, decode_batch, decode_rows
from topics.control import Control, control_of
from topics.facts import Subject
from topics.names import FACTS
from topics.receipts import Completeness, DeadLetter, Receipt
from topics.records import StoredRecord

Heard = tuple[ChangeBatch, list[Row]] | Control
Output = tuple[str, bytes | None, bytes]
_SPEAKING = ("alert.", "trial.", "result.", "receipt.", "notice.", "audit", "completeness")


class Naive(Reference):
    """The reference, which says once in the end what it has heard, and counts rows that were news."""

    news: int = 0

    def _say(self) -> None:
        """Not yet."""

    def conclude(self) -> dict[str, dict[str, Said]]:
        super()._say()
        return {
            rule: {name: said for name, (said, _) in checks.items()} for rule, checks in self.said.items()
        }

    def _row(self, row: Row, batch: ChangeBatch) -> None:
        place = (batch.resource, row.field, row.subject, row.handle)
        before = self.facts.get(place)
        super()._row(row, batch)
        self.news += self.facts.get(place) is not before


@dataclass
class Clean:
    """One partition of `facts` replayed from the beginning, by the steps alone."""

    number: int
    shelf: Shelf = field(default_factory=Shelf)
    said: list[Output] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.memory = Memory.of(self.shelf, Ledger(), Rulebook())

    def hear(self, position: int, heard: Heard) -> None:
        if isinstance(heard, tuple):
            self.shelf.load({row.subject for row in heard[1]})
            step = join(*heard, position, self.memory)
        else:
            step = govern(heard, position, self.number, self.memory)
        for effects in step:
            for topic, records in outputs(effects).items():
                self.said += [(topic, record.key, record.value) for record in records]


def judge(simulation: Simulation) -> None:
    """Raises AssertionError."""
    logs = {tp: log for tp, log in simulation.broker.logs.items() if tp.topic.startswith(_SPEAKING)}
    kept = {tp.topic: simulation.broker.kept(tp) for tp in logs}
    everything = {tp.topic: log for tp, log in logs.items()}
    facts = [_heard(simulation.broker.logs.get((FACTS, p), [])) for p in range(PARTITIONS)]
    clean = [_replayed(number, heard) for number, heard in enumerate(facts)]
    _nothing_was_lost(simulation, facts)
    _one_content(everything)
    for view in (everything, kept):
        _newest_is_last(view)
        _all_was_said(view, clean)
    _receipts_add_up(simulation, kept, facts)
    _owners_agree(simulation, clean)
    told = Told.of(kept)
    for number in range(PARTITIONS):
        _alerts_are_right(simulation, number, facts[number], told)


def _heard(log: Iterable[StoredRecord]) -> list[Heard]:
    found: list[Heard] = []
    for record in log:
        control = control_of(record)
        if control is not None:
            found.append(control)
        else:
            batch = decode_batch(record.value)
            found.append((batch, decode_rows(batch)))
    return found


def _replayed(number: int, facts: list[Heard]) -> Clean:
    clean = Clean(number)
    for position, heard in enumerate(facts):
        clean.hear(position, heard)
    return clean


def _nothing_was_lost(simulation: Simulation, facts: list[list[Heard]]) -> None:
    found = {one[0].batch_id: one[0] for heard in facts for one in heard if isinstance(one, tuple)}
    sent = {batch.batch_id: batch for batch, _ in simulation.sent}
    assert found.keys() == sent.keys(), (
        f"lost {sent.keys() - found.keys()}, made up {found.keys() - sent.keys()}"
    )
    changed = [name for name, batch in sent.items() if found[name].content_hash != batch.content_hash]
    assert not changed, f"changed on their way: {changed}"


class _Revised(msgspec.Struct):
    """What alerts and results have in common."""

    revision: int
    rule: str


_revised = msgspec.json.Decoder(_Revised).decode


def _one_content(view: dict[str, list[StoredRecord]]) -> None:
    contents: dict[tuple[str, bytes | None, int], set[bytes]] = defaultdict(set)
    for topic, records in view.items():
        if topic.startswith(("alert.", "trial.", "result.")):
            for record in records:
                contents[topic, record.key, _revised(record.value).revision].add(record.value)
    several = [key for key, values in contents.items() if len(values) > 1]
    assert not several, f"a revision with two contents: {several}"


def _newest_is_last(view: dict[str, list[StoredRecord]]) -> None:
    for topic, records in view.items():
        newest: dict[bytes | None, int] = {}
        last: dict[bytes | None, int] = {}
        for record in records:
            if topic.startswith(("alert.", "result.")):
                number = _revised(record.value).revision
            elif topic == "completeness":
                number = msgspec.json.decode(record.value, type=Completeness).position
            else:
                break
            last[record.key] = number
            newest[record.key] = max(newest.get(record.key, -1), number)
        assert last == newest, f"{topic}: the last record of a key is not its newest"


def _all_was_said(view: dict[str, list[StoredRecord]], clean: list[Clean]) -> None:
    """To the byte what a replay says, and nothing else but what admission refused."""
    expected = {said for one in clean for said in one.said}
    found = {
        (topic, record.key, record.value)
        for topic, records in view.items()
        for record in records
        if not (topic.startswith("receipt.") and (record.key or b"").startswith(b"change."))
    }
    assert found == expected, f"never said: {_short(expected - found)}\nmade up: {_short(found - expected)}"


def _short(said: set[Output]) -> list[str]:
    return [f"{topic} {value.decode()[:300]}" for topic, _, value in sorted(said, key=repr)[:5]]


def _receipts_add_up(
    simulation: Simulation, view: dict[str, list[StoredRecord]], facts: list[list[Heard]]
) -> None:
    records = [r for topic, found in view.items() if topic.startswith("receipt.") for r in found]
    receipts = {r.position: r for r in (msgspec.json.decode(one.value, type=Receipt) for one in records)}
    for receipt in receipts.values():
        total = receipt.applied + receipt.duplicate + receipt.refused
        assert total == receipt.received.total, receipt
        assert receipt.sent is None or receipt.sent == receipt.received or receipt.status == "refused", (
            receipt
        )
    refused = [r for r in receipts.values() if r.status == "refused"]
    assert len(refused) == simulation.refused, f"refused {len(refused)} of {simulation.refused}"
    letters = [r for tp, log in simulation.broker.logs.items() if tp.topic.startswith("dlq.") for r in log]
    places = {
        (d.topic, d.offset) for d in (msgspec.json.decode(one.value, type=DeadLetter) for one in letters)
    }
    assert len(places) == simulation.refused, f"dead letters of {len(places)}, not {simulation.refused}"
    for number, heard in enumerate(facts):
        _counts(number, heard, receipts)


def _counts(number: int, facts: list[Heard], receipts: dict[str, Receipt]) -> None:
    """Each batch is applied once, where the naive reference hears it first; how many rows were news."""
    naive, applied = Naive(), set()
    for position, one in enumerate(facts):
        before, seen = naive.news, _is_known(naive, one)
        naive.hear(one)
        if isinstance(one, tuple):
            receipt = receipts.get(f"facts[{number}]@{position}")
            assert receipt is not None, f"no receipt for facts[{number}]@{position}"
            expected = ("duplicate", 0) if seen else ("applied", naive.news - before)
            assert (receipt.status, receipt.applied) == expected, f"{receipt} should be {expected}"
            assert seen or receipt.batch not in applied, f"applied twice: {receipt}"
            applied.add(None if seen else receipt.batch)


def _is_known(naive: Naive, one: Heard) -> bool:
    """Whether a batch was heard before, or its epoch has been replaced."""
    if not isinstance(one, tuple):
        return False
    batch = one[0]
    epoch = naive.epochs.get((batch.resource, batch.epoch))
    return batch.epoch < naive.floors.get(batch.resource, 0) or (
        epoch is not None and batch.seq in epoch.seen
    )


def _owners_agree(simulation: Simulation, clean: list[Clean]) -> None:
    for number, replayed in enumerate(clean):
        owners = [p for p in simulation.processes if number in p.hub.partitions]
        assert len(owners) == 1, f"facts[{number}] has owners {owners}"
        _agrees(simulation, owners[0], number, replayed)


def _agrees(simulation: Simulation, owner: Process, number: int, replayed: Clean) -> None:
    partition = owner.hub.partitions[number]
    stored = simulation.disks.folders[partition.folder]
    position = int(stored.get(POSITION, b"0"))
    end = simulation.broker.end((FACTS, number))
    found = (position, partition.next, HALFWAY in stored)
    assert found == (end, end, False), f"facts[{number}] at rest is at {found}, its log at {end}"
    meta = msgspec.msgpack.decode(stored[META], type=Meta) if META in stored else Meta(Ledger(), Rulebook())
    ours, theirs = Meta(replayed.memory.ledger, replayed.memory.book), meta
    assert theirs == ours, f"facts[{number}]: ledger or rulebook\n{theirs}\n{ours}"
    subjects = {
        key: data for key, data in stored.items() if len(key) == TOKEN_BYTES and key not in (LOG, HALFWAY)
    }
    kept = {key: _plain(msgspec.msgpack.decode(data, type=Subject)) for key, data in subjects.items()}
    known = {token: _plain(subject) for token, subject in replayed.shelf.subjects.items()}
    assert _filled(kept) == _filled(known), f"facts[{number}]: subjects\n{kept}\n{known}"
    waits = {(k[5 : -TOKEN_BYTES - 1].decode(), k[-TOKEN_BYTES:]) for k in stored if k.startswith(b"wait:")}
    assert waits == replayed.shelf.waits, f"facts[{number}]: waits {waits}, not {replayed.shelf.waits}"


def _plain(subject: Subject) -> Any:
    outcomes = {rule: said for rule, said in subject.outcomes.items() if said}
    return subject.facts, outcomes


def _filled(subjects: dict[bytes, Any]) -> dict[bytes, Any]:
    return {token: subject for token, subject in subjects.items() if subject[0]}


@dataclass
class Told:
    """What departments hold in the end: the newest of each alert and result."""

    alerts: dict[tuple[str, str, bool], Alert]
    results: dict[str, Result]

    @classmethod
    def of(cls, view: dict[str, list[StoredRecord]]) -> "Told":
        told = cls({}, {})
        for topic, records in view.items():
            for record in records:
                if topic.startswith(("alert.", "trial.")):
                    told.hear(msgspec.json.decode(record.value, type=Alert))
                elif topic.startswith("result."):
                    result = msgspec.json.decode(record.value, type=Result)
                    _keep(told.results, result.check_id, result)
        return told

    def hear(self, alert: Alert) -> None:
        _keep(self.alerts, (alert.alert_id, alert.department, alert.trial), alert)


def _keep(kept: dict[Any, Any], key: Any, said: Any) -> None:
    if key not in kept or said.revision > kept[key].revision:
        kept[key] = said


def _alerts_are_right(simulation: Simulation, number: int, facts: list[Heard], told: Told) -> None:
    """As the reference says of `facts`, which is what it says of the batches in the order they were sent."""
    naive, orderly = Naive(), Naive()
    for heard in facts:
        naive.hear(heard)
    mine = [(batch, rows) for batch, rows in simulation.sent if batch.bucket == number]
    for one in (*mine, *(heard for heard in facts if not isinstance(heard, tuple))):
        orderly.hear(one)
    final, in_order = naive.conclude(), orderly.conclude()
    bare = [{r: {n: _bare(s) for n, s in c.items()} for r, c in said.items()} for said in (final, in_order)]
    assert bare[0] == bare[1], f"facts[{number}]: the order of arrival matters to the reference"
    results, alerts = _expected(naive, final)
    assert _results(told, number) == results, f"facts[{number}]: results"
    assert _alerts(told, number) == alerts, f"facts[{number}]: alerts"


def _bare(said: Said) -> Any:
    """Without the batches that brought it."""
    pieces = [tuple(piece[:8] for piece in found) for found in (said.evidence, said.speaks)]
    return said.version, said.trial, said.state, said.anchor[:2], *pieces, said.waits


def _expected(naive: Naive, final: dict[str, dict[str, Said]]) -> tuple[Any, Any]:
    results = {n: (VERDICTS[s.state], s.version) for c in final.values() for n, s in c.items() if not s.trial}
    alerts = {
        (name, department, said.trial): (STATES[said.state], said.version, said_to(department, rule, said))
        for id_, checks in final.items()
        for rule in [naive.words[id_].rule]
        for name, said in checks.items()
        if said.state
        for department in rule.disclosure
    }
    return results, alerts


def _results(told: Told, number: int) -> Any:
    mine = [(name, r) for name, r in told.results.items() if r.bucket == number]
    return {name: (r.verdict, r.rule_version) for name, r in mine if r.verdict != "withdrawn"}


def _alerts(told: Told, number: int) -> Any:
    mine = [(key, a) for key, a in told.alerts.items() if a.bucket == number and a.state != "withdrawn"]
    return {key: (a.state, a.rule_version, words_of(_in_bucket_0(a))) for key, a in mine}


def _in_bucket_0(alert: Alert) -> Alert:
    """The reference knows one bucket."""
    parts = [name.split("/") for name in alert.batches]
    return msgspec.structs.replace(alert, batches=sorted(f"{r}/{e}/0/{s}" for r, e, _, s in parts))
