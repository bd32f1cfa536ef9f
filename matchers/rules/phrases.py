"""Parts of a rule in words: what counts as evidence, what excuses, which attributes, in Chinese and English.

Rules: as matchers.rules.words; names that the rule uses are said by their titles in the catalog, codes as they
are. Must not know: what the whole rule asks.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from matchers.rules.when import when
from topics.catalog import (
    Catalog,
    Compare,
    Condition,
    EvidenceSource,
    ExculpatingSource,
    Field,
    Resource,
    Rule,
    Text,
)
from topics.vocabulary import SUBJECTS

_EVIDENCE = ("计入条件", "It counts")
_COUNTERPART = ("视为有对应记录的条件", "A record is the counterpart")


@dataclass(frozen=True, slots=True)
class Names:
    """Words for what the rule names."""

    rule: Rule
    catalog: Catalog

    @property
    def anchor(self) -> Resource:
        """The resource asked about."""
        return self.catalog.resource(self.rule.anchor)

    @property
    def subject(self) -> Text:
        """What the anchor is about."""
        field = self.anchor.field(self.rule.anchor_subject)
        return SUBJECTS[field.subject] if field.subject else field.title

    def resource(self, resource_id: str) -> Text:
        """Department and title."""
        resource = self.catalog.resource(resource_id)
        owner = self.catalog.department(resource.department).title
        return Text(f"{owner.zh}「{resource.title.zh}」", f"{owner.en} · {resource.title.en}")

    def field(self, resource_id: str, name: str) -> Field:
        """One field of a resource."""
        return self.catalog.resource(resource_id).field(name)


def evidence(rule: Rule, names: Names) -> tuple[Text, ...]:
    """Each place where a rule looks, and what counts there."""
    return tuple(_source(number, source, names) for number, source in enumerate(rule.evidence, 1))


def _source(number: int, source: EvidenceSource, names: Names) -> Text:
    place, fits = names.resource(source.resource), has(source.resource, source.where, names)
    counts = _both(_counts(source, names), _compared(source, names), fits)
    zh_if, en_if = _COUNTERPART if names.rule.kind == "missing" else _EVIDENCE
    zh = f"{number}. {place.zh}:{source.text.zh}。{zh_if}:{counts.zh}"
    en = f"{number}. {place.en}: {source.text.en}. {en_if} if {counts.en}"
    for more in filter(None, [_added(source, names), _shown(source, names)]):
        zh, en = f"{zh};{more.zh}", f"{en}; {more.en}"
    return Text(f"{zh}。", f"{en}.")


def _both(*conditions: Text | None) -> Text:
    said = [condition for condition in conditions if condition is not None]
    return Text(",且".join(t.zh for t in said), ", and ".join(t.en for t in said))


def _counts(source: EvidenceSource | ExculpatingSource, names: Names) -> Text:
    return when(source.temporal, names.anchor, names.catalog.resource(source.resource))


def has(resource_id: str, conditions: Sequence[Condition], names: Names) -> Text | None:
    """The coded attributes that a record must have, if any."""
    if not conditions:
        return None
    said = [(names.field(resource_id, c.attribute).title, sorted(c.values)) for c in conditions]
    return Text(
        ",且".join(f"其「{title.zh}」为 {'、'.join(codes)}" for title, codes in said),
        " and ".join(f'its "{title.en}" is {_or(codes)}' for title, codes in said),
    )


def _or(codes: Sequence[str]) -> str:
    return codes[0] if len(codes) == 1 else f"{', '.join(codes[:-1])} or {codes[-1]}"


def _compared(source: EvidenceSource, names: Names) -> Text | None:
    compare = source.compare
    if compare is None:
        return None
    ours = names.field(names.rule.anchor, compare.anchor).title
    theirs = names.field(source.resource, compare.evidence).title
    if compare.hit == "different":
        zh, en = "不同", "differs from"
    else:
        zh, en = "相同", "is the same as"
    same = _agree(compare)
    return Text(
        f"其「{theirs.zh}」与被核查记录的「{ours.zh}」{zh}{same.zh}",
        f'its "{theirs.en}" {en} the record\'s "{ours.en}"{same.en}',
    )


def _agree(compare: Compare) -> Text:
    """Codes that mean the same."""
    if not compare.agree:
        return Text("", "")
    pairs = [
        f"{ours} = {' / '.join(sorted(compare.agree[ours], key=_in_order))}"
        for ours in sorted(compare.agree, key=_in_order)
    ]
    return Text(f"(视为相同:{';'.join(pairs)})", f" (held to be the same: {'; '.join(pairs)})")


def _in_order(code: str) -> tuple[int, str]:
    """Bands by their lower edge, codes by their letters."""
    edge = code.rstrip("+").partition("-")[0]
    return int(edge) if edge.isdecimal() else 0, code


def _added(source: EvidenceSource, names: Names) -> Text | None:
    if source.amount is None:
        return None
    title = names.field(source.resource, source.amount).title
    return Text(f"合计其「{title.zh}」", f'its "{title.en}" is added up')


def _shown(source: EvidenceSource, names: Names) -> Text | None:
    if source.discloses is None:
        return None
    title = names.field(source.resource, source.discloses).title
    return Text(f"预警显示其「{title.zh}」", f'the alert shows its "{title.en}"')


def excused(rule: Rule, names: Names) -> Iterable[Text]:
    """Codes of the evidence that speak for the person."""
    for source in rule.evidence:
        place = names.resource(source.resource)
        for e in source.exculpations:
            title, codes = names.field(source.resource, e.attribute).title, sorted(e.values)
            yield Text(
                f"{place.zh}的「{title.zh}」为 {'、'.join(codes)} 时,该项佐证不计:{e.text.zh}",
                f'{place.en}: evidence whose "{title.en}" is {_or(codes)} is exculpated: {e.text.en}',
            )


def spoken_for(source: ExculpatingSource, names: Names) -> Text:
    """One fact elsewhere that speaks for the person."""
    place, fits = names.resource(source.resource), has(source.resource, source.where, names)
    counts = _both(_counts(source, names), fits)
    return Text(
        f"不论有何佐证,{place.zh}有记录时({counts.zh}):{source.text.zh}",
        f"Whatever the evidence, a record of {place.en} exculpates if {counts.en}: {source.text.en}",
    )
