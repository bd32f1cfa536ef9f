"""The pieces in one process, and the demonstration: front node, admission, join, rules, end to end.

Floor: decoding the same batches and nothing else. Peer: a nightly DuckDB query over the raw files, which is what
an analyst would do instead (it sees raw data and has no alerts to withdraw).
"""

import asyncio
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from streams.agents.partition import Partition
from streams.agents.worker import calm_collector
from streams.city import generate
from streams.publisher.keys import KeyRing
from streams.publisher.memory import FrontMemory
from streams.publisher.publish import Job, Progress, Publisher
from streams.steps.admission import Admission, Admitted
from tests.bench.broker import controls_of, folder, kafka
from tests.bench.figures import Row, record
from tests.bench.load import Load
from tests.bench.programs import ROOT, children_cpu
from tests.oracle.oracle import final_checks
from topics.batch import decode_batch, decode_rows
from topics.catalog import CITY, Catalog, Rule, load_catalog
from topics.control import Control, control_record
from topics.names import FACTS
from topics.records import Record, StoredRecord


class Capture:
    """A log that keeps what it is sent and loses nothing of its order."""

    log_id = "bench"
    stale = False

    def __init__(self) -> None:
        self.sent: list[tuple[str, int, Record]] = []

    async def ends(self, topic: str) -> dict[int, int]:
        return {0: 0}

    async def take(self) -> None:
        """Nobody else has this name."""

    async def seal(self) -> None:
        """Nobody else has this name."""

    async def send(self, topic: str, partition: int, records: Sequence[Record]) -> "asyncio.Future[None]":
        self.sent += [(topic, partition, record) for record in records]
        done = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done


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
        job = Job(catalog, resource_, city / f"{resource_.id}.csv", "full", empty=True)
        await Publisher(job, KeyRing(data / "keys", True, {}), memory, log).send(Progress())
        memory.close()
    return log


def publish_all(catalog: Catalog, city: Path) -> None:
    """The front node alone: files to batches, into a log that costs nothing."""
    with folder() as data:
        asyncio.run(capture(catalog, city, data))


async def join_all(catalog: Catalog, controls: list[Control], records: list[StoredRecord]) -> float:
    """The join agent alone: batches to effects, with RocksDB and checkpoints. Seconds, rules in force before."""
    with folder() as data:
        parts = [Partition(p, data / str(p), Capture(), "bench") for p in range(catalog.partitions)]
        for part in parts:
            for offset, control in enumerate(controls, -len(controls)):
                part.next = offset
                await part.process(StoredRecord("facts", part.number, offset, 0, *control_record(control)))
        begun = time.perf_counter()
        for record in records:
            await parts[record.partition].process(record)
            await parts[record.partition].checkpoint_if_due()
        for part in parts:
            await part.checkpoint()
            part.close()
        return time.perf_counter() - begun


def joins(
    catalog: Catalog, controls: list[Control], records: list[StoredRecord], runs: int
) -> tuple[float, ...]:
    """Seconds of each run of the join agent, whose process collects cycles as a worker's does."""
    calm_collector()
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
    for topic, _, sent in log.sent:
        stored = StoredRecord(topic, 0, 0, 0, sent.key, sent.value, ())
        admitted = admission.admit(stored)
        assert isinstance(admitted, Admitted)
        bucket = admitted.batch.bucket
        offset = ends[bucket] = ends.get(bucket, -1) + 1
        facts.append(stored._replace(topic="facts", partition=bucket, offset=offset))
    return facts


def facts_of_load(load: Load) -> list[StoredRecord]:
    """The `facts` log that a generated load makes."""
    ends: dict[int, int] = {}
    facts = []
    for batches in load.batches():
        for _, bucket, _, sent in batches:
            offset = ends[bucket] = ends.get(bucket, -1) + 1
            facts.append(StoredRecord(FACTS, bucket, offset, 0, *sent))
    return facts


def demo(broker: str | None, scale: float) -> dict[str, Any]:
    """The demonstration as a user runs it; CPU seconds of all its processes."""
    with folder() as data:
        before = children_cpu()
        command = [sys.executable, "-m", "streams.cli.main", "demo", "--json", "--scale", str(scale)]
        command += ["--data", str(data), *(["--broker", broker] if broker else [])]
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
        found: dict[str, Any] = {**json.loads(done.stdout), "cpu": children_cpu() - before}
    assert found["missed"] == found["invented"] == 0
    assert found["reconciled"]
    return found


def demo_row(results: list[dict[str, Any]]) -> Row:
    """End to end: file to receipt."""
    return {key: [r[key] for r in results] for key in ("seconds", "cpu")} | {"rows": results[0]["rows"]}


def on_kafka(scale: float) -> dict[str, Any]:
    """The demonstration on a broker of its own."""
    with kafka() as broker:
        return demo(broker.url, scale)


def pieces(scale: float, runs: int) -> Iterator[tuple[str, int, tuple[float, ...]]]:
    """Name, rows and seconds of floor, pieces and peer on one city."""
    catalog, city = load_catalog(), load_catalog(CITY)
    with folder() as data:
        generate("hangzhou-2008", data / "city", scale=scale)
        log = asyncio.run(capture(catalog, data / "city", data))
        facts = facts_of(log, Admission(catalog))
        rows = sum(decode_batch(r.value).counts.total for r in facts)
        changes = [StoredRecord(t, 0, 0, 0, r.key, r.value, ()) for t, _, r in log.sent]
        admission = Admission(catalog)

        def decode_all() -> None:
            for fact in facts:
                decode_rows(decode_batch(fact.value))

        yield "floor: decode the batches, nothing else", rows, timed(decode_all, runs)
        yield "admission step", rows, timed(lambda: [admission.admit(c) for c in changes], runs)
        name = "join agent in process (RocksDB, checkpoints, encoded effects)"
        yield name, rows, joins(catalog, controls_of(catalog), facts, runs)
        for name, controls in rule_loads(catalog, city):
            yield name, rows, joins(catalog, controls, facts, runs)
        name = "front node in process (validate, tokenise, compare, batch)"
        yield name, rows, timed(lambda: publish_all(catalog, data / "city"), runs)
        name = "peer: nightly DuckDB query over the raw files (2 threads)"
        yield name, rows, timed(lambda: final_checks(data / "city", corrections=False), runs)


def measure_all(scale: float, runs: int, *, broker: bool) -> None:
    """Pieces, then the whole."""
    for name, rows, seconds in pieces(scale, runs):
        record("pieces", name, {"rows": rows, "seconds": [round(s, 3) for s in seconds]})
    ends: list[tuple[str, Callable[[], dict[str, Any]]]] = [
        ("end to end, embedded log (demo)", lambda: demo(None, scale))
    ]
    if broker and shutil.which("java"):
        ends.append(("end to end on Kafka, broker on the same cores (demo)", lambda: on_kafka(scale)))
    for name, run in ends:
        record("pieces", name, demo_row([run() for _ in range(runs)]))
