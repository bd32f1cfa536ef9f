"""The first line of a CSV file against the contract: which column is where, or what exactly is wrong with it.

Rules: only names of the contract are ever said, others are counted: a file without a header has its data there.
Must not know: rows.
"""

from collections.abc import Sequence

from topics.errors import FileRefused

OPERATION = "op"
"""The column that says, in a file of changes, what to do with a row."""

SEPARATORS = {";": "';'", "\t": "tabs", "，": "'，' (full-width)", "；": "'；' (full-width)", "|": "'|'"}
"""What stands between columns where commas should, and its name."""

Fault = tuple[str, str]
"""What is wrong, and what to do about it."""


def columns(found: Sequence[str], where: str, header: Sequence[str], *, changes: bool) -> dict[str, int]:
    """Place by name. Raises FileRefused unless it names the contract's columns, each once (and op, for changes)."""
    names = [name.strip() for name in found]
    expected = [*([OPERATION] if changes else []), *header]
    if sorted(names) == sorted(expected):
        return {name: i for i, name in enumerate(names)}
    what, remedy = _separated(names, expected) or _named(names, expected)
    raise FileRefused(
        f"columns differ from the contract: {what}",
        where=where,
        remedy=f"{remedy}the first line must name the columns {', '.join(expected)}",
    )


def _separated(names: list[str], expected: list[str]) -> Fault | None:
    """Columns that something else than commas separates."""
    for mark, name in SEPARATORS.items():
        parts = [part.strip().lower() for part in names[0].split(mark)] if len(names) == 1 else []
        if len(parts) > 1 and set(parts) & set(expected):
            return f"they are separated by {name}, not by ','", "save the file as CSV with commas; "
    return None


def _named(names: list[str], expected: list[str]) -> Fault:
    """Columns that are there too often, in capitals, not at all, or that nobody knows."""
    missing = [name for name in expected if name not in names]
    unknown = [name for name in names if name not in expected]
    twice = [name for name in expected if names.count(name) > 1]
    capitals = [name for name in missing if name in map(str.lower, unknown)]
    if twice:
        return f"{', '.join(twice)} named more than once", "leave one column of each name; "
    if capitals:
        return f"{', '.join(capitals)} written in capitals", "column names are lower case; "
    if OPERATION in unknown:
        remedy = "publish it with --mode changes, or take the column away if this is the full file; "
        return f"{OPERATION} is only in a file of changes", remedy
    what = f"missing {', '.join(missing) or 'none'}; {len(unknown)} unknown"
    return what, "leave --mode changes out if this is the full file; " if missing == [OPERATION] else ""
