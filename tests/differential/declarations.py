"""Random declarations of every kind, built as the catalog would build them, over the small world.

Rules: what topics.catalog's checks allow, and no more; values are few and conditions mostly loose, so that
a good part of all checks comes to something.
"""

from dataclasses import dataclass, replace
from typing import Literal, get_args

from hypothesis import strategies as st

from tests.differential.world import CALENDARS, SOURCES, VALUES
from topics.calendar import Calendar
from topics.catalog import (
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
from topics.catalog.rule import PREDICATES, SHARED_DAY, Allen, Form, RuleKind

KINDS: tuple[RuleKind, ...] = get_args(RuleKind)
WORDS = Text("词", "words")
Source = tuple[str, str]
ALL_FORMS: frozenset[Form] = frozenset({"month", "code", "band"})


@dataclass(frozen=True)
class Declared:
    """A declaration, and the calendar it counts working days by."""

    rule: Rule
    calendar: Calendar


_attributes = st.sampled_from(("kind", "kind", "band", "match"))


def _some(values: tuple[str, ...]) -> st.SearchStrategy[frozenset[str]]:
    return st.sets(st.sampled_from(values), min_size=1, max_size=len(values)).map(frozenset)


@st.composite
def _condition(draw: st.DrawFn) -> Condition:
    attribute = draw(_attributes)
    return Condition(attribute, draw(_some(VALUES[attribute])))


_conditions = st.lists(_condition(), min_size=1, max_size=2).map(tuple)
_rarely = st.sampled_from((False, False, False, False, True, False))
_where = _rarely.flatmap(lambda asked: _conditions if asked else st.just(()))
_units = st.sampled_from(("days", "working_days"))
_edges = st.sampled_from(("start", "end"))
_windows = st.builds(
    Window,
    st.sampled_from((3, 0, 1, 2, 4, 5, 6, 8)),
    _units,
    _edges,
    st.sampled_from(("after", "before", "either")),
)
_common = (SHARED_DAY, PREDICATES["any"], SHARED_DAY, PREDICATES["any"], *PREDICATES.values())
_relations = st.one_of(
    st.sampled_from(_common),
    st.sampled_from(_common),
    st.sets(st.sampled_from(get_args(Allen)), min_size=1, max_size=6).map(frozenset),
)


@st.composite
def _temporal(draw: st.DrawFn) -> Temporal:
    relations = draw(_relations)
    days = draw(st.sampled_from((1, 1, 1, 2, 3))) if relations <= SHARED_DAY else 1
    return Temporal(relations, days, draw(_windows) if draw(_rarely) else None)


@st.composite
def _exculpation(draw: st.DrawFn, code: str) -> Exculpation:
    attribute = draw(_attributes)
    return Exculpation(code, attribute, draw(_some(VALUES[attribute])), WORDS)


@st.composite
def _compare(draw: st.DrawFn, hit: Literal["different", "same"]) -> Compare:
    ours, theirs = draw(_attributes), draw(_attributes)
    agree = draw(st.dictionaries(st.sampled_from(VALUES[ours]), _some(VALUES[theirs]), max_size=2))
    return Compare(ours, theirs, hit, agree)


@st.composite
def _evidence(draw: st.DrawFn, source: Source, kind: RuleKind, *, summed: bool) -> EvidenceSource:
    missing = kind == "missing"
    count = 0 if missing else draw(st.sampled_from((0, 0, 1, 2)))
    compare = None
    if kind == "mismatch":
        compare = draw(_compare("different"))
    elif draw(_rarely):
        compare = draw(_compare(draw(st.sampled_from(("same", "different")))))
    discloses = None if missing else draw(st.sampled_from((None, "kind", "band")))
    return EvidenceSource(
        resource=source[0],
        subject_field=source[1],
        exculpations=tuple(draw(_exculpation(f"e{n}")) for n in range(count)),
        discloses=discloses,
        text=WORDS,
        temporal=draw(_temporal()),
        where=draw(_where),
        compare=compare,
        amount="band" if summed else None,
        form="band" if discloses == "band" else "code",
    )


@st.composite
def _excusing(draw: st.DrawFn, code: str) -> ExculpatingSource:
    resource, field = draw(st.sampled_from(SOURCES))
    return ExculpatingSource(code, resource, field, draw(_temporal()), draw(_where), WORDS)


def _threshold(draw: st.DrawFn) -> Threshold:
    measure = draw(st.sampled_from(("count", "sum")))
    if draw(st.booleans()):
        return Threshold(measure, draw(st.integers(0, 1)), "band")
    return Threshold(measure, draw(st.integers(1, 2 if measure == "count" else 5)))


def _sources(draw: st.DrawFn, kind: RuleKind, anchor: Source) -> list[Source]:
    own = (anchor,) if kind in ("duplicate", "threshold") else ()
    others = tuple(s for s in SOURCES if s != anchor)
    found: list[Source] = draw(
        st.lists(st.sampled_from((*own, *others)), min_size=draw(st.integers(1, 3)), max_size=3, unique=True)
    )
    # Nearly every duplicate rule looks at its own resource.
    return [anchor, *found[1:]] if kind == "duplicate" and anchor not in found else found


@st.composite
def declarations(
    draw: st.DrawFn, rule_id: str, version: int, kinds: tuple[RuleKind, ...] = KINDS
) -> Declared:
    """One declaration of one of some kinds."""
    kind = draw(st.sampled_from(kinds))
    anchor = draw(st.sampled_from(SOURCES))
    sources = _sources(draw, kind, anchor)
    threshold = _threshold(draw) if kind == "threshold" else None
    summed = threshold is not None and threshold.measure == "sum"
    exculpating = draw(st.sampled_from((0, 1, 2)))
    counts_sources = kind in ("conflict", "mismatch", "missing")
    rule = Rule(
        id=rule_id,
        version=version,
        kind=kind,
        department=anchor[0].partition(".")[0],
        title=WORDS,
        purpose=WORDS,
        legal_basis="a law",
        grants=(),
        anchor=anchor[0],
        anchor_subject=anchor[1],
        evidence=tuple(draw(_evidence(s, kind, summed=summed)) for s in sources),
        severity="low",
        volume_cap=100,
        status="active",
        expires=None,
        reasons={},
        disclosure=draw(st.sampled_from(({}, {"other": frozenset()}, {"other": ALL_FORMS}))),
        anchor_where=draw(_where),
        require=draw(st.sampled_from((1, 1, len(sources)))) if counts_sources else 1,
        exculpations=tuple(draw(_excusing(f"x{n}")) for n in range(exculpating)),
        deadline=draw(st.builds(Deadline, st.integers(0, 8), _units, _edges)) if kind == "missing" else None,
        threshold=threshold,
        allowed=draw(st.integers(1, 2)) if kind == "duplicate" else 1,
    )
    told = {rule.department: ALL_FORMS, **rule.disclosure}
    return Declared(replace(rule, disclosure=told), draw(st.sampled_from(CALENDARS)))
