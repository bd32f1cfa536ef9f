"""The hub and its partitions without Faust: what may be committed, what a rebalance leaves behind."""

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from faust.types import TP

from stores.state import PartitionState
from streams.agents import hub as hub_module
from streams.agents import outbox as outbox_module
from streams.agents import partition as partition_module
from streams.agents import recovery
from streams.agents.hub import Hub
from streams.settings import CACHE_BYTES
from tests.streams.agents.fakes import (
    BUCKET,
    CLAIMS,
    SPELLS,
    FakeLog,
    batch,
    change,
    claim,
    fact,
    rule_in_force,
    spell,
)
from topics.catalog import load_catalog
from topics.errors import BrokerUnavailable, OwnerReplaced
from topics.limits import MAX_LETTER_BYTES, MAX_RECORD_BYTES
from topics.names import FACTS, change_topic
from topics.records import StoredRecord

FACT = TP(FACTS, BUCKET)
CHANGE = TP(change_topic(CLAIMS), 0)
Work = Callable[[Hub, FakeLog], Awaitable[None]]


def drive(folder: Path, work: Work, *, held: bool = False) -> FakeLog:
    """Do something with a hub that owns one partition of each kind; offset 0 of `facts` brings the rule."""
    log = FakeLog()

    async def main() -> None:
        hub = Hub(load_catalog(None), log, log.log_id, folder, commit=log.commit)
        await hub.starts([FACT, CHANGE], {FACT: 0, CHANGE: 0})
        await hub.join(rule_in_force(0, *load_catalog(None).active_rules))
        await soon()
        log.sent.clear()
        log.waiting.clear()
        log.held = held
        await work(hub, log)
        log.held = False
        log.release()
        await soon()
        await hub.close()

    asyncio.run(asyncio.wait_for(main(), 30))
    return log


async def soon() -> None:
    """Let what can happen happen: a round of an outbox begins and ends in turns of its own."""
    for _ in range(30):
        await asyncio.sleep(0)


def folders(hub: Hub) -> list[str]:
    """Where states are."""
    return [folder.name for folder in hub._recovery.home(BUCKET).parent.iterdir()]


def test_a_checkpoint_waits_for_what_was_sent(tmp_path: Path) -> None:
    async def work(hub: Hub, log: FakeLog) -> None:
        await hub.join(fact(1, batch(CLAIMS, 1, claim(1))))
        checkpoint = asyncio.create_task(hub.partitions[BUCKET].checkpoint())
        log.release(1)
        await soon()
        assert not checkpoint.done()
        assert BUCKET not in log.committed
        log.release()
        await checkpoint
        assert log.committed[BUCKET] == 2

    drive(tmp_path, work, held=True)


def test_a_forwarded_batch_is_safe_once_facts_has_it_and_all_before(tmp_path: Path) -> None:
    async def work(hub: Hub, log: FakeLog) -> None:
        for offset in range(3):
            await hub.admit(change(offset, batch(CLAIMS, offset + 1, claim(offset))))
            await soon()
        assert len(log.waiting) == 1, "the other two gather for the next round"
        await hub.tick()
        assert CHANGE not in hub.gate.safe
        log.release(1)
        await soon()
        await hub.tick()
        assert (hub.gate.safe[CHANGE], len(log.waiting)) == (1, 2)
        log.release(1)
        await soon()
        await hub.tick()
        assert hub.gate.safe[CHANGE] == 3

    log = drive(tmp_path, work, held=True)
    assert [topic for topic in log.topics() if topic == FACTS] == [FACTS] * 3


def test_a_refusal_is_safe_once_letter_and_receipt_are(tmp_path: Path) -> None:
    async def work(hub: Hub, log: FakeLog) -> None:
        await hub.admit(change(0, b"garbage"))
        await soon()
        log.release(1)
        await soon()
        await hub.tick()
        assert CHANGE not in hub.gate.safe
        log.release()
        await soon()
        await hub.tick()
        assert hub.gate.safe[CHANGE] == 1

    assert drive(tmp_path, work, held=True).topics() == ["dlq.hrss", "receipt.hrss"]


def test_a_send_that_fails_stops_the_worker(tmp_path: Path) -> None:
    async def work(hub: Hub, log: FakeLog) -> None:
        await hub.admit(change(0, batch(CLAIMS, 1, claim(1))))
        await soon()
        log.fail(BrokerUnavailable("gone"))
        await soon()
        with pytest.raises(BrokerUnavailable):
            await hub.tick()
        assert CHANGE not in hub.gate.safe
        hub.abandon()

    drive(tmp_path, work, held=True)


def test_a_dead_letter_fits_in_a_record(tmp_path: Path) -> None:
    message = b"\xfe" * 900_000

    async def work(hub: Hub, log: FakeLog) -> None:
        await hub.admit(change(0, message))

    log = drive(tmp_path, work)
    value = log.sent[0][2].value
    assert len(value) < 1_000_000
    letter = json.loads(value)
    assert base64.b64decode(letter["message"]) == message[:MAX_LETTER_BYTES]
    assert "the first 500000 of 900000 bytes" in letter["what"]


