"""The catalog (目录): what a city's departments hold, share, may use and ask, read from a folder of YAML.

    source (YAML + lines) > shapes (pydantic) > faults (its findings in plain words) > files (the folder)
    > checks (between files) > load > model (frozen; all that other packages see)

Rules: loading reports every finding at once and is a pure function of the folder and `today`.
Must not know: matchers, stores, streams, the clock.
"""

from topics.catalog.load import CITY, EXAMPLE, check_catalog, load_catalog
from topics.catalog.model import Catalog, Department, Field, Grant, Resource
from topics.catalog.rule import (
    Compare,
    Condition,
    Deadline,
    EvidenceSource,
    ExculpatingSource,
    Exculpation,
    Rule,
    Temporal,
    Text,
    Threshold,
    Window,
)

__all__ = [
    "CITY",
    "EXAMPLE",
    "Catalog",
    "Compare",
    "Condition",
    "Deadline",
    "Department",
    "EvidenceSource",
    "ExculpatingSource",
    "Exculpation",
    "Field",
    "Grant",
    "Resource",
    "Rule",
    "Temporal",
    "Text",
    "Threshold",
    "Window",
    "check_catalog",
    "load_catalog",
]
