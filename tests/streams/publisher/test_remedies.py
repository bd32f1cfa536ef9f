"""Every reason for refusing a row says what to do about it, and every refusal is listed where it can be read."""

import ast
import csv
from pathlib import Path

import pytest

from streams.publisher import record, refusals
from streams.publisher.remedies import REMEDIES, refuse
from tests.streams.publisher.front import Front, claim, claims

PACKAGE = Path(record.__file__).parent


def given() -> set[str]:
    """Reasons that the front node's code gives, as it is written."""
    calls = [
        node
        for path in PACKAGE.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    ]
    assert [ast.unparse(c) for c in calls if ast.unparse(c.func) == "RowRefused"] == [
        "RowRefused(field, reason, remedy or REMEDIES[reason])"
    ]
    reasons = [call.args[1] for call in calls if ast.unparse(call.func) == "refuse"]
    return {r.value for r in reasons if isinstance(r, ast.Constant)} | set(record._REASON.values())


def test_every_reason_has_a_remedy_and_every_remedy_a_reason() -> None:
    assert given() == set(REMEDIES)
    assert [reason for reason, remedy in REMEDIES.items() if not remedy] == []


def test_a_reason_without_a_remedy_cannot_be_given() -> None:
    with pytest.raises(KeyError):
        refuse("line", "no_such_reason")


def test_the_list_says_what_to_do_about_each_row(front: Front) -> None:
    summary, _ = front.publish(claims(claim(1, month="2008-13"), "short", claim(2), claim(2, who=3), '"'))
    assert summary.refusals is not None
    with summary.refusals.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert sorted(row["line"] for row in rows) == ["2", "3", "5", "6"]
    assert [row for row in rows if not row["remedy"]] == []
    assert {row["remedy"] for row in rows if row["reason"] == "not_a_month"} == {"write it YYYY-MM"}


def test_refusals_are_counted_by_field_and_reason(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "HELD", 2)
    summary, _ = front.publish(claims(*(claim(n, month="x") for n in range(5)), "short", claim(9)))
    assert summary.reasons == {("month", "not_a_month"): 5, ("line", "wrong_number_of_columns"): 1}


def test_where_nothing_may_be_written_beside_the_file_the_list_lies_with_the_front_node(front: Front) -> None:
    """A folder in its place stands for one that is read-only: a test may run as root, whom nothing forbids."""
    (front.folder / "file.csv.refused.csv" / "x").mkdir(parents=True)
    instead = front.folder / "front" / f"{front.resource}.refused.csv"
    for lines in (3, 1):
        summary, _ = front.publish(claims(claim(0), *(claim(n + 1, month="x") for n in range(lines))))
        assert summary.refusals == instead
        assert len(instead.read_text(encoding="utf-8").splitlines()) == 1 + lines
    assert front.publish(claims(claim(0)))[0].refusals is None
    assert not instead.exists()
