"""When evidence counts, in words: relations of periods, windows, deadlines, in Chinese and English.

Rules: says what matchers.temporal does, no more and no less; "the record" is the one asked about; a source that
knows only months or days is said to. Must not know: what follows from evidence that counts.
"""

from collections.abc import Sequence

from topics.catalog import Deadline, Resource, Temporal, Text, Window
from topics.catalog.rule import PREDICATES, SHARED_DAY, Allen, Edge, Unit

_ALLEN: dict[Allen, Text] = {
    "before": Text("在其开始之前(至少相隔一天)已结束", "ends before it begins, with at least a day between"),
    "meets": Text("在其开始的前一天结束", "ends on the day before it begins"),
    "overlaps": Text("先于其开始,并在其结束前结束", "begins before it and ends within it"),
    "starts": Text("同日开始,先结束", "begins on the same day and ends earlier"),
    "during": Text("完全处于其中", "lies within it, touching neither end"),
    "finishes": Text("后开始,同日结束", "begins later and ends on the same day"),
    "equals": Text("起止日完全相同", "has the same first and last day"),
    "finished_by": Text("先开始,同日结束", "begins earlier and ends on the same day"),
    "contains": Text("完全覆盖其前后", "begins before it and ends after it"),
    "started_by": Text("同日开始,后结束", "begins on the same day and ends later"),
    "overlapped_by": Text("在其间开始,在其后结束", "begins within it and ends after it"),
    "met_by": Text("在其结束的次日开始", "begins on the day after it ends"),
    "after": Text("在其结束之后(至少相隔一天)开始", "begins after it ends, with at least a day between"),
}
_PREDICATE: dict[frozenset[Allen], Text] = {
    PREDICATES["contains"]: Text(
        "其期间覆盖被核查记录的整个期间", "its period covers the whole of the record's"
    ),
    PREDICATES["equals"]: Text(
        "其期间与被核查记录起止日完全相同", "its period has the same first and last day"
    ),
    PREDICATES["precedes"]: Text(
        "其期间在被核查记录开始之前已结束", "it ended before the record's period begins"
    ),
    PREDICATES["succeeds"]: Text(
        "其期间在被核查记录结束之后才开始", "it begins after the record's period has ended"
    ),
}
_WITHIN: frozenset[Allen] = frozenset({"starts", "during", "finishes"})
_PREDICATE |= {
    _WITHIN: Text(
        "其期间短于并处于被核查记录的期间之内", "its period is shorter than the record's and lies within it"
    ),
    _WITHIN | {"equals"}: Text("其期间处于被核查记录的期间之内", "its period lies within the record's"),
}
_EDGE: dict[Edge, Text] = {
    "start": Text("被核查记录期间的第一天", "the first day of the record's period"),
    "end": Text("被核查记录期间的最后一天", "the last day of the record's period"),
}
_UNIT: dict[Unit, Text] = {"days": Text("天", "day"), "working_days": Text("个工作日", "working day")}
_AND = Text(",且", ", and ")


def when(temporal: Temporal, anchor: Resource, other: Resource) -> Text:
    """When a record of `other` counts beside one of `anchor`."""
    related, window = _related(temporal, anchor, other), temporal.window
    if window is None:
        return related
    begins = _within(window)
    if temporal.relations == PREDICATES["any"]:
        return begins
    return Text(related.zh + _AND.zh + begins.zh, related.en + _AND.en + begins.en)


def _related(temporal: Temporal, anchor: Resource, other: Resource) -> Text:
    if temporal.relations in (SHARED_DAY, PREDICATES["equals"]) and temporal.days == 1:
        same = _same(anchor, other)
        if same is not None:
            return same
    if temporal.relations == SHARED_DAY:
        return _shared(temporal.days)
    if temporal.relations == PREDICATES["any"]:
        return Text("两者期间均已知(不论何时)", "both periods are known, whenever they are")
    said = _PREDICATE.get(temporal.relations) or _any_of(sorted(temporal.relations))
    if temporal.days == 1:
        return said
    return Text(
        f"{said.zh},且至少有 {temporal.days} 天重合",
        f"{said.en}, with at least {temporal.days} days in common",
    )


def _any_of(relations: Sequence[Allen]) -> Text:
    said = [_ALLEN[name] for name in relations]
    return Text(
        "与被核查记录的期间相比,其期间" + "或".join(t.zh for t in said),
        "held against the record's period, its period " + ", or ".join(t.en for t in said),
    )


def _same(anchor: Resource, other: Resource) -> Text | None:
    """Where both sources know only months, or only single days, to overlap is to be the same."""
    if anchor.fact_field("month") and other.fact_field("month"):
        return Text("与被核查记录同月", "it is of the same month as the record")
    if anchor.fact_field("event") and other.fact_field("event"):
        return Text("与被核查记录同日", "it is of the same day as the record")
    return None


def _shared(days: int) -> Text:
    if days == 1:
        return Text("与被核查记录的期间至少有一天重合", "it has at least one day in common with the record")
    return Text(
        f"与被核查记录的期间至少有 {days} 天重合", f"it has at least {days} days in common with the record"
    )


def _within(window: Window) -> Text:
    if window.size == 0:
        return Text(f"始于{_EDGE[window.edge].zh}", f"it begins on {_EDGE[window.edge].en}")
    zh = {"after": "之后", "before": "之前", "either": "前后"}[window.side]
    en = {"after": "after", "before": "before", "either": "before or after"}[window.side]
    length, edge = span(window.size, window.unit), _EDGE[window.edge]
    return Text(
        f"始于{edge.zh}{zh} {length.zh}之内(含首尾)",
        f"it begins within {length.en} {en} {edge.en}, both ends included",
    )


def until(deadline: Deadline) -> Text:
    """The last day on which a counterpart is in time."""
    edge = _EDGE[deadline.edge]
    if deadline.size == 0:
        return Text(f"{edge.zh}当天为止", f"the end of {edge.en}")
    length = span(deadline.size, deadline.unit)
    return Text(f"{edge.zh}之后 {length.zh}为止", f"the end of {length.en} after {edge.en}")


def span(size: int, unit: Unit) -> Text:
    """A length of time."""
    return Text(f"{size} {_UNIT[unit].zh}", f"{size} {_UNIT[unit].en}{'' if size == 1 else 's'}")
