"""Faust's recovery, which here only asks where to start, without Faust's limit on how long the answer may take.

A start brings whole states from the place of checkpoints: minutes. Faust gives it as long as one request to the broker
(90 s), takes the end of its own patience for the end of the worker, and ends its recovery in silence: the worker lives
on, is given nothing and does nothing, through every later rebalance. Rules: what may not take long is bounded where it
is asked, and raises. Must not know: what a start does.
"""

from typing import Any

from faust.tables import TableManager
from faust.tables.recovery import Recovery


class PatientRecovery(Recovery):
    """Waits until it is done, the worker stops, or the next rebalance begins."""

    async def _wait(self, coro: Any, timeout: Any = None) -> None:
        await super()._wait(coro)


class PatientTables(TableManager):
    """There are no tables; Faust asks for their recovery all the same."""

    _recovery: Recovery | None

    @property
    def recovery(self) -> Recovery:
        """The one recovery of this app."""
        if self._recovery is None:
            self._recovery = PatientRecovery(self.app, self, beacon=self.beacon, loop=self.loop)
        return self._recovery
