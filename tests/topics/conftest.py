"""Broken copies of the example city, and the judge of what is found in them."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from topics.catalog import EXAMPLE, check_catalog

Break = Callable[[str, str, str], Path]
Case = tuple[str, str, str, str, str]


@pytest.fixture
def broken(tmp_path: Path) -> Break:
    """A copy of the example city with `old` replaced by `new` in one file."""
    folder = tmp_path / "city"
    shutil.copytree(EXAMPLE, folder)

    def mutate(file: str, old: str, new: str) -> Path:
        path = folder / file
        text = path.read_text("utf-8")
        assert old in text, "the example has changed: adapt the case"
        path.write_text(text.replace(old, new), "utf-8")
        return folder

    return mutate


@pytest.fixture
def judge(broken: Break) -> Callable[[Case], None]:
    """One case (file, old, new, text of the line pointed at, part of the finding) finds what it says."""

    def check(case: Case) -> None:
        file, old, new, line, message = case
        folder = broken(file, old, new)
        findings = check_catalog(folder)
        assert all(finding.what and finding.remedy for finding in findings)
        hits = [finding.where for finding in findings if message in str(finding)]
        assert hits, [str(finding) for finding in findings]
        places = [(path, lines_of(path)[int(number) - 1]) for path, _, number in map(split, hits)]
        assert any(line in text for _, text in places), places
        assert any(Path(path) == folder / file for path, _ in places), places

    return check


def split(where: str) -> tuple[str, str, str]:
    return where.rpartition(":")


def lines_of(path: str) -> list[str]:
    return Path(path).read_text("utf-8").splitlines()
