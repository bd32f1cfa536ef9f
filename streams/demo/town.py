"""The demonstration of every rule pack: a whole town, from sixteen departments' files to officers' decisions.

    town > workers > publish > the business date > the last register > corrections > compare, rule by rule
    > decisions > snapshot

Rules: the business date comes from the log, so every run ends alike; one register is published only after it, in
full, so that its receipts show that every partition has seen the date. Must not know: what a rule looks at.
"""

import subprocess
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

from stores.snapshot import write
from streams.city.town import TownSummary, generate_town
from streams.clock import now
from streams.controls import tell_all
from streams.demo.departments import Departments, Plan, Stage, refuse_used
from streams.demo.outcome import Pace
from streams.demo.score import RuleScore, Seen, Truth, read_truth, score
from streams.demo.workers import check_alive, workers
from streams.publisher.publish import Summary
from streams.readers import current
from streams.readers.decide import dispose
from streams.readers.own import KeyBook
from streams.readers.snapshot import gather
from streams.transport.port import Log, connect
from topics.alerts import Alert, Disposition
from topics.catalog import Catalog, Rule, load_catalog
from topics.catalog.load import CITY
from topics.codec import encode
from topics.control import Tick
from topics.names import disposition_topic, topic_specs
from topics.records import Record

OFFICER = "demo officer (replayed from truth)"
TITLES = {
    "city": "1 sixteen departments' files are written (synthetic 合成数据)",
    "publish": "2 departments publish: tokens, handles, periods, codes, bands and digests only (前置机报送)",
    "receipts": "  the hub's receipts are awaited and reconciled (等待回执并对账)",
    "tick": "3 the business date is told: deadlines have passed (业务日期)",
    "corrections": "4 sources correct themselves: alerts are withdrawn (更正与撤回)",
    "truth": "5 compared with the truth, rule by rule",
    "decisions": "6 officers decide (处置)",
    "snapshot": "7 snapshot for analysts (快照)",
}


@dataclass(frozen=True, slots=True)
class TownOutcome:
    """Everything the final screen says."""

    plan: Plan
    town: TownSummary
    scores: tuple[RuleScore, ...]
    published: tuple[Summary, ...]
    pace: Pace
    snapshot: Path | None

    @property
    def reconciled(self) -> bool:
        """Every run of every resource."""
        return all(s.reconciliation is not None and s.reconciliation.reconciled for s in self.published)

    @property
    def good(self) -> bool:
        """What the exit code says."""
        return self.reconciled and all(score.exact for score in self.scores)

    def as_json(self) -> dict[str, Any]:
        """One object."""
        return {
            "scenario": self.plan.scenario,
            "scale": self.plan.scale,
            "seed": self.plan.seed,
            "synthetic": True,
            "business_date": self.town.business_date,
            "checks": sum(s.checks for s in self.scores),
            "open": sum(s.open for s in self.scores),
            "explained": sum(s.explained for s in self.scores),
            "withdrawn": sum(s.withdrawn for s in self.scores),
            "exact": all(s.exact for s in self.scores),
            "rules": [s.as_json() for s in self.scores],
            "rows": self.pace.rows,
            "seconds": round(self.pace.seconds, 2),
            "rows_per_s": self.pace.rows_per_second,
            "reconciled": self.reconciled,
            "snapshot": str(self.snapshot) if self.snapshot else None,
            "data": str(self.plan.settings.data),
        }


