"""Single cases of the join step: unknown periods, late versions, tombstones, a full subject, what is disclosed."""

from datetime import date

import pytest

from tests.streams.steps.world import CLAIM, ENTERPRISE, RULE, SPELL, TOKENS, WAGE, Machine, batch_of, row
from topics.limits import MAX_FACTS

APRIL = {"start": date(2008, 4, 1), "end": date(2008, 4, 30)}
MAY = {"start": date(2008, 5, 1), "end": date(2008, 5, 31)}


def claim(version: int = 1, **period: date) -> object:
    return row(CLAIM, "claim", version, **(period or APRIL))


def states(machine: Machine) -> list[str]:
    return [alert.state for effects in machine.said for alert in effects.alerts]


def test_two_sources_corroborate_one_alert() -> None:
    machine = Machine()
    machine.tell(CLAIM, claim())
    machine.tell(WAGE, row(WAGE, "w", 1, **APRIL))
    machine.tell(SPELL, row(SPELL, "s", 1, start=date(2008, 4, 30), kind="regular"))
    (alert,) = machine.alerts().values()
    assert [(e.department, e.code, e.period) for e in alert.evidence] == [
        ("hrss", "regular", "2008-04/.."),
        ("tax", None, "2008-04"),
    ]
    assert states(machine) == ["open", "open"]


@pytest.mark.parametrize("end", [None, date(2008, 4, 15)])
def test_evidence_without_a_first_day_never_hits(end: date | None) -> None:
    machine = Machine()
    machine.tell(CLAIM, claim())
    machine.tell(SPELL, row(SPELL, "s", 1, start=None, end=end, kind="regular"))
    assert states(machine) == []


def test_a_claim_without_a_month_is_never_hit() -> None:
    machine = Machine()
    machine.tell(SPELL, row(SPELL, "s", 1, start=date(1990, 1, 1), kind="regular"))
    machine.tell(CLAIM, row(CLAIM, "claim", 1))
    assert states(machine) == []
    assert [r.verdict for r in machine.results().values()] == ["clear"]


def test_an_old_version_arriving_late_changes_nothing() -> None:
    machine = Machine()
    machine.tell(CLAIM, claim())
    machine.tell(WAGE, row(WAGE, "w", 5, **MAY))
    late = machine.tell(WAGE, row(WAGE, "w", 4, **APRIL))
    assert (late.receipt.duplicate, late.alerts) == (1, [])


def test_a_deleted_record_is_not_revived_by_its_past() -> None:
    machine = Machine()
    machine.tell(CLAIM, claim())
    machine.tell(WAGE, row(WAGE, "w", 5, op="d"))
    machine.tell(WAGE, row(WAGE, "w", 4, **APRIL))
    assert states(machine) == []


def test_a_record_deleted_and_told_again_counts_again() -> None:
    machine = Machine()
    machine.tell(CLAIM, claim())
    for version, op in enumerate("idi", 1):
        machine.tell(WAGE, row(WAGE, "w", version, op=op, **(APRIL if op == "i" else {})))
    assert states(machine) == ["open", "withdrawn", "open"]


def test_correcting_the_month_moves_the_alert_with_it() -> None:
    """Evidence covers both months, so only the claim's own period changes."""
    machine = Machine()
    machine.tell(SPELL, row(SPELL, "s", 1, start=date(2008, 1, 1), kind="regular"))
    machine.tell(CLAIM, claim(1, **APRIL))
    machine.tell(CLAIM, claim(2, **MAY))
    (alert,) = machine.alerts().values()
    assert (alert.state, alert.period) == ("open", "2008-05")


def test_the_alert_of_a_deleted_claim_keeps_its_month() -> None:
    machine = Machine()
    machine.tell(WAGE, row(WAGE, "w", 1, **APRIL))
    machine.tell(CLAIM, claim())
    (gone,) = machine.tell(CLAIM, row(CLAIM, "claim", 2, op="d")).alerts
    assert (gone.state, gone.period, gone.evidence) == ("withdrawn", "2008-04", [])


