"""Faust's aiokafka transport with the commit gate, and without its long polls.

Rules: `facts` never goes back by itself. aiokafka begins again at the first record where its position is past the end
(the topic was made anew, or lost its end), and Faust drops what it has read before: new facts, passed over.
"""

from collections.abc import Mapping
from typing import Any

from faust.transport.drivers import aiokafka as driver

from streams.transport.gate import Gated
from streams.transport.kafka_client import stored_record
from topics.errors import StateError
from topics.names import FACTS

FETCH_WAIT_MS = 20
"""How long the broker holds a fetch that finds nothing.

aiokafka has one fetch under way for each broker, and asks in it for the partitions that are empty at that moment: while
`facts` waits there, change topics that have run dry meanwhile are not asked for, and nothing comes to `facts`. Faust
has 1,500 ms fixed: the worker stood still half of its time, and single changes waited too.
"""


class ConsumerThread(driver.AIOKafkaConsumerThread):
    """Faust's own, with short fetches."""

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        consumer._fetch_max_wait_ms = FETCH_WAIT_MS
        return consumer


class Consumer(Gated, driver.Consumer):
    """Commits and starts where the gate says."""

    _stored = staticmethod(stored_record)

    def _new_consumer_thread(self) -> ConsumerThread:
        return ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    async def _getmany(self, active_partitions: Any, timeout: float) -> dict[Any, list[Any]]:
        """Raises StateError, and ends the worker, where `facts` went back."""
        fetched = await super()._getmany(active_partitions, timeout)
        if self.flow_active:  # else nobody is handed this, and positions may be another assignment's
            try:
                check_goes_on(fetched, self._read_offset)
            except StateError as error:
                await self.app.crash(error)
                raise
        return fetched


def check_goes_on(fetched: Mapping[Any, list[Any]], read: Mapping[Any, int | None]) -> None:
    """Raises StateError if a partition of `facts` begins before what was read of it."""
    for tp, bundles in fetched.items():
        first, known = bundles[0][0].offset, read.get(tp) or 0
        if tp.topic == FACTS and first < known:
            raise StateError(
                f"the log is at {first} again: it was made anew, or has lost its end",
                where=f"{FACTS}[{tp.partition}]@{known}",
                remedy="stop the workers and `crosscheck state rebuild`, then start again",
            )


class Transport(driver.Transport):
    """kafka:// for the worker."""

    Consumer = Consumer
