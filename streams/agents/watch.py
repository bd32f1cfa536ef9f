"""Watches what officers decide: a rule that is confirmed too seldom is suspended.

Rules: a version of a rule is judged by decisions on its own alerts; it is suspended when the upper end of the 95 %
Wilson interval of its precision lies under its floor, so that a few dismissals alone do not stop it.
Must not know: how a suspension reaches the partitions.
"""

from streams.clock import now
from streams.readers.current import decided
from streams.readers.decide import precision
from streams.steps.rulebook import Rulebook
from streams.transport.port import Log
from topics.alerts import Disposition
from topics.control import RuleChange
from topics.names import disposition_topic


class Watch:
    """Reads decisions as they come, from the beginning."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._read: dict[str, dict[int, int]] = {}
        self._decided: dict[str, Disposition] = {}

    async def failing(self, book: Rulebook) -> list[RuleChange]:
        """Suspensions of the active rules that have fallen under their floor."""
        watched = [change for _, change in sorted(book.changes.items()) if _is_watched(change)]
        for department in sorted({change.rule.department for change in watched}):
            await self._catch_up(disposition_topic(department))
        return [suspension(change, "precision", "crosscheck") for change in watched if self._fails(change)]

    async def _catch_up(self, topic: str) -> None:
        start = self._read.setdefault(topic, {})
        if await self._log.ends(topic) == start:
            return
        async for chunk in self._log.read(topic, start):
            self._decided.update((decision.alert_id, decision) for decision in decided(chunk))
            start.update((record.partition, record.offset + 1) for record in chunk)

    def _fails(self, change: RuleChange) -> bool:
        rule = change.rule
        made = [d for d in self._decided.values() if (d.rule, d.rule_version) == (rule.id, rule.version)]
        high = precision(d.decision for d in made).high
        return high is not None and rule.precision_floor is not None and high < rule.precision_floor


def _is_watched(change: RuleChange) -> bool:
    return change.force == "active" and change.rule.precision_floor is not None


def suspension(change: RuleChange, reason: str, by: str) -> RuleChange:
    """A rule in force, suspended."""
    return RuleChange(change.rule, "suspended", change.until, change.calendar, reason, by, now())
