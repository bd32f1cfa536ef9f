"""What counts as a delivery of a source: a run that could not read too much does not end in the hub's eyes."""

from pathlib import Path

import pytest

from tests.streams.publisher.front import Front, claim, claims
from topics.batch import ChangeBatch

BAD = claim(9_999, month="2008/05")
BAD_ONES = [claim(10_000 + number, month="2008/05") for number in range(11)]
MANY = [claim(number) for number in range(300)]
BEFORE = claims(*MANY)
OP = "op,claim_no,person_id,name,month,amount"


def changes(*lines: str) -> str:
    return claims(*(f"upsert,{line}" for line in lines), header=OP)


@pytest.mark.parametrize(
    ("mode", "content", "delivered"),
    [
        ("full", claims(*MANY), True),
        ("full", claims(*MANY, *BAD_ONES[:10]), True),
        ("full", claims(*MANY, *BAD_ONES), False),
        ("full", claims(*MANY[:20]), False),
        ("changes", changes(claim(1, who=2)), True),
        ("changes", changes(claim(1, who=2), BAD), True),
        ("changes", changes(BAD), False),
    ],
    ids=[
        "all rows",
        "ten of 310 refused",
        "eleven of 311 refused",
        "deletes held back",
        "a change",
        "a change and a refusal",
        "the only change refused",
    ],
)
def test_a_run_with_too_much_left_out_does_not_end(
    tmp_path: Path, mode: str, content: str, delivered: bool
) -> None:
    front = Front(tmp_path)
    front.publish(BEFORE)
    summary, log = front.publish(content, mode=mode)
    ends = any(batch.ends_run for batch in log.batches())
    assert (summary.delivered, ends) == (delivered, delivered)


def test_what_could_be_read_is_sent_all_the_same(tmp_path: Path) -> None:
    summary, log = Front(tmp_path).publish(claims(claim(1), *BAD_ONES))
    rows: list[ChangeBatch] = [batch for batch in log.batches() if batch.counts.total]
    assert (summary.delivered, [batch.counts.total for batch in rows]) == (False, [1])
    assert not any(batch.ends_run for batch in log.batches())
