"""One worker's telemetry, put together: a registry of its own, a meter to count with, and three answers.

Must not know: HTTP, Faust.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import orjson
from prometheus_client import CollectorRegistry, Metric, ProcessCollector, generate_latest

from streams.telemetry.counted import CountingMeter
from streams.telemetry.looked_up import LookedUp
from streams.telemetry.standing import Standing
from topics.catalog import Catalog

OK, UNAVAILABLE = 200, 503


@dataclass(frozen=True, slots=True)
class Answer:
    """What a probe is told."""

    status: int
    body: bytes


class _Registry(CollectorRegistry):
    """Without the `_created` series, which double the number of all others and answer nobody's question."""

    def collect(self) -> Iterable[Metric]:
        for family in super().collect():
            family.samples = [s for s in family.samples if not s.name.endswith("_created")]
            yield family


class Telemetry:
    """`standing` is set by the worker once it has something to tell."""

    def __init__(self, catalog: Catalog) -> None:
        registry = _Registry()
        self.meter = CountingMeter(catalog, registry)
        self.standing: Callable[[], Standing] = Standing
        registry.register(LookedUp(catalog, lambda: self.standing(), lambda: self.meter.progress))
        ProcessCollector(registry=registry)
        self._registry = registry

    def metrics(self) -> bytes:
        """Everything, in Prometheus' text format."""
        return generate_latest(self._registry)

    def health(self) -> Answer:
        """/healthz"""
        standing, idle = self.standing(), time.monotonic() - self.meter.progress
        return _answer(standing.alive(idle), standing.health(idle))

    def readiness(self) -> Answer:
        """/readyz"""
        standing = self.standing()
        return _answer(standing.ready, standing.readiness())


def _answer(good: bool, body: dict[str, object]) -> Answer:
    return Answer(OK if good else UNAVAILABLE, orjson.dumps(body) + b"\n")
