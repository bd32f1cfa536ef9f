"""What a replay says again, and what it does not: to the byte, and only what was not said for good."""

from dataclasses import replace
from pathlib import Path

import msgspec

from streams.agents.hub import Hub
from streams.agents.partition import outputs
from streams.steps.memory import Effects
from tests.matchers.making import rule, where
from tests.streams.agents.fakes import BUCKET, CLAIMS, FakeLog, batch, claim, fact, rule_in_force
from tests.streams.agents.test_hub import CHANGE, FACT, drive, soon
from topics.catalog import load_catalog
from topics.codec import decode, encode
from topics.control import RuleEvent


def test_what_was_committed_is_replayed_in_silence(tmp_path: Path) -> None:
    """Repeated, it would stand behind newer results where the next owner has newer state of its own."""

    async def work(hub: Hub, log: FakeLog) -> None:
        await hub.revoke([FACT])
        hub._recovery._state = tmp_path / "another-machine"
        assert (await hub.starts([FACT, CHANGE], {FACT: 2, CHANGE: 0}))[FACT] == 0
        log.sent.clear()
        await hub.join(rule_in_force(0, *load_catalog(None).active_rules))
        await hub.join(fact(1, batch(CLAIMS, 1, claim(1))))
        await soon()
        assert log.sent == []
        await hub.join(fact(2, batch(CLAIMS, 2, claim(2))))
        await soon()
        assert log.topics() == ["result.hrss", "receipt.hrss"]
        assert hub.partitions[BUCKET].next == 3

    drive(tmp_path, work)


def test_a_rule_event_has_one_wording_whatever_the_order_of_its_sets() -> None:
    """Sets have the order they were made in; two workers make them in two."""
    names = [f"code-{i}" for i in range(40)]
    ways = [replace(rule(), anchor_where=where("kind", *order)) for order in (names, names[::-1])]
    events = [RuleEvent("r", 1, "a", "active", "", None, "", 0, "", declared) for declared in ways]
    told = [decode(encode(event), RuleEvent) for event in events]
    assert told[0] == told[1]
    assert outputs(Effects(events=told[:1])) == outputs(Effects(events=told[1:]))
    assert msgspec.json.encode(events[0], order="deterministic") == msgspec.json.encode(
        events[1], order="deterministic"
    )
