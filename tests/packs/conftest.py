"""Fixtures: the town's files, and one demonstration of all packs on the embedded log, shared by the tests."""

import asyncio
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from streams.city.town import TownSummary, generate_town
from streams.demo.departments import Plan
from streams.demo.live import Silent
from streams.demo.town import TownDemo, TownOutcome, told
from streams.publisher.keys import KeyRing
from streams.readers.own import KeyBook
from streams.settings import Settings
from streams.transport.port import connect
from tests.oracle.town import TownOracle, Verdicts
from topics.catalog import Catalog, load_catalog
from topics.catalog.load import CITY

SCALE, SEED = 0.05, 20081
"""The scale and seed of the table in topics/catalog/city/README.md."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A generated town and what the generator says of it."""

    path: Path
    summary: TownSummary

    def verdicts(self, *, corrections: bool = True) -> dict[str, Verdicts]:
        """What the oracle makes of the files, by rule."""
        today = date.fromisoformat(self.summary.business_date)
        with TownOracle(self.path, today, corrections=corrections) as oracle:
            return {rule: oracle.verdicts(rule) for rule in self.summary.rules}


def generated(path: Path, scale: float = SCALE, seed: int = SEED) -> Folder:
    return Folder(path, generate_town(path, scale=scale, seed=seed))


def demonstrated(
    data: Path,
    broker: str,
    scale: float = SCALE,
    *,
    catalog: Path = CITY,
    workers: int = 1,
    snapshot: bool = True,
) -> TownOutcome:
    """Run the demonstration of all packs in this process, with workers of its own."""
    plan = Plan(Settings.resolve(broker, data, catalog), "city", scale, SEED, workers, snapshot)
    return asyncio.run(TownDemo(plan, Silent()).run())


def standing(outcome: TownOutcome, catalog: Catalog) -> tuple[dict[str, Verdicts], dict[str, Verdicts]]:
    """What owners were told, by rule: alerts that stand, and results, as the oracle would write them."""
    settings = outcome.plan.settings
    words = {"clear": "clear", "discrepancy": "open", "explained": "explained"}

    async def ask() -> tuple[dict[str, Verdicts], dict[str, Verdicts]]:
        async with connect(settings.broker) as log:
            seen = await told(catalog, log, KeyBook(KeyRing.at(settings.data, generate=False)))
        alerts = {
            rule: {key: a.state for key, a in found.alerts if a.state != "withdrawn"}
            for rule, found in seen.items()
        }
        results = {
            rule: {key: words[r.verdict] for key, r in found.results if r.verdict != "withdrawn"}
            for rule, found in seen.items()
        }
        return alerts, results

    return asyncio.run(ask())


@pytest.fixture(scope="session")
def town_catalog() -> Catalog:
    """The catalog with all packs."""
    return load_catalog(CITY)


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """The town's files at a small scale, and never run."""
    return generated(tmp_path_factory.mktemp("town"))


@pytest.fixture(scope="package")
def run(tmp_path_factory: pytest.TempPathFactory) -> TownOutcome:
    """One demonstration on the embedded log."""
    folder = tmp_path_factory.mktemp("packs")
    return demonstrated(folder, f"embedded://{folder / 'log'}")
