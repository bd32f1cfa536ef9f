"""Rules and facts made by hand, for tests of what rules decide.

Rules: one small made-up world: `a.home` asks about its records by `person`, `b.there` and `c.also` hold evidence.
Must not know: how anything is decided.
"""

from dataclasses import replace
from datetime import date
from typing import Any

from topics.catalog import Condition, EvidenceSource, Exculpation, Rule, Text
from topics.facts import FOREVER, Fact, Subject

WORDS = Text("字", "words")
HOME, THERE, ALSO = "a.home.person", "b.there.person", "c.also.person"


def source(resource: str = "b.there", **changes: Any) -> EvidenceSource:
    """A place to look for evidence that overlaps."""
    return replace(EvidenceSource(resource, "person", (), None, WORDS), **changes)


def rule(kind: str = "conflict", *evidence: EvidenceSource, **changes: Any) -> Rule:
    """A rule about `a.home`, owned by department a."""
    made = Rule(
        id="r",
        version=1,
        kind=kind,
        department="a",
        title=WORDS,
        purpose=WORDS,
        legal_basis="law",
        grants=(),
        anchor="a.home",
        anchor_subject="person",
        evidence=evidence or (source(),),
        severity="low",
        volume_cap=100,
        status="active",
        expires=None,
        reasons={},
        disclosure={"a": frozenset({"month", "code", "band"})},
    )
    return replace(made, **changes)


def where(attribute: str, *values: str) -> tuple[Condition, ...]:
    """One condition."""
    return (Condition(attribute, frozenset(values)),)


def excuse(attribute: str, *values: str) -> tuple[Exculpation, ...]:
    """One exculpation of evidence."""
    return (Exculpation("excused", attribute, frozenset(values), WORDS),)


def day(text: str) -> int:
    """'03-05' of 2025 as an ordinal; '' runs for ever."""
    return date.fromisoformat(f"2025-{text}").toordinal() if text else FOREVER


def fact(first: str, last: str = "", version: int = 1, **codes: str) -> Fact:
    """A live fact from one day to another."""
    return Fact(version, day(first), day(last), codes, 1, 1)


UNKNOWN = Fact(1, 1, 0, {}, 1, 1)
"""A fact whose period is not known."""


def subject(**facts: dict[str, Fact]) -> Subject:
    """home=..., there=..., also=...: facts by handle."""
    names = {"home": HOME, "there": THERE, "also": ALSO}
    return Subject({names[name]: held for name, held in facts.items()})
