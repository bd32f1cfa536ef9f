"""What differs between two declarations, key by key."""

from dataclasses import replace
from typing import Any

import pytest

from matchers.rules.difference import Difference, differences
from topics.catalog import Condition, EvidenceSource, Rule, Temporal, Text, load_catalog
from topics.catalog.rule import SHARED_DAY

RULE = load_catalog().rule("benefit-while-employed")
WAGES = "evidence.tax.wage_withholding person_id"
CASES: dict[str, tuple[dict[str, Any], list[Difference]]] = {
    "nothing": ({}, []),
    "one value": ({"volume_cap": 500}, [Difference("volume_cap", "2000", "500")]),
    "one language": (
        {"title": replace(RULE.title, en="Benefit while employed")},
        [Difference("title.en", RULE.title.en, "Benefit while employed")],
    ),
    "a value that was not there": ({"precision_floor": 0.3}, [Difference("precision_floor", None, "0.3")]),
    "a value that goes": ({"expires": None}, [Difference("expires", "2030-12-31", None)]),
    "a grant less": (
        {"grants": RULE.grants[:1]},
        [Difference("grants", ", ".join(RULE.grants), RULE.grants[0])],
    ),
    "a condition": (
        {"anchor_where": (Condition("status", frozenset({"b", "a"})),)},
        [Difference("anchor_where", "", None), Difference("anchor_where.status.values", None, "a, b")],
    ),
    "a reason": (
        {"reasons": {**RULE.reasons, "moved": ("dismissed", Text("迁出", "moved away"))}},
        [
            Difference("reasons.moved", None, "dismissed"),
            Difference("reasons.moved.zh", None, "迁出"),
            Difference("reasons.moved.en", None, "moved away"),
        ],
    ),
}


@pytest.mark.parametrize(("changes", "expected"), CASES.values(), ids=CASES.keys())
def test_differences(changes: dict[str, Any], expected: list[Difference]) -> None:
    assert differences(RULE, replace(RULE, **changes)) == expected


def with_evidence(*evidence: EvidenceSource) -> Rule:
    return replace(RULE, evidence=evidence)


def test_sources_are_told_apart_by_name_whatever_their_order() -> None:
    assert differences(RULE, with_evidence(*reversed(RULE.evidence))) == []
    first, wages, firms = RULE.evidence
    gone = differences(RULE, with_evidence(first, firms))
    assert gone
    assert all(d.key.startswith(WAGES) and d.new is None for d in gone)
    longer = replace(wages, temporal=Temporal(SHARED_DAY, 15))
    assert differences(RULE, with_evidence(first, longer, firms)) == [
        Difference(f"{WAGES}.temporal.days", "1", "15")
    ]
