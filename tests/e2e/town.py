"""A town to test in: a data folder, a broker, keys, workers as processes, publishes, and what readers see.

Rules: what people do goes through the command line or the front node's own Publisher; a process is ended by
its pid; the kafka broker is the test's own. Must not know: how a check is decided.
"""

import asyncio
import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from streams.publisher.keys import KeyRing
from streams.publisher.memory import FrontMemory
from streams.publisher.publish import Job, Progress, Publisher, Summary
from streams.transport.port import BrokerURL, connect
from topics.catalog import Catalog, load_catalog
from topics.records import Record, StoredRecord

CLAIMS = "hrss.unemployment_benefit"
SPELLS = "hrss.social_insurance"
WAGES = "tax.wage_withholding"
FIRMS = "market.enterprise"
RESOURCES = (CLAIMS, SPELLS, WAGES, FIRMS)
PATIENCE = 60.0
STATES = {"clear": "clear", "discrepancy": "open", "explained": "explained", "withdrawn": "withdrawn"}

READY = re.compile(r'^worker ready$|"message":"worker ready"', re.MULTILINE)
SERVED = re.compile(r"http://127\.0\.0\.1:\d+")

Row = dict[str, Any]


@dataclass(slots=True)
class Worker:
    """One worker process; what it says is in `log`."""

    process: "subprocess.Popen[bytes]"
    log: Path

    @property
    def text(self) -> str:
        return self.log.read_text(errors="replace")

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def hit(self, number: int) -> None:
        os.kill(self.process.pid, number)

    def await_ready(self) -> None:
        """Wait until it owns partitions."""
        wait_until(lambda: READY.search(self.text) or not self.alive, "worker ready")
        assert self.alive, self.text

    def get(self, page: str) -> tuple[int, bytes]:
        """One page of a worker that was started with --http: status and body."""
        wait_until(lambda: SERVED.search(self.text) or not self.alive, "an address")
        found = SERVED.search(self.text)
        assert found, self.text
        try:
            with urllib.request.urlopen(f"{found[0]}{page}", timeout=10) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def kill(self) -> None:
        """SIGKILL, and wait."""
        self.hit(signal.SIGKILL)
        self.process.wait(10)

    def stop(self, number: int = signal.SIGINT) -> tuple[int, float]:
        """The polite end: exit status and seconds it took."""
        begun = time.monotonic()
        self.hit(number)
        status = self.process.wait(30)
        return status, time.monotonic() - begun


