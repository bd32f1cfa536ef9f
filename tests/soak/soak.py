"""Departments publish without a pause while workers, and on Kafka the broker, are killed; then everything must add up.

    python -m tests.soak.run --kills 100 --broker-kills 5 --broker kafka --workers 3 --seed 1      (make soak)

Each worker has a data folder of its own, as on a machine of its own, and comes back to it. What is published changes
all the time (records are left out, come back, are corrected) and ends in the city's files and their corrections, which
the DuckDB oracle judges from the raw files alone. Must not know: how a check is decided.
"""

import csv
import json
import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread

from streams.city import generate
from tests.conftest import Broker, running_broker
from tests.e2e.evidence import compare
from tests.e2e.town import RESOURCES, Town, Worker, states
from topics.errors import BrokerUnavailable

LEFT_OUT = 0.05
"""Of a resource's records, in a full run that is not the last."""

REST_SECONDS = (6.0, 10.0)
"""Now and then nobody is killed for longer than a dead member holds up its group (6 s), so that work goes on."""


@dataclass(frozen=True)
class Options:
    """What is to happen."""

    broker: str = "embedded"
    kills: int = 100
    broker_kills: int = 5
    workers: int = 3
    seed: int = 1
    scale: float = 0.05
    rest_share: float = 0.25


@dataclass
class Report:
    """What has happened; `wrong`: what does not add up, in words."""

    options: Options
    kills: int = 0
    broker_kills: int = 0
    ended: int = 0
    runs: int = 0
    interrupted: int = 0
    rows: int = 0
    alerts: int = 0
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)

    @property
    def verdict(self) -> str:
        return "; ".join(self.wrong) or "all is right"


def soak(options: Options, folder: Path, tell: Callable[[str], None] = lambda _: None) -> Report:
    """Run, and say what has happened."""
    report, began = Report(options), time.monotonic()
    files = folder / "city"
    files.mkdir()
    generate("hangzhou-2008", files, scale=options.scale)
    with _broker(options, folder) as (url, broker):
        town = Town(folder, url)
        town.make_keys()
        try:
            _Soak(options, town, files, broker, report, tell).run()
            report.wrong += wrongs(town, files, report)
        finally:
            town.close()
    report.seconds = time.monotonic() - began
    return report


@contextmanager
def _broker(options: Options, folder: Path) -> Iterator[tuple[str, Broker | None]]:
    if options.broker == "embedded":
        yield f"embedded://{folder / 'log'}", None
        return
    place = folder / "kafka"
    place.mkdir()
    with contextmanager(running_broker)(place) as broker:
        yield broker.url, broker