def test_a_batch_too_large_to_forward_is_refused(tmp_path: Path) -> None:
    """Kafka takes 1.1 MB on a change topic; the hub's own records end at MAX_RECORD_BYTES."""
    value = json.loads(batch(CLAIMS, 1)) | {"run": "x" * MAX_RECORD_BYTES}

    async def work(hub: Hub, log: FakeLog) -> None:
        await hub.admit(change(0, json.dumps(value, separators=(",", ":")).encode()))

    assert drive(tmp_path, work).topics() == ["dlq.hrss", "receipt.hrss"]


def test_events_that_come_after_revocation_are_passed_over(tmp_path: Path) -> None:
    async def work(hub: Hub, log: FakeLog) -> None:
        await hub.join(fact(1, batch(CLAIMS, 1, claim(1))))
        await hub.revoke([FACT, CHANGE])
        before = len(log.sent)
        await hub.join(fact(2, batch(SPELLS, 1, spell(1))))
        await hub.admit(change(0, batch(CLAIMS, 2, claim(2))))
        await hub.tick()
        assert len(log.sent) == before
        assert log.committed[BUCKET] == 2
        assert not hub.partitions

    drive(tmp_path, work)


def test_an_event_that_waits_while_its_partition_is_revoked_is_passed_over(tmp_path: Path) -> None:
    """It waits for the lock that the last checkpoint holds, and finds the state closed."""

    async def work(hub: Hub, log: FakeLog) -> None:
        partition = hub.partitions[BUCKET]
        await hub.join(fact(1, batch(CLAIMS, 1, claim(1))))
        revoke = asyncio.create_task(hub.revoke([FACT]))
        await soon()
        late = asyncio.create_task(partition.process(fact(2, batch(SPELLS, 1, spell(1)))))
        await soon()
        before = len(log.sent)
        log.release()
        await asyncio.gather(revoke, late)
        await partition.checkpoint()
        assert len(log.sent) == before
        assert log.committed[BUCKET] == 2

    drive(tmp_path, work, held=True)


def test_state_that_is_ahead_of_its_log_is_rebuilt(tmp_path: Path) -> None:
    async def first(hub: Hub, log: FakeLog) -> None:
        for offset in (1, 2, 3):
            await hub.join(fact(offset, batch(CLAIMS, offset, claim(offset))))

    async def second(hub: Hub, log: FakeLog) -> None:
        assert hub.partitions[BUCKET].next == 4
        await hub.revoke([FACT])
        log.end = 2
        assert await hub.starts([FACT], {FACT: 3}) == {FACT: 0}
        assert hub.partitions[BUCKET].next == 0

    drive(tmp_path, first)
    drive(tmp_path, second)


def test_state_that_another_process_holds_is_rebuilt_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recovery, "LOCK_PATIENCE_SECONDS", 0.2)

    async def work(hub: Hub, log: FakeLog) -> None:
        other = Hub(load_catalog(None), log, log.log_id, tmp_path)
        assert await other.starts([FACT], {FACT: 7}) == {FACT: 0}
        assert len(folders(hub)) == 2
        await other.join(fact(0, batch(CLAIMS, 1, claim(1))))
        await other.close()
        assert folders(hub) == [f"{FACTS}-{BUCKET}"]

    drive(tmp_path, work)


def test_garbage_in_facts_is_passed_over_and_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def work(hub: Hub, log: FakeLog) -> None:
        await hub.join(fact(1, b"garbage"))
        await hub.join(fact(2, batch(CLAIMS, 1, claim(1)).replace(b'"c1"', b"17")))
        await hub.join(fact(3, batch(CLAIMS, 1, claim(1))))
        assert hub.partitions[BUCKET].next == 4

    assert drive(tmp_path, work).topics() == ["result.hrss", "receipt.hrss"]
    said = [record.getMessage() for record in caplog.records]
    assert said == [
        f"passed over facts[{BUCKET}]@{offset}: neither a batch nor a control" for offset in (1, 2)
    ]


def test_state_of_another_log_is_discarded(tmp_path: Path) -> None:
    PartitionState(tmp_path / f"{FACTS}-{BUCKET}", "another").checkpoint(500, b"")

    async def work(hub: Hub, log: FakeLog) -> None:
        assert hub.partitions[BUCKET].next == 1
        await hub.join(fact(1, batch(CLAIMS, 1, claim(1))))

    assert drive(tmp_path, work).topics() == ["result.hrss", "receipt.hrss"]


