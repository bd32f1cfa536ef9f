"""Runs tests/cases/rule-mistakes.yml: one finding per mistake, at the line, in words that a person can act on."""

import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from topics.catalog import EXAMPLE, check_catalog, load_catalog
from topics.catalog.load import load_with_rule
from topics.errors import CatalogError, CatalogInvalid, NotFound

PATH = Path(__file__).parent.parent / "cases" / "rule-mistakes.yml"
WRITTEN: dict[str, Any] = yaml.safe_load(PATH.read_text(encoding="utf-8"))
CASES: list[dict[str, Any]] = WRITTEN["cases"]
CONFLICT = "rules/benefit-while-employed.yml"


@pytest.fixture
def town(tmp_path: Path) -> Path:
    """The example city, with what the cases add to it."""
    folder = tmp_path / "city"
    shutil.copytree(EXAMPLE, folder)
    for name, text in WRITTEN["files"].items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def edited(town: Path, case: dict[str, Any]) -> Path:
    """The file as the steward left it."""
    path = town / case.get("in", CONFLICT)
    text = path.read_text(encoding="utf-8")
    for old, new in [[case.get("for", ""), case.get("wrote", "")], *case.get("more", [])]:
        assert old in text, "the rule has changed: adapt the case"
        text = text.replace(old, new, -1 if case.get("every") else 1)
    path.unlink()
    saved = town / case.get("saved_as", path.relative_to(town))
    saved.write_text(text, encoding="utf-8")
    return saved


def place(case: dict[str, Any], town: Path, saved: Path) -> str:
    """file:line that the finding must name."""
    path = town / case["file"] if "file" in case else saved
    lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    found = [number for number, line in enumerate(lines, 1) if line == case["line"]]
    assert "nth" in case or len(found) == 1, f"{len(found)} lines like it: say nth"
    return f"{path}:{found[case.get('nth', 1) - 1]}"


def lacking(finding: CatalogError, words: dict[str, Any]) -> list[str]:
    """Words that the finding should contain and does not."""
    return [
        word for part in ("what", "remedy") for word in words[part] if str(word) not in getattr(finding, part)
    ]


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_mistake(town: Path, case: dict[str, Any]) -> None:
    saved = edited(town, case)
    findings = check_catalog(town, today=case.get("today"))
    said = [str(finding) for finding in findings]
    expected = [case, *([case["also"]] if "also" in case else [])]
    assert len(findings) == len(expected), said
    assert {finding.where for finding in findings} == {place(case, town, saved)}, said
    assert [lacking(finding, words) for finding, words in zip(findings, expected, strict=True)] == [
        [] for _ in expected
    ], said


def test_there_are_enough_and_each_has_its_own_name() -> None:
    assert len({case["name"] for case in CASES}) == len(CASES) >= 24


def test_the_rules_that_are_edited_have_no_mistake(town: Path) -> None:
    assert [str(finding) for finding in check_catalog(town, today=date(2026, 1, 1))] == []
    assert {rule.kind for rule in load_catalog(town).rules.values()} == {
        "conflict",
        "missing",
        "mismatch",
        "threshold",
        "duplicate",
    }


def test_a_rule_from_elsewhere_is_checked_alike(town: Path, tmp_path: Path) -> None:
    """`crosscheck rules activate FILE` takes no rule that `crosscheck check` would not."""
    case = next(case for case in CASES if case["name"] == "a withheld resource")
    saved = edited(town, case)
    elsewhere = tmp_path / saved.name
    saved.rename(elsewhere)
    with pytest.raises(CatalogInvalid) as caught:
        load_with_rule(town, elsewhere)
    (finding,) = caught.value.findings
    assert finding.where.startswith(f"{elsewhere}:")
    assert lacking(finding, case) == []


def test_a_rule_of_the_catalog_named_by_its_path_is_at_fault_once(town: Path) -> None:
    case = next(case for case in CASES if case["name"] == "a misspelt key")
    with pytest.raises(CatalogInvalid) as caught:
        load_with_rule(town, edited(town, case))
    assert len(caught.value.findings) == 1


def test_a_rule_of_the_catalog_does_not_hide_another_of_its_name(town: Path) -> None:
    """Named by its path, one of two was activated; the next worker could not load the catalog."""
    again = town / "rules/again.yml"
    again.write_text((town / CONFLICT).read_text("utf-8"), "utf-8")
    with pytest.raises(CatalogInvalid) as caught:
        load_with_rule(town, town / CONFLICT)
    assert any("is in" in finding.what for finding in caught.value.findings)


def test_a_file_that_is_no_rule(town: Path) -> None:
    with pytest.raises(NotFound, match="is no rule"):
        load_with_rule(town, town / "grants.yml")
    assert load_with_rule(town, town / CONFLICT)[1].id == "benefit-while-employed"
