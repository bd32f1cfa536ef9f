"""The stages of a demonstration, in order; what they have to say goes to a `Stage` listener.

city > workers > publish all four > late corrections > compare with truth > decisions > snapshot
"""

import asyncio
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from stores.snapshot import write
from streams.city import CitySummary, generate
from streams.demo.outcome import REASONS, Outcome, Pace, compare, outcome, read_truth
from streams.demo.workers import check_alive, workers
from streams.publisher.keys import KeyRing
from streams.publisher.memory import FrontMemory
from streams.publisher.publish import Job, Mode, Progress, Publisher, Summary
from streams.readers import current
from streams.readers.decide import dispose
from streams.readers.own import KeyBook
from streams.readers.snapshot import gather
from streams.settings import Settings
from streams.transport.port import Log, connect
from topics.alerts import Alert
from topics.catalog import Catalog, load_catalog
from topics.codec import encode
from topics.errors import BrokerUnavailable
from topics.names import FACTS, disposition_topic, topic_specs
from topics.records import Record

OWNER = "hrss"
RULE = "benefit-while-employed"
OFFICER = "demo officer (replayed from truth.csv)"
PATIENCE = 60.0


class Stage(Protocol):
    """Who listens: a screen, or nobody."""

    def begin(self, name: str) -> None:
        """A stage begins."""

    def city(self, step: str, rows: int) -> None:
        """The city's files are growing."""

    def read(self, resource: str, done: int, total: int) -> None:
        """Bytes read of a resource's file."""

    def alert(self, alert: Alert, key: str | None) -> None:
        """A revision became current."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to demonstrate."""

    settings: Settings
    scenario: str
    scale: float
    seed: int
    workers: int = 1


@dataclass(slots=True)
class Demo:
    """One run."""

    plan: Plan
    stage: Stage
    published: list[Summary] = field(default_factory=list)

    @property
    def _files(self) -> Path:
        return self.plan.settings.data / "city"

    async def run(self) -> Outcome:
        """Run every stage. Raises CrosscheckError where one cannot be carried out."""
        settings, catalog = self.plan.settings, load_catalog(self.plan.settings.catalog)
        city = self._city()
        async with connect(settings.broker) as log:
            await log.ensure(topic_specs(catalog))
            await _refuse_used(log)
            with workers(settings, self.plan.workers) as started:
                watch = asyncio.create_task(self._watch(log))
                pace = await self._publish_all(catalog, log, city, started)
                await self._correct(catalog, log)
                await _cancel(watch)
            return await self._conclude(catalog, log, pace)

    def _city(self) -> CitySummary:
        self.stage.begin("city")
        plan = self.plan
        return generate(
            plan.scenario, self._files, scale=plan.scale, seed=plan.seed, progress=self.stage.city
        )

    def _keys(self) -> KeyRing:
        return KeyRing.at(self.plan.settings.data, generate=True)

    async def _watch(self, log: Log) -> None:
        book = KeyBook(self._keys())
        async for alert in current.follow(log, OWNER):
            self.stage.alert(alert, book.key(alert.resource, alert.handle))

    async def _publish_all(
        self, catalog: Catalog, log: Log, city: CitySummary, started: list[subprocess.Popen[bytes]]
    ) -> Pace:
        """Every department's file, one after the other; receipts are awaited together at the end."""
        self.stage.begin("publish")
        begun = time.perf_counter()
        runs = []
        for resource in city.rows:
            file = self._files / f"{resource}.csv"
            runs.append(await self._send(catalog, log, resource, file, "full"))
            check_alive(started, self.plan.settings.data)
        self.stage.begin("receipts")
        self.published += [await run.reconcile(Progress()) for run in runs]
        return Pace(sum(city.rows.values()), time.perf_counter() - begun)

    async def _correct(self, catalog: Catalog, log: Log) -> None:
        self.stage.begin("corrections")
        for file in sorted((self._files / "corrections").glob("*.csv")):
            run = await self._send(catalog, log, file.stem, file, "changes")
            self.published.append(await run.reconcile(Progress()))

    async def _send(self, catalog: Catalog, log: Log, resource: str, file: Path, mode: Mode) -> Publisher:
        job = Job(catalog, catalog.resource(resource), file, mode, patience=PATIENCE)
        memory = FrontMemory(self.plan.settings.data / "front" / f"{resource}.sqlite")
        size = file.stat().st_size
        try:
            run = Publisher(job, self._keys(), memory, log)
            await run.send(Progress(read=lambda done: self.stage.read(resource, done, size)))
        finally:
            memory.close()
        return run

    async def _conclude(self, catalog: Catalog, log: Log, pace: Pace) -> Outcome:
        self.stage.begin("truth")
        book = KeyBook(self._keys())
        found = await current.alerts(log, OWNER)
        keys = {a.alert_id: book.key(a.resource, a.handle) or a.handle for a in found.values()}
        labels = read_truth(self._files / "truth.csv")
        states = {keys[a.alert_id]: a.state for a in found.values() if a.state != "withdrawn"}
        self.stage.begin("decisions")
        await self._decide(catalog, log, found, {id_: labels.get(key, "") for id_, key in keys.items()})
        self.stage.begin("snapshot")
        snapshot = write(self.plan.settings.data / "snapshots", await gather(log, catalog))
        return outcome(
            scenario=self.plan.scenario,
            scale=self.plan.scale,
            truth=compare(labels, states),
            results=(await current.results(log, OWNER)).values(),
            alerts=found.values(),
            decisions=(await current.dispositions(log, OWNER)).values(),
            published=tuple(self.published),
            pace=pace,
            snapshot=snapshot,
            data=self.plan.settings.data,
        )

    async def _decide(
        self, catalog: Catalog, log: Log, found: Mapping[str, Alert], labels: Mapping[str, str]
    ) -> None:
        """Officers look at every open alert; what they find is what the truth says."""
        rule = catalog.rule(RULE)
        records = []
        for alert in found.values():
            decision = REASONS.get(labels[alert.alert_id])
            if alert.state == "open" and decision:
                made = dispose(alert, rule, _decision(decision[0]), decision[1], OFFICER)
                records.append(Record(made.alert_id.encode(), encode(made)))
        await (await log.send(disposition_topic(OWNER), 0, records))


def _decision(text: str) -> Literal["confirmed", "dismissed"]:
    return "confirmed" if text == "confirmed" else "dismissed"


async def _refuse_used(log: Log) -> None:
    """A demonstration counts everything on its topics, so they must be new."""
    if any((await log.ends(FACTS)).values()):
        raise BrokerUnavailable(
            "this broker already holds facts", remedy="demonstrate on a new broker or folder"
        )


async def _cancel(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
