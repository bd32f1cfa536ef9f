"""A writer that one process at a time may have, over a Kafka transactional producer.

Kafka gives each new producer of a transactional id a higher epoch and refuses what older ones still send, so that an
owner which was paused, and replaced, cannot append what it had in hand behind what its successor said: compaction
would keep the older record. Transactions are used for that alone: readers read what is not committed yet too
(a result is the same whoever says it), so nothing waits for a commit.
Kafka forgets an id that has written nothing for a week (transactional.id.expiration.ms), and refuses what comes under
it afterwards; so it is `stale` after a day, and whoever owns it takes it again.
Rules: a transaction is open from the first send until `seal`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import IllegalOperation, InvalidProducerIdMapping, KafkaError, ProducerFenced

from streams.transport.port import check_sizes
from topics.errors import BrokerUnavailable, OwnerReplaced
from topics.records import Record

Take = Callable[[str], Awaitable[AIOKafkaProducer]]
Unreachable = Callable[[BaseException], BrokerUnavailable]

STALE_SECONDS = 86_400.0


class KafkaWriter:
    """See streams.transport.port.Writer."""

    def __init__(self, name: str, take: Take, unreachable: Unreachable) -> None:
        self._name = name
        self._take = take
        self._unreachable = unreachable
        self._producer: AIOKafkaProducer | None = None
        self._open = False
        self._used_at = 0.0
        self._replaced: OwnerReplaced | None = None
        self._arrival: asyncio.Future[None] | None = None

    async def take(self) -> None:
        if self.stale:
            self._producer = None
        await self._taken()

    @property
    def stale(self) -> bool:
        """Whether nothing was sent for a day: no transaction is open then, for every checkpoint seals."""
        idle = asyncio.get_running_loop().time() - self._used_at
        return self._producer is not None and not self._open and idle > STALE_SECONDS

    async def _taken(self) -> AIOKafkaProducer:
        if self._producer is None:
            self._producer = await self._take(self._name)
            self._used_at = asyncio.get_running_loop().time()
        return self._producer

    async def send(self, topic: str, partition: int, records: Sequence[Record]) -> "asyncio.Future[None]":
        check_sizes(topic, records)
        self._still_ours()
        producer = await self._taken()
        try:
            if not self._open:
                await producer.begin_transaction()
                self._open = True
            sent = await send_batches(producer, topic, partition, records)
        except KafkaError as error:
            raise self._named(error) from None
        except IllegalOperation as error:
            raise await self._ended_by(error) from None
        self._arrival = asyncio.ensure_future(self._acknowledged(sent))
        return self._arrival

    async def _acknowledged(self, sent: Sequence["asyncio.Future[Any]"]) -> None:
        try:
            await asyncio.gather(*sent)
        except KafkaError as error:
            raise self._named(error) from None

    async def _ended_by(self, error: IllegalOperation) -> BaseException:
        """Why the producer takes nothing more of a transaction that is open: what was sent before has failed.

        It may not have been told yet: the producer knows a few turns of the loop before whoever waits for it.
        """
        if self._arrival is not None:
            await asyncio.wait([self._arrival])
            failed = None if self._arrival.cancelled() else self._arrival.exception()
            if failed is not None:
                return failed
        return self._unreachable(error)

    async def seal(self) -> None:
        self._still_ours()
        if self._producer is not None and self._open:
            try:
                await self._producer.commit_transaction()
            except KafkaError as error:
                raise self._named(error) from None
            self._open = False
            self._used_at = asyncio.get_running_loop().time()

    def _still_ours(self) -> None:
        if self._replaced is not None:
            raise self._replaced

    def _named(self, error: KafkaError) -> BrokerUnavailable | OwnerReplaced:
        if isinstance(error, ProducerFenced):
            self._replaced = OwnerReplaced("another worker has taken over", where=self._name)
            return self._replaced
        if InvalidProducerIdMapping in (type(error), type(error.__cause__)):
            what = "Kafka has forgotten who writes under this name, for nothing was written for long"
            remedy = "start again; transactional.id.expiration.ms should be more than two days"
            return BrokerUnavailable(what, where=self._name, remedy=remedy)
        return self._unreachable(error)


async def send_batches(
    producer: AIOKafkaProducer, topic: str, partition: int, records: Sequence[Record]
) -> list["asyncio.Future[Any]"]:
    """Send records in ready-made record batches, as few as they fit in."""
    sent: list[asyncio.Future[Any]] = []
    pending = list(records)
    while pending:
        batch, pending = _fill(producer, pending)
        sent.append(await producer.send_batch(batch, topic, partition=partition))
    return sent


def _fill(producer: AIOKafkaProducer, records: list[Record]) -> tuple[Any, list[Record]]:
    """A record batch with as many records as fit, and the rest."""
    batch = producer.create_batch()
    for i, (key, value, headers) in enumerate(records):
        if batch.append(key=key, value=value, timestamp=None, headers=list(headers)) is None:
            return batch, records[i:]
    return batch, []
