"""Our worker end to end on a real broker, and the floor: the same facts read, decoded and put in a dict."""

import asyncio
import contextlib
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from tests.bench.broker import Broker, Receipts, controls_of, fill, folder, kafka, receipts
from tests.bench.checking import check_ours
from tests.bench.columns import Shape
from tests.bench.figures import Row, record
from tests.bench.load import Load
from tests.bench.pieces import facts_of_load, joins
from tests.bench.programs import Cost, Program, cpu_seconds, memory_mb, worker
from topics.catalog import Catalog, load_catalog

LONG = 3_600.0
WINDOW = 30.0

FLOOR = "floor: consume `facts`, decode, keep in a dict"
IN_PROCESS = "the join agent in process, without Kafka"


def plan(sizes: list[float], quick: bool) -> Iterator[tuple[str, Shape, int]]:
    """Name, shape and number of workers of each variant; sizes in millions of subjects."""
    small = Shape(100_000, 200_000 if quick else 1_000_000)
    if 0.1 in sizes:
        for per_batch, rows in ((500, small.rows), (50, small.rows), (1, small.rows // 5)):
            yield "from change topics", Shape(small.subjects, rows, per_batch), 1
        yield "from change topics", Shape(small.subjects, small.rows, 500, "zipf"), 1
        yield "two workers, from change topics", small, 2
    for size in sizes:
        if size != 0.1:
            yield "from change topics", Shape(int(size * 1e6), int(size * 4e6)), 1
    if 1 in sizes:
        yield "from change topics", Shape(1_000_000, 4_000_000, 500, "zipf"), 1


def measure_all(sizes: list[float], runs: int, *, quick: bool) -> None:
    """The floor and every variant; large ones once."""
    catalog = load_catalog()
    shape = Shape(100_000, 200_000 if quick else 1_000_000)
    if 0.1 in sizes:
        record("kafka", FLOOR, asyncio.run(floor(catalog, shape, runs)))
        seconds = joins(catalog, controls_of(catalog), facts_of_load(Load(catalog, shape)), runs)
        record(
            "kafka", f"{IN_PROCESS}: {shape}", {"rows": shape.rows, "seconds": [round(s, 3) for s in seconds]}
        )
    for name, shape, workers in plan(sizes, quick):
        times = runs if shape.rows <= 1_000_000 else 1
        rows = [asyncio.run(ours(catalog, shape, workers)) for _ in range(times)]
        record("kafka", f"{name}: {shape}", together(rows))


def together(rows: list[Row]) -> Row:
    """Several runs of one thing as one row."""
    lists = {key: [value for row in rows for value in row[key]] for key in ("seconds", "cpu", "broker_cpu")}
    peak = max(row["peak_mb"] for row in rows)
    checked = sorted({row["checked"] for row in rows if row.get("checked")})
    return {"rows": rows[0]["rows"], **lists, "peak_mb": peak, "checked": "; ".join(checked)}


def cost_of(costs: list[Cost], seconds: float, broker_cpu: float, rows: int) -> Row:
    """One run of one or more processes as a row."""
    return {
        "rows": rows,
        "seconds": [round(seconds, 3)],
        "cpu": [round(sum(cost.cpu for cost in costs), 3)],
        "broker_cpu": [round(broker_cpu, 3)],
        "peak_mb": round(max(cost.peak_mb for cost in costs)),
    }


async def ours(catalog: Catalog, shape: Shape, workers: int = 1, *, facts: bool = False) -> Row:
    """Fill, start workers, wait for the last receipt, check what they said."""
    with kafka() as broker, folder() as data, contextlib.ExitStack() as stack:
        messages = await fill(broker, catalog, Load(catalog, shape), "facts" if facts else "changes")
        async with receipts(broker, catalog) as ends:
            before = cpu_seconds(broker.pid)
            started = [stack.enter_context(worker(broker.url, data / str(n))) for n in range(workers)]
            begun = min(program.ready("worker ready") for program in started)
            seconds = await ends.reach(messages, LONG, *started) - begun
            broker_cpu = cpu_seconds(broker.pid) - before
        row = cost_of([program.stop() for program in started], seconds, broker_cpu, shape.rows)
        return {**row, "checked": await check_ours(broker, shape)}


async def floor(catalog: Catalog, shape: Shape, runs: int) -> Row:
    """The same facts, read as fast as aiokafka can and kept in a dict."""
    with kafka() as broker, folder() as data:
        await fill(broker, catalog, Load(catalog, shape), "facts")
        numbers = [str(catalog.partitions), str(shape.rows)]
        command = [sys.executable, "-m", "tests.bench.floor", broker.servers, *numbers]
        return together([protocol(command, broker, data / "floor.log", shape.rows) for _ in range(runs)])


def protocol(command: list[str], broker: Broker, output: Path, rows: int) -> Row:
    """A program that says ready, then done, and ends by itself once all is committed."""
    before = cpu_seconds(broker.pid)
    with Program(command, output) as program:
        begun = program.ready()
        seconds = program.wait_for("done", LONG) - begun
        cost = program.ended(memory_mb(program.pid, "VmHWM:"))
    return cost_of([cost], seconds, cpu_seconds(broker.pid) - before, rows)


async def sustained(catalog: Catalog, shape: Shape, seconds: float) -> Row:
    """Work off a backlog for so long: rates of windows and growth of memory."""
    with kafka() as broker, folder() as data:
        messages = await fill(broker, catalog, Load(catalog, shape), "changes")
        async with receipts(broker, catalog) as ends:
            with worker(broker.url, data / "0") as program:
                before = cpu_seconds(broker.pid)
                begun = program.ready("worker ready")
                marks = await _watch(ends, program.pid, begun, seconds, messages)
                broker_cpu = cpu_seconds(broker.pid) - before
                cost = program.stop()
    rows = round(marks[-1][1] / messages * shape.rows)
    row = cost_of([cost], marks[-1][0], broker_cpu, rows)
    speeds = [(b[1] - a[1]) / (b[0] - a[0]) / messages * shape.rows for a, b in pairwise(marks)]
    quarter = marks[max(1, len(marks) // 4)][2]
    return {**row, "slowest": round(min(speeds)), "quarter_mb": round(quarter), "end_mb": round(marks[-1][2])}


async def _watch(
    ends: Receipts, pid: int, begun: float, seconds: float, messages: int
) -> list[tuple[float, int, float]]:
    """(seconds since ready, receipts, MB) every half minute; complains if the backlog runs out."""
    marks = [(0.0, 0, memory_mb(pid))]
    window = min(WINDOW, seconds / 4)
    while marks[-1][0] < seconds:
        await asyncio.sleep(max(0.0, begun + len(marks) * window - time.time()))
        count = await ends.about()
        if count >= messages:
            raise RuntimeError("the backlog ran out: ask for more rows")
        marks.append((time.time() - begun, count, memory_mb(pid)))
    return marks
