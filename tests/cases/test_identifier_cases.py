"""Runs identifiers.yml through the normalisers that every front node uses."""

from pathlib import Path

import pytest
import yaml

from matchers.normalise.person_id import normalise_person_id
from matchers.normalise.uscc import normalise_uscc

PATH = Path(__file__).with_name("identifiers.yml")
CASES = yaml.safe_load(PATH.read_text(encoding="utf-8"))
NORMALISE = {"person_id": normalise_person_id, "uscc": normalise_uscc}
ALL = [pytest.param(kind, case, id=f"{kind}-{case['because']}") for kind in CASES for case in CASES[kind]]


@pytest.mark.parametrize(("kind", "case"), ALL)
def test_case(kind: str, case: dict[str, str]) -> None:
    expected = None if case["comes_to"] == "refused" else case["comes_to"]
    assert NORMALISE[kind](case["written"]) == expected, case["because"]
