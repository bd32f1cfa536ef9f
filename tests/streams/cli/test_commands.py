"""The command line's promises: help, exit codes, data on stdout and everything else on stderr."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from streams.cli import main
from streams.cli.main import COMMANDS, app
from streams.cli.screen import DATA_REFUSED, EXIT_CODES, NOT_RECONCILED
from tests.conftest import free_port
from topics.catalog.load import EXAMPLE

CLAIMS = "hrss.unemployment_benefit"
HEADER = "claim_no,person_id,name,month,amount\n"
NAMES = [command.__name__ for command in COMMANDS]
Done = subprocess.CompletedProcess[str]
Crosscheck = Callable[..., Done]


@pytest.fixture
def crosscheck(tmp_path: Path) -> Crosscheck:
    """Run one command with a data folder of its own."""

    def run(*words: object, **environment: str) -> Done:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("CROSSCHECK_")}
        places = {"CROSSCHECK_DATA": str(tmp_path / "data"), "COLUMNS": "300"}
        return subprocess.run(
            [sys.executable, "-m", "streams.cli.main", *map(str, words)],
            env=kept | places | environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "claims.csv"
    path.write_text(HEADER, encoding="utf-8")
    return path


def test_help_lists_every_command_and_every_exit_code(crosscheck: Crosscheck) -> None:
    done = crosscheck("--help")
    assert done.returncode == 0
    assert [name for name in NAMES if f" {name} " not in done.stdout] == []
    for words in ("0 done", "2 usage", "5 not reconciled", "8 not found"):
        assert words in " ".join(done.stdout.replace("│", " ").split())


def test_the_readme_and_the_help_tell_the_same_exit_codes() -> None:
    readme = " ".join((Path(main.__file__).parents[2] / "README.md").read_text(encoding="utf-8").split())
    table = readme.split("Exit codes: ")[1].split(". ")[0]
    told = re.sub(r" \([^)]*\)", "", table)
    assert app.info.epilog == f"Exit codes: {told}."
    codes = {int(code) for code in re.findall(r"(?:^|, )(\d) ", told)}
    assert codes == {0, 1, DATA_REFUSED, NOT_RECONCILED} | {code for _, code in EXIT_CODES}


@pytest.mark.parametrize("name", NAMES)
def test_each_command_has_help(name: str) -> None:
    done = CliRunner().invoke(app, [name, "--help"])
    assert (done.exit_code, done.stderr) == (0, "")
    assert f"{name} [OPTIONS]" in done.stdout


def failed(done: Done, code: int, *words: str) -> None:
    """It ended with this exit code, said why on stderr alone, and showed no traceback."""
    said = " ".join(done.stderr.split())
    assert (done.returncode, done.stdout) == (code, ""), done.stderr
    assert [w for w in words if w not in said] == [], said
    assert "Traceback" not in said


def test_usage(crosscheck: Crosscheck) -> None:
    failed(crosscheck("publish"), 2, "Missing argument")
    failed(crosscheck("alerts"), 2, "--department")
    failed(crosscheck("nonsense"), 2, "No such command")


def test_a_bad_broker_url(crosscheck: Crosscheck, file: Path) -> None:
    for words in (("worker",), ("publish", CLAIMS, file), ("alerts", "-d", "hrss"), ("topics",)):
        failed(crosscheck(*words, "--broker", "http://x"), 6, "not a broker: http://x", "embedded://FOLDER")


def test_a_broker_that_does_not_answer(crosscheck: Crosscheck) -> None:
    url = f"kafka://127.0.0.1:{free_port()}"
    for words in (("worker",), ("results", "-d", "hrss"), ("topics", "--create")):
        failed(crosscheck(*words, CROSSCHECK_BROKER=url), 6, "no answer", url, "make kafka-up")


def test_an_embedded_log_without_topics(crosscheck: Crosscheck) -> None:
    failed(crosscheck("alerts", "-d", "hrss"), 6, "no topic", "crosscheck worker")


def test_what_does_not_exist(crosscheck: Crosscheck, file: Path) -> None:
    failed(crosscheck("publish", "hrss.unemployment_benefits", file), 8, "did you mean", CLAIMS)
    failed(crosscheck("alerts", "-d", "police"), 8, "police")
    assert crosscheck("topics", "--create").returncode == 0
    failed(crosscheck("decide", "abc", "confirmed", "--reason", "employed"), 8, "no alert 'abc'")


def test_a_missing_file(crosscheck: Crosscheck, tmp_path: Path) -> None:
    failed(crosscheck("publish", CLAIMS, tmp_path / "none.csv"), 4, "none.csv", "cannot be read")


def test_a_report_that_is_a_folder(crosscheck: Crosscheck, tmp_path: Path) -> None:
    """Said before the log is looked for, so before a backtest that takes its time."""
    done = crosscheck("backtest", "benefit-while-employed", "--report", tmp_path)
    failed(done, 2, "is a folder: name a file")


def test_no_key_at_hand(crosscheck: Crosscheck, file: Path) -> None:
    """On Kafka keys are never made by the way; that is found out before the broker is asked."""
    url = f"kafka://127.0.0.1:{free_port()}"
    failed(crosscheck("publish", CLAIMS, file, "--broker", url), 7, "no key", "CROSSCHECK_LINKAGE_KEY")


def test_a_key_that_is_none(crosscheck: Crosscheck, file: Path) -> None:
    done = crosscheck("publish", CLAIMS, file, CROSSCHECK_KEY_HRSS="secretsecret")
    failed(done, 7, "not a key", "CROSSCHECK_KEY_HRSS")
    assert "secretsecret" not in done.stderr


def test_keys_are_made_once_and_for_the_owner_alone(crosscheck: Crosscheck, tmp_path: Path) -> None:
    folder = tmp_path / "data" / "keys"
    first = crosscheck("keys")
    made = {path.name: path.read_text() for path in folder.iterdir()}
    assert set(made) == {"linkage-1.key", "hrss.key", "tax.key", "market.key"}
    assert [path.stat().st_mode & 0o777 for path in folder.iterdir()] == [0o600] * 4
    assert [key for key in made.values() if key.strip() in first.stderr + first.stdout] == []
    assert crosscheck("keys").returncode == 0
    assert {path.name: path.read_text() for path in folder.iterdir()} == made


def test_nobody_answers(crosscheck: Crosscheck, file: Path) -> None:
    """On the embedded log keys and topics are made on first use; without a worker nothing reconciles."""
    done = crosscheck("publish", CLAIMS, file, "--wait", "0.5", "--allow-empty", "--json")
    assert done.returncode == 5, done.stderr
    assert "made keys" in done.stderr
    assert json.loads(done.stdout)["reconciled"] is False
    words = crosscheck("publish", CLAIMS, file, "--wait", "0.5", "--allow-empty")
    assert words.returncode == 5
    assert "NOT reconciled" in words.stdout


def test_a_file_without_a_row_is_asked_about(crosscheck: Crosscheck, file: Path) -> None:
    done = crosscheck("publish", CLAIMS, file, "--wait", "0.5")
    assert done.returncode == 5
    assert "NO ROW IN THE FILE" in done.stdout
    assert "--allow-empty" in done.stdout


def test_a_path_with_brackets_is_shown_as_it_is(crosscheck: Crosscheck, tmp_path: Path) -> None:
    """The work is done by then: the report must not end in an error of the screen's."""
    folder = tmp_path / "p" / "[" / "old]" / "[gf]"
    folder.mkdir(parents=True)
    path = folder / "dates.csv"
    path.write_text(f"{HEADER}UB1,none,Li,2008-13,1\n", encoding="utf-8")
    done = crosscheck("publish", CLAIMS, path, "--wait", "0.5")
    assert (done.returncode, "Traceback" in done.stderr) == (4, False), done.stderr
    assert f"refused rows: {path}" in done.stdout


