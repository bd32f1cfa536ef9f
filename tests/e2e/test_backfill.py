"""Backfill: full files loaded side by side end as they would one by one, wherever it was broken off."""

import json
from pathlib import Path

from streams.cli.backfilling import INTERRUPTED
from tests.e2e.evidence import compare
from tests.e2e.town import CLAIMS, RESOURCES, Row, Town, states, wait_until


def backfill(town: Town, folder: Path, *options: object) -> Row:
    done = town.cli("backfill", folder, "--jobs", 2, "--json", *options)
    assert done.returncode == 0, done.stderr.decode()
    found: Row = json.loads(done.stdout)
    assert found["reconciled"]
    return found


def sent(found: Row) -> int:
    return sum(resource["facts"] for resource in found["resources"])


def said(town: Town) -> dict[str, tuple[object, ...]]:
    """Alerts by what does not depend on the order of arrival."""
    return {a["alert_id"]: (a["key"], a["state"], a["period"]) for a in town.alerts()}


def test_the_same_as_publishing_one_by_one(town: Town, city: Path, tmp_path: Path) -> None:
    town.start()
    found = backfill(town, city)
    assert [r["resource"] for r in found["resources"]] == sorted(RESOURCES)
    assert set(found["facts"]) == {str(number) for number in range(town.catalog.partitions)}
    compare(city, town.alerts(), states(town.results()), corrections=False)
    assert all(alert["complete"] for alert in town.alerts())
    other = Town(tmp_path / "other", f"embedded://{tmp_path / 'other' / 'log'}")
    other.folder.mkdir()
    other.keys = town.keys
    try:
        other.start()
        other.publish_all(city)
        assert said(other) == said(town)
    finally:
        other.close()
    assert [summary.changed for summary in town.publish_all(city)] == [0, 0, 0, 0]
    town.correct(city)
    compare(city, town.alerts(), states(town.results()))


def test_killed_in_the_middle_it_continues(town: Town, city: Path) -> None:
    town.start()
    before = len(town.records("facts"))
    running = town.spawn("backfill", city, "--jobs", 2)
    wait_until(lambda: len(town.records("facts")) > before, "the first batches in facts")
    running.kill()
    again = backfill(town, city)
    compare(city, town.alerts(), states(town.results()), corrections=False)
    assert {len(contents) for contents in town.revisions().values()} == {1}
    assert sent(backfill(town, city)) == 0
    assert all(r["hub_refused"] == 0 for r in again["resources"])


def test_interrupted_it_says_how_to_go_on(village: Town, city: Path) -> None:
    village.start()
    before = len(village.records("facts"))
    running = village.spawn("backfill", city, "--jobs", 2)
    wait_until(lambda: len(village.records("facts")) > before, "the first batches in facts")
    status, _ = running.stop()
    assert (status, "Run the same command again" in running.text) == (INTERRUPTED, True), running.text
    backfill(village, city)
    compare(city, village.alerts(), states(village.results()), corrections=False)


def test_a_changed_file_sends_its_changes_the_ordinary_way(
    village: Town, hamlet: Path, tmp_path: Path
) -> None:
    village.start()
    backfill(village, hamlet)
    lines = (hamlet / f"{CLAIMS}.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    shorter = tmp_path / f"{CLAIMS}.csv"
    shorter.write_text("".join(lines[:-3]), encoding="utf-8")
    assert 1 <= village.publish(CLAIMS, shorter).tally.delete <= 3
    assert sent(backfill(village, hamlet / f"{CLAIMS}.csv")) <= 3


def test_what_cannot_be_loaded_is_said_and_the_rest_is_loaded(
    village: Town, hamlet: Path, tmp_path: Path
) -> None:
    village.start()
    broken = tmp_path / f"{CLAIMS}.csv"
    broken.write_text("x\n1\n", encoding="utf-8")
    done = village.cli("backfill", broken, hamlet / "market.enterprise.csv", "--json")
    found = json.loads(done.stdout)
    assert done.returncode == 4, done.stderr.decode()
    assert list(found["failed"]) == [CLAIMS]
    assert [r["resource"] for r in found["resources"]] == ["market.enterprise"]
    for words in ([tmp_path / "none"], [tmp_path / "nobody.csv"], [tmp_path / "keys"]):
        assert village.cli("backfill", *words).returncode == 8
