"""Gather what a snapshot holds from the log: everything that departments were told, as of one moment.

Rules: topics are read up to positions noted beforehand (decisions first, so that each finds its alert), and
the snapshot names them; no key is opened, so no record key can get in; sums come from receipts, so they
reach back as far as receipts are kept. Which departments there are and whose a rule is, the log says before
the catalog does: another catalog than the workers' leaves nobody out and gives no rule to another.
Must not know: DuckDB.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import cast

from stores.snapshot import write
from stores.snapshot.rows import (
    AlertRow,
    CompletenessRow,
    DispositionRow,
    EvidenceRow,
    Meta,
    Position,
    PrecisionRow,
    ReceiptRow,
    ReconciliationRow,
    ResultRow,
    SnapshotContent,
)
from streams.publisher.reconcile import Reconciliation, add
from streams.readers import current
from streams.readers.current import Deliveries, owns
from streams.readers.decide import precision
from streams.readers.rules import events
from streams.transport.port import Log, Positions
from topics.alerts import Alert, Disposition, Result
from topics.batch import Counts
from topics.catalog import Catalog, Rule
from topics.names import AUDIT, COMPLETENESS, alert_topic, disposition_topic, receipt_topic, result_topic
from topics.receipts import Completeness, Receipt
from topics.records import StoredRecord


async def take_snapshot(log: Log, catalog: Catalog, data: Path) -> Path:
    """Write a snapshot of the log as it is now; its folder."""
    content = await gather(log, catalog)
    return await asyncio.to_thread(write, shelf(data), content)


def shelf(data: Path) -> Path:
    """Where a data folder keeps its snapshots."""
    return data / "snapshots"


async def gather(log: Log, catalog: Catalog) -> SnapshotContent:
    """Read everything up to now. Raises BrokerUnavailable if a topic is missing."""
    departments = _departments(catalog, await log.topics())
    ends = {topic: await log.ends(topic) for topic in _topics(departments)}
    cut = cast(Log, _Cut(log, ends))  # what follows only reads
    deliveries = await current.deliveries(cut)
    rules = {**catalog.rules, **{name: event.declared for name, event in (await events(cut)).items()}}
    owned = [await _owned(cut, department) for department in departments]
    alerts = [alert for o in owned for alert in o.alerts.values()]
    receipts = [receipt for o in owned for receipt in o.receipts]
    return SnapshotContent(
        meta=_meta(catalog, log.log_id, ends),
        alerts=[_alert(a, deliveries.of_alert(a), owned=owns(rules, a)) for a in alerts],
        evidence=[row for a in alerts for row in _evidence(a)],
        results=_results(owned, deliveries, rules),
        dispositions=[_disposition(o.department, d) for o in owned for d in o.dispositions.values()],
        receipts=[_receipt(receipt) for receipt in receipts],
        reconciliation=reconcile(receipts, deliveries),
        rule_precision=[row for o in owned for row in measure(o.department, o.alerts, o.dispositions, rules)],
        completeness=[_completeness(c) for _, c in sorted(deliveries.newest.items())],
    )


_KINDS = (disposition_topic, alert_topic, result_topic, receipt_topic)


def _departments(catalog: Catalog, there: Set[str]) -> list[str]:
    """The catalog's, then others that the log has topics of: another catalog's, or one that was taken out."""
    others = sorted({name.partition(".")[2] for name in there} - catalog.departments.keys())
    return [*catalog.departments, *(d for d in others if there >= {kind(d) for kind in _KINDS})]


def _topics(departments: Sequence[str]) -> list[str]:
    """Topics in the order in which their ends are noted."""
    return [*(kind(department) for kind in _KINDS for department in departments), COMPLETENESS, AUDIT]


@dataclass(frozen=True, slots=True)
class _Cut:
    """A log as it was when `ends` were noted; can only be read."""

    log: Log
    ends: Mapping[str, Positions]

    async def read(self, topic: str) -> AsyncIterator[list[StoredRecord]]:
        ends = self.ends[topic]
        async for chunk in self.log.read(topic):
            yield [record for record in chunk if record.offset < ends[record.partition]]


@dataclass(frozen=True, slots=True)
class _Owned:
    """What is addressed to, or was said by, one department."""

    department: str
    alerts: Mapping[str, Alert]
    results: Mapping[str, Result]
    dispositions: Mapping[str, Disposition]
    receipts: Sequence[Receipt]


async def _owned(log: Log, department: str) -> _Owned:
    return _Owned(
        department,
        await current.alerts(log, department),
        await current.results(log, department),
        await current.dispositions(log, department),
        await current.receipts(log, department),
    )


def _meta(catalog: Catalog, log_id: str, ends: Mapping[str, Positions]) -> Meta:
    positions = [Position(topic, p, end) for topic in sorted(ends) for p, end in sorted(ends[topic].items())]
    made_at = datetime.now(UTC).isoformat(timespec="microseconds")
    return Meta(made_at, catalog.name, version("crosscheck"), log_id, positions)


def _alert(alert: Alert, complete: bool, *, owned: bool) -> AlertRow:
    return AlertRow(
        alert_id=alert.alert_id,
        rule=alert.rule,
        rule_version=alert.rule_version,
        revision=alert.revision,
        state=alert.state,
        department=alert.department,
        owned=owned,
        resource=alert.resource,
        handle=alert.handle,
        period=alert.period,
        pieces=len(alert.evidence),
        exculpations=alert.exculpations,
        sources=alert.sources,
        batches=alert.batches,
        bucket=alert.bucket,
        complete_then=all(source.complete for source in alert.sources),
        complete=complete,
        updated_at=alert.updated_at,
    )


def _evidence(alert: Alert) -> list[EvidenceRow]:
    return [
        EvidenceRow(
            alert.alert_id,
            piece,
            alert.department,
            e.department,
            e.resource,
            e.code,
            e.period,
            e.exculpation,
            e.absent,
        )
        for piece, e in enumerate(alert.evidence, 1)
    ]


def _results(owned: Iterable[_Owned], deliveries: Deliveries, rules: Mapping[str, Rule]) -> list[ResultRow]:
    known: dict[tuple[str, int], bool] = {}
    rows = []
    for department, result in ((o.department, r) for o in owned for r in o.results.values()):
        place = result.rule, result.bucket
        if place not in known:
            known[place] = deliveries.of_rule(rules.get(result.rule), result.bucket)
        rows.append(_result(department, result, known[place]))
    return rows


def _result(department: str, result: Result, complete: bool) -> ResultRow:
    return ResultRow(
        check_id=result.check_id,
        rule=result.rule,
        rule_version=result.rule_version,
        revision=result.revision,
        verdict=result.verdict,
        department=department,
        resource=result.resource,
        handle=result.handle,
        bucket=result.bucket,
        complete=complete,
        updated_at=result.updated_at,
    )


def _disposition(department: str, d: Disposition) -> DispositionRow:
    return DispositionRow(
        department,
        d.alert_id,
        d.rule,
        d.rule_version,
        d.revision,
        d.decision,
        d.reason,
        d.officer,
        d.decided_at,
    )


def _receipt(receipt: Receipt) -> ReceiptRow:
    sent, received = receipt.sent, receipt.received
    return ReceiptRow(
        batch=receipt.batch,
        department=receipt.department,
        resource=receipt.resource,
        run=receipt.run,
        bucket=receipt.bucket,
        status=receipt.status,
        sent_insert=sent.insert if sent else None,
        sent_update=sent.update if sent else None,
        sent_delete=sent.delete if sent else None,
        received_insert=received.insert,
        received_update=received.update,
        received_delete=received.delete,
        applied=receipt.applied,
        duplicate=receipt.duplicate,
        refused=receipt.refused,
        reasons=receipt.reasons,
        position=receipt.position,
        at=_time(receipt.at),
    )


def _time(at: str) -> str:
    """A receipt for what was not a batch carries the log's time, in milliseconds since 1970."""
    if not at.isdecimal() or len(at) > 14:
        return at
    return datetime.fromtimestamp(int(at) / 1000, UTC).isoformat(timespec="milliseconds")