@dataclass(slots=True)
class TownDemo:
    """One run."""

    plan: Plan
    stage: Stage

    @property
    def _files(self) -> Path:
        return self.plan.settings.data / "city"

    async def run(self) -> TownOutcome:
        """Run every stage. Raises CrosscheckError where one cannot be carried out."""
        settings, catalog = self.plan.settings, load_catalog(self.plan.settings.catalog or CITY)
        self.stage.begin("city")
        town = generate_town(
            self._files, scale=self.plan.scale, seed=self.plan.seed, progress=self.stage.city
        )
        async with connect(settings.broker) as log:
            await log.ensure(topic_specs(catalog))
            await refuse_used(log)
            departments = Departments(settings, catalog, log, self.stage)
            with workers(settings, self.plan.workers, clock="log") as started:
                pace = await self._publish_all(departments, town, started)
                self.stage.begin("corrections")
                await departments.correct(self._files / "corrections", together=True)
            return await self._conclude(departments, town, pace)

    async def _publish_all(
        self, departments: Departments, town: TownSummary, started: list[subprocess.Popen[bytes]]
    ) -> Pace:
        """Every department's file; the business date before the last one."""
        self.stage.begin("publish")
        begun, runs = time.perf_counter(), []
        *first, last = town.rows
        for resource in first:
            runs.append(await departments.send(resource, self._files / f"{resource}.csv", "full"))
            check_alive(started, self.plan.settings.data)
        self.stage.begin("receipts")
        await departments.settle(*runs)
        self.stage.begin("tick")
        await tell_day(departments.log, date.fromisoformat(town.business_date))
        await departments.settle(await departments.send(last, self._files / f"{last}.csv", "full"))
        return Pace(sum(town.rows.values()), time.perf_counter() - begun)

    async def _conclude(self, departments: Departments, town: TownSummary, pace: Pace) -> TownOutcome:
        catalog, log = departments.catalog, departments.log
        self.stage.begin("truth")
        seen = await told(catalog, log, KeyBook(departments.keys()))
        truths = {rule.id: read_truth(self._files, rule.id) for rule in catalog.active_rules}
        self.stage.begin("decisions")
        decided = await self._decide(log, catalog, seen, truths)
        snapshot = await self._snapshot(log, catalog) if self.plan.snapshot else None
        return TownOutcome(
            self.plan,
            town,
            tuple(
                score(rule, truths[rule.id], seen[rule.id], decided[rule.id]) for rule in catalog.active_rules
            ),
            tuple(departments.published),
            pace,
            snapshot,
        )

    async def _snapshot(self, log: Log, catalog: Catalog) -> Path:
        self.stage.begin("snapshot")
        return write(self.plan.settings.data / "snapshots", await gather(log, catalog))

    async def _decide(
        self, log: Log, catalog: Catalog, seen: Mapping[str, Seen], truths: Mapping[str, Truth]
    ) -> dict[str, list[Disposition]]:
        """Officers look at every open alert; what they find is what the truth says."""
        made: dict[str, list[Disposition]] = defaultdict(list)
        for rule in catalog.active_rules:
            made[rule.id] = [
                found
                for key, alert in seen[rule.id].alerts
                if (found := decision(rule, alert, truths[rule.id], key)) is not None
            ]
            records = [Record(d.alert_id.encode(), encode(d)) for d in made[rule.id]]
            await (await log.send(disposition_topic(rule.department), 0, records))
        return made


def decision(rule: Rule, alert: Alert, truth: Truth, key: str) -> Disposition | None:
    """What an officer who looked would decide; None where there is nothing to decide."""
    true = truth.get(key)
    if alert.state != "open" or true is None or not true.decision:
        return None
    verdict: Literal["confirmed", "dismissed"] = "confirmed" if true.decision == "confirmed" else "dismissed"
    return dispose(alert, rule, verdict, true.reason, OFFICER)


async def tell_day(log: Log, day: date) -> None:
    """A business date, to every partition of `facts`."""
    await tell_all(log, Tick(day, now()))


async def told(catalog: Catalog, log: Log, book: KeyBook) -> dict[str, Seen]:
    """What each rule's owner was told, by rule, with the owner's own record keys."""
    found: dict[str, Seen] = {}
    for department in sorted({rule.department for rule in catalog.active_rules}):
        alerts = (await current.alerts(log, department)).values()
        results = (await current.results(log, department)).values()
        for rule in catalog.active_rules:
            if rule.department == department:
                found[rule.id] = Seen(
                    tuple((book.key(a.resource, a.handle) or "", a) for a in alerts if a.rule == rule.id),
                    tuple((book.key(r.resource, r.handle) or "", r) for r in results if r.rule == rule.id),
                )
    return found
