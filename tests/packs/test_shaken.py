"""Records that meet in every way: the town's files shaken together still come out as the oracle says, every rule."""

import asyncio
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from streams.city.town import TownSummary, generate_town
from streams.demo.departments import Departments
from streams.demo.live import Silent
from streams.demo.town import Seen, tell_day, told
from streams.demo.workers import workers
from streams.publisher.keys import KeyRing
from streams.readers.own import KeyBook
from streams.settings import Settings
from streams.transport.port import connect
from tests.oracle.town import TownOracle, Verdicts
from tests.packs.shaken import shake
from topics.catalog import Catalog
from topics.catalog.load import CITY
from topics.names import topic_specs

WORDS = {"clear": "clear", "discrepancy": "open", "explained": "explained"}


async def _published(files: Path, catalog: Catalog, settings: Settings, town: TownSummary) -> dict[str, Seen]:
    """Publish everything, the business date before the last resource; what rule owners were told."""
    async with connect(settings.broker) as log:
        await log.ensure(topic_specs(catalog))
        departments = Departments(settings, catalog, log, Silent())
        *first, last = town.rows
        with workers(settings, 1, clock="log"):
            runs = [await departments.send(name, files / f"{name}.csv", "full") for name in first]
            await departments.settle(*runs)
            await tell_day(log, date.fromisoformat(town.business_date))
            await departments.settle(await departments.send(last, files / f"{last}.csv", "full"))
        return await told(catalog, log, KeyBook(KeyRing.at(settings.data, generate=False)))


def _results(seen: Seen) -> Verdicts:
    return {key: WORDS[r.verdict] for key, r in seen.results if r.verdict != "withdrawn"}


@pytest.mark.parametrize("seed", [11])
def test_shaken_together(tmp_path: Path, town_catalog: Catalog, seed: int) -> None:
    town = generate_town(tmp_path / "city", scale=0.02, seed=seed)
    shake(tmp_path / "city", seed)
    settings = Settings.resolve(f"embedded://{tmp_path / 'log'}", tmp_path / "data", CITY)
    seen = asyncio.run(_published(tmp_path / "city", town_catalog, settings, town))
    states: Counter[str] = Counter()
    with TownOracle(tmp_path / "city", date.fromisoformat(town.business_date)) as oracle:
        for rule in town_catalog.active_rules:
            verdicts = oracle.verdicts(rule.id)
            states.update(verdicts.values())
            assert _results(seen[rule.id]) == verdicts, rule.id
    assert min(states[state] for state in WORDS.values()) > 20, states