def _completeness(c: Completeness) -> CompletenessRow:
    department = c.resource.partition(".")[0]
    return CompletenessRow(
        department, c.resource, c.bucket, c.epoch, c.complete, c.as_of, c.missing, c.position
    )


def reconcile(receipts: Iterable[Receipt], deliveries: Deliveries) -> list[ReconciliationRow]:
    """Each resource as a whole (`run` None), then each of its publish runs in log order."""
    missing = Counter[str]()
    for (resource, _), status in deliveries.newest.items():
        missing[resource] += len(status.missing)
    by_resource: dict[str, list[Receipt]] = {resource: [] for resource in missing}
    for receipt in receipts:
        by_resource.setdefault(receipt.resource, []).append(receipt)
    rows = []
    for resource, answered in sorted(by_resource.items()):
        unreadable = sum(receipt.batch is None for receipt in answered)
        rows.append(_reconciliation(resource, None, answered, unreadable, missing[resource]))
        rows += [
            _reconciliation(resource, run, [r for r in answered if r.run == run], None, None)
            for run in dict.fromkeys(r.run for r in answered if r.run is not None)
        ]
    return rows


def _reconciliation(
    resource: str, run: str | None, receipts: Iterable[Receipt], unreadable: int | None, missing: int | None
) -> ReconciliationRow:
    batches = [(receipt, receipt.sent) for receipt in receipts if receipt.batch is not None]
    sums = Reconciliation(Counts(), len(batches))
    for receipt, sent in batches:
        sums.sent = add(sums.sent, sent or Counts())
        sums.note(receipt, fresh=False)  # sent again after a crash or not, its first receipt counts
    return ReconciliationRow(
        department=resource.partition(".")[0],
        resource=resource,
        run=run,
        batches=sums.batches,
        sent_insert=sums.sent.insert,
        sent_update=sums.sent.update,
        sent_delete=sums.sent.delete,
        received_insert=sums.received.insert,
        received_update=sums.received.update,
        received_delete=sums.received.delete,
        applied=sums.applied,
        duplicate=sums.duplicate,
        refused=sums.refused,
        unreadable=unreadable,
        missing=missing,
        reconciled=sums.reconciled and not missing,
    )


