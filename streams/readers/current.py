"""The current revision of everything: readers keep the highest and ignore the rest.

A crash or a replay may say a revision again; it is the same revision, so nothing here changes.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass

from streams.transport.port import Log
from topics.alerts import Alert, Disposition, Result
from topics.catalog import Catalog, Rule
from topics.codec import decode
from topics.control import RuleEvent
from topics.errors import ContractError, NotFound
from topics.names import (
    COMPLETENESS,
    alert_topic,
    disposition_topic,
    notice_topic,
    receipt_topic,
    result_topic,
    trial_topic,
)
from topics.receipts import Completeness, Receipt
from topics.records import StoredRecord

logger = logging.getLogger("crosscheck.readers")


async def alerts(log: Log, department: str, *, trial: bool = False) -> dict[str, Alert]:
    """Current alerts that a department is told of, by alert id; `trial`: of its rules on trial instead."""
    current: dict[str, Alert] = {}
    async for chunk in log.read((trial_topic if trial else alert_topic)(department)):
        for record in chunk:
            keep_newest(current, decode(record.value, Alert, where=record.place))
    return current


def keep_newest(current: dict[str, Alert], alert: Alert) -> bool:
    """Take an alert in if it is newer; whether it was."""
    before = current.get(alert.alert_id)
    if before is not None and before.revision >= alert.revision:
        return False
    current[alert.alert_id] = alert
    return True


async def follow(log: Log, department: str, *, trial: bool = False) -> AsyncIterator[Alert]:
    """Every revision as it becomes current, from the beginning and then for ever; `trial` as in `alerts`."""
    current: dict[str, Alert] = {}
    async for chunk in log.read((trial_topic if trial else alert_topic)(department), follow=True):
        for record in chunk:
            alert = decode(record.value, Alert, where=record.place)
            if keep_newest(current, alert):
                yield alert


async def results(log: Log, department: str) -> dict[str, Result]:
    """Current comparison results of a department's own records, by check id."""
    current: dict[str, Result] = {}
    async for chunk in log.read(result_topic(department)):
        for record in chunk:
            result = decode(record.value, Result, where=record.place)
            before = current.get(result.check_id)
            if before is None or before.revision < result.revision:
                current[result.check_id] = result
    return current


async def dispositions(log: Log, department: str) -> dict[str, Disposition]:
    """The last decision on each alert."""
    current: dict[str, Disposition] = {}
    async for chunk in log.read(disposition_topic(department)):
        current.update((decision.alert_id, decision) for decision in _decided(chunk))
    return current


class Decisions:
    """The last decision on each alert, for whoever looks again and again: what was read is not read twice."""

    def __init__(self, log: Log, department: str) -> None:
        self._log = log
        self._topic = disposition_topic(department)
        self._read: dict[int, int] = {}
        self._last: dict[str, Disposition] = {}
        self._ask_at = 0.0

    async def on(self, alert_id: str) -> Disposition | None:
        """What was last decided on an alert, as of a second ago at most."""
        clock = asyncio.get_running_loop().time
        if clock() >= self._ask_at:
            await self.look()
            self._ask_at = clock() + 1
        return self._last.get(alert_id)

    async def look(self) -> dict[str, Disposition]:
        """All of them as of now, by alert id."""
        if await self._log.ends(self._topic) != self._read:
            async for chunk in self._log.read(self._topic, self._read):
                self._last.update((decision.alert_id, decision) for decision in _decided(chunk))
                self._read.update((record.partition, record.offset + 1) for record in chunk)
        return self._last


def _decided(records: Iterable[StoredRecord]) -> Iterator[Disposition]:
    """Decisions among what a department wrote on its topic; what is none is passed over, with a word in the log."""
    for record in records:
        try:
            yield decode(record.value, Disposition, where=record.place)
        except ContractError as error:
            logger.warning("passed over %s", error)


async def receipts(log: Log, department: str) -> list[Receipt]:
    """The receipt of each batch, in log order: the first, unless that was a refusal and it was applied since."""
    first: dict[str, Receipt] = {}
    async for chunk in log.read(receipt_topic(department)):
        for record in chunk:
            receipt = decode(record.value, Receipt, where=record.place)
            before = first.setdefault(receipt.batch or receipt.position, receipt)
            if before.status == "refused" and receipt.status == "applied":
                first[receipt.batch or receipt.position] = receipt
    return list(first.values())


