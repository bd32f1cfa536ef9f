"""Alerts, results and dispositions: what the hub tells a rule's owner, and what an officer answers.

Rules: disclosed are codes and months, never days, names, amounts or another department's handle.
A revision's number is the position in `facts` that caused it, so readers keep the highest and ignore the rest.
Must not know: how an outcome was reached.
"""

import hashlib
from typing import Literal

import msgspec

AlertState = Literal["open", "explained", "withdrawn"]
Verdict = Literal["clear", "discrepancy", "explained", "withdrawn"]
Decision = Literal["confirmed", "dismissed"]


class Evidence(msgspec.Struct, frozen=True):
    """One fact that contradicts the anchor, as disclosed: `period` in months (ISO 8601, '..' = running).

    `code` is the disclosed attribute's code or band; `absent`: the fact that should be there is not.
    """

    department: str
    resource: str
    code: str | None
    period: str
    exculpation: str | None
    absent: bool = False


class ExculpationCheck(msgspec.Struct, frozen=True):
    """An exculpation that the rule asked about, and whether some evidence fell to it."""

    code: str
    resource: str
    holds: bool


class SourceStatus(msgspec.Struct, frozen=True):
    """Whether a source had been delivered in full when the revision was made, and up to when."""

    resource: str
    complete: bool
    as_of: str | None


class Alert(msgspec.Struct, frozen=True):
    """One revision of one check's alert, as `department` may know it; `trial`: of a rule on trial, no case.

    `handle` and `batches` are the rule owner's alone: empty for any other department that is told.
    """

    alert_id: str
    rule: str
    rule_version: int
    revision: int
    state: AlertState
    department: str
    resource: str
    handle: str
    period: str
    evidence: list[Evidence]
    exculpations: list[ExculpationCheck]
    sources: list[SourceStatus]
    batches: list[str]
    bucket: int
    updated_at: str
    trial: bool = False


class Result(msgspec.Struct, frozen=True):
    """Comparison result of one check; compacted by check id. A check that is clear has one too."""

    check_id: str
    rule: str
    rule_version: int
    revision: int
    verdict: Verdict
    resource: str
    handle: str
    bucket: int
    updated_at: str


class Disposition(msgspec.Struct, frozen=True):
    """A named officer's decision on one alert, with the revision and rule version they had before them."""

    alert_id: str
    rule: str
    revision: int
    decision: Decision
    reason: str
    officer: str
    decided_at: str
    rule_version: int = 0


def check_id(rule: str, resource: str, handle: str, subject: bytes) -> str:
    """Name of a check: the same whenever and in whatever order its facts arrive (32 hex digits)."""
    text = "\x1f".join((rule, resource, handle, subject.hex()))
    return hashlib.sha256(text.encode()).hexdigest()[:32]