def test_a_catalog_with_errors(crosscheck: Crosscheck, tmp_path: Path) -> None:
    folder = tmp_path / "catalog"
    for source in sorted(path for path in EXAMPLE.rglob("*.yml")):
        target = folder / source.relative_to(EXAMPLE)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
    resource = folder / "resources" / f"{CLAIMS}.yml"
    lines = resource.read_text(encoding="utf-8").splitlines()
    at = next(i for i, line in enumerate(lines) if "identifierKind" in line)
    lines[at] = lines[at].replace("person_id", "persn_id")
    resource.write_text("\n".join(lines) + "\n", encoding="utf-8")
    done = crosscheck("check", "--catalog", folder)
    failed(done, 3, f"{CLAIMS}.yml:{at + 1}")
    for words in (("worker",), ("alerts", "-d", "hrss")):
        failed(crosscheck(*words, "--catalog", folder), 3, f"{CLAIMS}.yml:{at + 1}")
    found = [
        json.loads(line) for line in crosscheck("check", "--catalog", folder, "--json").stdout.splitlines()
    ]
    assert found
    assert all(set(row) == {"where", "what", "remedy"} for row in found)


def test_stdout_is_data_alone(crosscheck: Crosscheck, tmp_path: Path) -> None:
    assert crosscheck("topics", "--create").returncode == 0
    for words, least in (
        (("topics",), 15),
        (("alerts", "-d", "hrss"), 0),
        (("results", "-d", "hrss"), 0),
        (("check",), 0),
        (("city", "--scale", "0.01", "--out", tmp_path / "city"), 1),
    ):
        done = crosscheck(*words, "--json")
        assert done.returncode == 0, done.stderr
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        assert len(rows) >= least
        assert all(isinstance(row, dict) for row in rows)
