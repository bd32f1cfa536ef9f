"""What is said of a check: codes and months only, in the words of topics.alerts.

Rules: another department's handle, day or raw value is never said; a withdrawn alert carries no evidence.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from matchers.rules.conflict import ConflictRule, Found
from matchers.temporal import months
from streams.steps.ledger import Ledger
from topics.alerts import (
    Alert,
    AlertState,
    Evidence,
    ExculpationCheck,
    Result,
    SourceStatus,
    Verdict,
    check_id,
)
from topics.batch import batch_id
from topics.facts import Fact, State

ALERT_STATE: dict[State, AlertState] = {
    State.CLEAR: "withdrawn",
    State.EXPLAINED: "explained",
    State.OPEN: "open",
}
VERDICT: dict[State, Verdict] = {
    State.CLEAR: "clear",
    State.EXPLAINED: "explained",
    State.OPEN: "discrepancy",
}


@dataclass(frozen=True, slots=True)
class Check:
    """One rule on one anchor of one subject, at the log position that made it look again."""

    rule: ConflictRule
    token: bytes
    handle: str
    position: int
    bucket: int
    at: str

    @property
    def id(self) -> str:
        """Check id, the same on every replay."""
        declared = self.rule.rule
        return check_id(declared.id, declared.anchor, self.handle, self.token)


def evidence_of(found: Found) -> Evidence:
    """One piece of evidence as disclosed."""
    attribute = found.source.discloses
    return Evidence(
        department=found.source.resource.partition(".")[0],
        resource=found.source.resource,
        code=found.fact.codes.get(attribute) if attribute else None,
        period=months(found.fact.start, found.fact.end),
        exculpation=found.exculpation,
    )


def digest(check: Check, anchor: Fact, state: State, found: Sequence[Found]) -> bytes:
    """Eight bytes over everything that an alert would disclose of this outcome."""
    version = check.rule.rule.version
    if state is State.CLEAR:
        return b"%d" % version
    pieces = [(f.handle, f.fact.epoch, f.fact.seq, evidence_of(f)) for f in found]
    about = (anchor.start, anchor.end, anchor.epoch, anchor.seq)
    return hashlib.blake2b(msgspec.msgpack.encode((version, state, about, pieces)), digest_size=8).digest()


def result(check: Check, verdict: Verdict) -> Result:
    """The comparison result."""
    declared = check.rule.rule
    return Result(
        check_id=check.id,
        rule=declared.id,
        rule_version=declared.version,
        revision=check.position,
        verdict=verdict,
        resource=declared.anchor,
        handle=check.handle,
        bucket=check.bucket,
        updated_at=check.at,
    )


def alert(check: Check, anchor: Fact, state: AlertState, found: Sequence[Found], ledger: Ledger) -> Alert:
    """One revision of the alert."""
    declared = check.rule.rule
    return Alert(
        alert_id=check.id,
        rule=declared.id,
        rule_version=declared.version,
        revision=check.position,
        state=state,
        department=declared.department,
        resource=declared.anchor,
        handle=check.handle,
        period=months(anchor.start, anchor.end),
        evidence=[evidence_of(f) for f in found],
        exculpations=_exculpations(check.rule, found),
        sources=_sources(check.rule, ledger),
        batches=_batches(check, anchor, found),
        bucket=check.bucket,
        updated_at=check.at,
    )


def _exculpations(rule: ConflictRule, found: Sequence[Found]) -> list[ExculpationCheck]:
    held = {(f.source.resource, f.exculpation) for f in found}
    return [
        ExculpationCheck(code=e.code, resource=source.resource, holds=(source.resource, e.code) in held)
        for source in rule.rule.evidence
        for e in source.exculpations
    ]


def _sources(rule: ConflictRule, ledger: Ledger) -> list[SourceStatus]:
    resources = (rule.rule.anchor, *(e.resource for e in rule.rule.evidence))
    streams = ((name, ledger.newest(name)[1]) for name in dict.fromkeys(resources))
    return [SourceStatus(name, stream.complete, stream.as_of) for name, stream in streams]


def _batches(check: Check, anchor: Fact, found: Sequence[Found]) -> list[str]:
    ids = {batch_id(check.rule.rule.anchor, anchor.epoch, check.bucket, anchor.seq)}
    ids.update(batch_id(f.source.resource, f.fact.epoch, check.bucket, f.fact.seq) for f in found)
    return sorted(ids)