def test_correcting_the_person_withdraws_one_alert_and_checks_another() -> None:
    machine = Machine()
    machine.tell(WAGE, row(WAGE, "w", 1, **APRIL), row(WAGE, "v", 1, TOKENS[1], **APRIL))
    machine.tell(CLAIM, claim())
    machine.tell(CLAIM, row(CLAIM, "claim", 2, op="d"), row(CLAIM, "claim", 2, TOKENS[1], **APRIL))
    assert sorted(alert.state for alert in machine.alerts().values()) == ["open", "withdrawn"]
    assert sorted(r.verdict for r in machine.results().values()) == ["discrepancy", "withdrawn"]


def test_only_months_codes_and_own_handles_are_disclosed() -> None:
    machine = Machine()
    machine.tell(CLAIM, claim())
    told = machine.tell(
        ENTERPRISE, row(ENTERPRISE, "SECRET-HANDLE", 1, start=date(2008, 4, 17), status="active")
    )
    said = machine.spoken[-1]
    assert told.alerts[0].evidence[0].period == "2008-04/.."
    assert b"SECRET-HANDLE" not in said
    assert b"04-17" not in said


def test_explained_needs_every_piece_of_evidence_to_fall() -> None:
    machine = Machine()
    machine.tell(CLAIM, claim())
    machine.tell(SPELL, row(SPELL, "s", 1, start=APRIL["start"], kind="back_payment"))
    machine.tell(WAGE, row(WAGE, "w", 1, **APRIL))
    machine.tell(WAGE, row(WAGE, "w", 2, op="d"))
    assert states(machine) == ["explained", "open", "explained"]


def test_a_full_subject_refuses_new_records_and_counts_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.steps.apply.MAX_FACTS", 3)
    machine = Machine()
    rows = [row(WAGE, f"w{i}", 1, **APRIL) for i in range(5)]
    receipt = machine.tell(WAGE, *rows).receipt
    assert (receipt.applied, receipt.refused, receipt.reasons) == (3, 2, {"subject_full": 2})
    assert receipt.applied + receipt.duplicate + receipt.refused == receipt.received.total
    assert machine.memory.store.subjects[TOKENS[0]].size == 3


def test_a_full_subject_still_takes_updates_deletes_and_others_are_untouched(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("streams.steps.apply.MAX_FACTS", 2)
    machine = Machine()
    machine.tell(WAGE, *(row(WAGE, f"w{i}", 1, **APRIL) for i in range(2)))
    machine.tell(CLAIM, row(CLAIM, "full", 1, **APRIL), row(CLAIM, "other", 1, TOKENS[1], **APRIL))
    receipt = machine.tell(WAGE, row(WAGE, "w0", 2, op="d"), row(WAGE, "w1", 2, **MAY)).receipt
    assert (receipt.applied, receipt.refused) == (2, 0)
    assert [r.handle for r in machine.results().values()] == ["other"]


def test_the_cap_is_far_above_any_real_person() -> None:
    assert MAX_FACTS >= 1_000


def test_a_seen_number_is_not_applied_twice_whatever_it_holds() -> None:
    machine = Machine()
    machine.tell(WAGE, row(WAGE, "w", 1, **APRIL))
    again = [row(WAGE, "x", 9, **APRIL)]
    receipt = machine.feed(batch_of(WAGE, again, 1), again).receipt
    assert (receipt.status, receipt.applied, receipt.duplicate) == ("duplicate", 0, 1)


def test_receipt_says_where_and_whose() -> None:
    machine = Machine()
    machine.position = 41
    receipt = machine.tell(WAGE, row(WAGE, "w", 1, **APRIL)).receipt
    assert (receipt.position, receipt.batch) == ("facts[3]@41", f"{WAGE}/1/3/1")
    assert (receipt.department, receipt.run, receipt.bucket) == ("tax", "run", 3)


def test_alert_carries_rule_version_position_and_time_of_the_batch() -> None:
    machine = Machine()
    machine.tell(CLAIM, claim())
    machine.position = 77
    (alert,) = machine.tell(WAGE, row(WAGE, "w", 1, **APRIL), produced_at="2008-09-01T12:00:00Z").alerts
    assert (alert.rule, alert.rule_version, alert.revision) == (RULE, 2, 77)
    assert (alert.updated_at, alert.bucket) == ("2008-09-01T12:00:00Z", 3)
