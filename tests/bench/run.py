"""`make bench`: measure the pieces and the whole, side by side in one run, and rewrite README.md beside it.

Rules: medians of several runs; ratios within one run count, absolute figures swing with the machine; no test
asserts a time. Floor: decoding the same batches and nothing else. Peer: a nightly DuckDB query over the raw
files, which is what an analyst would do instead (it sees raw data and has no alerts to withdraw).
"""

import argparse
import asyncio
import json
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from streams.agents.partition import Partition
from streams.agents.steward import Steward
from streams.city import generate
from streams.clock import wall_clock
from streams.publisher.keys import KeyRing
from streams.publisher.memory import FrontMemory
from streams.publisher.publish import Job, Progress, Publisher
from streams.steps.admission import Admission, Admitted
from streams.steps.rulebook import Rulebook
from tests.oracle.oracle import final_checks
from topics.batch import decode_batch, decode_rows
from topics.catalog import CITY, Catalog, Rule, load_catalog
from topics.control import Control, control_record
from topics.records import Record, StoredRecord

ROOT = Path(__file__).parents[2]
TABLE = Path(__file__).parent / "README.md"


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table: `seconds` of each run over `rows` rows."""

    name: str
    rows: int
    seconds: tuple[float, ...]
    cpu: float | None = None

    @property
    def rate(self) -> float:
        """Rows a second at the median."""
        return self.rows / statistics.median(self.seconds)


class Capture:
    """A log that keeps what it is sent and loses nothing of its order."""

    log_id = "bench"

    def __init__(self) -> None:
        self.sent: list[tuple[str, int, Record]] = []

    async def ends(self, topic: str) -> dict[int, int]:
        return {0: 0}

    async def send(self, topic: str, partition: int, records: Sequence[Record]) -> "asyncio.Future[None]":
        self.sent += [(topic, partition, record) for record in records]
        done = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done


@contextmanager
def folder() -> Iterator[Path]:
    """A temporary folder."""
    path = Path(tempfile.mkdtemp(prefix="crosscheck-bench-"))
    try:
        yield path
    finally:
        shutil.rmtree(path)


def timed(work: Callable[[], Any], runs: int) -> tuple[float, ...]:
    """Seconds of each run."""
    taken = []
    for _ in range(runs):
        begun = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begun)
    return tuple(taken)


async def capture(catalog: Catalog, city: Path, data: Path) -> Capture:
    """Every batch that the four files make."""
    log = Capture()
    for resource_ in catalog.resources.values():
        memory = FrontMemory(data / f"{resource_.id}.sqlite", now=1)
        job = Job(catalog, resource_, city / f"{resource_.id}.csv", "full")
        await Publisher(job, KeyRing(data / "keys", True, {}), memory, log).send(Progress())  # type: ignore[arg-type]
        memory.close()
    return log


def publish_all(catalog: Catalog, city: Path) -> None:
    """The front node alone: files to batches, into a log that costs nothing."""
    with folder() as data:
        asyncio.run(capture(catalog, city, data))


def controls_of(catalog: Catalog) -> list[Control]:
    """What a worker appends to a new partition: the day, and the catalog's rules."""
    return Steward(catalog, wall_clock).lacking(Rulebook())


async def join_all(catalog: Catalog, controls: list[Control], records: list[StoredRecord]) -> float:
    """The join agent alone: batches to effects, with RocksDB and checkpoints. Seconds, rules in force before."""
    with folder() as data:
        parts = [Partition(p, data / str(p), Capture(), "bench") for p in range(catalog.partitions)]  # type: ignore[arg-type]
        for part in parts:
            for offset, control in enumerate(controls, -len(controls)):
                part.next = offset
                await part.process(StoredRecord("facts", part.number, offset, 0, *control_record(control)))
        begun = time.perf_counter()
        for record in records:
            await parts[record.partition].process(record)
            await parts[record.partition].checkpoint_if_due(lambda *_: None)
        for part in parts:
            await part.checkpoint(lambda *_: None)
            part.close()
        return time.perf_counter() - begun


def joins(
    catalog: Catalog, controls: list[Control], records: list[StoredRecord], runs: int
) -> tuple[float, ...]:
    """Seconds of each run of the join agent."""
    return tuple(asyncio.run(join_all(catalog, controls, records)) for _ in range(runs))


def rule_loads(catalog: Catalog, city: Catalog) -> Iterator[tuple[str, list[Control]]]:
    """More rules, by what they look at: the town's, many that look elsewhere, some that look at the same."""
    town = f"the same with all {len(city.active_rules)} rules of the twelve packs active"
    yield town, controls_of(city)
    (rule,) = catalog.active_rules
    elsewhere = replace(rule, anchor="other.resource", evidence=())
    yield (
        "the same with 100 more rules that look at other resources",
        controls_of(more(catalog, elsewhere, 100)),
    )
    yield "the same with 4 more rules that look at the same resources", controls_of(more(catalog, rule, 4))


def more(catalog: Catalog, rule: Rule, count: int) -> Catalog:
    """The catalog with copies of a rule under other names."""
    copies = {f"copy-{n}": replace(rule, id=f"copy-{n}") for n in range(count)}
    return replace(catalog, rules={**catalog.rules, **copies})


