"""The stages of a demonstration, in order; what they have to say goes to a `Stage` listener.

city > workers > publish all four > late corrections > compare with truth > decisions > snapshot
"""

import asyncio
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from stores.snapshot import write
from streams.city import CitySummary, generate
from streams.demo.departments import Departments, Plan, Stage, refuse_used
from streams.demo.outcome import REASONS, Outcome, Pace, compare, outcome, read_truth
from streams.demo.workers import check_alive, workers
from streams.publisher.keys import KeyRing
from streams.readers import current
from streams.readers.decide import dispose
from streams.readers.own import KeyBook
from streams.readers.snapshot import gather
from streams.transport.port import Log, connect
from topics.alerts import Alert
from topics.catalog import Catalog, load_catalog
from topics.codec import encode
from topics.names import disposition_topic, topic_specs
from topics.records import Record

OWNER = "hrss"
RULE = "benefit-while-employed"
OFFICER = "demo officer (replayed from truth.csv)"


@dataclass(slots=True)
class Demo:
    """One run."""

    plan: Plan
    stage: Stage

    @property
    def _files(self) -> Path:
        return self.plan.settings.data / "city"

    async def run(self) -> Outcome:
        """Run every stage. Raises CrosscheckError where one cannot be carried out."""
        settings, catalog = self.plan.settings, load_catalog(self.plan.settings.catalog)
        city = self._city()
        async with connect(settings.broker) as log:
            await log.ensure(topic_specs(catalog))
            await refuse_used(log)
            departments = Departments(settings, catalog, log, self.stage)
            with workers(settings, self.plan.workers) as started:
                watch = asyncio.create_task(self._watch(log))
                pace = await self._publish_all(departments, city, started)
                self.stage.begin("corrections")
                await departments.correct(self._files / "corrections")
                await _cancel(watch)
            return await self._conclude(departments, pace)

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
        self, departments: Departments, city: CitySummary, started: list[subprocess.Popen[bytes]]
    ) -> Pace:
        """Every department's file, one after the other; receipts are awaited together at the end."""
        self.stage.begin("publish")
        begun = time.perf_counter()
        runs = []
        for resource in city.rows:
            runs.append(await departments.send(resource, self._files / f"{resource}.csv", "full"))
            check_alive(started, self.plan.settings.data)
        self.stage.begin("receipts")
        await departments.settle(*runs)
        return Pace(sum(city.rows.values()), time.perf_counter() - begun)

    async def _conclude(self, departments: Departments, pace: Pace) -> Outcome:
        catalog, log = departments.catalog, departments.log
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
            published=tuple(departments.published),
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


async def _cancel(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
