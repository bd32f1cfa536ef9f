"""All packs end to end on a running worker: every alert and every result equals the oracle's."""

import asyncio
import json
import subprocess
from pathlib import Path
from shutil import copytree

import msgspec
import pytest

from streams.demo.packs_table import read_table, table
from streams.demo.town import TownOutcome
from streams.readers import current
from streams.transport.port import connect
from tests.e2e.town import command
from tests.packs.conftest import Folder, demonstrated, standing
from topics.alerts import Alert
from topics.catalog import Catalog
from topics.catalog.load import CITY


def _hits(verdicts: dict[str, str]) -> dict[str, str]:
    return {key: state for key, state in verdicts.items() if state != "clear"}


def test_alerts_and_results_are_the_oracles(run: TownOutcome, small: Folder, town_catalog: Catalog) -> None:
    expected = small.verdicts()
    alerts, results = standing(run, town_catalog)
    for rule, verdicts in expected.items():
        assert alerts[rule] == _hits(verdicts), rule
        assert results[rule] == verdicts, rule


def test_precision_and_recall_are_one(run: TownOutcome) -> None:
    assert run.good
    assert run.reconciled
    for score in run.scores:
        assert (score.precision, score.recall, score.exact) == (1.0, 1.0, True), score.rule.id
        assert score.open
        assert score.explained
        assert score.withdrawn
        assert score.confirmed
        assert score.dismissed


def test_the_table_in_the_readme_is_true(run: TownOutcome, town_catalog: Catalog) -> None:
    assert read_table(CITY / "README.md") == table(town_catalog, run.scores)


def test_refused_rows_are_counted(run: TownOutcome) -> None:
    refused = sum(summary.tally.refused for summary in run.published)
    assert refused == sum(run.town.bad_rows.values())


def _told(run: TownOutcome, department: str) -> list[dict]:
    async def read() -> list[Alert]:
        async with connect(run.plan.settings.broker) as log:
            return list((await current.alerts(log, department)).values())

    return [msgspec.to_builtins(alert) for alert in asyncio.run(read())]


def test_a_second_department_is_told_in_its_own_forms(run: TownOutcome, town_catalog: Catalog) -> None:
    """Tax hears of enterprises it lacks: that there is something, and in which month; no code, no batches."""
    told = [a for a in _told(run, "tax") if a["rule"] == "enterprise-no-counterpart"]
    score = next(s for s in run.scores if s.rule.id == "enterprise-no-counterpart")
    assert len(told) == score.open + score.explained + score.withdrawn
    for alert in told:
        assert not alert["batches"]
        assert all(piece["code"] is None for piece in alert["evidence"])
    bands = [a for a in _told(run, "tax") if a["rule"] == "headcount-mismatch" and a["state"] == "open"]
    assert bands
    assert all(piece["code"] is None for a in bands for piece in a["evidence"])


def test_the_owner_sees_bands_and_codes(run: TownOutcome) -> None:
    incomes = [a for a in _told(run, "civil") if a["rule"] == "low-income-income" and a["state"] == "open"]
    assert {piece["code"] for a in incomes for piece in a["evidence"]} <= {
        "0-1000",
        "1000-2000",
        "2000-3000",
        "3000-4000",
        "4000-5000",
        "5000-6000",
        "6000-8000",
        "8000-10000",
    }
    names = {piece["resource"] for a in incomes for piece in a["evidence"]}
    assert names == {"tax.income_month"}


@pytest.mark.broker
def test_the_town_on_kafka(kafka_broker: str, tmp_path: Path) -> None:
    """With two workers, and a business date that comes from the log."""
    outcome = demonstrated(tmp_path, kafka_broker, 0.005, workers=2, snapshot=False)
    assert outcome.reconciled
    assert [score.rule.id for score in outcome.scores if not score.exact] == []


def test_the_command_on_the_embedded_log(tmp_path: Path) -> None:
    words = ("demo", "--scenario", "city", "--scale", "0.005", "--json", "--data", tmp_path)
    done = subprocess.run(command(*words), capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["exact"], said["reconciled"], said["synthetic"]) == (True, True, True)
    assert (said["business_date"], len(said["rules"])) == ("2026-01-15", 26)
    assert {(rule["precision"], rule["recall"]) for rule in said["rules"]} == {(1.0, 1.0)}
    assert Path(said["snapshot"]).is_dir()


def test_the_demo_says_so_when_something_differs(tmp_path: Path) -> None:
    """A catalog in which a rule was tampered with: the demonstration must not pass."""
    for name in ("example", "city"):
        copytree(CITY.parent / name, tmp_path / "catalog" / name)
    rule = tmp_path / "catalog/city/packs/life-events/rules/marriage-overlap.yml"
    text = rule.read_text(encoding="utf-8")
    rule.write_text(text.replace("at_least_days: 2", "at_least_days: 3"), encoding="utf-8")
    outcome = demonstrated(
        tmp_path / "data", f"embedded://{tmp_path / 'log'}", 0.005, catalog=tmp_path / "catalog/city"
    )
    wrong = {score.rule.id: (score.missed, score.invented) for score in outcome.scores if not score.exact}
    assert not outcome.good
    assert wrong == {"marriage-overlap": (2, 0)}
