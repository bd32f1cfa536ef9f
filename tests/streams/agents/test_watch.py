"""What officers decide, as the owner of partition 0 looks at it: a rule that fails is suspended everywhere."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from faust.types import TP

from streams.agents.hub import Hub
from streams.agents.watch import suspension
from streams.readers import current
from tests.streams.agents.fakes import PARTITIONS, FakeLog
from topics.alerts import Disposition
from topics.catalog import load_catalog
from topics.codec import encode
from topics.control import Control, RuleChange, control_of, control_record
from topics.errors import BrokerUnavailable
from topics.names import FACTS, disposition_topic
from topics.records import Record, StoredRecord

RULE = replace(load_catalog(None).active_rules[0], precision_floor=0.3)
IN_FORCE = RuleChange(RULE, "active", None, None, "activated", "test", "2008-01-01T00:00:00.000+00:00")
GARBLED = b"{not json"


def dismissed(number: int) -> bytes:
    decided_at = "2008-01-01T00:00:00+00:00"
    return encode(Disposition(f"a{number}", RULE.id, 1, "dismissed", "error", "Li", decided_at, RULE.version))


class Desk(FakeLog):
    """A log with what officers wrote. `gone`: topics that do not answer; `until`: sends of controls that arrive."""

    def __init__(self, *written: bytes) -> None:
        super().__init__()
        self.written = written
        self.gone: tuple[str, ...] = ()
        self.until = PARTITIONS

    async def ends(self, topic: str) -> dict[int, int]:
        if topic in self.gone:
            raise BrokerUnavailable("no answer")
        return {0: len(self.written)} if topic == disposition_topic("hrss") else await super().ends(topic)

    async def read(
        self, topic: str, start: object = None, *, follow: bool = False
    ) -> AsyncIterator[list[StoredRecord]]:
        yield [StoredRecord(topic, 0, n, 0, b"k", value, ()) for n, value in enumerate(self.written)]

    async def send(self, topic: str, partition: int, records: Sequence[Record]) -> "asyncio.Future[None]":
        if topic == FACTS and self.until <= len(self.told()):
            raise BrokerUnavailable("gone")
        return await super().send(topic, partition, records)

    def told(self) -> set[int]:
        """Partitions that a suspension was sent to."""
        sent = [(p, control_of(StoredRecord(t, p, 1, 0, *r))) for t, p, r in self.sent if t == FACTS]
        return {p for p, control in sent if getattr(control, "force", None) == "suspended"}


def watched(folder: Path, log: Desk, *, before: Sequence[Control] = (IN_FORCE,)) -> None:
    """The owner of partition 0, whose log says this so far, looks once."""

    async def main() -> None:
        hub = Hub(load_catalog(None), log, log.log_id, folder, commit=log.commit)
        await hub.starts([TP(FACTS, 0)], {TP(FACTS, 0): 0})
        for offset, control in enumerate(before):
            await hub.partitions[0].process(StoredRecord(FACTS, 0, offset, 0, *control_record(control)))
        hub._known[0] = 0
        await hub.tick()
        await hub.close()

    asyncio.run(asyncio.wait_for(main(), 30))


def test_a_rule_that_is_dismissed_too_often_is_suspended_in_every_partition(tmp_path: Path) -> None:
    log = Desk(*map(dismissed, range(40)))
    watched(tmp_path, log)
    assert log.told() == set(range(PARTITIONS))


def test_what_is_no_decision_is_passed_over(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    log = Desk(GARBLED, *map(dismissed, range(40)), b"[]")
    watched(tmp_path, log)
    assert log.told() == set(range(PARTITIONS))
    assert "disposition.hrss[0]@0: not a Disposition" in caplog.text
    assert len(asyncio.run(current.dispositions(log, "hrss"))) == 40


def test_a_broker_that_is_away_ends_nobody(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    log = Desk(*map(dismissed, range(40)))
    log.gone = (disposition_topic("hrss"),)
    watched(tmp_path, log)
    assert log.told() == set()
    assert "decisions are not looked at: no answer" in caplog.text


def test_a_suspension_that_was_broken_off_is_said_again(tmp_path: Path) -> None:
    log = Desk(*map(dismissed, range(40)))
    log.until = 3
    watched(tmp_path / "first", log)
    told = log.told()
    assert len(told) == 3
    log.until = PARTITIONS
    suspended = (IN_FORCE, suspension(IN_FORCE, "precision", "crosscheck"))
    watched(tmp_path / "next", log, before=suspended if 0 in told else (IN_FORCE,))
    assert log.told() == set(range(PARTITIONS))
