"""When evidence counts, in words: every relation, window and deadline."""

from dataclasses import replace

import pytest

from matchers.rules.when import until, when
from topics.catalog import Deadline, Temporal, Text, Window, load_catalog
from topics.catalog.rule import PREDICATES, SHARED_DAY, Allen

ANY = PREDICATES["any"]
CITY = load_catalog()
CLAIM, SPELL, WAGE = (
    CITY.resource(name)
    for name in ("hrss.unemployment_benefit", "hrss.social_insurance", "tax.wage_withholding")
)

START = SPELL.fact_field("start")
assert START is not None
EVENT = replace(SPELL, fields=(replace(START, fact="event"),))


def allen(*names: Allen) -> Temporal:
    return Temporal(frozenset(names))


CASES: dict[str, tuple[Temporal, str, str]] = {
    "a common day": (
        Temporal(SHARED_DAY),
        "与被核查记录的期间至少有一天重合",
        "it has at least one day in common with the record",
    ),
    "fifteen common days": (
        Temporal(SHARED_DAY, 15),
        "与被核查记录的期间至少有 15 天重合",
        "it has at least 15 days in common with the record",
    ),
    "contains": (
        Temporal(PREDICATES["contains"]),
        "其期间覆盖被核查记录的整个期间",
        "its period covers the whole of the record's",
    ),
    "contains, with days": (
        Temporal(PREDICATES["contains"], 9),
        "其期间覆盖被核查记录的整个期间,且至少有 9 天重合",
        "its period covers the whole of the record's, with at least 9 days in common",
    ),
    "equals": (
        Temporal(PREDICATES["equals"]),
        "其期间与被核查记录起止日完全相同",
        "its period has the same first and last day",
    ),
    "precedes": (
        Temporal(PREDICATES["precedes"]),
        "其期间在被核查记录开始之前已结束",
        "it ended before the record's period begins",
    ),
    "succeeds": (
        Temporal(PREDICATES["succeeds"]),
        "其期间在被核查记录结束之后才开始",
        "it begins after the record's period has ended",
    ),
    "any time": (
        Temporal(ANY),
        "两者期间均已知(不论何时)",
        "both periods are known, whenever they are",
    ),
    "one of Allen's relations": (
        allen("during"),
        "与被核查记录的期间相比,其期间完全处于其中",
        "held against the record's period, its period lies within it, touching neither end",
    ),
    "two of Allen's relations": (
        allen("met_by", "meets"),
        "与被核查记录的期间相比,其期间在其开始的前一天结束或在其结束的次日开始",
        "held against the record's period, its period ends on the day before it begins, "
        "or begins on the day after it ends",
    ),
    "shorter, and within": (
        allen("starts", "during", "finishes"),
        "其期间短于并处于被核查记录的期间之内",
        "its period is shorter than the record's and lies within it",
    ),
    "within the whole": (
        allen("starts", "during", "finishes", "equals"),
        "其期间处于被核查记录的期间之内",
        "its period lies within the record's",
    ),
    "within, after": (
        Temporal(ANY, window=Window(30, "working_days", "start", "after")),
        "始于被核查记录期间的第一天之后 30 个工作日之内(含首尾)",
        "it begins within 30 working days after the first day of the record's period, both ends included",
    ),
    "within, before": (
        Temporal(ANY, window=Window(7, "days", "end", "before")),
        "始于被核查记录期间的最后一天之前 7 天之内(含首尾)",
        "it begins within 7 days before the last day of the record's period, both ends included",
    ),
    "within, on either side": (
        Temporal(ANY, window=Window(1, "days", "end", "either")),
        "始于被核查记录期间的最后一天前后 1 天之内(含首尾)",
        "it begins within 1 day before or after the last day of the record's period, both ends included",
    ),
    "on the day": (
        Temporal(ANY, window=Window(0, "days", "end", "after")),
        "始于被核查记录期间的最后一天",
        "it begins on the last day of the record's period",
    ),
    "overlapping, and within": (
        Temporal(SHARED_DAY, window=Window(0, "days", "start", "after")),
        "与被核查记录的期间至少有一天重合,且始于被核查记录期间的第一天",
        "it has at least one day in common with the record, "
        "and it begins on the first day of the record's period",
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_when(case: tuple[Temporal, str, str]) -> None:
    temporal, zh, en = case
    assert when(temporal, CLAIM, SPELL) == Text(zh, en)


def test_months_and_days_are_said_where_that_is_all_there_is() -> None:
    """Two months that overlap are one month; two events, one day."""
    for relations in (SHARED_DAY, PREDICATES["equals"]):
        assert when(Temporal(relations), CLAIM, WAGE).en == "it is of the same month as the record"
        assert when(Temporal(relations), CLAIM, WAGE).zh == "与被核查记录同月"
    assert when(Temporal(SHARED_DAY), EVENT, EVENT).en == "it is of the same day as the record"
    assert when(Temporal(SHARED_DAY), EVENT, CLAIM).en == "it has at least one day in common with the record"


@pytest.mark.parametrize("name", sorted(ANY))
def test_every_relation_has_words_of_its_own(name: Allen) -> None:
    others = {when(allen(other), CLAIM, SPELL).en for other in ANY if other != name}
    assert when(allen(name), CLAIM, SPELL).en not in others


@pytest.mark.parametrize(
    ("deadline", "zh", "en"),
    [
        (Deadline(60, "days", "start"), "第一天之后 60 天为止", "the end of 60 days after the first day"),
        (
            Deadline(1, "working_days", "end"),
            "最后一天之后 1 个工作日为止",
            "the end of 1 working day after the last",
        ),
        (Deadline(0, "days", "end"), "最后一天当天为止", "the end of the last day of the record's period"),
    ],
)
def test_until(deadline: Deadline, zh: str, en: str) -> None:
    assert zh in until(deadline).zh
    assert until(deadline).en.startswith(en)
