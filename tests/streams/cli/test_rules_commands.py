"""A steward at the command line, beside a running worker: look, compare, backtest, try, activate, suspend, tick."""

import json
import re
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from streams.city import generate
from tests.e2e.town import Town
from topics.catalog import EXAMPLE

SHIPPED = EXAMPLE / "rules" / "benefit-while-employed.yml"
Row = dict[str, Any]


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A worker that has read the whole example city at a hundredth of its size."""
    folder = tmp_path_factory.mktemp("rules")
    town = Town(folder, f"embedded://{folder / 'data' / 'log'}")
    town.make_keys()
    generate("hangzhou-2008", folder / "files", scale=0.01, seed=20081, progress=lambda *_: None)
    town.start()
    try:
        town.publish_all(folder / "files")
        yield town
    finally:
        town.close()


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Town:
    """Topics, and nobody who reads them."""
    folder = tmp_path_factory.mktemp("quiet")
    quiet = Town(folder, f"embedded://{folder / 'data' / 'log'}")
    assert quiet.cli("topics", "--create").returncode == 0
    return quiet


def rule_file(folder: Path, name: str, **changes: Any) -> Path:
    """The file of a rule that asks about wages in a benefit month."""
    reasons = {
        "employed": {"decision": "confirmed", "text": {"zh": "已就业", "en": "employed"}},
        "source_error": {"decision": "dismissed", "text": {"zh": "有误", "en": "wrong"}},
    }
    wages = {
        "resource": "tax.wage_withholding",
        "subject_field": "person_id",
        "text": {"zh": "工资", "en": "wages"},
    }
    rule = {
        "id": name,
        "version": 1,
        "kind": "conflict",
        "department": "hrss",
        "status": "draft",
        "severity": "low",
        "title": {"zh": "当月有工资", "en": "Wages in a benefit month"},
        "purpose": {"zh": "核查", "en": "To check"},
        "legal_basis": "《失业保险条例》",
        "grants": ["hrss-uses-wage-withholding"],
        "anchor": "hrss.unemployment_benefit",
        "anchor_subject": "person_id",
        "evidence": [wages],
        "volume_cap": 200,
        "reasons": reasons,
    }
    path = folder / f"{name}.yml"
    path.write_text(yaml.safe_dump(rule | changes, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return path


def said(town: Town, *words: object) -> tuple[int, str, str]:
    done = town.cli(*words)
    return done.returncode, done.stdout.decode(), " ".join(done.stderr.decode().split())


def refused(town: Town, code: int, *words: object) -> str:
    """Why it was refused; stdout stays empty."""
    found, out, err = said(town, *words)
    assert (found, out) == (code, ""), err
    assert "Traceback" not in err
    return err


def standing(town: Town, name: str) -> Row:
    return next(row for row in town.json("rules", "list") if row["rule"] == name)


def test_list_without_a_log(tmp_path: Path) -> None:
    town = Town(tmp_path, f"embedded://{tmp_path / 'data' / 'log'}")
    code, out, err = said(town, "rules", "list")
    assert code == 0
    assert "benefit-while-employed" in out
    assert "this is what the catalog declares" in err
    assert not town.data.exists()
    (row,) = town.json("rules", "list")
    assert (row["in_force"], row["precision"], row["declared"]) == (
        None,
        None,
        {"version": 2, "status": "active"},
    )


def test_list_with_a_log(town: Town) -> None:
    row = standing(town, "benefit-while-employed")
    assert {key: row["in_force"][key] for key in ("version", "force", "reason", "by")} == {
        "version": 2,
        "force": "active",
        "reason": "activated",
        "by": "catalog",
    }
    states = [alert["state"] for alert in town.alerts()]
    assert row["open"] >= states.count("open") - row["trial_open"] > 0
    assert (row["volume_cap"], row["until"], row["severity"]) == (2000, "2030-12-31", "medium")
    assert "v2 active since 20" in said(town, "rules", "list")[1]


def test_precision_is_that_of_the_version_in_force(town: Town) -> None:
    alert = next(a for a in town.alerts() if a["rule"] == "benefit-while-employed" and a["state"] == "open")
    assert town.cli("decide", alert["alert_id"], "confirmed", "--reason", "employed").returncode == 0
    made = standing(town, "benefit-while-employed")["precision"]
    assert (made["confirmed"], made["dismissed"], made["share"], made["high"]) == (1, 0, 1.0, 1.0)
    assert 0 < made["low"] < 1
    assert "1 of 1, 21%-100%" in said(town, "rules", "list")[1]


def test_show_and_explain_by_name_and_by_file(town: Town, tmp_path: Path) -> None:
    path = rule_file(tmp_path, "wages")
    (shown,) = town.json("rules", "show", "benefit-while-employed")
    assert shown["evidence"][1]["temporal"]["days"] == 1
    _, out, _ = said(town, "rules", "show", path)
    assert yaml.safe_load(out)["title"]["zh"] == "当月有工资"
    (explained,) = town.json("rules", "explain", path, "--lang", "en")
    assert explained.keys() == {"rule", "version", "en"}
    assert explained["en"]["sections"][0]["heading"] == "The question"
    _, both, _ = said(town, "rules", "explain", "benefit-while-employed")
    assert "何时提出预警" in both
    assert "When it asks" in both


def test_schema(town: Town) -> None:
    _, plain, _ = said(town, "rules", "schema")
    assert "enum" not in json.loads(plain)["properties"]["anchor"]
    _, named, _ = said(town, "rules", "schema", "--catalog", EXAMPLE)
    assert "tax.wage_withholding" in json.loads(named)["properties"]["anchor"]["enum"]
    _, resource, _ = said(town, "rules", "schema", "--resource")
    assert json.loads(resource)["title"].startswith("Crosscheck resource contract")
    _, table, _ = said(town, "rules", "schema", "--keys")
    assert "| `anchor` * |" in table


def test_a_backtest_says_what_the_stream_says(town: Town) -> None:
    (figures,) = town.json("backtest", SHIPPED)
    assert town.json("backtest", "benefit-while-employed") == [figures]
    states = [a["state"] for a in town.alerts() if a["rule"] == "benefit-while-employed"]
    assert (figures["open"], figures["explained"]) == (states.count("open"), states.count("explained"))
    assert (
        figures["checks"]
        == sum(m["checks"] for m in figures["months"])
        == len([r for r in town.results() if r["rule"] == "benefit-while-employed"])
    )
    assert (figures["change"]["turns"], figures["change"]["version"]) == ([], 2)
    assert figures["load"]["hours_now"] == figures["open"] / 2
    assert figures["incomplete"] == []


def test_a_backtest_as_tables_and_as_a_page(town: Town, tmp_path: Path) -> None:
    path, report = rule_file(tmp_path, "wages", volume_cap=1), tmp_path / "report.html"
    code, out, err = said(
        town, "backtest", path, "--report", report, "--minutes", "60", "--day", "2009-01-31"
    )
    assert code == 0
    for words in ("business date 2009-01-31", "by-hand", "MORE than the cap", "at 60 min each"):
        assert (words in out) == (words != "by-hand")
    assert "overlap 重合 with benefit-while-employed v2 (active)" in out
    assert f"report: {report}" in err
    written = report.read_text(encoding="utf-8")
    handles = {alert["handle"] for alert in town.alerts()} | {alert["key"] for alert in town.alerts()}
    assert len(handles) > 2
    assert [handle for handle in handles if handle in written + out] == []


def test_diff_with_and_without_a_log(town: Town, tmp_path: Path) -> None:
    text = SHIPPED.read_text(encoding="utf-8").replace("version: 2", "version: 3", 1)
    path = tmp_path / SHIPPED.name
    path.write_text(text.replace("volume_cap: 2000", "volume_cap: 500"), encoding="utf-8")
    (found,) = town.json("rules", "diff", path)
    assert found["against"] == {"version": 2, "where": "active in the log"}
    assert [field["key"] for field in found["fields"]] == ["version", "volume_cap"]
    assert (found["change"]["turns"], found["change"]["version"]) == ([], 2)
    code, out, _ = said(town, "rules", "diff", path)
    assert code == 0
    assert "volume_cap: '2000' -> '500'" in out
    assert "+ Not more than 500 alerts are to be open at once" in out
    alone = Town(tmp_path, f"embedded://{tmp_path / 'none'}")
    (found,) = alone.json("rules", "diff", path)
    assert (found["against"]["where"], found["change"]) == ("the catalog's", None)
    assert "is new" in said(alone, "rules", "diff", rule_file(tmp_path, "wages"))[1]


def test_from_trial_to_suspension(town: Town, tmp_path: Path) -> None:
    """What was foreseen is what happens, each time."""
    path, name = rule_file(tmp_path, "wages-one"), "wages-one"
    (tried,) = town.json("rules", "activate", path, "--trial", "--yes", "--officer", "Li")
    assert (tried["taken"], tried["partitions"], tried["by"]) == (8, 8, "Li")
    assert tried["opened"] == tried["foreseen"]["opens"] > 0
    on_trial = [a for a in town.alerts() if a["rule"] == name]
    assert on_trial == []
    assert (
        len([a for a in town.json("alerts", "-d", "hrss", "--trial") if a["state"] == "open"])
        == tried["opened"]
    )
    assert standing(town, name)["in_force"]["force"] == "trial"
    assert standing(town, name)["declared"] is None

    (active,) = town.json("rules", "activate", path, "--yes")
    assert active["opened"] == active["foreseen"]["opens"] == tried["opened"] == active["withdrawn"]
    assert active["withdrawn"] == active["foreseen"]["withdraws"]  # the trial's
    assert standing(town, name)["open"] == active["opened"]
    assert "already: nothing to do" in said(town, "rules", "activate", path, "--yes")[2]

    rule_file(tmp_path, name, version=2)
    code, shown, _ = said(town, "rules", "activate", path, "--trial", "--patience", "0.5")
    assert (code, "v1 (active) ends with that: all its alerts are withdrawn" in shown) == (2, True)

    (gone,) = town.json("rules", "suspend", name, "--reason", "a wrong file", "--yes", "--officer", "Li")
    assert gone["withdrawn"] == active["opened"]
    row = standing(town, name)
    assert (row["open"], row["in_force"]["reason"], row["in_force"]["by"]) == (
        0,
        "by-hand: a wrong file",
        "Li",
    )
    assert "is suspended already" in refused(town, 8, "rules", "suspend", name, "--reason", "x", "--yes")

    rule_file(tmp_path, name)
    (again,) = town.json("rules", "activate", path, "--yes")
    assert again["opened"] == active["opened"]
    town.json("rules", "suspend", name, "--reason", "tidied up", "--yes")


def test_a_new_version_turns_what_it_says(town: Town, tmp_path: Path) -> None:
    path = rule_file(tmp_path, "wages-two")
    town.json("rules", "activate", path, "--yes")
    spells = {
        "resource": "hrss.social_insurance",
        "subject_field": "person_id",
        "text": {"zh": "参保", "en": "insured"},
    }
    evidence = yaml.safe_load(path.read_text(encoding="utf-8"))["evidence"]
    rule_file(tmp_path, "wages-two", version=2, evidence=[*evidence, spells])
    (turned,) = town.json("rules", "activate", path, "--yes")
    assert turned["foreseen"]["version"] == 1
    assert turned["opened"] == turned["foreseen"]["opens"] > 0
    assert turned["withdrawn"] == turned["foreseen"]["withdraws"] == 0
    town.json("rules", "suspend", "wages-two", "--reason", "tidied up", "--yes")


def test_what_activation_refuses(town: Town, tmp_path: Path) -> None:
    path = rule_file(tmp_path, "wages-three", version=2)
    town.json("rules", "activate", path, "--trial", "--yes")
    rule_file(tmp_path, "wages-three", version=2, severity="high")
    why = refused(town, 3, "rules", "activate", path, "--trial", "--yes")
    assert "version 2 has been in force with another severity -> write version: 3" in why
    rule_file(tmp_path, "wages-three", version=1)
    assert "version 2 has been in force, this is version 1" in refused(
        town, 3, "rules", "activate", path, "--yes"
    )
    rule_file(tmp_path, "wages-three", version=3, volume_cap=1)
    why = refused(town, 3, "rules", "activate", path, "--yes")
    assert re.search(r"\d alerts would be open, the cap is 1 -> .* --over-cap", why)
    rule_file(tmp_path, "wages-three", version=3, expires=date(2020, 1, 1))
    assert "ran out on 2020-01-01" in refused(town, 3, "rules", "activate", path, "--yes")
    rule_file(tmp_path, "wages-three", version=3, severty="low")
    why = refused(town, 3, "rules", "activate", path, "--yes")
    assert f"{path}:" in why
    assert "did you mean 'severity'?" in why
    rule_file(tmp_path, "wages-three", version=3)
    code, out, err = said(town, "rules", "activate", path)
    assert (code, "v3 -> active: " in out, "say --yes" in err) == (2, True, True)
    assert standing(town, "wages-three")["in_force"]["version"] == 2
    town.json("rules", "suspend", "wages-three", "--reason", "tidied up", "--yes")


def test_over_the_cap_if_one_insists(town: Town, tmp_path: Path) -> None:
    path = rule_file(tmp_path, "wages-four", volume_cap=1)
    (done,) = town.json("rules", "activate", path, "--yes", "--over-cap")
    assert done["opened"] > 1
    town.json("rules", "suspend", "wages-four", "--reason", "tidied up", "--yes")


def test_what_does_not_exist(town: Town, tmp_path: Path) -> None:
    assert "did you mean 'benefit-while-employed'" in refused(
        town, 8, "rules", "explain", "benefit-while-employd"
    )
    assert "no file" in refused(town, 8, "backtest", tmp_path / "none.yml")
    assert "no folder" in refused(town, 2, "backtest", SHIPPED, "--report", tmp_path / "none" / "report.html")
    assert "has never been in force" in refused(
        town, 8, "rules", "suspend", "nobody", "--reason", "x", "--yes"
    )


def test_a_declaration_that_is_not_what_is_in_force_is_marked(town: Town, tmp_path: Path) -> None:
    """The list said v1 and v1; only a worker's log said that the file had other words."""
    other = Path(shutil.copytree(EXAMPLE, tmp_path / "other"))
    file = other / "rules/benefit-while-employed.yml"
    file.write_text(file.read_text("utf-8").replace("volume_cap: 2000", "volume_cap: 20"), "utf-8")
    assert standing(town, "benefit-while-employed")["drifted"] is False
    assert town.json("rules", "list", "--catalog", other)[0]["drifted"] is True
    assert "other words than in force" in said(town, "rules", "list", "--catalog", other)[1]