@dataclass(frozen=True, slots=True)
class Deliveries:
    """How far every source is delivered, by (resource, bucket)."""

    newest: Mapping[tuple[str, int], Completeness]

    def complete(self, resources: Iterable[str], bucket: int) -> bool:
        """Whether all these resources are delivered in full in a bucket."""
        found = (self.newest.get((resource, bucket)) for resource in resources)
        return all(status is not None and status.complete for status in found)

    def of_alert(self, alert: Alert) -> bool:
        """Whether everything that an alert's rule looks at is delivered in full by now."""
        return self.complete((source.resource for source in alert.sources), alert.bucket)

    def of_rule(self, rule: Rule | None, bucket: int) -> bool:
        """Whether everything a rule looks at is delivered in full; False for a rule that nobody knows."""
        return rule is not None and self.complete(rule.resources, bucket)


async def notices(log: Log, department: str) -> dict[tuple[str, int], RuleEvent]:
    """What last became of each version of the rules whose alerts a department is told of."""
    newest: dict[tuple[str, int], RuleEvent] = {}
    async for chunk in log.read(notice_topic(department)):
        for record in chunk:
            event = decode(record.value, RuleEvent, where=record.place)
            before = newest.get((event.rule, event.version))
            if before is None or before.position <= event.position:
                newest[event.rule, event.version] = event
    return newest


def suspended(events: Mapping[tuple[str, int], RuleEvent], department: str) -> list[RuleEvent]:
    """The department's own rules of which the last that was said is that they are suspended."""
    last: dict[str, RuleEvent] = {}
    for event in sorted(events.values(), key=lambda e: e.position):
        last[event.rule] = event
    return [e for e in last.values() if e.force == "suspended" and e.department == department]


async def rule_of(log: Log, catalog: Catalog, alert: Alert) -> Rule:
    """The rule as it was when an alert was revised, or else as the catalog has it. Raises NotFound."""
    known = catalog.rules.get(alert.rule)
    if known is not None and known.version == alert.rule_version:
        return known
    event = (await notices(log, alert.department)).get((alert.rule, alert.rule_version))
    return event.declared if event is not None else catalog.rule(alert.rule)


async def deliveries(log: Log) -> Deliveries:
    """Read the completeness topic."""
    newest: dict[tuple[str, int], Completeness] = {}
    async for chunk in log.read(COMPLETENESS):
        for record in chunk:
            status = decode(record.value, Completeness, where=record.place)
            before = newest.get((status.resource, status.bucket))
            if before is None or before.position <= status.position:
                newest[status.resource, status.bucket] = status
    return Deliveries(newest)


def owns(rules: Mapping[str, Rule], alert: Alert) -> bool:
    """Whether the department that is told owns the rule; of a rule that nobody knows, whoever is told does."""
    return alert.rule not in rules or rules[alert.rule].department == alert.department


async def find_alert(log: Log, catalog: Catalog, alert_id: str, *, trial: bool = False) -> Alert:
    """The current revision of one alert, by its id or an unambiguous beginning of it; `trial`: of a rule on trial too.

    Raises NotFound, with other words where the alert is on trial and must not be: nobody should look for a lost case.
    """
    cases = await _beginning(log, catalog, alert_id, trial=False)
    tried = await _beginning(log, catalog, alert_id, trial=True) if trial or not cases else []
    if tried and not trial:
        where = f"`crosscheck alerts --department {tried[0].department} --trial`"
        what = f"alert {alert_id!r} is of a rule on trial 试运行 ({tried[0].rule})"
        raise NotFound(what, remedy=f"it is no case: nothing to decide; {where}")
    # A rule that goes on trial, or active, withdraws on one topic and opens on the other at one position.
    by_age = sorted((*cases, *tried), key=lambda alert: (alert.revision, alert.state != "withdrawn"))
    found = list({alert.alert_id: alert for alert in by_age}.values())
    if len(found) == 1:
        return found[0]
    what = f"{len(found)} alerts begin with {alert_id!r}" if found else f"no alert {alert_id!r}"
    raise NotFound(what, remedy="`crosscheck alerts --department D` lists them")


async def _beginning(log: Log, catalog: Catalog, alert_id: str, *, trial: bool) -> list[Alert]:
    """Alerts whose id begins so, each as its owner is told."""
    by_id: dict[str, Alert] = {}
    for department in catalog.departments if alert_id else ():
        current = await alerts(log, department, trial=trial)
        told = [alert for id_, alert in current.items() if id_.startswith(alert_id)]
        by_id.update((a.alert_id, a) for a in told if a.alert_id not in by_id or owns(catalog.rules, a))
    return list(by_id.values())
