"""Latency: a paced producer, a worker that holds a load, and a reader in a third process; one clock for all.

A revision is the position in `facts` that caused it, so each result and alert leads to the very batch it followed
from, and that to the moment it was sent.
"""

import asyncio
import sys
from pathlib import Path

import numpy as np

from streams.transport.port import BrokerURL, connect
from tests.bench.broker import Broker, fill, folder, kafka, receipts
from tests.bench.columns import CHUNK, Shape
from tests.bench.figures import Row, record
from tests.bench.kafka import LONG
from tests.bench.load import Load
from tests.bench.programs import Program, worker
from topics.catalog import Catalog, load_catalog
from topics.names import FACTS, alert_topic, result_topic

RATES = (100, 1_000, 10_000)
RESULTS, ALERTS = result_topic("hrss"), alert_topic("hrss")
WARM_UP, GRACE = 3.0, 3.0
"""Seconds at the beginning that do not count; seconds after the last send until the reader stops."""


def measure_all(*, quick: bool) -> None:
    """Every rate on a worker of its own."""
    catalog = load_catalog()
    shape = Shape(100_000, CHUNK if quick else 5 * CHUNK)
    for rate in RATES:
        row = asyncio.run(measure(catalog, shape, rate, 10.0 if quick else 60.0))
        record("latency", f"{rate:,} changes/s", row)


async def measure(catalog: Catalog, shape: Shape, rate: int, seconds: float) -> Row:
    """Load, then pace; latencies of all results and alerts after the warm-up."""
    with kafka() as broker, folder() as data:
        messages = await fill(broker, catalog, Load(catalog, shape), "changes")
        async with receipts(broker, catalog) as ends:
            with worker(broker.url, data / "worker") as program:
                program.ready("worker ready")
                await ends.reach(messages, LONG, program)
                await asyncio.sleep(WARM_UP)
                kept, seen, causes = await _run(broker, data, shape, rate, seconds + WARM_UP)
                program.stop()
        sent = {name: int(when) for when, name in (line.split() for line in causes)}
        named = await _batches(broker)
    return {"sent_rate": round(kept), **_percentiles(seen, sent, named)}


async def _run(
    broker: Broker, data: Path, shape: Shape, rate: int, seconds: float
) -> tuple[float, list[list[str]], list[str]]:
    """The rate kept, lines of the reader, lines of the producer."""
    me = [sys.executable, "-m"]
    listen = [*me, "tests.bench.listening", broker.servers, str(data / "seen"), RESULTS, ALERTS]
    pace = [*me, "tests.bench.pacing", broker.url, str(data / "sent")]
    pace += [str(shape.subjects), str(shape.rows), str(rate), str(seconds)]
    with Program(listen, data / "listening.log") as listener:
        listener.ready()
        with Program(pace, data / "pacing.log") as pacer:
            await asyncio.to_thread(pacer.ended)
        await asyncio.sleep(GRACE)
        listener.stop()
    kept, *causes = (data / "sent").read_text(encoding="utf-8").splitlines()
    return float(kept), [line.split() for line in (data / "seen").read_text().splitlines()], causes


async def _batches(broker: Broker) -> dict[tuple[int, int], str]:
    """The batch at each position of `facts`."""
    found = {}
    async with connect(BrokerURL.parse(broker.url)) as log:
        async for chunk in log.read(FACTS):
            found.update({(r.partition, r.offset): (r.key or b"").decode() for r in chunk})
    return found


def _percentiles(
    seen: list[list[str]], sent: dict[str, int], named: dict[tuple[int, int], str]
) -> dict[str, float]:
    """p50 and p99 in milliseconds of results and of alerts."""
    counted = min(sent.values()) + int(WARM_UP * 1e9)
    row: dict[str, float] = {}
    for name, topic in (("result", RESULTS), ("alert", ALERTS)):
        causes = [(int(when), sent.get(named[int(b), int(r)], 0)) for when, t, b, r in seen if t == topic]
        taken = np.array([when - cause for when, cause in causes if cause >= counted]) / 1e6
        row[f"{name}s"] = len(taken)
        if len(taken):
            row[f"{name}_p50"], row[f"{name}_p99"] = (
                round(float(p), 2) for p in np.percentile(taken, [50, 99])
            )
    return row
