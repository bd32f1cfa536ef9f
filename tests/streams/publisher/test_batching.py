"""Batches on the wire: sizes, buckets, numbers and ends; and what a crash between commit and send leaves."""

import hashlib
from collections import defaultdict
from itertools import pairwise
from pathlib import Path

import pytest

from matchers.token import bucket_of
from streams.publisher.batching import Batcher
from streams.publisher.memory import FrontMemory
from streams.steps.admission import Admission, Admitted
from tests.streams.publisher.front import CATALOG, CLAIM, Front, LogDouble, claim, claims
from topics.batch import Row, decode_batch, decode_rows
from topics.errors import BrokerUnavailable, CrosscheckError
from topics.limits import MAX_BATCH_BYTES, MAX_ROWS
from topics.names import change_topic
from topics.records import StoredRecord

MANY = [claim(n) for n in range(9_000)]


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> LogDouble:
    return Front(tmp_path_factory.mktemp("front")).publish(claims(*MANY))[1]


def test_at_most_500_rows_and_each_in_its_bucket(published: LogDouble) -> None:
    assert len(published.rows()) == len(MANY)
    for batch in published.batches():
        rows = decode_rows(batch)
        assert len(rows) <= MAX_ROWS
        assert {bucket_of(row.subject, CATALOG.partitions) for row in rows} <= {batch.bucket}
        assert batch.counts.total == len(rows)
        assert batch.content_hash == hashlib.sha256(batch.rows).hexdigest()


def test_batches_are_near_full(published: LogDouble) -> None:
    assert len(published.batches()) <= 2 * len(MANY) / MAX_ROWS + 2 * CATALOG.partitions


def test_numbers_have_no_gaps_and_the_last_of_each_bucket_ends_the_run(published: LogDouble) -> None:
    by_bucket = defaultdict(list)
    for batch in published.batches():
        by_bucket[batch.bucket].append(batch)
    assert sorted(by_bucket) == list(range(CATALOG.partitions))
    for batches in by_bucket.values():
        assert [b.seq for b in batches] == list(range(1, len(batches) + 1))
        assert [b.ends_run for b in batches] == [False] * (len(batches) - 1) + [True]


def test_everything_sent_is_admitted(published: LogDouble) -> None:
    admission = Admission(CATALOG)
    for _, record in published.sent:
        stored = StoredRecord(change_topic(CLAIM), 0, 0, 0, record.key, record.value, record.headers)
        assert isinstance(admission.admit(stored), Admitted)


def test_the_event_names_the_batch(published: LogDouble) -> None:
    topic, record = published.sent[0]
    headers = dict(record.headers)
    assert (topic, headers["ce_id"], headers["ce_source"]) == (change_topic(CLAIM), record.key, b"/hrss")
    assert record.key == decode_batch(record.value).batch_id.encode()


def test_numbering_and_versions_go_on_over_runs(front: Front) -> None:
    logs = [front.publish(claims(claim(1, month=f"2008-{n:02}")))[1] for n in range(1, 4)]
    for bucket in range(CATALOG.partitions):
        seqs = [b.seq for log in logs for b in log.batches() if b.bucket == bucket]
        assert seqs == list(range(1, len(seqs) + 1))
        assert len(seqs) >= len(logs)
    versions = [row.version for log in logs for row in log.rows()]
    assert all(a < b for a, b in pairwise(versions))
    assert len({b.epoch for log in logs for b in log.batches()}) == 1
    assert len({b.run for log in logs for b in log.batches()}) == 3


def test_changes_end_only_where_they_touched(front: Front) -> None:
    head = "op,claim_no,person_id,name,month,amount"
    _, log = front.publish(claims(f"upsert,{claim(1)}", header=head), mode="changes")
    assert {b.bucket for b in log.batches() if b.ends_run} == {
        b.bucket for b in log.batches() if b.counts.total
    }