def test_nobody_takes_it(quiet: Town, tmp_path: Path) -> None:
    path = rule_file(tmp_path, "wages")
    code, out, err = said(quiet, "rules", "activate", path, "--yes", "--patience", "0.5")
    assert (code, "0 of 8 partitions" in out) == (5, True)
    assert "no worker has taken it everywhere yet" in err
    rule_file(tmp_path, "wages", version=2)
    (done,) = quiet.json("rules", "activate", path, "--yes", "--no-wait")
    assert (done["taken"], done["partitions"]) == (0, 8)
    assert standing(quiet, "benefit-while-employed")["in_force"] is None
    words = ("rules", "suspend", "wages", "--reason", "not that one", "--yes", "--no-wait")
    (undone,) = quiet.json(*words)  # it could not be called back before a worker had opened its alerts
    assert (undone["version"], undone["force"]) == (2, "suspended")
    assert "is suspended already (by-hand: not that one)" in refused(quiet, 8, *words)


def test_tick(quiet: Town) -> None:
    assert quiet.json("tick", "2008-05-01") == [{"day": "2008-05-01", "partitions": 8}]
    assert quiet.json("tick", "2008-05-02") == [{"day": "2008-05-02", "partitions": 8}]
    assert "a business date never goes back" in refused(quiet, 3, "tick", "2008-05-01")
    assert quiet.cli("tick").returncode == 0
    assert "say --yes" in refused(quiet, 2, "tick", "2108-05-01")  # a slip of the finger would end every rule
    assert refused(quiet, 2, "tick", "yesterday")
