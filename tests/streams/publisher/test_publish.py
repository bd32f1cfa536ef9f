"""Publishing: only what changed is sent, once, and a file that looks cut short deletes nothing."""

import csv
from pathlib import Path

import pytest

from streams.publisher import publish as publishing
from tests.streams.publisher.front import ENTERPRISE, Front, LogDouble, claim, claims, person
from topics.batch import Counts
from topics.errors import FileRefused
from topics.names import change_topic

USCC = "91350100M000100Y43"


def told(summary: object) -> dict[str, int]:
    """The tally without its zeros."""
    tally = summary.tally
    return {name: n for name in tally.__slots__ if (n := getattr(tally, name))}


def refused(path: Path | None) -> list[list[str]]:
    assert path is not None
    with path.open(encoding="utf-8", newline="") as file:
        return [line[:3] for line in csv.reader(file)][1:]


def test_the_first_publish_inserts_everything_and_reconciles(front: Front) -> None:
    summary, log = front.publish(claims(claim(1), claim(2), claim(3)))
    assert told(summary) == {"read": 3, "insert": 3}
    assert log.ops() == "iii"
    assert summary.facts == Counts(insert=3)
    assert summary.reconciliation.reconciled
    assert summary.refusals is None
    assert {topic for topic, _ in log.sent} == {change_topic(front.resource)}


def test_publishing_twice_changes_nothing(front: Front) -> None:
    front.publish(claims(claim(1), claim(2)))
    summary, log = front.publish(claims(claim(2), claim(1)))
    assert told(summary) == {"read": 2, "unchanged": 2}
    assert (summary.changed, log.ops()) == (0, "")
    assert summary.reconciliation.reconciled


def test_a_change_of_what_stays_home_is_no_change(front: Front) -> None:
    front.publish(claims(claim(1)))
    summary, log = front.publish(claims(claim(1, name="李四").replace("1200.00", "7.00")))
    assert (told(summary), log.ops()) == ({"read": 1, "unchanged": 1}, "")


def test_update_and_delete_by_absence(front: Front) -> None:
    _, first = front.publish(claims(claim(1), claim(2)))
    summary, log = front.publish(claims(claim(1, month="2008-06")))
    assert told(summary) == {"read": 1, "update": 1, "delete": 1}
    assert log.ops() == "du"
    assert min(row.version for row in log.rows()) > max(row.version for row in first.rows())


def test_a_deleted_record_can_come_back(front: Front) -> None:
    for content, ops in ((claims(claim(1)), "i"), (claims(), "d"), (claims(), ""), (claims(claim(1)), "i")):
        assert front.publish(content, empty=True)[1].ops() == ops


def test_a_move_to_another_subject_deletes_at_the_old_one(front: Front) -> None:
    _, before = front.publish(claims(claim(1)))
    summary, log = front.publish(claims(claim(1, who=2)))
    assert told(summary) == {"read": 1, "update": 1}
    rows = {row.op: row for row in log.rows()}
    assert rows["d"].subject == before.rows()[0].subject != rows["i"].subject
    assert rows["d"].handle == rows["i"].handle
    assert rows["d"].version == rows["i"].version


def test_a_deletion_goes_to_where_the_record_was_last(front: Front) -> None:
    front.publish(claims(claim(1)))
    _, moved = front.publish(claims(claim(1, who=2)))
    _, gone = front.publish(claims(), empty=True)
    assert [row.subject for row in gone.rows()] == [row.subject for row in moved.rows() if row.op == "i"]


def test_a_refused_row_keeps_the_earlier_record(front: Front) -> None:
    front.publish(claims(claim(1), claim(2)))
    summary, log = front.publish(claims(claim(1, month="2008-13"), claim(2)))
    assert told(summary) == {"read": 2, "unchanged": 1, "refused": 1}
    assert (log.ops(), summary.held_deletes) == ("", 0)
    assert refused(summary.refusals) == [["2", "month", "not_a_month"]]


@pytest.mark.parametrize("broken", [",x,x,2008-05,1", "too,short", '"open'])
def test_an_unreadable_key_holds_every_delete(front: Front, broken: str) -> None:
    front.publish(claims(claim(1), claim(2)))
    summary, log = front.publish(claims(broken, claim(2)) if broken != '"open' else claims(claim(2), broken))
    assert (summary.held_deletes, log.ops()) == (1, "")
    assert front.publish(claims(claim(2)))[1].ops() == "d"


