"""The ledger: which numbers were seen, what is missing, and when a source is complete."""

import json
import subprocess
import sys

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.steps.ledger import Ledger, Stream
from tests.streams.steps.world import WAGE, Machine, batch_of

numbers = st.lists(st.integers(1, 12), max_size=30)


@given(numbers)
def test_a_number_is_new_once_in_any_order(seqs: list[int]) -> None:
    stream, seen = Stream(), set()
    for seq in seqs:
        assert stream.admit(seq) == (seq not in seen)
        seen.add(seq)
    assert stream.high == max(seqs, default=0)
    assert sorted(stream.missing) == sorted(set(range(1, stream.high + 1)) - seen)


@given(st.permutations(range(1, 9)), st.integers(0, 8))
def test_complete_when_the_run_ended_and_no_number_is_missing(order: list[int], heard: int) -> None:
    ledger = Ledger()
    for seq in order[:heard]:
        ledger.admit(batch_of(WAGE, [], seq, ends_run=seq == 8))
    assert ledger.newest(WAGE)[1].complete == (heard == 8)


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(1, 3), st.integers(1, 6), st.booleans()), max_size=30))
def test_the_ledger_survives_a_round_trip(heard: list[tuple[int, int, bool]]) -> None:
    ledger = Ledger()
    for epoch, seq, ends in heard:
        ledger.admit(batch_of(WAGE, [], seq, epoch=epoch, ends_run=ends))
    restored = msgspec.msgpack.decode(msgspec.msgpack.encode(ledger), type=Ledger)
    assert restored == ledger
    assert restored.newest(WAGE)[0] == max((epoch for epoch, _, _ in heard), default=0)


def test_a_new_epoch_begins_from_one_and_is_not_complete() -> None:
    machine = Machine()
    assert machine.feed(batch_of(WAGE, [], 1, ends_run=True), []).completeness.complete
    effects = machine.feed(batch_of(WAGE, [], 1, epoch=2), [])
    assert effects.receipt.status == "applied"
    assert (effects.completeness.epoch, effects.completeness.complete) == (2, False)


def test_a_late_batch_of_an_old_epoch_does_not_make_the_new_one_complete() -> None:
    machine = Machine()
    machine.feed(batch_of(WAGE, [], 1, epoch=2), [])
    effects = machine.feed(batch_of(WAGE, [], 1, epoch=1, ends_run=True), [])
    assert not effects.completeness.complete


def test_epochs_are_numbers_not_words() -> None:
    ledger = Ledger()
    for epoch in (9, 10, 2):
        ledger.admit(batch_of(WAGE, [], 1, epoch=epoch))
    assert ledger.newest(WAGE)[0] == 10


def test_gaps_are_named_until_they_are_filled() -> None:
    machine = Machine()
    said = [machine.feed(batch_of(WAGE, [], seq, ends_run=seq == 4), []).completeness for seq in (1, 4, 3, 2)]
    assert [(c.complete, list(c.missing)) if c else None for c in (said[1], said[3])] == [
        (False, said[1].missing),
        (True, []),
    ]
    assert [c is None for c in said] == [True, False, True, False]
    assert json.loads(machine.spoken[1])[3]["missing"] == [2, 3]


def test_as_of_is_the_newest_run_that_ended() -> None:
    machine = Machine()
    machine.feed(batch_of(WAGE, [], 2, ends_run=True, produced_at="2008-09-02T00:00:00Z"), [])
    effects = machine.feed(batch_of(WAGE, [], 1, ends_run=True, produced_at="2008-09-01T00:00:00Z"), [])
    assert effects.completeness.as_of == "2008-09-02T00:00:00Z"


FAR_AHEAD = """
import resource, sys
from tests.streams.steps.world import CATALOG, WAGE, Machine, batch_of
from streams.steps.admission import Admission, Admitted
from topics.batch import encode_batch
from topics.names import change_topic
from topics.records import StoredRecord
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
machine = Machine()
for seq in (1, 10**12, 2, 10**12 - 1):
    batch = batch_of(WAGE, [], seq)
    record = StoredRecord(change_topic(WAGE), 0, 0, 0, None, encode_batch(batch), ())
    if isinstance(Admission(CATALOG).admit(record), Admitted):
        machine.feed(batch, [])
"""


def test_a_number_far_ahead_costs_no_memory() -> None:
    """One hostile (or broken) batch must not take the worker's memory: refuse it, or keep gaps as ranges."""
    done = subprocess.run(
        [sys.executable, "-c", FAR_AHEAD], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr.splitlines()[-1:]