def facts_of(log: Capture, admission: Admission) -> list[StoredRecord]:
    """The `facts` log that the captured batches make."""
    ends: dict[int, int] = {}
    facts = []
    for topic, _, record in log.sent:
        stored = StoredRecord(topic, 0, 0, 0, record.key, record.value, ())
        admitted = admission.admit(stored)
        assert isinstance(admitted, Admitted)
        bucket = admitted.batch.bucket
        offset = ends[bucket] = ends.get(bucket, -1) + 1
        facts.append(stored._replace(topic="facts", partition=bucket, offset=offset))
    return facts


def demo(broker: str | None, scale: float) -> dict[str, Any]:
    """The demonstration as a user runs it; CPU seconds of all its processes."""
    with folder() as data:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [sys.executable, "-m", "streams.cli.main", "demo", "--json", "--scale", str(scale)]
        command += ["--data", str(data), *(["--broker", broker] if broker else [])]
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {**json.loads(done.stdout), "cpu": cpu}


def demo_figure(name: str, broker: Callable[[], str | None], scale: float, runs: int) -> Figure:
    """End to end: file to receipt."""
    results = [demo(broker(), scale) for _ in range(runs)]
    assert all(r["missed"] == r["invented"] == 0 and r["reconciled"] for r in results)
    cpu = statistics.median(r["cpu"] for r in results)
    return Figure(name, results[0]["rows"], tuple(r["seconds"] for r in results), cpu)


def pieces(scale: float, runs: int) -> list[Figure]:
    """Floor, pieces and peer on one city."""
    catalog, city = load_catalog(), load_catalog(CITY)
    with folder() as data:
        generate("hangzhou-2008", data / "city", scale=scale)
        log = asyncio.run(capture(catalog, data / "city", data))
        facts = facts_of(log, Admission(catalog))
        rows = sum(decode_batch(r.value).counts.total for r in facts)
        changes = [StoredRecord(t, 0, 0, 0, r.key, r.value, ()) for t, _, r in log.sent]
        admission = Admission(catalog)
        return [
            Figure(
                "floor: decode the batches, nothing else",
                rows,
                timed(lambda: [decode_rows(decode_batch(r.value)) for r in facts], runs),
            ),
            Figure("admission step", rows, timed(lambda: [admission.admit(c) for c in changes], runs)),
            Figure(
                "join agent in process (RocksDB, checkpoints, encoded effects)",
                rows,
                joins(catalog, controls_of(catalog), facts, runs),
            ),
            *(
                Figure(name, rows, joins(catalog, controls, facts, runs))
                for name, controls in rule_loads(catalog, city)
            ),
            Figure(
                "front node in process (validate, tokenise, compare, batch)",
                rows,
                timed(lambda: publish_all(catalog, data / "city"), runs),
            ),
            Figure(
                "peer: nightly DuckDB query over the raw files (2 threads)",
                rows,
                timed(lambda: final_checks(data / "city", corrections=False), runs),
            ),
        ]


@contextmanager
def kafka() -> Iterator[str]:
    """A broker for the length of the block."""
    with folder() as data:
        from tests.conftest import free_port

        env = {**os.environ, "PORT": str(free_port()), "DIR": str(data), "JVM": "-XX:+UseSerialGC"}
        script = str(ROOT / "deploy/kafka/broker.sh")
        subprocess.run([script, "start"], env=env, check=True, stdout=subprocess.DEVNULL)
        try:
            yield f"kafka://127.0.0.1:{env['PORT']}"
        finally:
            subprocess.run([script, "stop"], env=env, check=True, stdout=subprocess.DEVNULL)


def on_kafka(scale: float, runs: int) -> Figure:
    """The demonstration on real Kafka; each run on a new broker."""
    figures = []
    for _ in range(runs):
        with kafka() as url:
            figures.append(demo_figure("end to end on Kafka", lambda url=url: url, scale, 1))
    seconds = tuple(f.seconds[0] for f in figures)
    cpu = statistics.median(f.cpu or 0 for f in figures)
    return Figure("end to end on Kafka, broker on the same 2 cores (demo)", figures[0].rows, seconds, cpu)


def table(figures: list[Figure]) -> str:
    """The table, with each figure's ratio to the front node, which bounds the whole."""
    bound = next(f for f in figures if f.name.startswith("front node")).rate
    lines = [
        "| what | rows/s (median) | min-max | ratio to the front node | CPU s per million rows |",
        "|---|---|---|---|---|",
    ]
    for f in figures:
        low, high = f.rows / max(f.seconds), f.rows / min(f.seconds)
        cpu = f"{f.cpu / f.rows * 1e6:.0f}" if f.cpu else ""
        lines.append(f"| {f.name} | {f.rate:,.0f} | {low:,.0f}-{high:,.0f} | {f.rate / bound:.2f} | {cpu} |")
    return "\n".join(lines)


def main() -> None:
    """Measure and rewrite the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--no-kafka", action="store_true")
    options = parser.parse_args()
    figures = pieces(options.scale, options.runs)
    figures.append(demo_figure("end to end, embedded log (demo)", lambda: None, options.scale, options.runs))
    if not options.no_kafka and shutil.which("java"):
        figures.append(on_kafka(options.scale, options.runs))
    text = table(figures)
    head, _, rest = TABLE.read_text(encoding="utf-8").partition("<!-- measured -->")
    tail = rest.partition("<!-- end -->")[2]
    when = datetime.now(UTC).date().isoformat()
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    note = f"{when}, {machine}, {figures[0].rows:,} rows, {options.runs} runs each."
    TABLE.write_text(f"{head}<!-- measured -->\n{note}\n\n{text}\n<!-- end -->{tail}", encoding="utf-8")
    print(f"{note}\n\n{text}")


if __name__ == "__main__":
    main()
