"""A rule ends with its grant, or when officers do not confirm it: its alerts are withdrawn, its owner is told."""

import json
from collections.abc import Callable
from pathlib import Path

from tests.e2e.town import Town, wait_until

RULE = "benefit-while-employed"


def standing(town: Town) -> int:
    return sum(alert["state"] != "withdrawn" for alert in town.alerts())


def told(town: Town, topic: str) -> list[tuple[str, str]]:
    events = (json.loads(record.value) for record in town.records(topic))
    return [(event["force"], event["reason"]) for event in events if event["rule"] == RULE]


def test_a_rule_ends_with_the_day_of_its_grant(
    town: Town, hamlet: Path, declared: Callable[[str, str, str], Path]
) -> None:
    town.declare(declared("grants.yml", "valid_until: 2030-12-31", "valid_until: 2026-12-31"))
    town.start("--clock", "log")
    town.publish_all(hamlet)
    before = standing(town)
    assert before > 0
    assert town.cli("tick", "2026-12-31", "--yes").returncode == 0
    assert town.cli("tick", "2027-01-01", "--yes").returncode == 0
    wait_until(lambda: standing(town) == 0, "every alert withdrawn on the day after")
    for topic in ("audit", "notice.hrss"):
        assert told(town, topic) == [("active", "activated"), ("suspended", "expired")]
    assert b"is suspended (expired)" in town.cli("alerts", "--department", "hrss").stderr
    results = town.results()
    assert {row["verdict"] for row in results} == {"withdrawn"}
    assert town.records("receipt.hrss")  # data still comes in and is accounted for
    town.publish(
        "hrss.unemployment_benefit", hamlet / "corrections" / "hrss.unemployment_benefit.csv", "changes"
    )
    assert standing(town) == 0


def test_a_rule_that_is_not_confirmed_stops(
    village: Town, hamlet: Path, declared: Callable[[str, str, str], Path]
) -> None:
    village.declare(
        declared("rules/" + RULE + ".yml", "volume_cap: 2000", "precision_floor: 0.6\nvolume_cap: 2000")
    )
    village.start("--clock", "log")
    village.publish_all(hamlet)
    opened = [alert["alert_id"] for alert in village.alerts() if alert["state"] == "open"]
    assert len(opened) >= 3
    for alert_id in opened[:3]:
        done = village.cli("decide", alert_id, "dismissed", "--reason", "source_error")
        assert done.returncode == 0, done.stderr.decode()
    wait_until(lambda: standing(village) == 0, "the rule suspended and its alerts withdrawn")
    assert told(village, "notice.hrss") == [("active", "activated"), ("suspended", "precision")]
    village.start("--clock", "log")  # a restart does not bring it back
    assert standing(village) == 0
