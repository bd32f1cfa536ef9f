"""The example cities on offer, and the figures each one is built to.

hangzhou-2008 follows the published figures of the 2008 Hangzhou pilot: 11,000 claims a month over nine
months, 574 of them overlapping employment, 289 confirmed as employed. How the other 285 divide was not
published; 131 back payments, 96 inactive enterprises and 58 misused identities are our own synthetic split.
Rules: a plan adds up at every scale; how early or late the evidence becomes known is part of the plan.
Must not know: people, files, randomness.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from rapidfuzz import process

from streams.city.days import month_number
from topics.errors import CrosscheckError, NotFound


class Label(StrEnum):
    """The truth about a claim."""

    CLEAR = "clear"
    EMPLOYED = "employed"
    BACK_PAYMENT = "back_payment"
    INACTIVE_ENTERPRISE = "inactive_enterprise"
    IDENTITY_MISUSE = "identity_misuse"


class Manner(StrEnum):
    """How the departments came to tell the final fact (base file first, corrections later)."""

    ON_TIME = "on_time"  # right from the start
    LATE = "late"  # only in the corrections
    MISDATED = "misdated"  # first told with a period outside the claim
    MISTAKEN = "mistaken"  # first told of another person
    RECLASSIFIED = "reclassified"  # first told without its exculpation
    REOPENED = "reopened"  # first told with an exculpation it does not have
    DELETED = "deleted"  # told, then taken back
    REDATED = "redated"  # told, then moved outside the claim
    REPERSONED = "repersoned"  # told, then found to be another person's
    WRONG_CLAIM = "wrong_claim"  # the claim itself named the wrong person at first


WITHDRAWN = (Manner.DELETED, Manner.REDATED, Manner.REPERSONED, Manner.WRONG_CLAIM)


@dataclass(frozen=True, slots=True)
class Share:
    """So many claims with this truth, told in this manner."""

    label: Label
    manner: Manner
    claims: int


@dataclass(frozen=True, slots=True)
class Scenario:
    """A city at scale 1.0; `late` is the part of each label that is not told on time."""

    name: str
    en: str
    zh: str
    first_month: int
    months: int
    claims_a_month: int
    overlaps: int
    labels: Mapping[Label, int]
    late: tuple[Share, ...]
    spells: int
    wages: int
    enterprises: int


@dataclass(frozen=True, slots=True)
class Plan:
    """A scenario at some scale, in whole numbers."""

    first_month: int
    months: int
    slots: int
    shares: tuple[Share, ...]
    spells: int
    wages: int
    enterprises: int


_HANGZHOU = Scenario(
    name="hangzhou-2008",
    en="Hangzhou 2008: unemployment benefit against social insurance, wage tax and the enterprise register",
    zh="杭州 2008: 失业保险金与社保、个税、市场主体登记比对(按试点公布数据合成)",
    first_month=month_number(2008, 3),
    months=9,
    claims_a_month=11_000,
    overlaps=574,
    labels=MappingProxyType(
        {
            Label.EMPLOYED: 289,
            Label.BACK_PAYMENT: 131,
            Label.INACTIVE_ENTERPRISE: 96,
            Label.IDENTITY_MISUSE: 58,
        }
    ),
    late=(
        Share(Label.EMPLOYED, Manner.LATE, 18),
        Share(Label.EMPLOYED, Manner.MISDATED, 12),
        Share(Label.EMPLOYED, Manner.MISTAKEN, 8),
        Share(Label.EMPLOYED, Manner.REOPENED, 8),
        Share(Label.BACK_PAYMENT, Manner.RECLASSIFIED, 24),
        Share(Label.BACK_PAYMENT, Manner.LATE, 6),
        Share(Label.INACTIVE_ENTERPRISE, Manner.RECLASSIFIED, 16),
        Share(Label.IDENTITY_MISUSE, Manner.LATE, 6),
        Share(Label.CLEAR, Manner.DELETED, 15),
        Share(Label.CLEAR, Manner.REDATED, 20),
        Share(Label.CLEAR, Manner.REPERSONED, 13),
        Share(Label.CLEAR, Manner.WRONG_CLAIM, 12),
    ),
    spells=90_000,
    wages=100_000,
    enterprises=25_000,
)

SCENARIOS: Mapping[str, Scenario] = MappingProxyType({_HANGZHOU.name: _HANGZHOU})
TOWN = "city"
"""The scenario of all rule packs, which streams.city.town generates."""

KNOWN = (*SCENARIOS, TOWN)
_SMALLEST, _LARGEST = 0.005, 40.0


def find(name: str) -> Scenario:
    if name in SCENARIOS:
        return SCENARIOS[name]
    near = process.extractOne(name, KNOWN, score_cutoff=60)
    hint = f"did you mean {near[0]}? " if near else ""
    raise NotFound(f"no scenario {name!r}", remedy=f"{hint}known: {', '.join(KNOWN)}")


def plan(scenario: Scenario, scale: float) -> Plan:
    if not _SMALLEST <= scale <= _LARGEST:
        raise CrosscheckError(
            f"scale {scale} is outside {_SMALLEST}-{_LARGEST}", remedy="1.0 is the pilot's own size"
        )
    return Plan(
        first_month=scenario.first_month,
        months=scenario.months,
        slots=round(scenario.claims_a_month * scale),
        shares=_shares(scenario, scale),
        spells=round(scenario.spells * scale),
        wages=round(scenario.wages * scale),
        enterprises=round(scenario.enterprises * scale),
    )


def _shares(scenario: Scenario, scale: float) -> tuple[Share, ...]:
    late = [Share(s.label, s.manner, round(s.claims * scale)) for s in scenario.late]
    found: list[Share] = []
    for label, claims in _labels(scenario, scale).items():
        for share in late:
            if share.label is label:
                claims -= (taken := min(share.claims, claims))
                found.append(Share(label, share.manner, taken))
        found.append(Share(label, Manner.ON_TIME, claims))
    return (*found, *(share for share in late if share.label is Label.CLEAR))


def _labels(scenario: Scenario, scale: float) -> dict[Label, int]:
    """Rounded label by label; the last takes what is left, so that the sum is the rounded total."""
    left = round(scenario.overlaps * scale)
    found: dict[Label, int] = {}
    for label, claims in scenario.labels.items():
        found[label] = min(left, round(claims * scale))
        left -= found[label]
    found[Label.IDENTITY_MISUSE] += left
    return found
