"""What the oracle knows of the town's files: columns, and what each may hold (town_files.txt).

Rule: imports nothing of ours.
"""

from pathlib import Path
from types import MappingProxyType

Column = tuple[str, str, bool]
"""Name, kind ('' private), and whether it must be filled."""


def _column(text: str) -> Column:
    name, _, kind = text.partition("=")
    return name, kind.rstrip("?"), bool(kind) and not kind.endswith("?")


def _resource(line: str) -> tuple[str, tuple[Column, ...]]:
    resource, _, columns = line.partition(":")
    return resource, tuple(_column(column) for column in columns.split())


def _lines() -> list[str]:
    """One a resource; lines that begin with a space belong to the one before."""
    text = Path(__file__).with_suffix(".txt").read_text(encoding="utf-8")
    told = [line for line in text.splitlines() if line and not line.startswith("#")]
    return "\n".join(told).replace("\n ", " ").splitlines()


DICTIONARY = MappingProxyType(dict(_resource(line) for line in _lines()))
