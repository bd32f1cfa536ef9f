"""A made-up world for random declarations: three resources, four sources, three people, a spring of three weeks.

Rules: small on purpose, so that facts meet: few handles, periods within three weeks, few codes. The calendar has
days off and a Sunday that is worked, as that May had. Nothing here decides anything.
"""

from datetime import date

from topics.calendar import WEEKENDS, Calendar, chinese_calendar
from topics.facts import FOREVER

CLAIM, WORK, FIRM = "aid.claim", "tax.work", "reg.firm"
RESOURCES = (CLAIM, WORK, FIRM)
SOURCES = ((CLAIM, "person"), (WORK, "person"), (WORK, "boss"), (FIRM, "person"))
TOKENS = (b"A" * 16, b"B" * 16, b"C" * 16)
HANDLES = ("h1", "h2", "h3")
KINDS = ("a", "b", "c")
BANDS: dict[str, tuple[int, int | None]] = {"0-2": (0, 2), "2-5": (2, 5), "5+": (5, None)}
MATCHES = ("m1", "m2")
VALUES: dict[str, tuple[str, ...]] = {"kind": KINDS, "band": tuple(BANDS), "match": MATCHES}

DAY = date(2008, 4, 21).toordinal()
"""A Monday; 1 to 3 May were off, Sunday the 4th was worked."""
SPRING = range(DAY, DAY + 21)
HORIZON = date(2008, 12, 31).toordinal()
"""After every day that is written."""
RUNNING = FOREVER


def _may() -> Calendar:
    whole, last = chinese_calendar(), DAY + 70
    off, worked = (tuple(d for d in days if DAY - 30 < d < last) for days in (whole.off, whole.worked))
    return Calendar(off, worked)


MAY = _may()
CALENDARS = (WEEKENDS, MAY)
