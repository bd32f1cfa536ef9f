"""Runs benefit-while-employed.yml through the real join step: evidence first, then last, then by the words."""

from calendar import monthrange
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.streams.steps.world import CLAIM, ENTERPRISE, SPELL, WAGE, Machine, row
from topics.batch import Row

PATH = Path(__file__).with_name("benefit-while-employed.yml")
# BaseLoader: dates and months stay the text that the officer wrote.
CASES: list[dict[str, Any]] = yaml.load(PATH.read_text(encoding="utf-8"), yaml.BaseLoader)
VERDICTS = {"clear": "clear", "open": "discrepancy", "explained": "explained"}


def month(text: str) -> dict[str, date]:
    year, number = map(int, text.split("-"))
    return {"start": date(year, number, 1), "end": date(year, number, monthrange(year, number)[1])}


def days(text: str) -> dict[str, date | None]:
    first, last = text.split("..")
    return {"start": date.fromisoformat(first), "end": date.fromisoformat(last) if last else None}


def told(number: int, said: dict[str, str]) -> tuple[str, Row]:
    handle = f"evidence-{number}"
    if "insured" in said:
        return SPELL, row(SPELL, handle, 1, **days(said["insured"]), kind=said["kind"])
    if "wage" in said:
        return WAGE, row(WAGE, handle, 1, **month(said["wage"]))
    return ENTERPRISE, row(ENTERPRISE, handle, 1, **days(said["enterprise"]), status=said["status"])


@pytest.mark.parametrize("claim_first", [True, False], ids=["claim-first", "claim-last"])
@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_case(case: dict[str, Any], claim_first: bool) -> None:
    messages = [told(i, said) for i, said in enumerate(case["evidence"])]
    messages.insert(
        0 if claim_first else len(messages), (CLAIM, row(CLAIM, "claim", 1, **month(case["claim"])))
    )
    machine = Machine()
    for resource, one in messages:
        machine.tell(resource, one)
    assert [r.verdict for r in machine.results().values()] == [VERDICTS[case["expect"]]], case["because"]
    states = [alert.state for alert in machine.alerts().values()]
    assert states == ([case["expect"]] if case["expect"] != "clear" else []), case["because"]


def test_every_case_says_why_and_has_its_own_name() -> None:
    assert len({case["name"] for case in CASES}) == len(CASES) >= 25
    assert all(case.keys() == {"name", "claim", "evidence", "expect", "because"} for case in CASES)
    assert {case["expect"] for case in CASES} == set(VERDICTS)
