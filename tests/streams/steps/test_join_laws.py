"""Laws of the join step, against a naive reference: order-free, idempotent, replayable, retracting, adding up."""

from collections import Counter
from datetime import date

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.streams.steps.histories import History, histories
from tests.streams.steps.reference import final_facts, verdicts
from tests.streams.steps.world import CLAIM, RULE, SPELL, TOKENS, Machine, batch_of, encoded, row
from topics.alerts import Alert, check_id
from topics.batch import Row
from topics.held import MANY

law = settings(max_examples=250, deadline=None)
CHECKED = [
    ("back_payment", "hrss.social_insurance"),
    ("enterprise_not_operating", "market.enterprise"),
]


def said_of(alert: Alert) -> tuple[object, ...]:
    return alert.state, [(e.resource, e.code, e.period, e.exculpation) for e in alert.evidence]


def current(machine: Machine) -> dict[str, Alert]:
    return {name: alert for name, alert in machine.alerts().items() if alert.state != "withdrawn"}


@law
@given(histories())
def test_final_alerts_follow_from_final_facts_whatever_the_order(history: History) -> None:
    expected = {k: v for k, v in verdicts(final_facts(history.sent)).items() if v.state != "clear"}
    found = {name: said_of(alert) for name, alert in current(history.machine()).items()}
    assert found == {name: (v.state, v.evidence) for name, v in expected.items()}


@law
@given(histories())
def test_final_alerts_name_the_claims_month_and_the_batches_they_stand_on(history: History) -> None:
    expected = {k: v for k, v in verdicts(final_facts(history.sent)).items() if v.state != "clear"}
    found = {name: (a.period, a.batches) for name, a in current(history.machine()).items()}
    assert found == {name: (v.period, v.batches) for name, v in expected.items()}


@law
@given(histories())
def test_final_alerts_list_every_exculpation_asked_about(history: History) -> None:
    for alert in current(history.machine()).values():
        fallen = {(e.exculpation, e.resource) for e in alert.evidence}
        listed = [(c.code, c.resource) for c in alert.exculpations]
        assert listed == CHECKED
        assert [c.holds for c in alert.exculpations] == [pair in fallen for pair in CHECKED]
        assert all(e.department == e.resource.split(".")[0] for e in alert.evidence)


@law
@given(histories())
def test_final_results_follow_from_final_facts_whatever_the_order(history: History) -> None:
    words = {"clear": "clear", "open": "discrepancy", "explained": "explained"}
    expected = {k: words[v.state] for k, v in verdicts(final_facts(history.sent)).items()}
    found = {k: r.verdict for k, r in history.machine().results().items()}
    assert {k: v for k, v in found.items() if v != "withdrawn"} == expected


@law
@given(histories(), st.data())
def test_a_batch_heard_again_changes_nothing(history: History, data: st.DataObject) -> None:
    if not history.sent:
        return
    machine = history.machine()
    before = machine.picture()
    batch, rows = data.draw(st.sampled_from(history.sent))
    effects = machine.feed(batch, rows)
    assert (effects.alerts, effects.results, effects.completeness, list(effects.dirty)) == ([], [], None, [])
    assert effects.receipt.status == "duplicate"
    assert (effects.receipt.applied, effects.receipt.duplicate) == (0, len(rows))
    assert machine.picture() == before


@law
@given(histories(), st.data())
def test_rows_sent_again_under_a_new_number_change_nothing(history: History, data: st.DataObject) -> None:
    if not history.sent:
        return
    machine = history.machine()
    batch, rows = data.draw(st.sampled_from(history.sent))
    effects = machine.feed(batch_of(batch.resource, rows, 1_000), rows)
    assert (effects.alerts, effects.results, list(effects.dirty)) == ([], [], [])
    assert (effects.receipt.status, effects.receipt.duplicate) == ("applied", len(rows))


@law
@given(histories(), st.data())
def test_replay_says_the_same_to_the_byte(history: History, data: st.DataObject) -> None:
    first, second = history.machine(), Machine()
    crashes = data.draw(st.sets(st.integers(0, len(history.delivered))))
    for i, (batch, rows) in enumerate(history.delivered):
        if i in crashes:
            second.save_and_restore()
        second.feed(batch, rows)
    assert second.spoken == first.spoken
    assert second.picture() == first.picture()


