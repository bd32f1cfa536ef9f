"""`crosscheck alerts`, `results` and `decide`, as an officer types them and as they are shown."""

import json
import subprocess
import sys
from typing import Any

import msgspec
import pytest
import typer
from typer.testing import CliRunner, Result

from streams.cli import alerting
from topics.control import RuleEvent

RULE = "benefit-while-employed"
app = typer.Typer()
for command in (alerting.alerts, alerting.results, alerting.decide):
    app.command(command.__name__)(command)


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BROKER", "DATA", "CATALOG", "KEYS"):
        monkeypatch.delenv(f"CROSSCHECK_{name}", raising=False)


def typed(town: Any, *words: str, code: int = 0) -> Result:
    result = CliRunner().invoke(app, [*words, "--data", str(town.data)])
    assert result.exit_code == code, result.output
    return result


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
