"""Faust's aiokafka transport with the commit gate, and without its long polls."""

from typing import Any

from faust.transport.drivers import aiokafka as driver

from streams.transport.gate import Gated
from streams.transport.kafka_client import stored_record

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


class Transport(driver.Transport):
    """kafka:// for the worker."""

    Consumer = Consumer
