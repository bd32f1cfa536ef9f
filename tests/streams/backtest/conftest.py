"""A small fact base, told by hand: claims, insurance spells and wages of three people, and the rule in force."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from stores.factbase import FactBase
from streams.readers.facts import Gathering
from tests.streams.steps.world import (
    BUCKET,
    CATALOG,
    CLAIM,
    ENTERPRISE,
    RULE,
    SPELL,
    TOKENS,
    WAGE,
    batch_of,
    row,
)
from topics.batch import Row
from topics.catalog import Rule
from topics.control import Control, RuleChange, Tick

MAY, JUNE, JULY = ((date(2008, m, 1), date(2008, m, d)) for m, d in ((5, 31), (6, 30), (7, 31)))
ANN, BOB, CAT = TOKENS


class Telling:
    """Tells a fact base one thing after the other."""

    def __init__(self) -> None:
        self.base = FactBase.create(threads=1)
        self._gathering = Gathering(self.base)
        self._position = 0
        self._seq: dict[str, int] = {}

    def rows(self, resource: str, *rows: Row, **changes: Any) -> None:
        seq = self._seq[resource] = self._seq.get(resource, 0) + 1
        self._gathering.join(BUCKET, self._next(), batch_of(resource, rows, seq, **changes), list(rows))

    def control(self, control: Control) -> None:
        self._gathering.govern(BUCKET, self._next(), control)

    def force(self, rule: Rule, force: str = "active") -> None:
        self.control(RuleChange(rule, force, None, None, "activated", "test", ""))

    def _next(self) -> int:
        self._position += 1
        return self._position - 1

    def finished(self) -> FactBase:
        self._gathering.finish()
        return self.base


@pytest.fixture
def rule() -> Rule:
    return replace(CATALOG.rule(RULE), version=1)


@pytest.fixture
def telling() -> Iterator[Telling]:
    """Nothing is in force yet. Claims: Ann May and June, Bob May, Cat July. Open: Ann's June and Bob's May.

    Explained: Ann's May (paid in arrears). Wages are not delivered in full.
    """
    told = Telling()
    claims = [
        row(CLAIM, "ann-may", 1, ANN, start=MAY[0], end=MAY[1]),
        row(CLAIM, "ann-june", 1, ANN, start=JUNE[0], end=JUNE[1]),
        row(CLAIM, "bob-may", 1, BOB, start=MAY[0], end=MAY[1]),
        row(CLAIM, "cat-july", 1, CAT, start=JULY[0], end=JULY[1]),
    ]
    told.rows(CLAIM, *claims, ends_run=True)
    told.rows(SPELL, row(SPELL, "s1", 1, ANN, start=MAY[0], end=MAY[1], kind="back_payment"), ends_run=True)
    told.rows(
        WAGE,
        row(WAGE, "w1", 1, ANN, start=JUNE[0], end=JUNE[1]),
        row(WAGE, "w2", 1, BOB, start=MAY[0], end=MAY[1]),
    )
    told.rows(ENTERPRISE, row(ENTERPRISE, "e1", 1, BOB, start=MAY[0], status="active"), ends_run=True)
    yield told
    told.base.close()


@pytest.fixture
def base(telling: Telling) -> FactBase:
    """Nothing in force, no business date."""
    return telling.finished()


@pytest.fixture
def in_force(telling: Telling) -> Callable[..., FactBase]:
    """With a rule in force."""

    def finish(rule: Rule, *more: tuple[Rule, str], force: str = "active") -> FactBase:
        telling.control(Tick(date(2008, 9, 1), ""))
        telling.force(rule, force)
        for other, how in more:
            telling.force(other, how)
        return telling.finished()

    return finish
