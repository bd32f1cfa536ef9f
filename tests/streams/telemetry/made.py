"""Telemetry with everything in it: receipts, alerts, refusals, partitions in every condition."""

from typing import Any

from streams.telemetry.exposed import Telemetry
from streams.telemetry.meter import Stage
from streams.telemetry.standing import PartitionStanding, Standing
from topics.alerts import Alert
from topics.batch import Counts
from topics.catalog import load_catalog
from topics.receipts import REASONS, Receipt

CLAIMS = "hrss.unemployment_benefit"
RULE = "benefit-while-employed"
STAGES: tuple[Stage, ...] = Stage.__args__


def receipt(resource: str = CLAIMS, rows: int = 10, **changed: Any) -> Receipt:
    """A receipt of a batch that was applied, changed as said."""
    said: dict[str, Any] = {
        "batch": f"{resource}/1/0/1",
        "department": resource.partition(".")[0],
        "resource": resource,
        "run": "run",
        "bucket": 0,
        "status": "applied",
        "sent": Counts(insert=rows),
        "received": Counts(insert=rows),
        "applied": rows,
        "duplicate": 0,
        "refused": 0,
        "reasons": {},
        "position": "facts[0]@1",
        "at": "2008-06-01T00:00:00.000+00:00",
    }
    return Receipt(**said | changed)


def alert(rule: str = RULE, *, trial: bool = False) -> Alert:
    """A revision of an alert."""
    return Alert(
        alert_id="a" * 32,
        rule=rule,
        rule_version=1,
        revision=1,
        state="open",
        department="hrss",
        resource=CLAIMS,
        handle="handle",
        period="2008-05",
        evidence=[],
        exculpations=[],
        sources=[],
        batches=[],
        bucket=0,
        updated_at="2008-06-01T00:00:00.000+00:00",
        trial=trial,
    )


def standing(**changed: Any) -> Standing:
    """A worker that owns two partitions, one of which still replays."""
    rules = {RULE: "active"}
    parts = tuple(PartitionStanding(n, 5, 3, 1_800, 2, 1.5, 4096, rules, 9.0) for n in (0, 3))
    said: dict[str, Any] = {
        "assigned": True,
        "partitions": parts,
        "recovering": {3: (5, 25)},
        "lags": {("facts", 0): 0, ("facts", 3): 20, (f"change.{CLAIMS}", 0): 1},
        "ends_age": 2.0,
        "drifted": frozenset({RULE}),
    }
    return Standing(**said | changed)


def full() -> Telemetry:
    """Every metric has at least one series."""
    telemetry = Telemetry(load_catalog(None))
    telemetry.standing = standing
    reasons = dict.fromkeys(REASONS, 1)
    telemetry.meter.said(receipt(refused=len(REASONS), reasons=reasons), [alert(), alert(trial=True)])
    telemetry.meter.refused(receipt(status="refused", applied=0, refused=10, reasons={"wrong_hash": 10}))
    return telemetry
