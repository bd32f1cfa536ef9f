"""The oracle of the rule packs: loads a town's folder into DuckDB and answers each rule from its own SQL.

    town_files (what a file may hold) > told (every line) > one table a resource (last accepted line of each key)
    > packs/<rule>.sql: SELECT key, state

Rules: only DuckDB and the standard library, never one of our own modules; a row with any value that cannot be
right is refused as a whole. Must not know: how the files came about, the truth beside them, what we answer.
"""

from datetime import date
from pathlib import Path

import duckdb

from tests.oracle.town_files import DICTIONARY, Column

HERE = Path(__file__).parent
RULES = tuple(sorted(path.stem for path in (HERE / "packs").glob("*.sql")))
Verdicts = dict[str, str]
_IDENTIFIERS = {"person": "people", "code": "enterprises", "unit": "units", "certificate": "certificates"}
_STAGES = {
    "person": "person(upgraded(t))",
    "code": "code(t)",
    "unit": "unit(t)",
    "certificate": "certificate(t)",
}


class TownOracle:
    """One folder, as it stands in the end (or before the corrections)."""

    def __init__(self, folder: Path, today: date, *, corrections: bool = True) -> None:
        self._db = duckdb.connect()
        self._db.execute("SET VARIABLE today = $1", [today])
        for script in ("identifiers.sql", "periods.sql"):
            self._db.execute((HERE / script).read_text(encoding="utf-8"))
        for resource in DICTIONARY:
            self._tell(resource, folder, corrections)
        for kind, table in _IDENTIFIERS.items():
            self._identify(kind, table)
        self.refused = {resource: self._load(resource) for resource in DICTIONARY}

    def __enter__(self) -> "TownOracle":
        return self

    def __exit__(self, *exc: object) -> None:
        self._db.close()

    def verdicts(self, rule: str) -> Verdicts:
        """Record key to clear, open or explained: every check of a rule."""
        rows = self._db.execute((HERE / "packs" / f"{rule}.sql").read_text(encoding="utf-8")).fetchall()
        found = dict(rows)
        assert len(found) == len(rows), f"{rule}: a key twice"
        return found

    def _tell(self, resource: str, folder: Path, corrections: bool) -> None:
        """Every line of a resource, in the order it was told."""
        names = [name for name, _, _ in DICTIONARY[resource]]
        base = f"SELECT 0 AS part, 'upsert' AS op, {', '.join(names)} FROM {_csv(folder / resource, names)}"
        late = folder / "corrections" / resource
        if corrections and late.with_name(f"{resource}.csv").exists():
            base += f" UNION ALL SELECT 1, op, {', '.join(names)} FROM {_csv(late, ['op', *names])}"
        self._db.execute(
            f"CREATE TABLE {told(resource)} AS SELECT *, row_number() OVER () AS line FROM ({base})"
        )

    def _identify(self, kind: str, table: str) -> None:
        """Each way of writing an identifier, and whom it names. Stage by stage: macros repeat their argument."""
        written = [
            f"SELECT {name} AS written FROM {told(resource)}"
            for resource, columns in DICTIONARY.items()
            for name, found, _ in columns
            if found == kind
        ]
        self._db.execute(f"""CREATE TABLE {table} AS
            WITH each AS MATERIALIZED (SELECT DISTINCT written FROM ({" UNION ALL ".join(written)})),
            plain AS MATERIALIZED (SELECT written, folded(written) AS t FROM each)
            SELECT written, {_STAGES[kind]} AS meant FROM plain WHERE written <> ''""")

    def _load(self, resource: str) -> int:
        """The resource's table: the last accepted line of each key. Returns how many lines were refused."""
        columns = DICTIONARY[resource]
        joins = "".join(
            f" LEFT JOIN {_IDENTIFIERS[kind]} AS j{i} ON j{i}.written = told.{name}"
            for i, (name, kind, _) in enumerate(columns)
            if kind in _IDENTIFIERS
        )
        values = ", ".join(f"{_value(i, column)} AS {column[0]}" for i, column in enumerate(columns))
        bad = " OR ".join(_bad(i, column) for i, column in enumerate(columns)) + _backwards(columns)
        key = columns[0][0]
        self._db.execute(f"""CREATE TABLE {told(resource)}_read AS
            SELECT part, line, op, coalesce(op = 'upsert' AND ({bad}), false) AS refused, {values}
            FROM {told(resource)} AS told{joins}""")
        self._db.execute(f"""CREATE TABLE {resource.replace(".", "_")} AS
            SELECT * EXCLUDE (part, line, op, refused) FROM (
                SELECT * FROM {told(resource)}_read WHERE NOT refused
                QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY part DESC, line DESC) = 1)
            WHERE op = 'upsert'""")
        counted = self._db.execute(f"SELECT count(*) FROM {told(resource)}_read WHERE refused").fetchone()
        return counted[0] if counted else 0


def told(resource: str) -> str:
    """Name of the table of every line."""
    return f"told_{resource.replace('.', '_')}"


def _csv(path: Path, names: list[str]) -> str:
    columns = ", ".join(f"'{name}': 'VARCHAR'" for name in names)
    return (
        f"read_csv('{path}.csv', header = true, delim = ',', quote = '\"', auto_detect = false, "
        f"columns = {{{columns}}}, nullstr = '\\N')"
    )


def _value(i: int, column: Column) -> str:
    name, kind, _ = column
    if kind in _IDENTIFIERS:
        return f"j{i}.meant"
    match kind:
        case "date":
            return f"day(folded(told.{name}))"
        case "month":
            return f"day(folded(told.{name}) || '-01')"
        case "money" | "number":
            return f"amount(folded(told.{name}))"
        case "":
            return f"trim(told.{name})"
        case _:
            return f"lower(folded(told.{name}))"


def _bad(i: int, column: Column) -> str:
    """A value that is missing, or cannot be right."""
    name, kind, required = column
    empty = f"trim(told.{name}) = ''"
    value = _value(i, column)
    if kind in _IDENTIFIERS or kind in ("date", "month", "number"):
        wrong = f"({value} IS NULL)"
    elif kind == "money":
        wrong = f"({value} IS NULL OR {value} < 0)"
    else:
        wrong = f"({value} NOT IN ({', '.join(repr(code) for code in kind.split('|'))}))" if kind else "false"
    if i == 0 and not kind:
        return f"({empty})"
    return f"({empty} OR {wrong})" if required else f"(NOT {empty} AND {wrong})"


def _backwards(columns: tuple[Column, ...]) -> str:
    """A period that ends before it starts: dates that stand side by side, the second one stated as an end."""
    pairs = {
        ("period_start", "period_end"),
        ("registered_on", "cancelled_on"),
        ("registered_on", "deregistered_on"),
        ("registered_on", "ended_on"),
        ("approved_on", "ended_on"),
        ("filed_on", "ended_on"),
        ("filed_on", "decided_on"),
        ("announced_on", "closed_on"),
        ("issued_on", "voided_on"),
        ("issued_on", "expires_on"),
        ("moved_in", "moved_out"),
        ("from_on", "to_on"),
        ("valid_from", "valid_to"),
        ("rent_from", "rent_to"),
        ("year_start", "year_end"),
        ("quarter_start", "quarter_end"),
    }
    names = [name for name, _, _ in columns]
    found = [(a, b) for a, b in pairs if a in names and b in names]
    return "".join(f" OR day(folded(told.{b})) < day(folded(told.{a}))" for a, b in found)
