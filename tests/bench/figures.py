"""What was measured, kept in figures.json: sections of named rows. A partial run replaces its own rows and no others.

A row is plain numbers (`rows`, `seconds` of each run, `cpu`, `broker_cpu`, `peak_mb`, ...), its date and machine;
what is shown of it is table.py's concern.
"""

import json
import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

FIGURES = Path(__file__).with_name("figures.json")
QUICK = Path(__file__).parents[2] / "build" / "bench" / "quick.json"
"""What a quick run measures is shown, never committed."""

_place = FIGURES

Row = dict[str, Any]
Sections = dict[str, dict[str, Row]]


def machine() -> str:
    """Where this runs."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    python = platform.python_version()
    return f"{os.cpu_count()} cores, {memory:.0f} GB, {platform.machine()}, Python {python}"


def keep_in(path: Path) -> None:
    """Keep figures there from now on."""
    global _place
    _place = path
    path.parent.mkdir(parents=True, exist_ok=True)


def load(path: Path | None = None) -> Sections:
    """Everything measured so far."""
    path = path or _place
    if not path.exists():
        return {}
    sections: Sections = json.loads(path.read_text(encoding="utf-8"))
    return sections


def record(section: str, name: str, row: Row, path: Path | None = None) -> None:
    """Keep one row, at once: a long run that breaks off keeps what it had."""
    path = path or _place
    sections = load(path)
    when = datetime.now(UTC).date().isoformat()
    sections.setdefault(section, {})[name] = {**row, "when": when, "machine": machine()}
    path.write_text(json.dumps(sections, indent=1, sort_keys=False) + "\n", encoding="utf-8")