@dataclass
class _Soak:
    """One run under way."""

    options: Options
    town: Town
    files: Path
    broker: Broker | None
    report: Report
    tell: Callable[[str], None]
    slots: list[Worker | None] = field(default_factory=list)
    over: Event = field(default_factory=Event)
    errors: list[str] = field(default_factory=list)

    def run(self) -> None:
        self.chance = random.Random(self.options.seed)
        self.slots = [None] * self.options.workers
        self._fill()
        for worker in self.slots:
            assert worker is not None
            worker.await_ready()
        threads = [Thread(target=self._depart, args=(r, self.chance.random())) for r in RESOURCES]
        for thread in threads:
            thread.start()
        try:
            self._kill_all()
            self._fill()
        finally:
            self.over.set()
            for thread in threads:
                thread.join()
        self.report.wrong += self.errors

    # workers and broker

    def _fill(self) -> None:
        """A worker in every slot; those that ended by themselves are counted."""
        for number, worker in enumerate(self.slots):
            if worker is not None and not worker.alive:
                self.report.ended += worker.process.returncode != -9
            if worker is None or not worker.alive:
                data = self.town.folder / f"machine-{number}"
                self.slots[number] = self.town.start(ready=False, data=data)

    def _kill_all(self) -> None:
        every = self.options.kills // (self.options.broker_kills + 1) + 1
        for number in range(1, self.options.kills + 1):
            self._pause()
            self._kill_one()
            if self.broker is not None and number % every == 0:
                self._kill_broker()
            if self.chance.random() < 0.8:
                self._fill()
            if number % 10 == 0:
                self.tell(f"{number} kills, {self.report.runs} runs, {self.report.rows} rows")

    def _pause(self) -> None:
        rests = self.chance.random() < self.options.rest_share
        time.sleep(self.chance.uniform(*(REST_SECONDS if rests else (0.2, 2.0))))

    def _kill_one(self) -> None:
        alive = [worker for worker in self.slots if worker is not None and worker.alive]
        if not alive:
            self._fill()
            return
        self.chance.choice(alive).kill()
        self.report.kills += 1

    def _kill_broker(self) -> None:
        assert self.broker is not None
        self.broker.kill()
        time.sleep(self.chance.uniform(0.0, 2.0))
        self.broker.start()
        self.report.broker_kills += 1

    # departments

    def _depart(self, resource: str, seed: float) -> None:
        """One department: something new all the time; in the end, the files and their corrections as they are."""
        chance = random.Random(seed)
        try:
            while not self.over.is_set():
                self._publish(resource, self._shaken(resource, chance))
                self._publish(resource, self.files / "corrections" / f"{resource}.csv", "changes")
            self._publish(resource, self.files / f"{resource}.csv")
            self._publish(resource, self.files / "corrections" / f"{resource}.csv", "changes")
        except Exception as error:
            self.errors.append(f"{resource}: {type(error).__name__}: {str(error)[:300]}")

    def _shaken(self, resource: str, chance: random.Random) -> Path:
        """The resource's file without some of its records, in another order."""
        with (self.files / f"{resource}.csv").open(encoding="utf-8", newline="") as lines:
            header, *rows = csv.reader(lines)
        chance.shuffle(rows)
        del rows[: int(len(rows) * LEFT_OUT * chance.random())]
        target = self.town.folder / f"shaken-{resource}.csv"
        with target.open("w", encoding="utf-8", newline="") as out:
            csv.writer(out).writerows([header, *rows])
        return target

    def _publish(self, resource: str, file: Path, mode: str = "full") -> None:
        """Publish and reconcile; a run that the broker's end interrupts is begun again, as a department would."""
        while True:
            try:
                summary = self.town.publish(resource, file, mode)
            except (BrokerUnavailable, OSError):
                self.report.interrupted += 1
                time.sleep(0.5)
            else:
                self.report.runs += 1
                self.report.rows += summary.facts.total
                return


# what must be right in the end


def wrongs(town: Town, files: Path, report: Report) -> list[str]:
    """Everything that does not add up."""
    found = []
    alerts = town.alerts()
    report.alerts = sum(alert["state"] != "withdrawn" for alert in alerts)
    try:
        compare(files, alerts, states(town.results()))
    except AssertionError as error:
        found.append(f"final alerts differ from the oracle's: {str(error)[:500]}")
    several = sum(len(contents) > 1 for contents in town.revisions().values())
    if several:
        found.append(f"{several} alert revisions with two contents")
    return found + _stale_results(town) + _receipt_faults(town)


def _stale_results(town: Town) -> list[str]:
    """Compaction keeps the last record of a key: it must be the newest."""
    said: dict[str, list[int]] = defaultdict(list)
    for record in town.records("result.hrss"):
        result = json.loads(record.value)
        said[result["check_id"]].append(result["revision"])
    stale = sum(revisions[-1] != max(revisions) for revisions in said.values())
    return [f"{stale} of {len(said)} result keys end in an older revision"] if stale else []


def _receipt_faults(town: Town) -> list[str]:
    """Every numbered batch was applied once, its rows add up, and no number is missing."""
    told: dict[str, dict[str, str]] = defaultdict(dict)
    found: list[str] = []
    for record in town.records(*(f"receipt.{name}" for name in {r.partition(".")[0] for r in RESOURCES})):
        receipt = json.loads(record.value)
        handled = receipt["applied"] + receipt["duplicate"] + receipt["refused"]
        if handled != sum(receipt["received"].values()) or receipt["sent"] != receipt["received"]:
            found.append(f"a receipt does not add up: {receipt}")
        before = told[receipt["batch"]].setdefault(receipt["position"], receipt["status"])
        if before != receipt["status"]:
            found.append(f"two receipts at one position: {receipt}")
    once = {batch: list(at.values()).count("applied") for batch, at in told.items()}
    found += [f"{batch} was applied {times} times" for batch, times in once.items() if times != 1]
    return (found + _missing(told))[:5]


def _missing(batches: dict[str, dict[str, str]]) -> list[str]:
    numbers: dict[str, set[int]] = defaultdict(set)
    for batch in batches:
        stream, _, number = batch.rpartition("/")
        numbers[stream].add(int(number))
    return [f"{stream} lacks numbers" for stream, seen in numbers.items() if len(seen) != max(seen)]
