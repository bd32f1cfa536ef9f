"""Restart: how long until a worker is ready, and has worked off what came last, with 1M and 5M subjects in state.

From its local state; from a checkpoint, where the worker has them; from the log alone. Caught up is when an empty
batch in every bucket, sent before the start, has its receipt: partitions answer in order.
"""

import asyncio
import shutil
import subprocess
import sys
import time
from pathlib import Path

from streams.transport.port import BrokerURL, Positions, connect
from tests.bench.broker import Broker, fill, folder, kafka, receipts
from tests.bench.columns import Shape
from tests.bench.figures import Row, record
from tests.bench.kafka import LONG
from tests.bench.load import Load
from tests.bench.programs import ROOT, worker
from topics.catalog import Catalog, load_catalog
from topics.names import change_topic, receipt_topic

PROBES = "hrss.unemployment_benefit"


def measure_all(sizes: list[float], *, quick: bool) -> None:
    """Every size, every way back."""
    catalog = load_catalog()
    for size in sizes:
        shape = Shape(int(size * 1e6), int(size * (2e6 if quick else 4e6)))
        for name, row in asyncio.run(measure(catalog, shape)).items():
            record("restart", f"{name}: {shape.subjects / 1e6:g}M subjects, {shape.rows / 1e6:g}M rows", row)


def has_checkpoints() -> bool:
    """Whether this worker can keep checkpoints beside its state."""
    command = [sys.executable, "-m", "streams.cli.main", "worker", "--help"]
    return (
        "--checkpoints"
        in subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True).stdout
    )


async def measure(catalog: Catalog, shape: Shape) -> dict[str, Row]:
    """Fill a worker's state, stop it, and bring it back in each way."""
    with kafka() as broker, folder() as data:
        more = ("--checkpoints", str(data / "checkpoints")) if has_checkpoints() else ()
        messages = await fill(broker, catalog, Load(catalog, shape), "facts")
        async with receipts(broker, catalog) as ends:
            with worker(broker.url, data / "0", *more) as program:
                program.ready("worker ready")
                await ends.reach(messages, LONG, program)
                program.stop()
        found = {"from local state": await _restart(broker, catalog, data, 2, *more)}
        if more:
            shutil.rmtree(data / "0" / "state")
            found["from a checkpoint"] = await _restart(broker, catalog, data, 3, *more)
        shutil.rmtree(data / "0" / "state")
        found["from the log alone"] = await _restart(broker, catalog, data, 4)
        return found


async def _restart(broker: Broker, catalog: Catalog, data: Path, epoch: int, *more: str) -> Row:
    """Start once more with probes waiting; every restart probes in an epoch of its own."""
    async with connect(BrokerURL.parse(broker.url)) as log:
        probes = [batch.record for batch in Load(catalog, Shape(), epoch).probes()]
        receipts_end = await log.ends(receipt_topic("hrss"))
        await (await log.send(change_topic(PROBES), 0, probes))
    names = {probe.key or b"" for probe in probes}
    with worker(broker.url, data / "0", *more) as program:
        ready = program.ready("worker ready") - program.begun
        async with asyncio.timeout(LONG):
            await _answered(broker, names, receipts_end)
        caught_up = time.time() - program.begun
        disk = sum(f.stat().st_size for f in (data / "0" / "state").rglob("*") if f.is_file())
        cost = program.stop()
    return {
        "ready": round(ready, 2),
        "caught_up": round(caught_up, 2),
        "disk_mb": round(disk / 2**20),
        "peak_mb": round(cost.peak_mb),
    }


async def _answered(broker: Broker, names: set[bytes], start: Positions) -> None:
    """Until every probe has its receipt."""
    async with connect(BrokerURL.parse(broker.url)) as log:
        async for chunk in log.read(receipt_topic("hrss"), start, follow=True):
            names = names - {record.key for record in chunk}
            if not names:
                return
