"""A record of the log: what brokers carry. The same for the embedded log and for Kafka.

Headers follow CloudEvents 1.0, Kafka protocol binding, binary content mode.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

Headers = Sequence[tuple[str, bytes]]

LAST_SECOND = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp()


class Record(NamedTuple):
    """A record to append; `key` decides compaction, never placement (partitions are given)."""

    key: bytes | None
    value: bytes
    headers: Headers = ()


def size_of(record: "Record | StoredRecord") -> int:
    """Bytes of key, value and headers."""
    headers = sum(len(name) + len(text or b"") for name, text in record.headers)
    return len(record.key or b"") + len(record.value or b"") + headers


class StoredRecord(NamedTuple):
    """A record as read back. `timestamp` is in milliseconds since 1970, given when it was appended."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes
    headers: Headers

    @property
    def at(self) -> str:
        """When it was appended, ISO 8601; the first or last moment there is for a time that a sender made up."""
        seconds = min(max(self.timestamp, 0) / 1000, LAST_SECOND)
        return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")

    @property
    def place(self) -> str:
        """topic[partition]@offset, as errors and receipts write it."""
        return f"{self.topic}[{self.partition}]@{self.offset}"


def event_headers(kind: str, source: str, event_id: str, time: str) -> Headers:
    """CloudEvents attributes of one message."""
    return (
        ("ce_specversion", b"1.0"),
        ("ce_type", f"crosscheck.{kind}.v1".encode()),
        ("ce_source", source.encode()),
        ("ce_id", event_id.encode()),
        ("ce_time", time.encode()),
        ("content-type", b"application/json"),
    )
