"""`crosscheck snapshot`, `sql` and `explain`, as typed."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from streams.cli.main import app
from tests.streams.readers.typed import typed
from topics.errors import NotFound


def objects(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_snapshot_says_where_it_is_and_what_is_in_it(town: Any) -> None:
    (said,) = objects(typed(town, "snapshot", "--json"))
    assert Path(said["snapshot"]).parent == town.data / "snapshots"
    assert said["rows"]["alerts"] == 5
    assert said["rows"]["results"] == 6
    assert "results 6" in typed(town, "snapshot").stdout


def test_snapshot_of_a_new_folder_is_empty(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["snapshot", "--data", str(tmp_path), "--json"])
    assert objects(result)[0]["rows"]["results"] == 0


def test_sql_asks_the_newest(town: Any) -> None:
    older = objects(typed(town, "snapshot", "--json"))[0]["snapshot"]
    town.send("result.hrss", [town.result(7)])
    typed(town, "snapshot")
    count = "SELECT count(*) AS n FROM results"
    assert objects(typed(town, "sql", count, "--json")) == [{"n": 7}]
    assert objects(typed(town, "sql", count, "--json", "--snapshot", older)) == [{"n": 6}]


def test_sql_json_can_say_every_value(town: Any) -> None:
    typed(town, "snapshot")
    query = (
        "SELECT updated_at, exculpations, 1.5 AS d, DATE '2008-05-01' AS day, 170141183460469231731687303715 AS big, "
        "INTERVAL 1 DAY AS i, 'a'::BLOB AS blob, MAP {'k': 1} AS m, 'nan'::DOUBLE AS nan, 1 AS d "
        "FROM alerts ORDER BY alert_id LIMIT 1"
    )
    assert objects(typed(town, "sql", query, "--json")) == [
        {
            "updated_at": "2008-06-01T09:30:15.123000+00:00",
            "exculpations": [{"code": "back_payment", "resource": "hrss.social_insurance", "holds": False}],
            "d": 1.5,
            "day": "2008-05-01",
            "big": "170141183460469231731687303715",
            "i": "1 day, 0:00:00",
            "blob": "61",
            "m": {"k": 1},
            "nan": None,
            "d#2": 1,
        }
    ]


def test_sql_prints_a_table_without_cutting_anything(town: Any) -> None:
    typed(town, "snapshot")
    printed = typed(town, "sql", "SELECT *, '[red]x' AS markup FROM alerts WHERE alert_id[-1] = '1'").stdout
    assert town.handle(1) in printed
    assert "[red]x" in printed
    assert '["hrss.unemployment_benefit/1/0/1"]' in printed


def test_sql_says_when_it_shows_only_the_first_rows(town: Any) -> None:
    typed(town, "snapshot")
    result = typed(town, "sql", "FROM range(501)")
    assert "the first 500 rows" in result.stderr
    assert len(objects(typed(town, "sql", "FROM range(12345)", "--json"))) == 12345
    assert typed(town, "sql", "FROM range(500)").stderr == ""


def test_sql_without_a_query_lists_tables_and_columns(town: Any) -> None:
    typed(town, "snapshot")
    assert "opaque handle" in typed(town, "sql").stdout
    rows = objects(typed(town, "sql", "--json"))
    assert {"table", "about", "column", "type", "meaning"} == set(rows[0])
    assert len({row["table"] for row in rows}) == 9


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/passwd')",
        "FROM glob('/*')",
        "FROM '/etc/passwd'",
        "ATTACH '/tmp/other.duckdb'",
        "COPY results TO '/tmp/leak.csv'",
        "EXPORT DATABASE '/tmp/leak'",
        "SET enable_external_access = true",
        "RESET lock_configuration",
        "INSTALL httpfs",
        "LOAD httpfs",
        "DELETE FROM results",
        "CREATE TABLE mine (a INT)",
        "SELECT * FROM answer",
        "SELECT nothing FROM results",
        "SELEC 1",
    ],
)
def test_sql_refuses_in_one_line(town: Any, query: str) -> None:
    typed(town, "snapshot")
    result = typed(town, "sql", query, code=2)
    assert result.stdout == ""
    assert result.stderr.startswith("error: ")
    assert len(result.stderr.splitlines()) == 1


def test_sql_without_a_snapshot_says_how_to_make_one(empty_town: Any) -> None:
    result = CliRunner().invoke(app, ["sql", "SELECT 1", "--data", str(empty_town.data)])
    assert isinstance(result.exception, NotFound)
    assert "crosscheck snapshot" in str(result.exception)
    result = CliRunner().invoke(app, ["sql", "SELECT 1", "--snapshot", str(empty_town.data)])
    assert isinstance(result.exception, NotFound)


def test_explain_opens_its_own_handle_only(town: Any) -> None:
    assert "Claim number: UB2008-MARKER-1" in typed(town, "explain", town.alert(1).alert_id).stdout
    for key in (town.data / "keys").iterdir():
        key.unlink()
    printed = typed(town, "explain", town.alert(1).alert_id).stdout
    assert "MARKER" not in printed
    assert town.handle(1) in printed
    assert list((town.data / "keys").iterdir()) == []


@pytest.mark.parametrize(
    ("lang", "zh", "en"), [("zh", True, False), ("en", False, True), ("both", True, True)]
)
def test_explain_in_the_language_asked_for(town: Any, lang: str, zh: bool, en: bool) -> None:
    printed = typed(town, "explain", town.alert(1).alert_id, "--lang", lang).stdout
    assert ("不是结论" in printed) is zh
    assert ("not a verdict" in printed) is en
    assert ("处置:已确认(经核实当期已重新就业),Li" in printed) is zh


def test_explain_as_json(town: Any) -> None:
    (said,) = objects(typed(town, "explain", town.alert(2).alert_id, "--lang", "en", "--json"))
    assert (said["state"], said["key"], said["complete"]) == ("explained", "UB2008-MARKER-2", True)
    assert set(said["explanation"]) == {"en"}
    assert said["disposition"] is None
    assert said["explanation"]["en"]["sections"][0]["heading"] == "The question"


def test_explain_an_alert_that_is_not_there(town: Any) -> None:
    result = CliRunner().invoke(app, ["explain", "ffff", "--data", str(town.data)])
    assert isinstance(result.exception, NotFound)
