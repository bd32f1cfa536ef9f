"""How a worker stands at one moment, as the agents tell it; health and readiness follow from it alone.

Alive: nothing crashed, and something moved within `STALLED_SECONDS` (a restart would help otherwise; it does not help
against a broker that is away, which ends a worker by itself). Ready: its share of the partitions was assigned, be it
none (a spare, which takes over at once), and all of it is recovered.
Must not know: how it is found out, how it is told.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from topics.control import Force

STALLED_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class PartitionStanding:
    """One owned partition of `facts`. `rules`: the last word on each rule there; `shipped_age`: seconds since its
    state was last copied to the place of checkpoints, None where that never was."""

    number: int
    position: int
    cached: int
    cached_bytes: int
    dirty: int
    checkpoint_age: float
    disk_bytes: int
    rules: Mapping[str, Force]
    shipped_age: float | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """`recovering`: position and end of the owned partitions that still replay; `lags`: records behind, by topic
    and partition; `ends_age`: seconds since the log was last asked for its ends, None before."""

    assigned: bool = False
    crashed: str | None = None
    partitions: tuple[PartitionStanding, ...] = ()
    recovering: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    lags: Mapping[tuple[str, int], int] = field(default_factory=dict)
    ends_age: float | None = None
    drifted: frozenset[str] = frozenset()
    loop_delay: float = 0.0

    @property
    def ready(self) -> bool:
        """Whether it does its share, be it of change topics alone, or stands by."""
        return self.assigned and not self.recovering and self.crashed is None

    def readiness(self) -> dict[str, object]:
        """What /readyz says: which partitions are where on their way to which end."""
        waiting = {
            str(number): {"position": position, "end": end}
            for number, (position, end) in sorted(self.recovering.items())
        }
        return {
            "ready": self.ready,
            "assigned": self.assigned,
            "owned": sorted(partition.number for partition in self.partitions),
            "recovering": waiting,
        }

    def alive(self, idle: float) -> bool:
        """Whether a restart is not called for; `idle`: seconds since anything moved."""
        return self.crashed is None and idle < STALLED_SECONDS

    def health(self, idle: float) -> dict[str, object]:
        """What /healthz says. `crashed` is the name of an exception, never its text."""
        return {
            "alive": self.alive(idle),
            "crashed": self.crashed,
            "last_progress_seconds": round(idle, 3),
            "loop_delay_seconds": round(self.loop_delay, 4),
        }
