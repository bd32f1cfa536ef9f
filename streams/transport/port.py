"""The port that publishers, readers and the worker's outputs use: a partitioned, append-only log.

Rules: `send` keeps call order within a partition; the future it returns is done when the record is safe.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, Self
from urllib.parse import urlsplit

from topics.errors import BrokerUnavailable
from topics.limits import MAX_RECORD_BYTES
from topics.names import TopicSpec
from topics.records import Record, StoredRecord, size_of

WORKERS = "crosscheck"
"""The consumer group of the hub's workers."""

Positions = Mapping[int, int]
"""Next offset by partition."""


def check_sizes(topic: str, records: Iterable[Record]) -> None:
    """Raises BrokerUnavailable for a record that the log would not take."""
    largest = max(map(size_of, records), default=0)
    if largest > MAX_RECORD_BYTES:
        raise BrokerUnavailable(
            f"a record of {largest} bytes is over the limit of {MAX_RECORD_BYTES}",
            where=topic,
            remedy="send it in smaller parts",
        )


class Writer(Protocol):
    """Appends under a name that one process at a time has. All raise OwnerReplaced once another has taken it."""

    async def take(self) -> None:
        """Take the name: what a former writer still sends is refused from now on. `send` does it if this did not.

        An owner takes it before it reads: one that was paused meanwhile would otherwise take it from its successor.
        Taken again only when it is `stale`, by whoever is known to be the owner still, and after a `seal`.
        """
        ...

    @property
    def stale(self) -> bool:
        """Whether nothing was sent for so long that the log may soon forget who has this name."""
        ...

    async def send(self, topic: str, partition: int, records: Sequence[Record]) -> "asyncio.Future[None]":
        """As Log.send."""
        ...

    async def seal(self) -> None:
        """Make final what has arrived; until then a successor may still void it, and must say it again."""
        ...


class Log(Protocol):
    """A log, embedded or Kafka. Use as an async context manager."""

    @property
    def log_id(self) -> str:
        """What state made from this log calls it, so that it is never used with another."""
        ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(self, *exc: object) -> None: ...

    async def ensure(self, specs: Iterable[TopicSpec]) -> list[str]:
        """Create the topics that are missing; their names.

        Raises StateError if one that exists does not keep for ever what must be.
        """
        ...

    async def topics(self) -> set[str]:
        """Names of the topics that exist."""
        ...

    async def send(self, topic: str, partition: int, records: Sequence[Record]) -> "asyncio.Future[None]":
        """Append records in order. Raises BrokerUnavailable (or the future does), for an oversized record too."""
        ...

    def writer(self, name: str) -> Writer:
        """A writer under a name that it has yet to take."""
        ...

    async def ends(self, topic: str) -> dict[int, int]:
        """Next offset by partition. Raises BrokerUnavailable if there is no such topic."""
        ...

    async def committed(self, group: str, topic: str) -> dict[int, int]:
        """Next offset by partition that a group of consumers has done with; none where it has not begun."""
        ...

    def read(
        self, topic: str, start: Positions | None = None, *, follow: bool = False
    ) -> AsyncIterator[list[StoredRecord]]:
        """Records in chunks, from `start` (default: the beginning) to the end as it is now, or for ever.

        With `follow`, an empty chunk is yielded when there is nothing new for a while.
        """
        ...


@dataclass(frozen=True, slots=True)
class BrokerURL:
    """embedded://FOLDER or kafka://HOST:PORT[,HOST:PORT...]."""

    scheme: str
    place: str

    @classmethod
    def parse(cls, text: str) -> "BrokerURL":
        """Read a URL. Raises BrokerUnavailable on any other scheme."""
        scheme = urlsplit(text).scheme
        place = text.partition("://")[2]
        if scheme not in ("embedded", "kafka") or not place:
            raise BrokerUnavailable(
                f"not a broker: {text}", remedy="use embedded://FOLDER or kafka://HOST:PORT[,HOST:PORT]"
            )
        return cls(scheme, place)

    def __str__(self) -> str:
        return f"{self.scheme}://{self.place}"


def connect(url: BrokerURL) -> Log:
    """The client for a URL; only the one that is needed is imported."""
    if url.scheme == "embedded":
        from streams.transport.embedded_client import EmbeddedClient

        return EmbeddedClient(url.place)
    from streams.transport.kafka_client import KafkaClient

    return KafkaClient(url.place)
