"""Builds and runs the peers: Quix Streams (Python), Kafka Streams (Java), and a nightly recompute in DuckDB.

Rules: each peer reads from topics filled beforehand on the same kind of broker, in the form that suits it, computes
the same verdicts and is held against the same expectation. Peers only join; admission, receipts, alerts with
evidence and replay to the byte are what ours does besides.
"""

import asyncio
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.bench.broker import PEER_BATCHES, PEER_OUT, PEER_ROWS, Broker, Target, fill, folder, kafka
from tests.bench.checking import check_peer
from tests.bench.columns import Shape
from tests.bench.expected import write_parquet
from tests.bench.figures import Row, record
from tests.bench.kafka import ours, protocol, together
from tests.bench.load import Load
from tests.bench.programs import ROOT, children_cpu
from topics.catalog import Catalog, load_catalog

HERE = Path(__file__).parent
BUILD = ROOT / "build" / "bench"
QUIX = BUILD / "quix"
STREAMS = BUILD / "kafka-streams"
CACHE = 512 * 2**20
"""Bytes of Kafka Streams' record cache: what our worker may take as well (its default is 10 MB)."""


Command = Callable[[Broker, str, Path, int], list[str]]
"""The command for a broker, the topic to read, a folder for state, and how many rows there are."""


def build() -> None:
    """Install and build the peers into build/bench, once."""
    if not (QUIX / "installed").exists():
        subprocess.run([sys.executable, "-m", "venv", str(QUIX)], check=True)
        pip = [str(QUIX / "bin/python"), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        subprocess.run([*pip, *_extra()], check=True)
        (QUIX / "installed").touch()
    if not (STREAMS / "lib").exists():
        subprocess.run(["mvn", "-B", "-q", "package"], cwd=HERE / "kafka-streams", check=True)


def _extra() -> list[str]:
    """The `bench` extra; in an environment of its own, since Quix holds pydantic back."""
    found = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extra: list[str] = found["project"]["optional-dependencies"]["bench"]
    return extra


def quix(broker: Broker, source: str, data: Path, rows: int) -> list[str]:
    """The command that runs it."""
    script = str(HERE / "quix_peer.py")
    return [str(QUIX / "bin/python"), script, broker.servers, source, PEER_OUT, str(data / "quix"), str(rows)]


def kafka_streams(broker: Broker, source: str, data: Path, rows: int, threads: int = 1) -> list[str]:
    """The command that runs it."""
    jars = f"{STREAMS}/peer-kafka-streams-1.jar:{STREAMS}/lib/*"
    settings = [broker.servers, source, PEER_OUT, str(data / "streams"), str(rows), str(threads), str(CACHE)]
    return ["java", "-Xmx2g", "-cp", jars, "Peer", *settings]


def measure_all(sizes: list[float], runs: int, *, quick: bool) -> None:
    """Ours and every peer on the same loads; large ones once."""
    build()
    catalog = load_catalog()
    for size in sizes:
        rows = (200_000 if quick else 1_000_000) if size == 0.1 else int(size * 4e6)
        shape = Shape(int(size * 1e6), rows)
        times = runs if rows <= 1_000_000 else 1
        _measure(catalog, shape, times)


def _measure(catalog: Catalog, shape: Shape, runs: int) -> None:
    size = f"{shape.subjects / 1e6:g}M subjects, {shape.rows / 1e6:g}M rows"
    for workers, who in ((1, "ours"), (2, "ours, two workers")):
        found = [asyncio.run(ours(catalog, shape, workers, facts=True)) for _ in range(runs)]
        record("peers", f"{who}, join only, from `facts`: {size}", together(found))
    record("peers", f"nightly recompute, DuckDB on Parquet, all cores: {size}", nightly(shape, runs))
    peers: list[tuple[str, Target, Command]] = [
        ("Kafka Streams, 1 thread, batches of 500", PEER_BATCHES, kafka_streams),
        ("Kafka Streams, 1 thread, one keyed row a message", PEER_ROWS, kafka_streams),
        ("Kafka Streams, 2 threads, batches of 500", PEER_BATCHES, partial(kafka_streams, threads=2)),
        ("Quix Streams, one keyed row a message", PEER_ROWS, quix),
        ("Quix Streams, batches of 500", PEER_BATCHES, quix),
    ]
    for name, source, command in peers:
        rows = [asyncio.run(_run(catalog, shape, source, command)) for _ in range(runs)]
        record("peers", f"{name}: {size}", together(rows))


async def _run(catalog: Catalog, shape: Shape, source: Target, command: Command) -> Row:
    with kafka() as broker, folder() as data:
        await fill(broker, catalog, Load(catalog, shape), source)
        row = protocol(command(broker, source, data, shape.rows), broker, data / "peer.log", shape.rows)
        return {**row, "checked": await check_peer(broker, shape)}


def nightly(shape: Shape, runs: int) -> Row:
    """The whole recompute, in a process of its own."""
    with folder() as data:
        write_parquet(shape, data / "rows.parquet")
        rows = []
        for _ in range(runs):
            begun, before = time.monotonic(), children_cpu()
            files = [str(data / "rows.parquet"), str(data / "out.parquet")]
            command = [sys.executable, "-m", "tests.bench.expected", *files]
            subprocess.run(command, check=True, cwd=ROOT)
            seconds, cpu = time.monotonic() - begun, children_cpu() - before
            rows.append({"seconds": [round(seconds, 3)], "cpu": [round(cpu, 3)]})
    return {
        "rows": shape.rows,
        "seconds": [row["seconds"][0] for row in rows],
        "cpu": [row["cpu"][0] for row in rows],
    }
