"""What a snapshot holds: one row type per table of schema.sql, with the same columns.

Rules: times are ISO 8601 texts here and TIMESTAMPTZ in the file; a time or number that a department made up
(a batch's own clock, the counts of a refused batch) and that is not one becomes NULL. No row type has a
field for a record key or a token.
Must not know: DuckDB.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from topics.alerts import ExculpationCheck, SourceStatus


class AlertRow(msgspec.Struct, frozen=True):
    """The current revision of one alert, as one department is told of it (`owned`: the rule is that department's);
    `complete_then`: when it was made, `complete`: at the snapshot."""

    alert_id: str
    rule: str
    rule_version: int
    revision: int
    state: str
    department: str
    owned: bool
    resource: str
    handle: str
    period: str
    pieces: int
    exculpations: list[ExculpationCheck]
    sources: list[SourceStatus]
    batches: list[str]
    bucket: int
    complete_then: bool
    complete: bool
    updated_at: str


class EvidenceRow(msgspec.Struct, frozen=True):
    """One piece of evidence of a current alert, as the department `told` knows it."""

    alert_id: str
    piece: int
    told: str
    department: str
    resource: str
    code: str | None
    period: str
    exculpation: str | None
    absent: bool


class ResultRow(msgspec.Struct, frozen=True):
    """The current result of one check."""

    check_id: str
    rule: str
    rule_version: int
    revision: int
    verdict: str
    department: str
    resource: str
    handle: str
    bucket: int
    complete: bool
    updated_at: str


class DispositionRow(msgspec.Struct, frozen=True):
    """The last decision on an alert."""

    department: str
    alert_id: str
    rule: str
    rule_version: int
    revision: int
    decision: str
    reason: str
    officer: str
    decided_at: str


class ReceiptRow(msgspec.Struct, frozen=True):
    """The hub's answer to one batch."""

    batch: str | None
    department: str
    resource: str
    run: str | None
    bucket: int | None
    status: str
    sent_insert: int | None
    sent_update: int | None
    sent_delete: int | None
    received_insert: int
    received_update: int
    received_delete: int
    applied: int
    duplicate: int
    refused: int
    reasons: dict[str, int]
    position: str
    at: str


class ReconciliationRow(msgspec.Struct, frozen=True):
    """Sums over the receipts of one publish run, or over all runs of a resource (`run` None)."""

    department: str
    resource: str
    run: str | None
    batches: int
    sent_insert: int
    sent_update: int
    sent_delete: int
    received_insert: int
    received_update: int
    received_delete: int
    applied: int
    duplicate: int
    refused: int
    unreadable: int | None
    missing: int | None
    reconciled: bool


class PrecisionRow(msgspec.Struct, frozen=True):
    """How often officers confirmed what one version of a rule asked; None while nothing is decided."""

    rule: str
    version: int
    department: str
    open: int
    explained: int
    withdrawn: int
    confirmed: int
    dismissed: int
    precision: float | None
    wilson_low: float | None
    wilson_high: float | None


class CompletenessRow(msgspec.Struct, frozen=True):
    """How far one resource is delivered in one bucket."""

    department: str
    resource: str
    bucket: int
    epoch: int
    complete: bool
    as_of: str | None
    missing: list[int]
    position: int


class Position(msgspec.Struct, frozen=True):
    """Up to where a topic was read: the next offset of one partition."""

    topic: str
    partition: int
    next: int


class Meta(msgspec.Struct, frozen=True):
    """What a snapshot was made of, and when."""

    made_at: str
    catalog: str
    crosscheck: str
    log: str
    positions: list[Position]


@dataclass(frozen=True, slots=True)
class SnapshotContent:
    """Everything that goes into one snapshot."""

    meta: Meta
    alerts: Sequence[AlertRow]
    evidence: Sequence[EvidenceRow]
    results: Sequence[ResultRow]
    dispositions: Sequence[DispositionRow]
    receipts: Sequence[ReceiptRow]
    reconciliation: Sequence[ReconciliationRow]
    rule_precision: Sequence[PrecisionRow]
    completeness: Sequence[CompletenessRow]

    def tables(self) -> Mapping[str, Sequence[msgspec.Struct]]:
        """Rows by table of schema.sql."""
        return {
            "meta": (self.meta,),
            "alerts": self.alerts,
            "evidence": self.evidence,
            "results": self.results,
            "dispositions": self.dispositions,
            "receipts": self.receipts,
            "reconciliation": self.reconciliation,
            "rule_precision": self.rule_precision,
            "completeness": self.completeness,
        }
