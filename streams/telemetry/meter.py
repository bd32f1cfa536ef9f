"""What the agents count while they work. `Meter` counts nothing: the default, so that tests and tools need none.

Rules: called for a bundle, a stretch or a batch, never for a row.
Must not know: Prometheus (streams.telemetry.counted does).
"""

from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import Literal

from topics.alerts import Alert
from topics.receipts import Receipt

Stage = Literal["admission", "forward", "join", "settle", "checkpoint", "ship"]
"""admission: check a bundle; forward: hand it to `facts`, which waits for room; join: 100 kB of facts, or a rule that
comes into force, its pauses included, handing on what it says too, which waits for room; settle: wait until that has
arrived; checkpoint: write state to disk; ship: copy it to the place of checkpoints."""


class Meter:
    """Counts nothing."""

    def stage(self, name: Stage) -> AbstractContextManager[object]:
        """Seconds that a block takes, and whether it fails."""
        return nullcontext()

    def said(self, receipt: Receipt | None, alerts: Iterable[Alert]) -> None:
        """What one chunk of a step causes."""

    def moved(self) -> None:
        """The worker turned once, with or without anything to do."""

    def refused(self, receipt: Receipt) -> None:
        """A message that became a dead letter."""


NO_METER = Meter()
