"""One rule as a DuckDB query: every check at every moment asked about, set by set.

    moments -> anchors (records asked about) -> found (facts that count) -> evidence (what that comes to)
                                             -> excused (facts that speak for the person whatever is found)
                                             -> silent (such facts may be in sources not delivered yet)

Tables, as stores/factbase/schema.sql describes them: moments, versions, delivered, working_days. Columns that
come out: bucket, position, subject, handle, check_id, state (topics.facts.State), first, last, epoch, seq of the
anchor, evidence, speaks (lists of pieces in canonical order).
Rule: the query must agree with the evaluator (compiled, judge, source) on every history. It is text; nothing is
run here. Must not know: DuckDB's client, where the tables come from.
"""

# ruff: noqa: S608 text is all this module makes: every name and value in it is a `literal`, escaped
from collections.abc import Iterator
from typing import NamedTuple

from matchers.rules.compiled import CompiledRule
from matchers.rules.source import Declared
from matchers.rules.sql_predicates import (
    attribute,
    band_edge,
    calendar_name,
    compared,
    exculpation,
    fits,
    literal,
    reckoned,
    related,
)
from topics.catalog import EvidenceSource, Rule
from topics.facts import source_of

__all__ = ["calendar_name", "outcomes_sql"]

_VALID = (
    "v.bucket = a.bucket AND v.subject = a.subject"
    " AND v.since <= a.position AND a.position < coalesce(v.until, 9223372036854775807)"
)
"""The version of a fact that was the newest at the moment."""

_PIECE = (
    "{'resource': resource, 'field': field, 'handle': handle, 'exculpation': exculpation, 'absent': absent,"
    " 'code': code, 'first': first, 'last': last, 'epoch': epoch, 'seq': seq}"
)
_PIECES = f"list({_PIECE} ORDER BY resource, field, handle, place)"

_NOTHING = (
    "SELECT NULL::BIGINT AS n, 0 AS place, '' AS resource, '' AS field, '' AS handle, NULL::VARCHAR AS exculpation,"
    " false AS absent, NULL::VARCHAR AS code, 0 AS first, 0 AS last, 0::BIGINT AS epoch, 0::BIGINT AS seq,"
    " 0::BIGINT AS amount WHERE false"
)


class _Asked(NamedTuple):
    """What a kind of rule makes of what was found: more tables, and when a check is no longer clear, or open."""

    tables: tuple[str, ...]
    reached: str
    counts: str


def outcomes_sql(compiled: CompiledRule) -> str:
    """The query of a rule, one statement."""
    rule = compiled.rule
    asked = _missing(compiled) if rule.kind == "missing" else _counted(compiled)
    speaks = _union(_facts(compiled, s.declared, i, "anchors") for i, s in enumerate(compiled.exculpating))
    tables = (
        f"anchors AS MATERIALIZED (\n{_anchors(compiled)})",
        *asked.tables,
        f"speaks AS (\n{speaks})",
        f"excused AS (SELECT n, {_PIECES} AS pieces FROM speaks GROUP BY n)",
        f"silent AS ({_silent(rule)})",
        "judged AS (SELECT a.*, e.pieces AS found, x.pieces AS speaks, CASE\n"
        f"    WHEN e.n IS NULL OR NOT coalesce({asked.reached}, false) THEN 0\n"
        f"    WHEN x.n IS NULL AND {asked.counts} THEN if(s.n IS NULL, 2, 0) ELSE 1 END::TINYINT AS state\n"
        "  FROM anchors a LEFT JOIN evidence e ON e.n = a.n LEFT JOIN excused x ON x.n = a.n"
        " LEFT JOIN silent s ON s.n = a.n)",
    )
    return "WITH " + ",\n".join(tables) + "\n" + _told(rule)


def _silent(rule: Rule) -> str:
    """Anchors for which a source that could speak for the person was not yet delivered in full."""
    if not rule.exculpations:
        return "SELECT NULL::BIGINT AS n WHERE false"
    elsewhere = ", ".join(f"({literal(name)})" for name in sorted({e.resource for e in rule.exculpations}))
    return (
        f"SELECT DISTINCT a.n FROM anchors a CROSS JOIN (VALUES {elsewhere}) w(resource) LEFT JOIN delivered d"
        " ON d.bucket = a.bucket AND d.resource = w.resource AND d.since <= a.position WHERE d.resource IS NULL"
    )


def _anchors(compiled: CompiledRule) -> str:
    """The records asked about, one row a moment, numbered."""
    conditions = (f"v.source = {literal(compiled.anchor)}", "v.live", *fits("v", compiled.rule.anchor_where))
    return (
        "  SELECT row_number() OVER () AS n, a.bucket, a.position, a.day, a.subject, v.handle, v.first, v.last,"
        f" v.codes, v.epoch, v.seq\n  FROM moments a JOIN versions v ON {_VALID}\n"
        f"  WHERE {' AND '.join(conditions)}"
    )


def _told(rule: Rule) -> str:
    separator, name = literal("\x1f"), f"{rule.id}\x1f{rule.anchor}"
    text = f"concat_ws({separator}, {literal(name)}, handle, lower(hex(subject)))"
    return (
        f"SELECT bucket, position, subject, handle, sha256({text})[1:32] AS check_id, state,"
        " first, last, epoch, seq,\n  if(state = 0, [], found) AS evidence, if(state = 0, [], coalesce(speaks, []))"
        " AS speaks\nFROM judged"
    )


