"""Dashboard, alerts and runbook name what the code exports, and every figure that is exported is on a panel."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.streams.telemetry.made import STAGES, full

FOLDER = Path(__file__).parents[3] / "deploy" / "grafana"
DASHBOARD: dict[str, Any] = json.loads((FOLDER / "dashboard.json").read_text(encoding="utf-8"))
ALERTS: list[dict[str, Any]] = yaml.safe_load((FOLDER / "alerts.yml").read_text(encoding="utf-8"))["groups"][
    0
]["rules"]
RUNBOOK = (FOLDER / "README.md").read_text(encoding="utf-8")

OF_PROMETHEUS = {"job", "instance"}
"""Labels that the scrape adds."""

QUERIES = [t["expr"] for panel in DASHBOARD["panels"] for t in panel.get("targets", ())]
CONDITIONS = [rule["expr"] for rule in ALERTS]
METRIC = re.compile(r"\b((?:crosscheck|process)_[a-z_]+)\b(?:\{([^}]*)\})?")
LABEL = re.compile(r"(\w+)\s*(=~|!~|!=|=)\s*\"([^\"]*)\"")


def exported() -> dict[str, dict[str, set[str]]]:
    """Sample name > label > values, of a scrape that has everything in it."""
    found: dict[str, dict[str, set[str]]] = {}
    for family in text_string_to_metric_families(full().metrics().decode()):
        for sample in family.samples:
            labels = found.setdefault(sample.name, {})
            for name, value in sample.labels.items():
                labels.setdefault(name, set()).add(value)
    return found


EXPORTED = exported()


def faults(expression: str) -> list[str]:
    """Metrics and labels in a query that nobody exports."""
    found, known = [], set(OF_PROMETHEUS)
    for name, selector in METRIC.findall(expression):
        if name not in EXPORTED:
            found.append(name)
            continue
        known |= EXPORTED[name].keys()
        for label, how, value in LABEL.findall(selector):
            if label in OF_PROMETHEUS:
                continue
            if label not in EXPORTED[name]:
                found.append(f"{name}{{{label}}}")
            elif how in ("=", "=~") and not set(value.split("|")) <= EXPORTED[name][label]:
                found.append(f"{name}{{{label}={value}}}")
    by = re.findall(r"by \(([^)]*)\)", expression)
    found += [f"by {name}" for group in by for name in group.replace(" ", "").split(",") if name not in known]
    return found


@pytest.mark.parametrize("expression", QUERIES)
def test_a_panel_shows_what_is_exported(expression: str) -> None:
    assert METRIC.search(expression) or expression.startswith("sum(up{")
    assert faults(expression) == []


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: str(rule["alert"]))
def test_an_alert_asks_for_what_is_exported_and_is_explained(rule: dict[str, Any]) -> None:
    expression = rule["expr"].replace('{force="suspended"}', "")  # no rule is suspended in the sample
    assert METRIC.search(expression) or expression.startswith("up{")
    assert faults(expression) == []
    file, _, anchor = rule["annotations"]["runbook"].partition("#")
    assert file == "deploy/grafana/README.md"
    assert anchor in [heading.lower() for heading in re.findall(r"^### (\w+)$", RUNBOOK, re.MULTILINE)]
    labels = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
    kept = {name for group in re.findall(r"by \(([^)]*)\)", expression) for name in group.split(", ")}
    names = [name for name, _ in METRIC.findall(expression)]
    assert labels <= (kept or OF_PROMETHEUS | {label for name in names for label in EXPORTED[name]})


def test_the_checks_would_find_a_mistake() -> None:
    assert faults("rate(crosscheck_rows_totals[5m])") == ["crosscheck_rows_totals"]
    assert faults('crosscheck_lag_records{subject="x"}') == ["crosscheck_lag_records{subject}"]
    assert faults('crosscheck_stage_failures_total{stage="joint"}') != []
    assert faults("sum by (handle) (crosscheck_ready)") == ["by handle"]


def test_every_figure_is_on_a_panel() -> None:
    shown = {name for query in QUERIES for name, _ in METRIC.findall(query)}
    shown |= {
        f"{name.removesuffix('_bucket')}{part}"
        for name in list(shown)
        for part in ("_bucket", "_sum", "_count")
    }
    assert sorted(EXPORTED.keys() - shown) == []


def test_labels_are_these_and_no_others() -> None:
    labels = {label for of in EXPORTED.values() for label in of}
    assert labels == {
        *("department", "resource", "outcome", "reason", "status", "rule", "state", "trial", "force"),
        *("stage", "le", "topic", "partition", "version", "python"),
    }
    assert EXPORTED["crosscheck_stage_seconds_count"]["stage"] == set(STAGES)


def test_the_dashboard_can_be_imported_anywhere() -> None:
    assert [i["name"] for i in DASHBOARD["__inputs"]] == ["DS_PROMETHEUS"]
    places = [panel["datasource"] for panel in DASHBOARD["panels"] if "datasource" in panel]
    places += [t["datasource"] for panel in DASHBOARD["panels"] for t in panel.get("targets", ())]
    places += [variable["datasource"] for variable in DASHBOARD["templating"]["list"]]
    assert all(place == {"type": "prometheus", "uid": "${DS_PROMETHEUS}"} for place in places)
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(ids) == len(set(ids))
    assert all(panel.get("description") for panel in DASHBOARD["panels"] if panel["type"] != "row")
