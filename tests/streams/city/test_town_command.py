"""`crosscheck city --scenario city`: the files, and what is said of them."""

import json
import subprocess
from pathlib import Path

import pytest

from streams.city.town.when import TODAY, on, working_days, works
from tests.e2e.town import command


def said(*words: object) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command("city", *words), capture_output=True, text=True, timeout=60, check=False)


def test_it_writes_files_corrections_and_truth(tmp_path: Path) -> None:
    done = said("--scenario", "city", "--scale", "0.005", "--out", tmp_path, "--json")
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert summary["business_date"] == "2026-01-15"
    assert len(list(tmp_path.glob("*.csv"))) == len(summary["rows"]) == 60
    assert len(list((tmp_path / "truth").glob("*.csv"))) == len(summary["rules"]) == 26
    corrected = {name for name, lines in summary["corrections"].items() if lines}
    assert {path.stem for path in (tmp_path / "corrections").glob("*.csv")} == corrected
    for resource, rows in summary["rows"].items():
        lines = (tmp_path / f"{resource}.csv").read_text(encoding="utf-8").splitlines()
        assert len(lines) - 1 == rows


def test_it_says_that_nobody_exists(tmp_path: Path) -> None:
    done = said("--scenario", "city", "--scale", "0.005", "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "synthetic" in done.stdout
    assert "合成数据" in done.stdout
    assert "26 rules" in done.stdout


def test_a_misspelt_scenario_names_both(tmp_path: Path) -> None:
    done = said("--scenario", "citty", "--out", tmp_path)
    assert done.returncode == 8
    assert "did you mean city" in done.stderr


@pytest.mark.parametrize(
    ("day", "size", "expected"),
    [
        (on(2025, 9, 30), 1, on(2025, 10, 9)),
        (on(2025, 9, 26), 1, on(2025, 9, 28)),
        (on(2025, 10, 9), -1, on(2025, 9, 30)),
        (TODAY, -5, on(2026, 1, 8)),
    ],
)
def test_working_days_step_over_holidays(day: int, size: int, expected: int) -> None:
    assert working_days(day, size) == expected
    assert works(expected)
