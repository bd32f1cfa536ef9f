"""What a history is played in: options, departments' scripts, a broker, machines; and the patches that make it so.

Real are the front of the hub (Hub, Partition, Outbox, Recovery, PartitionState) and every pure step; simulated are
Faust, the broker, disks and time. Must not know: what happens when.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any
from unittest.mock import patch

from faust.types import TP

from stores import state as state_module
from streams.agents import hub as hub_module
from streams.agents import outbox as outbox_module
from streams.agents import partition as partition_module
from streams.agents import recovery as recovery_module
from streams.agents import steward as steward_module
from streams.steps import memory as memory_module
from tests.differential.world import DAY, RESOURCES
from tests.simulation.broker import Broker, Group
from tests.simulation.city import AT, PARTITIONS, Front, Sent, catalog_with, random_rule
from tests.simulation.disk import Batch, Disks
from tests.simulation.loop import Time
from tests.simulation.process import Process, Shelves
from topics.names import FACTS, change_topic
from topics.records import Record

TPS = [TP(FACTS, p) for p in range(PARTITIONS)] + [TP(change_topic(r), 0) for r in RESOURCES]


@dataclass(frozen=True)
class Options:
    """A history: its seed, what is left out of it, how many things a department does."""

    seed: int
    without: frozenset[str] = frozenset()
    events: int = 0

    @property
    def command(self) -> str:
        """What replays it."""
        words = f"python -m tests.simulation.run --seed {self.seed}"
        words += f" --without {','.join(sorted(self.without))}" if self.without else ""
        return words + (f" --events {self.events}" if self.events else "") + " --trace"


class Stuck(AssertionError):
    """The system does not come to rest."""


class Fell(AssertionError):
    """A worker ended by an error that nothing explains."""


@dataclass
class Setting:
    """Everything of one history."""

    options: Options
    tell: Callable[[str], None] | None = None
    fences: bool = True
    early: bool = True
    time: Time = field(default_factory=Time)
    disks: Disks = field(default_factory=Disks)
    group: Group = field(default_factory=Group)
    processes: list[Process] = field(default_factory=list)
    graves: list[Process] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    refused: int = 0
    day: int = DAY

    def __post_init__(self) -> None:
        chance = self.chance = Random(self.options.seed)
        self.broker = Broker(
            self.time, transactions=chance.random() < 0.5, fences=self.fences, early=self.early
        )
        self.shelves = Shelves(self.disks)
        self.rules = [
            random_rule(chance, "rule-a", 1),
            random_rule(chance, "rule-b", 1),
            random_rule(chance, "rule-a", 2),
        ]
        self.long_steps = chance.random() < 0.3
        if self.long_steps:
            self.rules[0] = random_rule(chance, "rule-a", 1, kinds=("missing",))
        self.catalog = catalog_with(*self.rules[: chance.choice((0, 1, 1, 2, 2))])
        self.waiting = self._scripts(self.options.events or chance.randint(4, 9))
        self.lost: list[tuple[str, Record]] = []

    def _scripts(self, events: int) -> dict[str, list[Sent]]:
        """What each department will send, in order."""
        fronts = [Front(resource, self.chance) for resource in RESOURCES]
        scripts: dict[str, list[Sent]] = {front.resource: [] for front in fronts}
        asked = [front for front in fronts if front.resource in {rule.anchor for rule in self.rules}]
        for _ in range(events):
            front = self.chance.choice((*fronts, *asked))
            scripts[front.resource] += front.act()
        for front in fronts:
            scripts[front.resource] += front.end()
        return scripts

    def note(self, *words: object) -> None:
        """A line of the trace."""
        if self.tell is not None:
            self.tell(f"{self.time.now:8.3f}  {' '.join(map(str, words))}")

    @contextmanager
    def _patched(self) -> Iterator[None]:
        """Disks in the place of RocksDB and folders; steps, bundles and checkpoints of a few subjects each."""
        chance, disks = self.chance, self.disks
        changes: list[tuple[Any, str, Any]] = [
            (state_module, "open_folder", disks.open),
            (state_module, "WriteBatch", Batch),
            (state_module, "Checkpoint", disks.checkpoint),
            (recovery_module, "shutil", disks),
            (recovery_module, "replace_folder", disks.replace),
            (recovery_module, "check_restored", lambda folder, made: None),
            (recovery_module, "LOCK_PATIENCE_SECONDS", 0.05),
            (hub_module, "shutil", disks),
            (steward_module, "now", lambda: AT),
            (memory_module, "CHUNK", 1 if self.long_steps else chance.choice((1, 2))),
            (partition_module, "CHECKPOINT_SUBJECTS", 1 if self.long_steps else 10**6),
            (partition_module, "CHECKPOINT_SECONDS", chance.choice((0.0, 0.1, 0.4))),
            (partition_module, "STRETCH_BYTES", chance.choice((1, 800, 100_000))),
            (outbox_module, "IN_FLIGHT", chance.choice((1, 2, 64))),
        ]
        loggers = [logging.getLogger(f"crosscheck.{name}") for name in ("hub", "partition", "recovery")]
        levels = [logger.level for logger in loggers]
        with ExitStack() as stack:
            for place, name, value in changes:
                stack.enter_context(patch.object(place, name, value))
            for logger in loggers:
                logger.setLevel(logging.CRITICAL)
            try:
                yield
            finally:
                for logger, level in zip(loggers, levels, strict=True):
                    logger.setLevel(level)
