"""What is looked up when Prometheus asks: how the worker stands, and what it is built of.

Rules: costs nothing between two scrapes. Must not know: where a standing comes from.
"""

import platform
import time
from collections import Counter
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from streams.telemetry.counted import OTHER
from streams.telemetry.standing import Standing
from topics.catalog import Catalog

OF_PARTITIONS: tuple[tuple[str, str, str], ...] = (
    ("partition_position", "Next offset of `facts` to join", "position"),
    ("state_cached_subjects", "Subjects in memory", "cached"),
    ("state_cached_bytes", "Bytes that subjects in memory take, about (`--cache-mb` in all)", "cached_bytes"),
    ("state_dirty_subjects", "Subjects that wait for the next checkpoint", "dirty"),
    ("state_disk_bytes", "Bytes of state on disk", "disk_bytes"),
    ("checkpoint_age_seconds", "Seconds since state was last written to this disk", "checkpoint_age"),
    ("checkpoint_shipped_age_seconds", "Seconds since state was last shipped elsewhere", "shipped_age"),
)
"""(metric, help, attribute of a PartitionStanding)"""


def _gauge(name: str, text: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"crosscheck_{name}", text, labels=labels)


def _one(name: str, text: str, value: float) -> GaugeMetricFamily:
    family = _gauge(name, text)
    family.add_metric((), value)
    return family


def crosscheck_version() -> str:
    """The installed version."""
    try:
        return version("crosscheck")
    except PackageNotFoundError:
        return "unknown"


class LookedUp(Collector):
    """Gauges of one worker."""

    def __init__(
        self, catalog: Catalog, standing: Callable[[], Standing], progress: Callable[[], float]
    ) -> None:
        self._rules = frozenset(catalog.rules)
        self._partitions = catalog.partitions
        self._standing = standing
        self._progress = progress

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """All of them, as of now."""
        standing = self._standing()
        yield _build_info()
        yield _one("ready", "1 once partitions are assigned and recovered", standing.ready)
        yield _one("partitions", "Partitions of `facts` that the catalog declares", self._partitions)
        yield _one("partitions_owned", "Partitions of `facts` owned", len(standing.partitions))
        yield _one(
            "progress_age_seconds", "Seconds since anything moved", time.monotonic() - self._progress()
        )
        yield _one("loop_delay_seconds", "Longest wait for the event loop of late", standing.loop_delay)
        yield from _of_partitions(standing)
        yield from _of_the_log(standing)
        yield from self._of_rules(standing)

    def _of_rules(self, standing: Standing) -> Iterator[GaugeMetricFamily]:
        forces: Counter[tuple[str, str]] = Counter()
        for partition in standing.partitions:
            forces.update((self._known(rule), force) for rule, force in partition.rules.items())
        in_force = _gauge("rule_in_force", "Owned partitions in which a rule is so in force", "rule", "force")
        for labels, count in sorted(forces.items()):
            in_force.add_metric(labels, count)
        yield in_force
        drifted = _gauge("rule_drifted", "1: declared here otherwise than in the log, same version", "rule")
        for rule in sorted(self._rules):
            drifted.add_metric((rule,), rule in standing.drifted)
        yield drifted

    def _known(self, rule: str) -> str:
        return rule if rule in self._rules else OTHER


def _of_partitions(standing: Standing) -> Iterator[GaugeMetricFamily]:
    for name, text, attribute in OF_PARTITIONS:
        family = _gauge(name, text, "partition")
        for partition in standing.partitions:
            value = getattr(partition, attribute)
            if value is not None:
                family.add_metric((str(partition.number),), value)
        yield family
    left = _gauge("recovery_remaining_records", "Records of `facts` to replay before ready", "partition")
    for partition in standing.partitions:
        position, end = standing.recovering.get(partition.number, (0, 0))
        left.add_metric((str(partition.number),), end - position)
    yield left


def _of_the_log(standing: Standing) -> Iterator[GaugeMetricFamily]:
    lag = _gauge("lag_records", "Records behind the end, by input topic", "topic", "partition")
    for (topic, partition), records in sorted(standing.lags.items()):
        lag.add_metric((topic, str(partition)), records)
    yield lag
    age = _gauge("log_ends_age_seconds", "Seconds since the log last said where it ends: lags are so old")
    if standing.ends_age is not None:
        age.add_metric((), standing.ends_age)
    yield age


def _build_info() -> GaugeMetricFamily:
    family = _gauge("build_info", "What is running; always 1", "version", "python")
    family.add_metric((crosscheck_version(), platform.python_version()), 1)
    return family