@dataclass(slots=True)
class Town:
    """Everything of one test, under `folder`."""

    folder: Path
    broker: str
    declared: Path | None = None
    data: Path = field(init=False)
    keys: Path = field(init=False)
    catalog: Catalog = field(init=False)
    workers: list[Worker] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.data = self.folder / "data"
        self.keys = self.folder / "keys"
        self.catalog = load_catalog(self.declared)

    def declare(self, folder: Path) -> None:
        """Use another catalog from now on."""
        self.declared = folder
        self.catalog = load_catalog(folder)

    # processes

    def environment(self, **more: str) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("CROSSCHECK_")}
        places = {"CROSSCHECK_BROKER": self.broker, "CROSSCHECK_DATA": str(self.data)}
        if self.declared is not None:
            places["CROSSCHECK_CATALOG"] = str(self.declared)
        return kept | places | {"CROSSCHECK_KEYS": str(self.keys), "PYTHONUNBUFFERED": "1"} | more

    def cli(self, *words: object, **more: str) -> "subprocess.CompletedProcess[bytes]":
        """Run one command to its end."""
        return subprocess.run(
            command(*words), env=self.environment(**more), capture_output=True, timeout=120, check=False
        )

    def json(self, *words: object, **more: str) -> list[Row]:
        """Run one command that must succeed; its JSON lines."""
        done = self.cli(*words, "--json", **more)
        assert done.returncode == 0, f"{words}: {done.returncode}\n{done.stderr.decode()}"
        return [json.loads(line) for line in done.stdout.splitlines()]

    def make_keys(self) -> None:
        done = self.cli("keys", "--folder", self.keys)
        assert done.returncode == 0, done.stderr.decode()

    def start(self, *options: str, ready: bool = True, data: Path | None = None) -> Worker:
        """Start a worker; `ready`: wait until it owns partitions."""
        worker = self._spawn("worker", *options, data=data)
        if ready:
            worker.await_ready()
        return worker

    def start_together(self, count: int) -> list[Worker]:
        """Start workers at the same moment and wait until all are ready."""
        started = [self.start(ready=False) for _ in range(count)]
        for worker in started:
            worker.await_ready()
        return started

    def spawn(self, *words: object) -> Worker:
        """A command that goes on, such as `alerts --follow`."""
        return self._spawn(*words)

    def _spawn(self, *words: object, data: Path | None = None) -> Worker:
        log = self.folder / f"{words[0]}-{len(self.workers) + 1}.log"
        more = {"CROSSCHECK_DATA": str(data)} if data else {}
        with log.open("wb") as out:
            process = subprocess.Popen(command(*words), env=self.environment(**more), stdout=out, stderr=out)
        worker = Worker(process, log)
        self.workers.append(worker)
        return worker

    def close(self) -> None:
        """End what still runs."""
        for worker in self.workers:
            if worker.alive:
                worker.hit(signal.SIGCONT)
                worker.kill()

    # publishing

    async def send(self, resource: str, file: Path, mode: str = "full") -> Summary:
        """Publish through the front node's own code, in this process, and reconcile."""
        job = Job(self.catalog, self.catalog.resource(resource), file, mode, patience=PATIENCE)
        memory = FrontMemory(self.data / "front" / f"{resource}.sqlite")
        try:
            async with connect(BrokerURL.parse(self.broker)) as log:
                return await Publisher(job, KeyRing(self.keys, False, {}), memory, log).run(Progress())
        finally:
            memory.close()

    def publish(self, resource: str, file: Path, mode: str = "full") -> Summary:
        """Publish, and insist that every number adds up."""
        summary = asyncio.run(self.send(resource, file, mode))
        assert summary.reconciliation is not None
        assert summary.reconciliation.reconciled, summary
        return summary

    def publish_all(self, files: Path, order: Iterable[str] = RESOURCES) -> list[Summary]:
        """Every department's file, one after the other."""
        return [self.publish(resource, files / f"{resource}.csv") for resource in order]

    def correct(self, files: Path) -> list[Summary]:
        """The late corrections."""
        return [self.publish(name, files / "corrections" / f"{name}.csv", "changes") for name in RESOURCES]

    def tell(self, resource: str, *rows: Sequence[str], mode: str = "full") -> Summary:
        """Publish a file of these rows."""
        file = self.folder / f"{resource}.{mode}.csv"
        header = [*(["op"] if mode == "changes" else []), *self.catalog.resource(resource).header]
        with file.open("w", newline="", encoding="utf-8") as out:
            csv.writer(out).writerows([header, *rows])
        return self.publish(resource, file, mode)

    # reading

    def alerts(self, department: str = "hrss", **more: str) -> list[Row]:
        return self.json("alerts", "--department", department, **more)

    def results(self, department: str = "hrss", **more: str) -> list[Row]:
        return self.json("results", "--department", department, **more)

    def records(self, *names: str) -> list[StoredRecord]:
        """Every record of some topics, partition by partition in order."""
        return asyncio.run(self._records(names))

    async def _records(self, names: Sequence[str]) -> list[StoredRecord]:
        async with connect(BrokerURL.parse(self.broker)) as log:

            async def read(topic: str) -> list[StoredRecord]:
                return [record async for chunk in log.read(topic) for record in chunk]

            found = await asyncio.gather(*map(read, names))
        return [record for records in found for record in records]

    def append(self, topic: str, *records: Record, partition: int = 0) -> None:
        """Put records on a topic, as a hostile or broken writer would."""
        asyncio.run(self._append(topic, records, partition))

    async def _append(self, topic: str, records: Sequence[Record], partition: int) -> None:
        async with connect(BrokerURL.parse(self.broker)) as log:
            await (await log.send(topic, partition, records))

    def revisions(self, department: str = "hrss") -> dict[tuple[str, int], set[bytes]]:
        """Every content that was ever said under each (alert id, revision)."""
        said: dict[tuple[str, int], set[bytes]] = {}
        for record in self.records(f"alert.{department}"):
            alert = json.loads(record.value)
            said.setdefault((alert["alert_id"], alert["revision"]), set()).add(record.value)
        return said


def command(*words: object) -> list[str]:
    """The command line of one command."""
    return [sys.executable, "-m", "streams.cli.main", *map(str, words)]


def wait_until(true: Callable[[], object], what: str, seconds: float = 60.0, pause: float = 0.05) -> None:
    """Poll until something holds."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"waited {seconds} s for: {what}"
        time.sleep(pause)


def states(results: Iterable[Row]) -> dict[str, str]:
    """Record key -> state, of the checks that stand."""
    return {r["key"]: STATES[r["verdict"]] for r in results if r["verdict"] != "withdrawn"}
