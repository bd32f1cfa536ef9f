"""Planted faults: mistakes that somebody could make, put into the running code, for the simulation to find.

Those that are a flag of the simulation (`broker`) take a promise of the log away.

Each is one replacement in the source of one function; a fault whose text is no longer there fails its test, so that
the table keeps up with the code.
"""

import inspect
import textwrap
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from types import FunctionType
from typing import Any
from unittest.mock import patch

from stores.state import PartitionState
from streams.agents import partition
from streams.agents.outbox import Outbox
from streams.agents.partition import Partition
from streams.steps import admission, join
from streams.steps.ledger import Ledger, Stream
from tests.simulation import verdict
from tests.simulation.run import failure
from tests.simulation.setting import Options

USERS = (partition, verdict)
"""Modules that know `join` by name."""

WALL_CLOCK = count(10**6)
"""A clock that has moved on at every replay."""


@dataclass(frozen=True)
class Fault:
    """One mistake: in `owner.name`, `old` reads `new`, for all who use it; or the simulation's `broker` is False.

    `first`: where to begin; those that take a rare history would take long from 0.
    """

    what: str
    owner: Any = None
    name: str = ""
    old: str = ""
    new: str = ""
    broker: str = ""
    first: int = 0

    @contextmanager
    def planted(self) -> Iterator[None]:
        with ExitStack() as stack:
            if self.owner is not None:
                wrong = self._wrong()
                for owner in (self.owner, *(USERS if self.owner is join and self.name == "join" else ())):
                    stack.enter_context(patch.object(owner, self.name, wrong))
            yield

    def _wrong(self) -> FunctionType:
        function = getattr(self.owner, self.name)
        source = textwrap.dedent(inspect.getsource(function))
        assert source.count(self.old) == 1, f"{self.what}: no {self.old!r} in {self.name}"
        made: dict[str, Any] = {}
        exec(
            compile(source.replace(self.old, self.new), f"<planted in {self.name}>", "exec"),
            function.__globals__,
            made,
        )
        wrong = FunctionType(made[self.name].__code__, function.__globals__, self.name, function.__defaults__)
        wrong.__kwdefaults__ = function.__kwdefaults__
        return wrong


def found_after(fault: Fault, most: int) -> tuple[int, str] | None:
    """How many histories it takes to find a fault, and how it shows."""
    wrong = {fault.broker: False} if fault.broker else {}
    with fault.planted():
        for seed in range(fault.first, fault.first + most):
            found = failure(Options(seed), **wrong)
            if found is not None:
                return seed + 1 - fault.first, found
    return None


FAULTS = (
    Fault(
        "a checkpoint does not wait for what was said",
        Partition,
        "_settle",
        "await self._outbox.settle()",
        "pass",
    ),
    Fault("a step that was broken off is saved", Partition, "_save", "or not self._whole", "", first=380),
    Fault(
        "replay begins one record late",
        Partition,
        "__init__",
        "self.next = self._state.position",
        "self.next = self._state.position + (self._state.position > 0)",
    ),
    Fault(
        "what was taken before is taken again",
        Partition,
        "_wants",
        "record.offset >= self.next and",
        "",
        first=60,
    ),
    Fault(
        "half-way, the rulebook is saved as it has become",
        Partition,
        "_breathe",
        "self._state.checkpoint(position, meta, halfway=self._memory.done)",
        "self._state.checkpoint(position, self._meta(), halfway=self._memory.done)",
        first=540,
    ),
    Fault("half-way, nothing is waited for", Partition, "_breathe", "await self._settle(position)", "True"),
    Fault(
        "a batch is committed before facts has it",
        Outbox,
        "reach",
        "if self._next.count or self._round is not None:",
        "if False:",
    ),
    Fault("a send that failed is forgotten", Outbox, "_raise", "if self._failed is not None:", "if False:"),
    Fault("a writer that was replaced is not refused", broker="fences", first=60),
    Fault("a writer takes its name with its first send", broker="early", first=60),
    Fault(
        "a turn begun again begins at the beginning",
        Partition,
        "_take",
        "self._memory.begin(self._state.halfway)",
        "self._memory.begin()",
        first=60,
    ),
    Fault(
        "half-way, who begins to wait is forgotten",
        PartitionState,
        "checkpoint",
        "self._noted()",
        "self._earlier",
        first=60,
    ),
    Fault(
        "the group hears of a position with the next checkpoint only",
        Partition,
        "_settle",
        "if not await self._commit(self.number, position):\n"
        "                return False\n"
        "            self.said = position",
        "await self._commit(self.number, self._state.position)",
        first=500,
    ),
    Fault(
        "what was said for good is said again",
        Partition,
        "_take",
        "if record.offset >= self.said:",
        "if True:",
        first=580,
    ),
    Fault(
        "what comes last wins, whatever its version",
        join,
        "apply_row",
        "row.version <= before.version",
        "row.version == before.version",
    ),
    Fault(
        "the same version is applied again",
        join,
        "apply_row",
        "row.version <= before.version",
        "row.version < before.version",
    ),
    Fault(
        "a delete leaves no tombstone",
        join,
        "apply_row",
        "facts[row.handle] = after",
        "facts.update({row.handle: after}) if after.live else facts.pop(row.handle, None)",
    ),
    Fault(
        "a duplicate batch is applied again",
        join,
        "join",
        "if not ledger.admit(batch):",
        "if ledger.admit(batch) is None:",
    ),
    Fault("a late batch is a duplicate", Stream, "admit", "return self._fill(seq)", "return False"),
    Fault(
        "an epoch that was replaced comes back",
        Ledger,
        "admit",
        "batch.epoch < self.floors.get(batch.resource, 0)",
        "False",
    ),
    Fault(
        "facts of an older epoch stay",
        join,
        "join",
        "yield from _drop_older_epochs(batch, place, memory)",
        "pass",
    ),
    Fault(
        "revisions are counted by the clock",
        join,
        "join",
        "Place(position, batch.bucket",
        "Place(next(__import__('tests.simulation.faults', fromlist='_').WALL_CLOCK), batch.bucket",
    ),
    Fault(
        "nobody looks at the hash",
        admission,
        "_check_envelope",
        "hashlib.sha256(batch.rows).hexdigest() != batch.content_hash",
        "False",
    ),
)
