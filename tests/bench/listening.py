"""Notes when results and alerts become visible to a reader in a process of its own.

`python -m tests.bench.listening SERVERS OUT TOPIC...`: says ready, reads from the end on, and at SIGTERM writes OUT:
lines of nanoseconds (the machine's monotonic clock), topic, bucket and revision.
"""

import asyncio
import signal
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition

LAST_LOOKS = 5


class _Said(msgspec.Struct):
    """What an alert and a result have in common."""

    bucket: int
    revision: int


async def main(servers: str, out: Path, *topics: str) -> None:
    """Read until told to stop."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    consumer = AIOKafkaConsumer(bootstrap_servers=servers, enable_auto_commit=False, fetch_max_wait_ms=50)
    await consumer.start()
    partitions = [TopicPartition(topic, 0) for topic in topics]
    consumer.assign(partitions)
    await consumer.seek_to_end(*partitions)
    for partition in partitions:
        await consumer.position(partition)
    print("ready")
    seen: list[tuple[int, str, bytes]] = []
    while not stop.is_set():
        await _look(consumer, seen)
    for _ in range(LAST_LOOKS):
        await _look(consumer, seen)
    await consumer.stop()
    decode = msgspec.json.Decoder(_Said).decode
    found = ((when, topic, decode(value)) for when, topic, value in seen)
    out.write_text("".join(f"{when} {topic} {said.bucket} {said.revision}\n" for when, topic, said in found))


async def _look(consumer: Any, seen: list[tuple[int, str, bytes]]) -> None:
    fetched = await consumer.getmany(timeout_ms=100)
    now = time.monotonic_ns()
    seen += [(now, record.topic, record.value) for records in fetched.values() for record in records]


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:]))
