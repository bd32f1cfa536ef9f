"""What is said of a check: codes, bands and months only, in the words of topics.alerts.

Rules: another department's handle, day or raw value is never said; each department that is told is told in the
forms that the rule declares for it; a withdrawn alert carries no evidence. Only the owner gets the record's handle:
with it, whoever holds the linkage key could try known numbers until the alert's id comes out.
"""

import hashlib
from collections.abc import Set

import msgspec

from matchers.rules.compiled import CompiledRule
from matchers.rules.judge import Judgement
from matchers.rules.source import Found
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
from topics.catalog import EvidenceSource
from topics.catalog.rule import Form
from topics.facts import Fact, State

ALERT_STATE: tuple[AlertState, ...] = ("withdrawn", "explained", "open")
VERDICT: tuple[Verdict, ...] = ("clear", "explained", "discrepancy")
"""By topics.facts.State."""


class Place(msgspec.Struct, frozen=True):
    """Where in `facts` something stands that makes checks be looked at again, and when it was written."""

    position: int
    bucket: int
    at: str


class Check(msgspec.Struct, frozen=True):
    """One rule on one anchor of one subject, at the place that made it look again."""

    rule: CompiledRule
    token: bytes
    handle: str
    place: Place

    @property
    def id(self) -> str:
        """Check id, the same on every replay."""
        declared = self.rule.rule
        return check_id(declared.id, declared.anchor, self.handle, self.token)


ALL_FORMS: frozenset[Form] = frozenset({"month", "code", "band"})


def evidence_of(found: Found, forms: Set[Form] = ALL_FORMS, *, excused: bool = True) -> Evidence:
    """One piece of evidence as disclosed in some forms; `excused`: with the exculpation it falls to, a code too."""
    source, fact = found.source, found.fact
    attribute = source.discloses if isinstance(source, EvidenceSource) and source.form in forms else None
    return Evidence(
        department=source.resource.partition(".")[0],
        resource=source.resource,
        code=fact.codes.get(attribute) if fact and attribute else None,
        period=months(fact.start, fact.end) if fact and "month" in forms else "",
        exculpation=found.exculpation if excused else None,
        absent=fact is None,
    )


def digest(check: Check, anchor: Fact, judgement: Judgement) -> bytes:
    """Eight bytes over everything that an alert would disclose of an outcome that is not clear."""
    version, trial = check.rule.rule.version, check.rule.trial
    pieces = [_piece(found) for found in (*judgement.found, *judgement.speaks)]
    about = (anchor.start, anchor.end, anchor.epoch, anchor.seq)
    said = msgspec.msgpack.encode((version, trial, judgement.state, about, pieces))
    return hashlib.blake2b(said, digest_size=8).digest()


def _piece(found: Found) -> tuple[object, ...]:
    epoch, seq = (found.fact.epoch, found.fact.seq) if found.fact else (0, 0)
    return found.handle, epoch, seq, evidence_of(found)


def result(check: Check, verdict: Verdict) -> Result:
    """The comparison result."""
    declared = check.rule.rule
    return Result(
        check_id=check.id,
        rule=declared.id,
        rule_version=declared.version,
        revision=check.place.position,
        verdict=verdict,
        resource=declared.anchor,
        handle=check.handle,
        bucket=check.place.bucket,
        updated_at=check.place.at,
    )


def alerts(
    check: Check, anchor: Fact, state: AlertState, judgement: Judgement | None, ledger: Ledger
) -> list[Alert]:
    """One revision of the alert, for each department that is told."""
    said = judgement or Judgement(State.CLEAR)
    sources = _sources(check.rule, ledger)
    told = sorted(check.rule.rule.disclosure.items())
    return [_told(check, anchor, state, said, sources, name, forms) for name, forms in told]


def _told(
    check: Check,
    anchor: Fact,
    state: AlertState,
    said: Judgement,
    sources: list[SourceStatus],
    department: str,
    forms: Set[Form],
) -> Alert:
    """What one department is told; an exculpation is a code, which others than the owner may not be told."""
    declared = check.rule.rule
    owner = department == declared.department
    excused = owner or "code" in forms
    return Alert(
        alert_id=check.id,
        rule=declared.id,
        rule_version=declared.version,
        revision=check.place.position,
        state=state,
        department=department,
        resource=declared.anchor,
        handle=check.handle if owner else "",
        period=months(anchor.start, anchor.end) if "month" in forms else "",
        evidence=[evidence_of(f, forms, excused=excused) for f in said.found] if forms else [],
        exculpations=_exculpations(check.rule, said) if forms and excused else [],
        sources=sources,
        batches=_batches(check, anchor, said) if owner else [],
        bucket=check.place.bucket,
        updated_at=check.place.at,
        trial=check.rule.trial,
    )


def _exculpations(rule: CompiledRule, said: Judgement) -> list[ExculpationCheck]:
    held = {(f.source.resource, f.exculpation) for f in said.found}
    asked = [
        ExculpationCheck(code=e.code, resource=source.resource, holds=(source.resource, e.code) in held)
        for source in rule.rule.evidence
        for e in source.exculpations
    ]
    spoken = [f.source for f in said.speaks]
    return asked + [ExculpationCheck(e.code, e.resource, e in spoken) for e in rule.rule.exculpations]


def _sources(rule: CompiledRule, ledger: Ledger) -> list[SourceStatus]:
    streams = ((name, ledger.newest(name)[1]) for name in rule.rule.resources)
    return [SourceStatus(name, stream.complete, stream.as_of) for name, stream in streams]


def _batches(check: Check, anchor: Fact, said: Judgement) -> list[str]:
    ids = (
        {batch_id(check.rule.rule.anchor, anchor.epoch, check.place.bucket, anchor.seq)}
        if anchor.epoch
        else set()
    )
    facts = ((f.source.resource, f.fact) for f in (*said.found, *said.speaks) if f.fact)
    ids.update(batch_id(resource, fact.epoch, check.place.bucket, fact.seq) for resource, fact in facts)
    return sorted(ids)