def measure(
    department: str,
    alerts: Mapping[str, Alert],
    decisions: Mapping[str, Disposition],
    rules: Mapping[str, Rule],
) -> list[PrecisionRow]:
    """A department's rules by version: those it has even without alerts, and older ones that have some.

    A decision counts for the version that the officer had before them, as it does for the hub; one on no alert of
    the department's, for none. Alerts of others' rules that the department is told of too are theirs to measure.
    """
    raised: dict[tuple[str, int], list[Alert]] = {}
    decided: dict[tuple[str, int], list[Disposition]] = {}
    for alert in (alert for alert in alerts.values() if owns(rules, alert)):
        raised.setdefault((alert.rule, alert.rule_version), []).append(alert)
        decision = decisions.get(alert.alert_id)
        if decision is not None:
            version = decision.rule_version or alert.rule_version
            decided.setdefault((alert.rule, version), []).append(decision)
    own = {(r.id, r.version) for r in rules.values() if r.department == department}
    return [
        _precision(department, rule, raised.get(rule, ()), decided.get(rule, ()))
        for rule in sorted({*own, *raised, *decided})
    ]


def _precision(
    department: str, rule: tuple[str, int], raised: Iterable[Alert], decided: Iterable[Disposition]
) -> PrecisionRow:
    states = Counter(alert.state for alert in raised)
    made = precision(d.decision for d in decided)
    return PrecisionRow(
        rule=rule[0],
        version=rule[1],
        department=department,
        open=states["open"],
        explained=states["explained"],
        withdrawn=states["withdrawn"],
        confirmed=made.confirmed,
        dismissed=made.dismissed,
        precision=made.share,
        wilson_low=made.low,
        wilson_high=made.high,
    )