def _facts(compiled: CompiledRule, declared: Declared, place: int, anchors: str) -> str:
    """The facts of one declared source that count beside each anchor."""
    name = source_of(declared.resource, declared.subject_field)
    period = related(declared.temporal, compiled.calendar)
    conditions = (
        f"v.source = {literal(name)}",
        "v.live",
        *fits("v", declared.where),
        *period.conditions,
        *_own(compiled, declared, name),
        *_held_against(declared),
    )
    return (
        f"  SELECT a.n, {place} AS place, {literal(declared.resource)} AS resource,"
        f" {literal(declared.subject_field)} AS field, v.handle, {_shown(declared)}, v.first, v.last, v.epoch,"
        f" v.seq, {_amount(declared)} AS amount\n"
        f"  FROM {anchors} a {' '.join((*period.joins, ''))}JOIN versions v ON {_VALID}\n"
        "  WHERE " + "\n    AND ".join(conditions)
    )


def _own(compiled: CompiledRule, declared: Declared, name: str) -> Iterator[str]:
    """A record is no evidence against itself; of two records of one resource, the later is asked about."""
    if name != compiled.anchor:
        return
    if compiled.rule.kind == "duplicate" and isinstance(declared, EvidenceSource):
        yield "(v.first < a.first OR (v.first = a.first AND v.handle < a.handle))"
    else:
        yield "v.handle <> a.handle"


def _held_against(declared: Declared) -> tuple[str, ...]:
    asked = declared.compare if isinstance(declared, EvidenceSource) else None
    return compared(asked) if asked else ()


def _shown(declared: Declared) -> str:
    """What is said of a fact that counts: its exculpation, and the attribute that the rule discloses."""
    if isinstance(declared, EvidenceSource):
        code = attribute("v", declared.discloses) if declared.discloses else "NULL::VARCHAR"
        return f"{exculpation(declared.exculpations)} AS exculpation, false AS absent, {code} AS code"
    return f"{literal(declared.code)} AS exculpation, false AS absent, NULL::VARCHAR AS code"


def _amount(declared: Declared) -> str:
    amount = declared.amount if isinstance(declared, EvidenceSource) else None
    return f"coalesce({band_edge(attribute('v', amount), 'lower')}, 0)" if amount else "0::BIGINT"


def _union(selects: Iterator[str]) -> str:
    return "\n  UNION ALL\n".join(selects) or _NOTHING


def _counted(compiled: CompiledRule) -> _Asked:
    """Kinds that count what is there: by sources, by facts, or by their amounts."""
    rule = compiled.rule
    found = _union(_facts(compiled, e, place, "anchors") for place, e in enumerate(rule.evidence))
    measure, line = _measure(rule)
    free = "FILTER (exculpation IS NULL)"
    evidence = (
        f"SELECT n, {measure} AS found, coalesce({measure} {free}, 0) AS free, count(*) {free} AS any_free,"
        f" {_PIECES} AS pieces FROM found GROUP BY n"
    )
    tables = (f"found AS (\n{found})", f"evidence AS ({evidence})")
    return _Asked(tables, f"e.found >= {line}", f"e.any_free > 0 AND e.free >= {line}")


def _measure(rule: Rule) -> tuple[str, str]:
    """What is measured, and the line that it must reach."""
    if rule.kind == "duplicate":
        return "count(*)", str(rule.allowed)
    if rule.threshold is None:
        return "count(DISTINCT place)", str(rule.require)
    measure = "count(*)" if rule.threshold.measure == "count" else "sum(amount)"
    if rule.threshold.anchor is None:
        return measure, str(rule.threshold.line)
    return measure, f"{band_edge(attribute('a', rule.threshold.anchor), 'upper')} + {rule.threshold.line}"


def _missing(compiled: CompiledRule) -> _Asked:
    """What should be there: of records whose deadline has passed, the sources that have nothing, and may know."""
    rule, deadline = compiled.rule, compiled.rule.deadline
    assert deadline is not None  # topics.catalog.kind_checks
    due = reckoned(deadline.edge, deadline.size, deadline.unit, compiled.calendar, "due")
    late = " AND ".join(("a.first <= a.last", *due.conditions, f"a.day > {due.day}"))
    found = _union(_facts(compiled, e, place, "late") for place, e in enumerate(rule.evidence))
    wanted = ", ".join(
        f"({place}, {literal(e.resource)}, {literal(e.subject_field)})"
        for place, e in enumerate(rule.evidence)
    )
    lacking = (
        "SELECT a.n, w.place, w.resource, w.field, '' AS handle, NULL::VARCHAR AS exculpation, true AS absent,"
        " NULL::VARCHAR AS code, NULL::INTEGER AS first, NULL::INTEGER AS last, 0::BIGINT AS epoch,"
        " 0::BIGINT AS seq, d.resource IS NULL AS unsure\n"
        "  FROM late a CROSS JOIN wanted w LEFT JOIN delivered d"
        " ON d.bucket = a.bucket AND d.resource = w.resource AND d.since <= a.position\n"
        "  ANTI JOIN found f ON f.n = a.n AND f.place = w.place"
    )
    sources = len(rule.evidence)
    return _Asked(
        (
            f"late AS MATERIALIZED (SELECT a.* FROM anchors a {' '.join(due.joins)} WHERE {late})",
            f"found AS (\n{found})",
            f"wanted(place, resource, field) AS (VALUES {wanted})",
            f"lacking AS (\n  {lacking})",
            "evidence AS (SELECT n, count(*) AS lacking, count(*) FILTER (unsure) AS unsure,"
            f" {_PIECES} AS pieces FROM lacking GROUP BY n)",
        ),
        f"{sources} - e.lacking + e.unsure < {rule.require}",
        "true",
    )
