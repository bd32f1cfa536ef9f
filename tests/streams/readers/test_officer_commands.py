"""`crosscheck alerts`, `results` and `decide`, as an officer types them and as they are shown."""

import json
import subprocess
import sys
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner, Result

from streams.cli.main import app
from tests.streams.readers.typed import typed
from topics.control import RuleEvent
from topics.errors import NotFound

RULE = "benefit-while-employed"


def suspension(town: Any, reason: str) -> RuleEvent:
    rule = town.catalog.rule(RULE)
    return RuleEvent(rule.id, 1, "hrss", "suspended", reason, None, "steward", 7, "", rule)


def first_followed(town: Any, *words: str) -> str:
    """The first line that `alerts --follow` shows; it would go on for ever."""
    shown = [sys.executable, "-m", "streams.cli.main", "alerts", "-d", "hrss", "--follow", *words]
    with subprocess.Popen([*shown, "--data", str(town.data)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            return process.stdout.readline()
        finally:
            process.kill()


def test_following_what_is_on_trial_shows_no_case(town: Any) -> None:
    town.send("trial.hrss", [msgspec.structs.replace(town.alert(8), trial=True)])
    shown = json.loads(first_followed(town, "--trial", "--json"))
    assert (shown["alert_id"], shown["trial"]) == (f"{8:032x}", True)
    assert not json.loads(first_followed(town, "--json"))["trial"]


def lines(town: Any, *words: str) -> list[str]:
    return typed(town, "alerts", "-d", "hrss", *words).stdout.splitlines()


def test_alerts_on_one_claim_are_told_apart_by_their_rule(town: Any) -> None:
    same = msgspec.structs.replace(town.alert(1), alert_id=f"{8:032x}", rule="other-rule")
    town.send("alert.hrss", [same])
    found = [row for row in lines(town) if "UB2008-MARKER-1 " in row]
    assert sorted(rule for row in found for rule in (RULE, "other-rule") if rule in row.split()) == [
        RULE,
        "other-rule",
    ]
    assert len(set(found)) == 2


def test_the_list_says_what_was_decided(town: Any) -> None:
    decided = {n: row for row in lines(town) for n in "12345" if f"MARKER-{n} " in row}
    assert "  已确认 confirmed  " in decided["1"]
    assert "  已排除 dismissed  " in decided["5"]
    assert [n for n in "23" if "confirmed" in decided[n] or "dismissed" in decided[n]] == []
    town.send("alert.hrss", [town.alert(4, revision=11)])
    (again,) = (row for row in lines(town) if "MARKER-4 " in row)
    assert "已确认 confirmed, 此后有修订 revised since" in again
    rows = [json.loads(row) for row in lines(town, "--json")]
    assert {(row["key"][-1], (row["disposition"] or {}).get("decision")) for row in rows} == {
        ("1", "confirmed"),
        ("2", None),
        ("3", None),
        ("4", "confirmed"),
        ("5", "dismissed"),
    }


def test_what_nobody_has_decided_on(town: Any) -> None:
    """Not what was withdrawn, and not another department's question."""
    town.send("alert.hrss", [town.alert(6)])
    assert [row.split("MARKER-")[1][0] for row in lines(town, "--undecided")] == ["6", "2"]
    assert [row.split("MARKER-")[1][0] for row in lines(town, "--undecided", "--state", "open")] == ["6"]
    town.send("alert.tax", [msgspec.structs.replace(town.alert(6), department="tax")])
    assert typed(town, "alerts", "-d", "tax", "--undecided").stdout == ""
    assert "needs no decision" in typed(town, "alerts", "-d", "hrss", "--undecided", "--trial", code=2).stderr


def test_following_says_what_was_decided(town: Any) -> None:
    assert "  已确认 confirmed  " in first_followed(town)
    assert "MARKER-2 " in first_followed(town, "--undecided")


def decide(town: Any, number: int, *words: str, code: int = 0) -> Result:
    return typed(town, "decide", f"{number:032x}", *words, code=code)


def test_a_decision_says_what_it_replaces(town: Any) -> None:
    confirmed = ("confirmed", "--reason", "employed", "--officer")
    said = decide(town, 5, *confirmed, "Wang").stdout
    assert said.endswith("confirmed (employed) by Wang, replaces dismissed (identity_misuse) by Li\n")
    assert decide(town, 2, *confirmed, "Wang").stdout.endswith("confirmed (employed) by Wang\n")
    made = json.loads(decide(town, 2, *confirmed, "Zhao", "--json").stdout)
    assert (made["officer"], made["replaces"]["officer"]) == ("Zhao", "Wang")


@pytest.mark.parametrize("officer", ["", "  ", "Li\nWang", "Li\n", "Li\x85Wang"])
def test_a_decision_is_signed_on_one_line(town: Any, officer: str) -> None:
    words = ("confirmed", "--reason", "employed", "--officer", officer)
    assert "on one line" in decide(town, 2, *words, code=2).stderr
    assert "MARKER-2" in "".join(lines(town, "--undecided"))


def test_a_name_with_a_wide_space_is_shown_as_it_is(town: Any) -> None:
    words = ("confirmed", "--reason", "employed", "--officer", "王\u3000小明")
    assert "by 王\u3000小明" in decide(town, 2, *words).stdout


def refused(town: Any, number: int) -> str:
    words = ("decide", f"{number:032x}", "confirmed", "--reason", "employed", "--data", str(town.data))
    error = CliRunner().invoke(app, words).exception
    assert isinstance(error, NotFound)
    return str(error)


def test_why_a_withdrawn_alert_cannot_be_decided(town: Any) -> None:
    assert "a source was corrected, or the rule no longer applies: nothing to decide" in refused(town, 3)


def test_what_is_on_trial_needs_no_decision(town: Any) -> None:
    town.send("trial.hrss", [msgspec.structs.replace(town.alert(8), trial=True)])
    assert "of a rule on trial" in refused(town, 8)
    assert "this is no case" in typed(town, "explain", f"{8:032x}").stdout
    assert "no alert" in refused(town, 9)
    assert "crosscheck decide" not in typed(town, "alerts", "-d", "hrss", "--trial").stderr
    assert "crosscheck decide" in typed(town, "alerts", "-d", "hrss").stderr


def test_what_went_on_trial_after_it_was_a_case_is_explained_as_it_is_now(town: Any) -> None:
    """The case is withdrawn and the trial's alert opened under one id, at one position."""
    case = msgspec.structs.replace(town.alert(8), revision=20, state="withdrawn")
    town.send("alert.hrss", [case])
    town.send("trial.hrss", [msgspec.structs.replace(town.alert(8), revision=20, trial=True)])
    assert "this is no case" in typed(town, "explain", f"{8:032x}").stdout
    assert "nothing to decide" in refused(town, 8)


BRACKETS = ("UB[gf]7", "UB[/x]7", "UB:id:7", "UB[red]7")


def test_a_reason_with_brackets_is_shown_as_it_is(town: Any) -> None:
    town.send("notice.hrss", [suspension(town, "by-hand: see mail [/var/mail] [gf]")])
    assert "(by-hand: see mail [/var/mail] [gf])" in typed(town, "alerts", "-d", "hrss").stderr


def test_an_officer_with_brackets_is_shown_as_they_are(town: Any) -> None:
    words = ("decide", f"{2:032x}", "confirmed", "--reason", "employed", "--officer", "Li [/desk 3] [gf]")
    assert "by Li [/desk 3] [gf]" in typed(town, *words).stdout


@pytest.mark.parametrize("key", BRACKETS)
def test_a_claim_number_with_brackets_is_shown_as_it_is(town: Any, key: str) -> None:
    """`UB[gf]7` shown as `UB7` would be another person's claim."""
    handle = town.seal.seal(key)
    town.send("alert.hrss", [msgspec.structs.replace(town.alert(7), handle=handle)])
    town.send("result.hrss", [msgspec.structs.replace(town.result(7, "discrepancy"), handle=handle)])
    for words in ("alerts", "results"):
        assert f" {key} " in f" {typed(town, words, '-d', 'hrss').stdout}", words
