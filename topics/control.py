"""What else stands in the `facts` log beside change batches: the business date, and the rules in force.

Rules: written to every partition, so that time and rules have a position in each, and a replay sees both where
the first run did; the newest version of a rule wins, a day never goes back. Must not know: how rules are evaluated.
"""

from datetime import date
from typing import Literal

import msgspec

from topics.calendar import Calendar
from topics.catalog.rule import Rule
from topics.codec import decode, encode
from topics.records import Record, StoredRecord, event_headers

Force = Literal["active", "trial", "suspended"]


class Tick(msgspec.Struct, frozen=True):
    """The business date `day` has begun (deadlines before it have passed)."""

    day: date
    at: str


class RuleChange(msgspec.Struct, frozen=True):
    """A rule is in force from here on as `force` says, until the end of `until`.

    `reason`: activated | suspended | expired | precision | by-hand: WHY, or term: only `until` or `calendar` are new;
    `by`: the officer, or crosscheck itself.
    """

    rule: Rule
    force: Force
    until: date | None
    calendar: Calendar | None
    reason: str
    by: str
    at: str

    def counts_on(self, other: "RuleChange") -> bool:
        """Whether its calendar knows of holidays after the last that the other's knows of."""
        ours, theirs = (change.calendar.last if change.calendar else 0 for change in (self, other))
        return ours > theirs


class RuleEvent(msgspec.Struct, frozen=True):
    """What became of a rule, for all who are told of its alerts and for the audit; said once, by bucket 0.

    `declared` lets its readers explain and decide alerts of a version that their catalog does not have.
    """

    rule: str
    version: int
    department: str
    force: Force
    reason: str
    day: date | None
    by: str
    position: int
    at: str
    declared: Rule


Control = Tick | RuleChange
_KINDS: dict[bytes, type[Tick] | type[RuleChange]] = {
    b"crosscheck.tick.v1": Tick,
    b"crosscheck.rulechange.v1": RuleChange,
}


def control_record(control: Control) -> Record:
    """As it is appended to a partition of `facts`."""
    if isinstance(control, Tick):
        name, event = "tick", control.day.isoformat()
    else:
        name, event = "rulechange", f"{control.rule.id}/{control.rule.version}/{control.force}"
    return Record(event.encode(), encode(control), event_headers(name, "crosscheck", event, control.at))


def is_control(record: StoredRecord) -> bool:
    """Whether a record of `facts` is a control and not a change batch."""
    return _kind(record) is not None


def control_of(record: StoredRecord) -> Control | None:
    """The control that a record of `facts` carries; None if it is of another type. Raises ContractError."""
    kind = _kind(record)
    return None if kind is None else decode(record.value, kind, where=record.place)


def _kind(record: StoredRecord) -> type[Tick] | type[RuleChange] | None:
    return next((_KINDS.get(value) for name, value in record.headers if name == "ce_type"), None)
