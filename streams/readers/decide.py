"""An officer's decision on an alert: named, with a reason from the rule, on the revision they saw.

Rules: a withdrawn alert cannot be decided; a decision changes no alert, it measures the rule. The last
decision on an alert counts.
"""

from collections.abc import Iterable
from math import sqrt
from typing import NamedTuple

from streams.clock import now
from topics.alerts import Alert, Decision, Disposition
from topics.catalog import Rule
from topics.errors import NotFound

Z95 = 1.959963984540054
"""97.5th percentile of the normal distribution."""


def dispose(alert: Alert, rule: Rule, decision: Decision, reason: str, officer: str) -> Disposition:
    """Check a decision against the alert and the rule's reasons. Raises NotFound."""
    if alert.state == "withdrawn":
        raise NotFound(
            f"alert {alert.alert_id[:12]} is withdrawn",
            remedy="a source was corrected, or the rule no longer applies: nothing to decide",
        )
    fitting = sorted(code for code, (supports, _) in rule.reasons.items() if supports == decision)
    if reason not in fitting:
        raise NotFound(f"no reason {reason!r} for {decision}", remedy=f"one of: {', '.join(fitting)}")
    return Disposition(
        alert_id=alert.alert_id,
        rule=alert.rule,
        revision=alert.revision,
        decision=decision,
        reason=reason,
        officer=officer,
        decided_at=now(),
        rule_version=alert.rule_version,
    )


class Precision(NamedTuple):
    """Share of decided alerts that were confirmed, with its 95 % Wilson interval; None while undecided."""

    confirmed: int
    dismissed: int
    share: float | None
    low: float | None
    high: float | None


def precision(decisions: Iterable[Decision]) -> Precision:
    """How often officers confirmed (Wilson 1927 score interval)."""
    made = list(decisions)
    n, confirmed = len(made), sum(d == "confirmed" for d in made)
    if not n:
        return Precision(0, 0, None, None, None)
    share = confirmed / n
    centre = (share + Z95**2 / (2 * n)) / (1 + Z95**2 / n)
    half = Z95 * sqrt(share * (1 - share) / n + Z95**2 / (4 * n * n)) / (1 + Z95**2 / n)
    low = centre - half if confirmed else 0.0  # exact, not what rounding leaves of it
    high = centre + half if confirmed < n else 1.0
    return Precision(confirmed, n - confirmed, share, low, high)
