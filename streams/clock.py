"""The clock: moments as they are written everywhere, and business dates.

Rules: read only at the edges (front node, officers, stewards, the worker's tick), never in a step; a business date
changes at midnight in China, where the deadlines are kept.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

Clock = Callable[[], date | None]
"""The business date; None where only `crosscheck tick` tells it."""

TIME_ZONE = ZoneInfo("Asia/Shanghai")


def now() -> str:
    """This moment: ISO 8601, UTC, milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def wall_clock() -> date:
    """Today, where Chinese deadlines are kept."""
    return datetime.now(TIME_ZONE).date()


def no_clock() -> None:
    """Business dates come from `crosscheck tick` alone."""
    return
