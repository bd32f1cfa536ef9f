"""The catalog (目录): what a city's departments hold, share, may use and ask, read from a folder of YAML.

    source (YAML + lines) > shapes (pydantic) > faults (its findings in plain words) > files (the folder)
    > checks (between files) > load > model (frozen; all that other packages see)

Rules: loading reports every finding at once and is a pure function of the folder and `today`.
Must not know: matchers, stores, streams, the clock.
"""

from topics.catalog.load import EXAMPLE, check_catalog, load_catalog
from topics.catalog.model import (
    Catalog,
    Department,
    EvidenceSource,
    Exculpation,
    Field,
    Grant,
    Resource,
    Rule,
    Text,
)

__all__ = [
    "EXAMPLE",
    "Catalog",
    "Department",
    "EvidenceSource",
    "Exculpation",
    "Field",
    "Grant",
    "Resource",
    "Rule",
    "Text",
    "check_catalog",
    "load_catalog",
]
