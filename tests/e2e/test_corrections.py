"""A source corrects itself: alerts follow, whatever was said before."""

import time

from tests.e2e.people import FIRM, LI, ZHANG
from tests.e2e.town import CLAIMS, SPELLS, WAGES, Town

CLAIM = ("C1", ZHANG, "张", "2008-05", "595.00")
SPELL = ("S1", ZHANG, "张", FIRM, "2008-05-09", "", "regular", "2008-06-01")


def test_deleting_the_evidence_withdraws_and_telling_it_again_reopens(town: Town) -> None:
    town.start()
    town.tell(CLAIMS, CLAIM)
    town.tell(SPELLS, SPELL)
    (opened,) = town.alerts()
    assert (opened["key"], opened["state"], len(opened["evidence"])) == ("C1", "open", 1)
    town.tell(SPELLS, ("delete", "S1", *[""] * 7), mode="changes")
    (gone,) = town.alerts()
    assert (gone["alert_id"], gone["state"], gone["evidence"]) == (opened["alert_id"], "withdrawn", [])
    assert [r["verdict"] for r in town.results()] == ["clear"]
    town.tell(SPELLS, ("upsert", *SPELL), mode="changes")
    (again,) = town.alerts()
    assert (again["alert_id"], again["state"]) == (opened["alert_id"], "open")
    assert again["evidence"] == opened["evidence"]


def test_another_person_is_another_check(village: Town) -> None:
    village.start()
    village.tell(CLAIMS, CLAIM)
    village.tell(SPELLS, SPELL)
    village.tell(WAGES, ("W1", LI, "李", FIRM, "2008-05", "2500.00"))
    (old,) = village.alerts()
    village.tell(CLAIMS, ("upsert", "C1", LI, *CLAIM[2:]), mode="changes")
    found = {alert["alert_id"]: alert for alert in village.alerts()}
    assert len(found) == 2
    gone, new = found.pop(old["alert_id"]), next(iter(found.values()))
    assert (gone["state"], gone["key"], new["state"], new["key"]) == ("withdrawn", "C1", "open", "C1")
    assert [piece["resource"] for piece in new["evidence"]] == [WAGES]
    verdicts = {r["check_id"]: r["verdict"] for r in village.results()}
    assert verdicts == {old["alert_id"]: "withdrawn", new["alert_id"]: "discrepancy"}


def test_a_front_node_that_lost_its_memory(village: Town) -> None:
    """It begins a new epoch with its first full file; what the hub still held and the file lacks is gone."""
    village.start()
    village.tell(CLAIMS, CLAIM)
    village.tell(SPELLS, SPELL, ("S2", LI, *SPELL[2:]))
    (opened,) = village.alerts()
    for file in (village.data / "front").glob(f"{SPELLS}.sqlite*"):
        file.unlink()
    time.sleep(1.1)  # epochs are seconds
    village.tell(SPELLS, ("S2", LI, *SPELL[2:]))
    (gone,) = village.alerts()
    assert (gone["alert_id"], gone["state"]) == (opened["alert_id"], "withdrawn")