@pytest.mark.parametrize("mode", ["full", "changes"])
def test_one_stray_quote_among_a_thousand_rows_loses_that_row_alone(front: Front, mode: str) -> None:
    lines = [claim(n) for n in range(999)]
    lines[2] = lines[2].replace(",", ',"', 1)
    content = claims(*lines) if mode == "full" else change_file(*(f"upsert,{line}" for line in lines))
    summary, log = front.publish(content, mode=mode)
    assert told(summary) == {"read": 999, "insert": 998, "refused": 1}
    assert len(log.rows()) == 998
    assert refused(summary.refusals) == [["4", "line", "quote_not_closed"]]


def test_a_line_too_long_holds_every_delete(front: Front) -> None:
    front.publish(claims(claim(1), claim(2)))
    summary, log = front.publish(claims("x" * 1_100_000, claim(2)))
    assert (summary.held_deletes, log.ops()) == (1, "")


@pytest.mark.parametrize(("kept", "held"), [(900, 0), (799, 201), (0, 1000)])
def test_a_file_that_has_lost_a_fifth_deletes_nothing(front: Front, kept: int, held: int) -> None:
    lines = [claim(n) for n in range(1000)]
    front.publish(claims(*lines))
    summary, log = front.publish(claims(*lines[:kept]))
    assert (summary.held_deletes, summary.tally.delete) == (held, 0 if held else 100)
    assert log.ops() == "d" * (0 if held else 100)
    allowed, _ = front.publish(claims(*lines[:kept]), mass_delete=True)
    assert allowed.tally.delete == held


@pytest.mark.parametrize(
    ("word", "delivered"), [({}, False), ({"empty": True}, True), ({"mass_delete": True}, True)]
)
def test_an_empty_full_file_says_nothing_unless_somebody_says_that_it_is_right(
    front: Front, word: dict[str, bool], delivered: bool
) -> None:
    """Three claims would be withdrawn, and whoever needs a claim as a counterpart would lack one."""
    front.publish(claims(*(claim(n) for n in range(3))))
    summary, log = front.publish(claims(), **word)
    assert (summary.delivered, summary.empty, summary.held_deletes) == (
        delivered,
        not delivered,
        0 if delivered else 3,
    )
    assert log.ops() == ("ddd" if delivered else "")


def test_a_full_file_of_which_no_row_could_be_used_is_no_delivery(front: Front) -> None:
    """However few they are: whoever needs one of them as a counterpart would lack it."""
    assert not front.publish(claims(claim(1, month="x"), claim(2, month="x")))[0].delivered


def test_a_change_file_without_a_change_is_no_empty_file(front: Front) -> None:
    assert front.publish(change_file(), mode="changes")[0].delivered


def test_a_repeat_is_counted_and_a_contradiction_refused(front: Front) -> None:
    summary, log = front.publish(claims(claim(1), claim(1), claim(1, month="2008-06")))
    assert told(summary) == {"read": 3, "insert": 1, "repeated": 1, "refused": 1}
    assert log.ops() == "i"
    assert refused(summary.refusals) == [["4", "key", "duplicate_key"]]


def test_every_line_read_is_accounted_for(front: Front) -> None:
    front.publish(claims(claim(1), claim(2)))
    lines = (claim(1), claim(1), claim(2, month="2008-07"), claim(3), claim(4, month="x"), claim(3, who=9))
    tally = front.publish(claims(*lines))[0].tally
    assert tally.read == tally.insert + tally.update + tally.unchanged + tally.repeated + tally.refused == 6


def test_a_refused_row_then_a_good_one_of_the_same_key(front: Front) -> None:
    summary, log = front.publish(claims(claim(1, month="x"), claim(1)))
    assert told(summary) == {"read": 2, "insert": 1, "refused": 1}
    assert log.ops() == "i"


