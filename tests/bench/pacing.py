"""A producer that keeps a pace, in a process of its own.

`python -m tests.bench.pacing URL OUT SUBJECTS AFTER RATE SECONDS`: sends the rows that follow the first AFTER of a
load, RATE a second; writes OUT: the rate that it kept, then lines of nanoseconds (the machine's monotonic clock)
and batch, as they were sent.
"""

import asyncio
import sys
import time
from pathlib import Path

from streams.transport.port import BrokerURL, Log, connect
from tests.bench.columns import CHUNK, Shape
from tests.bench.load import Batch, Load
from topics.catalog import load_catalog
from topics.names import change_topic
from topics.records import Record

EPOCH = 2


def beat(rate: int) -> float:
    """Seconds between sends: rows of one beat are sent together, as few as the producer can keep up with."""
    return {100: 0.01, 1_000: 0.02}.get(rate, 0.05)


async def pace(log: Log, load: Load, after: int, rate: int, seconds: float) -> tuple[float, list[str]]:
    """Send at a steady pace: the rate that was kept, and when each batch was sent."""
    at_once = round(rate * beat(rate))
    beats = load.paced(after, at_once)
    sent: list[tuple[int, list[Batch]]] = []
    waiting: list[asyncio.Future[None]] = []
    batches, begun = next(beats), time.monotonic()
    for number in range(int(seconds / beat(rate))):
        await asyncio.sleep(max(0.0, begun + number * beat(rate) - time.monotonic()))
        sent.append((time.monotonic_ns(), batches))
        waiting += await _send(log, batches)
        batches = next(beats)
    await asyncio.gather(*waiting)
    kept = len(sent) * at_once / (time.monotonic() - begun)
    return kept, [f"{when} {(batch.record.key or b'').decode()}" for when, found in sent for batch in found]


async def _send(log: Log, batches: list[Batch]) -> "list[asyncio.Future[None]]":
    placed: dict[str, list[Record]] = {}
    for batch in batches:
        placed.setdefault(change_topic(batch.resource), []).append(batch.record)
    return [await log.send(topic, 0, records) for topic, records in placed.items()]


async def main(url: str, out: str, subjects: int, after: int, rate: int, seconds: float) -> None:
    """Pace, and write down what was sent when."""
    rows = after + (int(rate * seconds) // CHUNK + 1) * CHUNK
    load = Load(load_catalog(), Shape(subjects, rows), EPOCH)
    async with connect(BrokerURL.parse(url)) as log:
        kept, lines = await pace(log, load, after, rate, seconds)
    Path(out).write_text("\n".join([str(kept), *lines]), encoding="utf-8")


if __name__ == "__main__":
    url, out, subjects, after, rate, seconds = sys.argv[1:]
    asyncio.run(main(url, out, int(subjects), int(after), int(rate), float(seconds)))
