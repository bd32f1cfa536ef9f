"""What is counted as it happens, for Prometheus: rows, refusals, alerts, dead letters, seconds by stage.

Rules: labels are departments, resources and rules of the catalog and codes of closed lists; what a hostile message
says instead is "other", so that no message can add a series. Figures are this process's: a replay counts again.
Must not know: what is looked up at a scrape (looked_up).
"""

import asyncio
import time
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import get_args

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from streams.telemetry.meter import Meter, Stage
from topics.alerts import Alert
from topics.catalog import Catalog
from topics.receipts import REASONS, Receipt

OTHER = "other"
BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Seconds: a batch of one row to a rule that comes into force over everybody."""


class _Timed:
    """One pass of a stage."""

    __slots__ = ("_began", "_failures", "_seconds")

    def __init__(self, seconds: Histogram, failures: Counter) -> None:
        self._seconds, self._failures = seconds, failures

    def __enter__(self) -> None:
        self._began = time.perf_counter()

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self._seconds.observe(time.perf_counter() - self._began)
        if kind is not None and not issubclass(kind, asyncio.CancelledError | GeneratorExit):
            self._failures.inc()


class _Source:
    """What became of one resource's batches: plain numbers, since a batch may be one row (0.5 us, not 3)."""

    __slots__ = ("applied", "duplicate", "reasons", "received", "refused", "statuses")

    def __init__(self) -> None:
        self.received = self.applied = self.duplicate = self.refused = 0
        self.reasons: dict[str, int] = {}
        self.statuses: dict[str, int] = {}

    def count(self, receipt: Receipt) -> None:
        """Every number that a receipt says."""
        self.received += receipt.received.total
        self.applied += receipt.applied
        self.duplicate += receipt.duplicate
        self.refused += receipt.refused
        self.statuses[receipt.status] = self.statuses.get(receipt.status, 0) + 1
        for reason, rows in receipt.reasons.items():
            code = reason if reason in REASONS else OTHER
            self.reasons[code] = self.reasons.get(code, 0) + rows


class _Receipts(Collector):
    """The sums of receipts, by resource."""

    def __init__(self, catalog: Catalog) -> None:
        self._of = {r.id: (r.department, _Source()) for r in catalog.resources.values()}
        self._of[OTHER] = (OTHER, _Source())

    def count(self, receipt: Receipt) -> None:
        """Add one; what the catalog does not know is "other"."""
        known = self._of.get(receipt.resource)
        (known or self._of[OTHER])[1].count(receipt)

    def collect(self) -> Iterator[CounterMetricFamily]:
        """Received, what became of it, why not, and in how many batches."""
        received = _counter("rows_received", "Rows in the batches that were answered with a receipt")
        rows = _counter("rows", "Rows: applied + duplicate + refused = received", "outcome")
        refusals = _counter(
            "refusals", "Rows refused; a message that is no batch at all counts as one", "reason"
        )
        batches = _counter("batches", "Batches answered with a receipt", "status")
        for resource, (department, source) in self._of.items():
            labels = (department, resource)
            received.add_metric(labels, source.received)
            for outcome in ("applied", "duplicate", "refused"):
                rows.add_metric((*labels, outcome), getattr(source, outcome))
            for reason, count in source.reasons.items():
                refusals.add_metric((*labels, reason), count)
            for status, count in source.statuses.items():
                batches.add_metric((*labels, status), count)
        yield from (received, rows, refusals, batches)


def _counter(name: str, text: str, *labels: str) -> CounterMetricFamily:
    return CounterMetricFamily(f"crosscheck_{name}", text, labels=("department", "resource", *labels))


class CountingMeter(Meter):
    """Counts into the registry it is given; every source and stage of the catalog is there from the start."""

    def __init__(self, catalog: Catalog, registry: CollectorRegistry) -> None:
        self._owners = frozenset(catalog.departments)
        self._rules = frozenset(catalog.rules)
        self._receipts = _Receipts(catalog)
        registry.register(self._receipts)
        self._alerts = Counter(
            "crosscheck_alerts_said",
            "Alert revisions said, by rule and state; trial: of a rule on trial",
            ("rule", "state", "trial"),
            registry=registry,
        )
        self._letters = _letters(catalog, registry)
        self._stages = _stages(registry)
        self.progress = time.monotonic()

    def stage(self, name: Stage) -> _Timed:
        """Seconds and failures of a block; that one begins is progress."""
        self.moved()
        return _Timed(*self._stages[name])

    def moved(self) -> None:
        """Note that something moved."""
        self.progress = time.monotonic()

    def said(self, receipt: Receipt | None, alerts: Iterable[Alert]) -> None:
        """Count a receipt and alert revisions."""
        if receipt is not None:
            self._receipts.count(receipt)
        for alert in alerts:
            rule = alert.rule if alert.rule in self._rules else OTHER
            self._alerts.labels(rule, alert.state, "true" if alert.trial else "false").inc()

    def refused(self, receipt: Receipt) -> None:
        """Count a receipt and its dead letter."""
        self._receipts.count(receipt)
        self._letters.labels(receipt.department if receipt.department in self._owners else OTHER).inc()


def _letters(catalog: Catalog, registry: CollectorRegistry) -> Counter:
    letters = Counter(
        "crosscheck_dead_letters",
        "Messages put on a department's dead-letter topic",
        ("department",),
        registry=registry,
    )
    for department in catalog.departments:
        letters.labels(department)
    return letters


def _stages(registry: CollectorRegistry) -> dict[str, tuple[Histogram, Counter]]:
    seconds = Histogram(
        "crosscheck_stage_seconds", "Seconds by stage of work", ("stage",), buckets=BUCKETS, registry=registry
    )
    failures = Counter("crosscheck_stage_failures", "Stages that raised", ("stage",), registry=registry)
    return {name: (seconds.labels(name), failures.labels(name)) for name in get_args(Stage)}
