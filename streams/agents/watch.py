"""Watches what officers decide: a rule that is confirmed too seldom is suspended.

Rules: a version of a rule is judged by decisions on its own alerts; it is suspended when the upper end of the 95 %
Wilson interval of its precision lies under its floor, so that a few dismissals alone do not stop it.
Must not know: how a suspension reaches the partitions.
"""

from collections.abc import Iterable

from streams.clock import now
from streams.readers.current import Decisions
from streams.readers.decide import precision
from streams.steps.rulebook import Rulebook
from streams.transport.port import Log
from topics.alerts import Disposition
from topics.control import RuleChange


class Watch:
    """Reads decisions as they come, from the beginning."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._decisions: dict[str, Decisions] = {}

    async def failing(self, book: Rulebook) -> list[RuleChange]:
        """Suspensions of the active rules that have fallen under their floor."""
        watched = [change for _, change in sorted(book.changes.items()) if _is_watched(change)]
        failed = [change for change in watched if _fails(change, await self._made(change.rule.department))]
        return [suspension(change, "precision", "crosscheck") for change in failed]

    async def _made(self, department: str) -> Iterable[Disposition]:
        decisions = self._decisions.setdefault(department, Decisions(self._log, department))
        return (await decisions.look()).values()


def _fails(change: RuleChange, decided: Iterable[Disposition]) -> bool:
    rule = change.rule
    made = [d for d in decided if (d.rule, d.rule_version) == (rule.id, rule.version)]
    high = precision(d.decision for d in made).high
    return high is not None and rule.precision_floor is not None and high < rule.precision_floor


def _is_watched(change: RuleChange) -> bool:
    return change.force == "active" and change.rule.precision_floor is not None


def suspension(change: RuleChange, reason: str, by: str) -> RuleChange:
    """A rule in force, suspended."""
    return RuleChange(change.rule, "suspended", change.until, change.calendar, reason, by, now())
