"""What the observer reads off a hub and off the log, and what it does when the log is away."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path

import pytest
from faust.types import TP
from prometheus_client import CollectorRegistry

from streams.agents import observer as observer_module
from streams.agents.hub import Hub
from streams.agents.observer import Observer
from streams.telemetry.counted import CountingMeter
from tests.streams.agents.fakes import BUCKET, CLAIMS, FakeLog, batch, change, claim, fact, rule_in_force
from tests.streams.agents.test_hub import soon
from topics.catalog import load_catalog
from topics.errors import BrokerUnavailable
from topics.names import FACTS, change_topic

FACT = TP(FACTS, BUCKET)
CHANGE = TP(change_topic(CLAIMS), 0)


class Broker:
    """Says where topics end, or does not."""

    def __init__(self) -> None:
        self.ends = {FACT: 12, CHANGE: 9}
        self.away = False

    async def __call__(self, tps: Iterable[TP]) -> Mapping[TP, int]:
        if self.away:
            raise BrokerUnavailable("gone")
        return {tp: self.ends[tp] for tp in tps}


Work = Callable[[Hub, Observer, Broker], Awaitable[None]]


def watched(folder: Path, work: Work) -> None:
    async def main() -> None:
        log, broker, catalog = FakeLog(), Broker(), load_catalog(None)
        log.end = 3
        hub = Hub(catalog, log, log.log_id, folder, meter=CountingMeter(catalog, CollectorRegistry()))
        observer = Observer(hub, broker, lambda: None)
        assert not observer.standing().ready
        async with observer.at_work():
            await hub.starts([FACT, CHANGE], {FACT: 0, CHANGE: 4})
            await work(hub, observer, broker)
        await hub.close()
        assert not observer.standing().ready

    asyncio.run(asyncio.wait_for(main(), 30))


def test_a_partition_is_ready_once_it_is_where_its_log_was(tmp_path: Path) -> None:
    async def work(hub: Hub, observer: Observer, broker: Broker) -> None:
        assert observer.standing().recovering == {BUCKET: (0, 3)}
        await hub.join(rule_in_force(0, *load_catalog(None).active_rules))
        await hub.join(fact(1, batch(CLAIMS, 1, claim(1))))
        assert observer.standing().readiness()["recovering"] == {str(BUCKET): {"position": 2, "end": 3}}
        assert not observer.standing().ready
        await hub.join(fact(2, batch(CLAIMS, 2, claim(2))))
        assert observer.standing().ready

    watched(tmp_path, work)


def test_partitions_and_lags(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(observer_module, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(observer_module, "BEAT_SECONDS", 0.01)

    async def work(hub: Hub, observer: Observer, broker: Broker) -> None:
        await hub.join(rule_in_force(0, *load_catalog(None).active_rules))
        await hub.join(fact(1, batch(CLAIMS, 1, claim(1))))
        await asyncio.sleep(0.3)
        standing = observer.standing()
        assert standing.lags == {(FACTS, BUCKET): 10, (CHANGE.topic, 0): 5}, "4 was committed"
        (partition,) = standing.partitions
        assert (partition.number, partition.position, partition.cached, partition.dirty) == (BUCKET, 2, 1, 1)
        assert partition.disk_bytes > 0
        assert 0 <= partition.checkpoint_age < 5
        assert partition.rules == {"benefit-while-employed": "active"}
        assert partition.shipped_age is None
        await hub.admit(change(4, batch(CLAIMS, 2, claim(2))))
        await soon()
        await hub.tick()
        assert observer.standing().lags[CHANGE.topic, 0] == 4

    watched(tmp_path, work)


def test_a_broker_that_is_away_makes_figures_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(observer_module, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(observer_module, "BEAT_SECONDS", 0.01)

    async def work(hub: Hub, observer: Observer, broker: Broker) -> None:
        await asyncio.sleep(0.1)
        broker.away = True
        await asyncio.sleep(0.3)
        standing = observer.standing()
        assert standing.lags == {(FACTS, BUCKET): 12, (CHANGE.topic, 0): 5}
        assert standing.ends_age is not None
        assert standing.ends_age > 0.2

    watched(tmp_path, work)
