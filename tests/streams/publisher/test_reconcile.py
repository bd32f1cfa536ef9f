"""Bridge reconciliation: every batch answered, every row accounted for, and patience that ends."""

import asyncio

import msgspec
import pytest

from streams.publisher.reconcile import Reconciliation, await_receipts
from tests.streams.publisher.front import LogDouble
from topics.batch import Counts
from topics.codec import encode
from topics.errors import ContractError
from topics.receipts import Receipt
from topics.records import StoredRecord


def receipt(batch: str | None, rows: int = 2, **changes: object) -> Receipt:
    given = {"status": "applied", "applied": rows, "duplicate": 0, "refused": 0, "reasons": {}} | changes
    counts = Counts(insert=rows)
    fixed = {"batch": batch, "sent": counts, "received": counts, "run": "r", "bucket": 0, "at": "now"}
    return Receipt(**fixed, **given, department="hrss", resource="hrss.x", position="facts[0]@1")


def log_of(*receipts: Receipt) -> LogDouble:
    stored = [StoredRecord("receipt", 0, i, 0, None, encode(r), ()) for i, r in enumerate(receipts)]
    return LogDouble(receipts=stored)


def reconcile(
    log: LogDouble, names: set[str], sent: Counts, start: int = 0, *, fresh: bool = False
) -> Reconciliation:
    told: list[int] = []
    waiting = await_receipts(log, "hrss", dict.fromkeys(names, fresh), sent, {0: start}, 0.02, told.append)
    return asyncio.run(asyncio.wait_for(waiting, 5))


def test_equal_when_every_batch_is_answered() -> None:
    found = reconcile(log_of(receipt("b"), receipt("a")), {"a", "b"}, Counts(insert=4))
    assert found.reconciled
    assert (found.answered, found.applied) == (2, 4)


def test_duplicates_and_refusals_are_answers_too() -> None:
    duplicate = receipt("a", status="duplicate", applied=0, duplicate=2)
    refused = receipt("b", status="refused", applied=0, refused=2, reasons={"bad_code": 2})
    found = reconcile(log_of(duplicate, refused), {"a", "b"}, Counts(insert=4))
    assert found.reconciled
    assert (found.duplicate, found.refused, found.reasons) == (2, 2, {"bad_code": 2})


def test_a_new_batch_whose_number_was_known_means_a_memory_out_of_date() -> None:
    duplicate = receipt("a", status="duplicate", applied=0, duplicate=2)
    found = reconcile(log_of(duplicate), {"a"}, Counts(insert=2), fresh=True)
    assert (found.stale, found.reconciled) == (1, False)


def test_receipts_of_others_and_second_answers_do_not_count() -> None:
    log = log_of(receipt("x"), receipt(None), receipt("a"), receipt("a"))
    found = reconcile(log, {"a"}, Counts(insert=2))
    assert (found.answered, found.applied, found.reconciled) == (1, 2, True)


def test_a_missing_answer_is_waited_for_no_longer_than_patience_allows() -> None:
    found = reconcile(log_of(receipt("a")), {"a", "b"}, Counts(insert=4))
    assert (found.answered, found.reconciled) == (1, False)


@pytest.mark.parametrize("changes", [{"applied": 1}, {"refused": 1}, {"received": Counts(update=2)}])
def test_numbers_that_do_not_add_up_are_not_reconciled(changes: dict[str, object]) -> None:
    wrong = msgspec.structs.replace(receipt("a"), **changes)
    assert not reconcile(log_of(wrong), {"a"}, Counts(insert=2)).reconciled


def test_nothing_sent_is_reconciled() -> None:
    assert reconcile(log_of(), set(), Counts()).reconciled


def test_receipts_from_before_the_run_are_not_read() -> None:
    found = reconcile(log_of(receipt("a"), receipt("b")), {"a"}, Counts(insert=2), start=1)
    assert not found.reconciled


def test_garbage_on_the_receipt_topic_is_ours_to_mend() -> None:
    log = LogDouble(receipts=[StoredRecord("receipt.hrss", 0, 0, 0, None, b"{", ())])
    with pytest.raises(ContractError) as caught:
        reconcile(log, {"a"}, Counts(insert=2))
    assert "Receipt" in str(caught.value)