def test_a_backlog_stays_in_the_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is on its way or gathered is bounded: the next message waits until a round has arrived."""
    monkeypatch.setattr(outbox_module, "IN_FLIGHT", 8)

    async def work(hub: Hub, log: FakeLog) -> None:
        for offset in range(8):
            await hub.admit(change(offset, batch(CLAIMS, offset + 1)))
            await soon()
        late = asyncio.create_task(hub.admit(change(8, batch(CLAIMS, 9))))
        await soon()
        assert (late.done(), len(log.sent)) == (False, 1)
        log.release(1)
        await late
        log.held = False
        log.release()
        await soon()
        assert len(log.sent) == 9

    drive(tmp_path, work, held=True)


def test_a_record_that_was_joined_is_passed_over(tmp_path: Path) -> None:
    async def work(hub: Hub, log: FakeLog) -> None:
        record = fact(1, batch(CLAIMS, 1, claim(1)))
        await hub.join(record)
        await hub.join(record)

    assert drive(tmp_path, work).topics() == ["result.hrss", "receipt.hrss"]


def test_a_restart_goes_on_where_the_checkpoint_was(tmp_path: Path) -> None:
    async def first(hub: Hub, log: FakeLog) -> None:
        await hub.join(fact(1, batch(CLAIMS, 1, claim(1))))

    async def second(hub: Hub, log: FakeLog) -> None:
        assert hub.partitions[BUCKET].next == 2
        await hub.join(fact(2, batch(SPELLS, 1, spell(1))))

    drive(tmp_path, first)
    assert drive(tmp_path, second).topics() == ["alert.hrss", "result.hrss", "receipt.hrss"]


def test_owned_partitions_have_the_memory_for_subjects_between_them(tmp_path: Path) -> None:
    async def work(hub: Hub, log: FakeLog) -> None:
        others = [TP(FACTS, number) for number in range(8) if number != BUCKET][:3]
        assert hub.partitions[BUCKET].room == CACHE_BYTES
        await hub.starts([FACT, *others], dict.fromkeys([FACT, *others], 0))
        assert {partition.room for partition in hub.partitions.values()} == {CACHE_BYTES // 4}
        await hub.revoke(others[1:])
        await hub.starts([FACT, others[0]], dict.fromkeys([FACT, others[0]], 0))
        assert {partition.room for partition in hub.partitions.values()} == {CACHE_BYTES // 2}

    drive(tmp_path, work)


def test_memory_that_is_used_up_is_a_checkpoint_that_is_due(tmp_path: Path) -> None:
    async def work(hub: Hub, log: FakeLog) -> None:
        partition = hub.partitions[BUCKET]
        await hub.join(fact(1, batch(CLAIMS, 1, claim(1))))
        assert (partition.saved, partition.cached, partition.cached_bytes > 0) == (0, 1, True)
        partition.room = partition.cached_bytes
        await hub.join(fact(2, batch(CLAIMS, 2, claim(2))))
        assert (partition.saved, partition.cached) == (3, 0)

    drive(tmp_path, work)


def test_a_partition_that_has_another_owner_is_dropped_without_a_checkpoint(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def work(hub: Hub, log: FakeLog) -> None:
        await hub.join(fact(1, batch(CLAIMS, 1, claim(1))))
        log.replaced = True
        await hub.revoke([FACT])
        assert BUCKET not in log.committed
        log.replaced = False
        assert (await hub.starts([FACT], {FACT: 0}))[FACT] == 0

    drive(tmp_path, work)
    assert "has gone to another worker" in caplog.text


def test_a_partition_that_two_workers_keep_stops_this_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partition_module, "CHECKPOINT_SUBJECTS", 1)
    monkeypatch.setattr(hub_module, "LOST_SECONDS", 0.0)

    async def work(hub: Hub, log: FakeLog) -> None:
        log.replaced = True
        await hub.join(fact(1, batch(CLAIMS, 1, claim(1))))
        assert hub.partitions == {}
        await hub.join(fact(2, batch(CLAIMS, 2, claim(2))))
        with pytest.raises(OwnerReplaced):
            await hub.tick()
        await hub.revoke([FACT])
        await hub.tick()

    drive(tmp_path, work)


def test_what_a_sender_puts_beside_its_batch_does_not_get_into_the_log(tmp_path: Path) -> None:
    """With the header of a control, a batch would have had neither a receipt nor a dead letter."""

    async def work(hub: Hub, log: FakeLog) -> None:
        value = batch(CLAIMS, 1, claim(1))
        await hub.admit(StoredRecord(*CHANGE, 0, 0, b"any", value, (("ce_type", b"crosscheck.tick.v1"),)))
        await soon()
        ((_, _, forwarded),) = [sent for sent in log.sent if sent[0] == FACTS]
        name = f"{CLAIMS}/1/{BUCKET}/1"
        assert (forwarded.key, forwarded.value) == (name.encode(), value)
        assert dict(forwarded.headers)["ce_type"] == b"crosscheck.change.v1"
        await hub.join(StoredRecord(*FACT, 1, 0, *forwarded))
        await soon()
        (receipt,) = [json.loads(r.value) for t, _, r in log.sent if t == "receipt.hrss"]
        assert (receipt["batch"], receipt["status"]) == (name, "applied")

    drive(tmp_path, work)
