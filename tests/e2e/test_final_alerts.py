"""Final alerts and results equal the oracle's, on both brokers, whatever happens to the workers meanwhile."""

import json
from pathlib import Path
from threading import Thread

from tests.e2e.evidence import compare
from tests.e2e.town import CLAIMS, FIRMS, SPELLS, WAGES, Town, states, wait_until


def _kill_one_during_the_first_resource(town: Town, files: Path) -> None:
    """SIGKILL a worker once batches reach `facts`, while the claims are still being published and joined."""
    first, _ = town.start(), town.start()
    before = len(town.records("facts"))
    done: list[object] = []
    publish = Thread(target=lambda: done.append(town.publish(CLAIMS, files / f"{CLAIMS}.csv")))
    publish.start()
    wait_until(lambda: len(town.records("facts")) > before, "the first batches in facts")
    first.kill()
    publish.join()
    assert done, "the claims were published and reconciled although a worker was killed"


def test_a_killed_worker_changes_nothing(town: Town, city: Path) -> None:
    """On Kafka the other worker takes over; on the embedded log a new one comes as well."""
    _kill_one_during_the_first_resource(town, city)
    if town.broker.startswith("embedded"):
        town.start(ready=False)
    for resource in (SPELLS, WAGES, FIRMS):
        town.publish(resource, city / f"{resource}.csv")
    town.correct(city)
    compare(city, town.alerts(), states(town.results()))
    assert all(a["complete"] for a in town.alerts())
    assert {len(contents) for contents in town.revisions().values()} == {1}, "a revision with two contents"


def test_publishing_again_changes_nothing(town: Town, hamlet: Path) -> None:
    town.start()
    town.publish_all(hamlet)
    before = town.revisions(), town.results()
    assert [summary.changed for summary in town.publish_all(hamlet)] == [0, 0, 0, 0]
    done = town.cli("publish", CLAIMS, hamlet / f"{CLAIMS}.csv")
    assert done.returncode == 0, done.stderr.decode()
    assert f"{CLAIMS}: nothing changed since the last publish" in done.stdout.decode()
    assert (town.revisions(), town.results()) == before


def test_any_order_of_resources_ends_in_the_same_alerts(town: Town, city: Path, tmp_path: Path) -> None:
    """The other order runs on an embedded log: neither order nor broker shows in an alert's identity."""
    town.start()
    town.publish_all(city)
    other = Town(tmp_path / "other", f"embedded://{tmp_path / 'other' / 'log'}")
    other.folder.mkdir()
    other.keys = town.keys
    try:
        other.start()
        other.publish_all(city, (FIRMS, WAGES, SPELLS, CLAIMS))
        assert _identity(other) == _identity(town)
        compare(city, other.alerts(), states(other.results()), corrections=False)
    finally:
        other.close()


def _identity(town: Town) -> dict[str, tuple[object, ...]]:
    return {
        alert["alert_id"]: (
            alert["key"],
            alert["state"],
            alert["period"],
            sorted(json.dumps(piece, sort_keys=True) for piece in alert["evidence"]),
        )
        for alert in town.alerts()
        if alert["state"] != "withdrawn"
    }