@law
@given(histories(), st.integers(0, 40))
def test_replay_from_a_checkpoint_repeats_what_was_said(history: History, at: int) -> None:
    first, second = history.machine(), Machine()
    for batch, rows in history.delivered[:at]:
        second.feed(batch, rows)
    second.save_and_restore()
    second.spoken.clear()
    for batch, rows in history.delivered[at:]:
        second.feed(batch, rows)
    assert second.spoken == first.spoken[at:]


@law
@given(histories())
def test_what_was_said_stays_as_it_was_said(history: History) -> None:
    machine = history.machine()
    assert [encoded(effects) for effects in machine.said] == machine.spoken


def deletions(history: History, *, of_claims: bool) -> list[tuple[str, Row]]:
    facts = final_facts(history.sent)
    return [
        (f.resource, Row("d", f.handle, 1_000, f.row.field, f.subject))
        for f in facts
        if (f.resource == CLAIM) == of_claims
    ]


@law
@given(histories())
def test_deleting_all_evidence_withdraws_every_alert(history: History) -> None:
    machine = history.machine()
    for resource, gone in deletions(history, of_claims=False):
        machine.tell(resource, gone)
    assert {a.state for a in machine.alerts().values()} <= {"withdrawn"}
    assert all(not a.evidence for a in machine.alerts().values())
    live = verdicts(final_facts(history.sent))
    assert {k for k, r in machine.results().items() if r.verdict == "clear"} == set(live)


@law
@given(histories())
def test_deleting_the_claims_withdraws_alerts_and_results(history: History) -> None:
    machine = history.machine()
    for resource, gone in deletions(history, of_claims=True):
        machine.tell(resource, gone)
    assert {a.state for a in machine.alerts().values()} <= {"withdrawn"}
    assert {r.verdict for r in machine.results().values()} <= {"withdrawn"}
    assert not any(
        subject.outcomes.get("benefit-while-employed") for subject in machine.memory.store.subjects.values()
    )


@law
@given(histories())
def test_revisions_grow_and_are_said_once(history: History) -> None:
    machine = history.machine()
    for kind in ("alerts", "results"):
        seen: dict[str, int] = {}
        for effects in machine.said:
            for one in getattr(effects, kind):
                name = one.alert_id if isinstance(one, Alert) else one.check_id
                assert one.revision > seen.get(name, -1)
                seen[name] = one.revision


@law
@given(histories())
def test_an_alert_is_revised_only_when_it_says_something_new(history: History) -> None:
    machine = history.machine()
    spoken_before: dict[str, bytes] = {}
    for effects in machine.said:
        for alert in effects.alerts:
            content = msgspec.json.encode((said_of(alert), alert.period, alert.batches))
            assert spoken_before.get(alert.alert_id) != content
            spoken_before[alert.alert_id] = content


@law
@given(histories())
def test_receipts_add_up(history: History) -> None:
    machine = history.machine()
    for effects, (batch, rows) in zip(machine.said, history.delivered, strict=True):
        receipt = effects.receipt
        assert receipt.applied + receipt.duplicate + receipt.refused == receipt.received.total == len(rows)
        assert receipt.sent == receipt.received == batch.counts
        assert receipt.refused == sum(receipt.reasons.values()) == 0
    statuses = Counter(e.receipt.status for e in machine.said)
    assert statuses["applied"] == len(history.sent)
    assert statuses["duplicate"] == len(history.delivered) - len(history.sent)


@law
@given(histories())
def test_only_changed_subjects_are_saved(history: History) -> None:
    machine = Machine()
    for batch, rows in history.delivered:
        before = {t: msgspec.msgpack.encode(s) for t, s in machine.memory.store.subjects.items()}
        dirty = set(machine.feed(batch, rows).dirty)
        fresh = msgspec.msgpack.encode(type(machine.memory.store.subjects[rows[0].subject])())
        changed = {
            token
            for token, subject in machine.memory.store.subjects.items()
            if msgspec.msgpack.encode(subject) != before.get(token, fresh)
        }
        assert dirty >= changed


def test_many_checks_of_one_subject_are_said_in_one_order_however_it_is_kept() -> None:
    """Looked through, what counts is found as it arrived; looked up (topics.held), as a set has it."""
    machine = Machine()
    machine.tell(
        CLAIM, *(row(CLAIM, f"{n:02}", 1, start=date(2000, 1, 1)) for n in reversed(range(2 * MANY)))
    )
    said = machine.tell(SPELL, row(SPELL, "s", 1, start=date(2008, 1, 1), code="employee"))
    assert [alert.alert_id for alert in said.alerts] == [
        check_id(RULE, CLAIM, f"{n:02}", TOKENS[0]) for n in range(2 * MANY)
    ]
