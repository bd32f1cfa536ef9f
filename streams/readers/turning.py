"""A rule change on its way: how many partitions have taken it, and what became of the rule's alerts so far.

Rules: a partition has taken it when the workers have committed past it, effects and state with it; alerts are
counted by what they were before. Must not know: screens, why the rule changed.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

from streams.controls import tell_all
from streams.readers import current
from streams.readers.rules import events
from streams.transport.port import WORKERS, Log, Positions
from topics.alerts import Alert
from topics.catalog import Rule
from topics.codec import decode
from topics.control import RuleChange, RuleEvent
from topics.names import FACTS, alert_topic, trial_topic

POLL_SECONDS = 0.3

States = dict[str, str]
"""Alert id to state; an alert that is not there is withdrawn."""


@dataclass(slots=True)
class Turning:
    """How far it is. `targets`: where each partition must get to; `turns`: (state before, after) to alerts;
    `begun`: what bucket 0 said of it; `followed`: whether anybody waited."""

    targets: Positions
    taken: int = 0
    turns: Counter[tuple[str, str]] = field(default_factory=Counter)
    begun: RuleEvent | None = None
    followed: bool = False

    @property
    def done(self) -> bool:
        """Whether every partition has taken it."""
        return self.taken == len(self.targets)


class Follower:
    """Appends one rule change, and then tells how far it is."""

    def __init__(self, log: Log, rule: Rule) -> None:
        self._log = log
        self._rule = rule
        self._topics = [alert_topic(rule.department), trial_topic(rule.department)]
        self._read: dict[str, dict[int, int]] = {}
        self._states: dict[str, States] = {}

    async def append(self, change: RuleChange) -> Turning:
        """Put the change into every partition, and remember how the rule's alerts stood before."""
        for topic, trial in zip(self._topics, (False, True), strict=True):
            self._read[topic] = dict(await self._log.ends(topic))
            now = await current.alerts(self._log, self._rule.department, trial=trial)
            self._states[topic] = {a.alert_id: a.state for a in now.values() if a.rule == self._rule.id}
        await tell_all(self._log, change)
        return Turning(await self._log.ends(FACTS))

    async def follow(self, turning: Turning, patience: float) -> AsyncIterator[Turning]:
        """Look again and again until it is done, or until nothing has moved for `patience` seconds."""
        clock = asyncio.get_running_loop().time
        moved, seen, turning.followed = clock(), (-1, -1), True
        while True:
            await self._look(turning)
            yield turning
            now = (turning.taken, turning.turns.total())
            moved, seen = (clock(), now) if now != seen else (moved, seen)
            if turning.done or clock() - moved > patience:
                return
            await asyncio.sleep(POLL_SECONDS)

    async def _look(self, turning: Turning) -> None:
        committed = await self._log.committed(
            WORKERS, FACTS
        )  # before the alerts, so that all of them are seen
        for topic in self._topics:
            await self._count(topic, turning)
        turning.taken = sum(committed.get(p, 0) >= end for p, end in turning.targets.items())
        event = (await events(self._log)).get(self._rule.id)
        if event is not None and event.position >= turning.targets[0] - 1:
            turning.begun = event

    async def _count(self, topic: str, turning: Turning) -> None:
        async for chunk in self._log.read(topic, self._read[topic]):
            for record in chunk:
                self._read[topic][record.partition] = record.offset + 1
                alert = decode(record.value, Alert, where=record.place)
                if alert.rule == self._rule.id:
                    _turn(turning.turns, self._states[topic], alert)


def _turn(turns: Counter[tuple[str, str]], states: States, alert: Alert) -> None:
    before = states.get(alert.alert_id, "withdrawn")
    if alert.state != before:
        turns[before, alert.state] += 1
        states[alert.alert_id] = alert.state


def summed(turns: Mapping[tuple[str, str], int]) -> dict[str, int]:
    """Opened, explained (for the first time, or instead of open), withdrawn."""
    return {
        name: sum(n for (_, after), n in turns.items() if after == state)
        for name, state in (("opened", "open"), ("explained", "explained"), ("withdrawn", "withdrawn"))
    }