def test_chunks_change_nothing(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is met, repeated or refused is so over transactions too."""
    monkeypatch.setattr(publishing, "CHUNK_ROWS", 1)
    front.publish(claims(claim(1), claim(2), claim(3), claim(4)))
    lines = (
        claim(1, month="x"),
        claim(1, month="2008-07"),
        claim(2),
        claim(2),
        claim(2, who=9),
        claim(3, month="x"),
    )
    summary, log = front.publish(claims(*lines))
    assert told(summary) == {"read": 6, "update": 1, "unchanged": 1, "repeated": 1, "refused": 3, "delete": 1}
    assert sorted(log.ops()) == ["d", "u"]


def change_file(*lines: str) -> str:
    return claims(*lines, header="op,claim_no,person_id,name,month,amount")


def test_changes_are_applied_in_their_own_order(front: Front) -> None:
    summary, log = front.publish(
        change_file(
            f"upsert,{claim(1)}",
            f"upsert,{claim(1, month='2008-06')}",
            f"delete,{claim(1)}",
            f"upsert,{claim(1, month='2008-07')}",
        ),
        mode="changes",
    )
    assert told(summary) == {"read": 4, "insert": 2, "update": 1, "delete": 1}
    assert [row.op for row in sorted(log.rows(), key=lambda r: r.version)] == ["i", "u", "d", "i"]
    assert front.publish(claims(claim(1, month="2008-07")))[1].ops() == ""


def test_changes_delete_nothing_by_absence(front: Front) -> None:
    front.publish(claims(claim(1), claim(2)))
    _, log = front.publish(change_file(f"delete,{claim(1)}"), mode="changes")
    assert log.ops() == "d"
    assert front.publish(claims(claim(2)))[1].ops() == ""


def test_a_delete_needs_only_the_key(front: Front) -> None:
    front.publish(claims(claim(1)))
    summary, log = front.publish(change_file("delete,C1,,,,", "delete,C7,,,,", "delete,,,,,"), mode="changes")
    assert told(summary) == {"read": 3, "delete": 1, "unchanged": 1, "refused": 1}
    assert log.ops() == "d"
    assert refused(summary.refusals) == [["4", "claim_no", "bad_key"]]


def test_a_refused_file_publishes_nothing_and_forgets_nothing(front: Front) -> None:
    front.publish(claims(claim(1)))
    for content in ("", "x\n", claims(claim(2)).encode("gb18030"), claims(claim(2), header="a,b,c,d,e")):
        with pytest.raises(FileRefused):
            front.publish(content)
    assert front.publish(claims(claim(1)))[1].ops() == ""


def test_an_empty_jsonl_file_deletes_nothing(front: Front) -> None:
    """A CSV that is empty lacks its header and is refused; an empty .jsonl is just as surely cut short."""
    front.publish(claims(claim(1)))
    try:
        _, log = front.publish("", name="file.jsonl")
    except FileRefused:
        return
    assert log.ops() == ""


def test_a_gb18030_file_when_named(front: Front) -> None:
    summary, _ = front.publish(claims(claim(1)).encode("gb18030"), encoding="gb18030")
    assert told(summary) == {"read": 1, "insert": 1}


def test_an_enterprise_is_a_fact_about_its_legal_representative(tmp_path: Path) -> None:
    front = Front(tmp_path, ENTERPRISE)
    line = f"{USCC},某公司,{person(1)},张三,active,2003-08-18,"
    header = "uscc,name,legal_rep_id,legal_rep_name,status,registered_on,cancelled_on"
    _, log = front.publish(claims(line, header=header))
    assert [(row.field, row.codes) for row in log.rows()] == [("legal_rep_id", {"status": "active"})]


def test_no_raw_value_is_in_any_message_or_refusal_file_or_memory(front: Front) -> None:
    marked = f"MARK-KEY,{person(5)},MARK-NAME,2008-05,98765.43"
    broken = f"MARK-BAD,{person(6)[:-1]}Z,MARK-NAME,2008-05,98765.43"
    summary, log = front.publish(claims(marked, broken, "MARK-LINE,MARK"))
    written = b"".join(record.value + (record.key or b"") for _, record in log.sent)
    written += b"".join(v for _, r in log.sent for _, v in r.headers)
    written += summary.refusals.read_bytes()
    written += b"".join(f.read_bytes() for f in (front.folder / "front").iterdir())
    for value in (b"MARK", person(5).encode(), person(6)[:-1].encode(), b"98765"):
        assert value not in written


def test_the_refusal_file_of_an_earlier_run_goes_away(front: Front) -> None:
    assert front.publish(claims(claim(1, month="x")))[0].refusals
    assert front.publish(claims(claim(1)))[0].refusals is None
    assert not list(front.folder.glob("*.refused.csv"))


def test_thousands_of_refusals_are_all_listed(front: Front) -> None:
    lines = [claim(n, month="x") for n in range(9_000)]
    summary, _ = front.publish(claims(*lines))
    assert summary.tally.refused == len(refused(summary.refusals)) == 9_000


def test_a_hub_that_does_not_answer_is_not_reconciled(front: Front) -> None:
    summary, _ = front.publish(claims(claim(1)), LogDouble(mute=True))
    assert not summary.reconciliation.reconciled
    assert summary.reconciliation.answered == 0