def test_a_lost_memory_begins_a_later_epoch_with_greater_versions(tmp_path: Path) -> None:
    for name in ("before", "after"):
        (tmp_path / name).mkdir()
    _, before = Front(tmp_path / "before", epoch=1_000).publish(claims(claim(1)))
    _, after = Front(tmp_path / "after", epoch=1_001).publish(claims(claim(1)))
    assert after.batches()[0].epoch > before.batches()[0].epoch
    assert after.rows()[0].version > before.rows()[0].version


def test_rows_too_big_for_one_message_are_split(tmp_path: Path) -> None:
    memory = FrontMemory(tmp_path / "m.sqlite", now=1)
    batcher = Batcher(CATALOG.resource(CLAIM), memory, partitions=1, key_version=1, run="r", mode="full")
    rows = [Row("i", f"{n}-" + "h" * 9_000, n + 1, "person_id", bytes(16)) for n in range(300)]
    batches = [decode_batch(data) for _, _, data in batcher.batches(rows, "now", last=True)]
    assert all(len(batch.rows) <= MAX_BATCH_BYTES for batch in batches)
    assert [row.version for batch in batches for row in decode_rows(batch)] == list(range(1, 301))
    assert [b.seq for b in batches] == list(range(1, len(batches) + 1))
    assert [b.ends_run for b in batches] == [False] * (len(batches) - 1) + [True]
    memory.close()


def test_many_last_rows_end_the_run_once(tmp_path: Path) -> None:
    memory = FrontMemory(tmp_path / "m.sqlite", now=1)
    batcher = Batcher(CATALOG.resource(CLAIM), memory, partitions=1, key_version=1, run="r", mode="full")
    rows = [Row("d", f"h{n}", n + 1, "person_id", bytes(16)) for n in range(1_200)]
    batches = [decode_batch(data) for _, _, data in batcher.batches(rows, "now", last=True)]
    assert [(b.counts.delete, b.ends_run) for b in batches] == [(500, False), (500, False), (200, True)]
    memory.close()


@pytest.mark.parametrize("fails_after", [0, 1, 5, 11])
def test_what_a_crash_left_unsent_goes_out_first_under_the_same_names(front: Front, fails_after: int) -> None:
    """The log dies mid-send; nothing is lost, nothing is numbered twice, and the file need not be read again."""
    lines = MANY[:3_000]
    broken = LogDouble(fails_after=fails_after)
    with pytest.raises(BrokerUnavailable):
        front.publish(claims(*lines), broken)
    log = LogDouble(sent=list(broken.sent))
    summary, _ = front.publish(claims(*lines), log)
    named = {b.batch_id: b.content_hash for b in log.batches()}
    assert all(named[b.batch_id] == b.content_hash for b in log.batches())
    rows = {(row.handle, row.version, row.op) for row in log.rows()}
    assert len(rows) == len(lines)
    assert summary.tally.insert < len(lines) or fails_after == 0
    for bucket in range(CATALOG.partitions):
        seqs = sorted({b.seq for b in log.batches() if b.bucket == bucket})
        assert seqs == list(range(1, len(seqs) + 1))
    assert front.publish(claims(*lines))[1].ops() == ""


def test_a_crash_inside_a_transaction_forgets_the_whole_of_it(
    front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(FrontMemory, "queue", fail)
        with pytest.raises(OSError, match="disk full"):
            front.publish(claims(claim(1)))
    _, log = front.publish(claims(claim(1)))
    assert log.ops() == "i"
    assert all(b.seq == 1 for b in log.batches() if b.bucket != bucket_of(log.rows()[0].subject, 8))
    assert min(b.seq for b in log.batches() if b.counts.total) == 1


def test_two_publishers_never_give_one_number_to_two_batches(tmp_path: Path) -> None:
    """Two runs at once (cron and a clerk): the second must be refused, wait, or count on from the first."""
    memories, numbers = [], []
    try:
        for _ in range(2):
            memories.append(FrontMemory(tmp_path / "m.sqlite", now=1))
        for memory in memories:
            with memory.commit():
                numbers.append((memory.number(0), memory.version()))
    except CrosscheckError:
        pass
    finally:
        for memory in memories:
            memory.close()
    assert len({number for number, _ in numbers}) == len(numbers)
    assert len({version for _, version in numbers}) == len(numbers)
