"""A front node that lost its memory begins a new epoch: what it does not send again no longer holds."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from streams.steps.join import Effects
from tests.streams.steps.world import CLAIM, SPELL, TOKENS, WAGE, Machine, batch_of, row
from topics.batch import Row

APRIL = {"start": date(2008, 4, 1), "end": date(2008, 4, 30)}
LATER = 2**31
"""Versions of a later epoch are greater than any of an earlier one."""


def wages(*handles: str, epoch: int = 1, token: bytes = TOKENS[0]) -> list[Row]:
    return [row(WAGE, h, epoch * LATER + n, token, **APRIL) for n, h in enumerate(handles, 1)]


def tell(machine: Machine, rows: list[Row], seq: int, **changes: object) -> Effects:
    return machine.feed(batch_of(WAGE, rows, seq, **changes), rows)


def accused() -> Machine:
    """A claim with wage evidence w1, told in epoch 1."""
    machine = Machine()
    machine.tell(CLAIM, row(CLAIM, "c", 1, **APRIL))
    tell(machine, wages("w1", "w2"), 1, ends_run=True)
    assert [a.state for a in machine.alerts().values()] == ["open"]
    return machine


def test_evidence_that_is_not_sent_again_is_withdrawn() -> None:
    machine = accused()
    effects = tell(machine, [], 1, epoch=2, ends_run=True)
    assert [(a.state, a.evidence) for a in effects.alerts] == [("withdrawn", [])]
    assert [r.verdict for r in effects.results] == ["clear"]


def test_evidence_that_is_sent_again_stays() -> None:
    machine = accused()
    tell(machine, wages("w1", epoch=2), 1, epoch=2, ends_run=True)
    (alert,) = machine.alerts().values()
    assert (alert.state, len(alert.evidence)) == ("open", 1)


def test_nothing_goes_before_the_run_has_ended_whole() -> None:
    machine = accused()
    assert not tell(machine, [], 2, epoch=2, ends_run=True).alerts, "number 1 is missing"
    assert not tell(machine, [], 3, epoch=2).alerts
    assert [a.state for a in tell(machine, [], 1, epoch=2).alerts] == ["withdrawn"]


def test_a_run_of_changes_replaces_nothing() -> None:
    machine = accused()
    assert not tell(machine, [], 1, epoch=2, mode="changes", ends_run=True).alerts


def test_a_replaced_epoch_says_nothing_any_more() -> None:
    machine = accused()
    tell(machine, [], 1, epoch=2, ends_run=True)
    late = tell(machine, wages("w3"), 2)
    assert (late.receipt.status, late.alerts) == ("duplicate", [])


def test_other_resources_and_other_people_are_left_alone() -> None:
    machine = accused()
    machine.tell(SPELL, row(SPELL, "s", 1, start=date(2008, 1, 1), kind="regular"))
    machine.tell(CLAIM, row(CLAIM, "other", 2, TOKENS[1], **APRIL))
    tell(machine, wages("w9", token=TOKENS[1]), 2, ends_run=True)
    tell(machine, wages("w9", epoch=2, token=TOKENS[1]), 1, epoch=2, ends_run=True)
    left = {a.handle: [e.resource for e in a.evidence] for a in machine.alerts().values()}
    assert left == {"c": [SPELL], "other": [WAGE]}


def test_a_vanished_claim_withdraws_its_check() -> None:
    machine = accused()
    rows = [row(CLAIM, "new", 2 * LATER, **APRIL)]
    machine.feed(batch_of(CLAIM, rows, 1, epoch=2, ends_run=True), rows)
    assert {r.handle: r.verdict for r in machine.results().values()} == {
        "c": "withdrawn",
        "new": "discrepancy",
    }


@given(st.permutations(range(5)), st.sets(st.sampled_from(["w1", "w2", "w3"])))
def test_the_end_does_not_depend_on_what_came_first(order: list[int], kept: set[str]) -> None:
    """Batches of both epochs in any order: only what the new epoch sent is left."""
    new = wages(*sorted(kept), epoch=2)
    claim = [row(CLAIM, "c", 1, **APRIL)]
    told = [
        (batch_of(CLAIM, claim, 1), claim),
        (batch_of(WAGE, wages("w1", "w2"), 1), wages("w1", "w2")),
        (batch_of(WAGE, [], 2, ends_run=True), []),
        (batch_of(WAGE, new, 1, epoch=2), new),
        (batch_of(WAGE, [], 2, epoch=2, ends_run=True), []),
    ]
    machine = Machine()
    for index in order:
        machine.feed(*told[index])
    alerts = [(a.state, len(a.evidence)) for a in machine.alerts().values() if a.state != "withdrawn"]
    assert alerts == ([("open", len(kept))] if kept else [])
    again = Machine()
    for index in order:
        again.feed(*told[index])
        again.save_and_restore()
    assert again.spoken == machine.spoken
