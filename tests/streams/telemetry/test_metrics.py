"""What is counted, and that no message can add a series or put a value of its own into a label."""

import ast
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from streams.telemetry.exposed import Telemetry
from streams.telemetry.meter import NO_METER
from tests.streams.telemetry.made import CLAIMS, RULE, STAGES, alert, full, receipt, standing
from topics.catalog import load_catalog
from topics.receipts import REASONS

ROOT = Path(__file__).parents[3]
SECRET = "330102198812241239"

Series = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def scraped(telemetry: Telemetry) -> Series:
    """Every series as Prometheus reads it."""
    text = telemetry.metrics().decode()
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(series: Series, name: str, **labels: str) -> float:
    return series[f"crosscheck_{name}", tuple(sorted(labels.items()))]


@pytest.fixture
def telemetry() -> Telemetry:
    return Telemetry(load_catalog(None))


def test_figures_are_those_of_the_receipts(telemetry: Telemetry) -> None:
    telemetry.meter.said(receipt(rows=7), [])
    mixed = {"applied": 1, "duplicate": 2, "refused": 3, "reasons": {"subject_full": 3}}
    telemetry.meter.said(receipt(rows=6, **mixed), [])
    telemetry.meter.refused(
        receipt(rows=5, status="refused", applied=0, refused=5, reasons={"wrong_hash": 5})
    )
    series = scraped(telemetry)
    source = {"department": "hrss", "resource": CLAIMS}
    assert value(series, "rows_received_total", **source) == 18
    outcomes = [value(series, "rows_total", outcome=o, **source) for o in ("applied", "duplicate", "refused")]
    assert outcomes == [8, 2, 8]
    assert value(series, "refusals_total", reason="wrong_hash", **source) == 5
    assert value(series, "refusals_total", reason="subject_full", **source) == 3
    assert value(series, "batches_total", status="applied", **source) == 2
    assert value(series, "batches_total", status="refused", **source) == 1
    assert value(series, "dead_letters_total", department="hrss") == 1


def test_alerts_are_counted_by_rule_state_and_trial(telemetry: Telemetry) -> None:
    telemetry.meter.said(None, [alert(), alert(), alert(trial=True)])
    series = scraped(telemetry)
    assert value(series, "alerts_said_total", rule=RULE, state="open", trial="false") == 2
    assert value(series, "alerts_said_total", rule=RULE, state="open", trial="true") == 1


def test_a_stage_that_raises_is_a_failure(telemetry: Telemetry) -> None:
    with pytest.raises(OSError, match="disk"), telemetry.meter.stage("checkpoint"):
        raise OSError("disk")
    series = scraped(telemetry)
    assert value(series, "stage_failures_total", stage="checkpoint") == 1
    assert value(series, "stage_seconds_count", stage="checkpoint") == 1
    assert value(series, "stage_failures_total", stage="join") == 0


def test_what_a_message_says_is_no_label(telemetry: Telemetry) -> None:
    before = len(scraped(telemetry))
    for number in range(50):
        secret = f"{SECRET}{number}"
        hostile = receipt(f"{secret}.{secret}", department=secret, reasons={secret: 1})
        telemetry.meter.said(hostile, [alert(secret)])
        telemetry.meter.refused(hostile)
    series = scraped(telemetry)
    assert SECRET not in telemetry.metrics().decode()
    assert len(series) - before <= 4, "one `other` a metric, however much is sent"
    other = {"department": "other", "resource": "other"}
    assert value(series, "rows_received_total", **other) == 1000
    assert value(series, "refusals_total", reason="other", **other) == 100
    assert value(series, "dead_letters_total", department="other") == 50
    assert value(series, "alerts_said_total", rule="other", state="open", trial="false") == 50


def test_rules_that_only_the_log_knows_are_other(telemetry: Telemetry) -> None:
    parts = standing().partitions
    strange = tuple(type(p)(p.number, 0, 0, 0, 0, 0.0, 0, {SECRET: "active", RULE: "trial"}) for p in parts)
    telemetry.standing = lambda: standing(partitions=strange)
    series = scraped(telemetry)
    assert value(series, "rule_in_force", rule="other", force="active") == 2
    assert value(series, "rule_in_force", rule=RULE, force="trial") == 2


def test_how_the_worker_stands() -> None:
    series = scraped(full())
    assert value(series, "ready") == 0
    assert value(series, "partitions") == 8
    assert value(series, "partitions_owned") == 2
    assert value(series, "lag_records", topic="facts", partition="3") == 20
    assert value(series, "recovery_remaining_records", partition="3") == 20
    assert value(series, "recovery_remaining_records", partition="0") == 0
    assert value(series, "checkpoint_age_seconds", partition="0") == 1.5
    assert value(series, "checkpoint_shipped_age_seconds", partition="0") == 9
    assert value(series, "rule_drifted", rule=RULE) == 1
    assert series["process_resident_memory_bytes", ()] > 0


def test_two_workers_in_one_process_share_nothing() -> None:
    one, two = full(), Telemetry(load_catalog(None))
    assert value(scraped(one), "dead_letters_total", department="hrss") == 1
    assert value(scraped(two), "dead_letters_total", department="hrss") == 0


def test_no_series_says_when_another_was_made() -> None:
    assert not [name for name, _ in scraped(full()) if name.endswith("_created")]


def test_every_stage_has_its_series() -> None:
    series = scraped(full())
    assert [value(series, "stage_seconds_count", stage=stage) for stage in STAGES] == [0] * len(STAGES)


def test_without_telemetry_nothing_is_counted() -> None:
    with NO_METER.stage("join"):
        NO_METER.said(receipt(), [alert()])
        NO_METER.refused(receipt())
        NO_METER.moved()


def test_the_closed_list_of_reasons_is_the_code() -> None:
    """Every code that is raised or returned as a reason is on it, and none besides."""
    files = ("topics/batch.py", "streams/steps/admission.py", "streams/steps/apply.py")
    trees = [ast.parse((ROOT / file).read_text(encoding="utf-8")) for file in files]
    constants = {n.value for t in trees for n in ast.walk(t) if isinstance(n, ast.Constant)}
    assert constants >= REASONS
    calls = [n for t in trees for n in ast.walk(t) if isinstance(n, ast.Call)]
    raised = {
        c.args[0].value
        for c in calls
        if isinstance(c.func, ast.Name)
        and c.func.id == "BatchRefused"
        and isinstance(c.args[0], ast.Constant)
    }
    assert len(raised) > 5
    assert raised <= REASONS
    (fault,) = (n for n in ast.walk(trees[1]) if isinstance(n, ast.FunctionDef) and n.name == "_fault")
    returned = {
        n.value.value
        for n in ast.walk(fault)
        if isinstance(n, ast.Return) and isinstance(n.value, ast.Constant)
    }
    assert returned - {None} <= REASONS
