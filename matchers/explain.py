"""An alert in words that an officer understands, in Chinese and in English.

Rules: says only what the alert discloses and what its rule declares; an alert is a question, never a
verdict, and what speaks for the person is always said, also that nothing does; pure, so that the same alert
is always explained in the same words. The record's own key is shown only where the caller may know it.
Must not know: the log, keys, screens.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Literal

from topics.alerts import Alert, Disposition, Evidence, ExculpationCheck, SourceStatus
from topics.catalog import Catalog, EvidenceSource, Rule, Text
from topics.vocabulary import DECISIONS, STATES

Language = Literal["zh", "en"]

NOT_A_VERDICT = Text(
    "这是一个需要核实的问题,不是结论:各来源的记录之间存在差异,不等于当事人有过错;"
    "须由核查员另行取证后作出认定。",
    "This is a question, not a verdict: records of different sources do not fit together, which does not mean "
    "that the person did wrong. An officer decides, on evidence of their own.",
)
_OPEN = {
    "conflict": Text(
        "可适用的排除情形不足以解释佐证,需要核查。",
        "the evidence is not all exculpated, so somebody should look into it.",
    ),
    "duplicate": Text(
        "除去有排除情形的记录,同时存在的记录仍超过允许的数目,需要核查。",
        "more records are there at once than are allowed, not counting exculpated ones: somebody should look.",
    ),
    "threshold": Text(
        "除去有排除情形的佐证,合计仍确定达到规则规定的界限,需要核查。",
        "what was counted certainly reaches the rule's line, not counting exculpated evidence: somebody should look.",
    ),
    "missing": Text(
        "期限已过,应有的对应记录仍未见,也没有可适用的排除情形,需要核查。",
        "the deadline has passed, the counterpart is not there and no exculpation applies: somebody should look.",
    ),
}
_OPEN["mismatch"] = _OPEN["conflict"]
_NO_HANDLE = Text("记录句柄只告知规则所属部门。", "Only the rule's owner is told the record's handle.")
_NONE_DECLARED = Text("本规则没有声明排除情形。", "The rule declares no exculpations.")
_NOT_TOLD = Text(
    "排除情形是否适用,不告知本部门。", "Which exculpations apply is not told to this department."
)
_STATE = {
    "explained": Text(
        "考虑可适用的排除情形后,按规则不需要追查;仍可由核查员处置。",
        "exculpations explain it, so the rule asks for nothing more; an officer may still decide.",
    ),
    "withdrawn": Text(
        "来源数据已更正或删除,或规则不再适用,差异不再存在:不需要处置,也不应据此作出任何对当事人不利的处理。",
        "a source was corrected, or the rule no longer applies, so the question is gone: there is nothing to decide, "
        "and nothing to hold against the person.",
    ),
}


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and its lines."""

    heading: Text
    lines: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """One alert explained."""

    title: Text
    sections: tuple[Section, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """What the reader knows beyond the alert: the record's own key, deliveries by now, the last decision."""

    key: str | None = None
    now: Sequence[SourceStatus] = ()
    decided: Disposition | None = None


def explain(alert: Alert, rule: Rule, catalog: Catalog, known: Known | None = None) -> Explanation:
    """Explain one revision of an alert with the words of its rule and catalog."""
    known = known or Known()
    names = _Names(rule, catalog)
    state, short = STATES[alert.state], alert.alert_id[:12]
    return Explanation(
        Text(f"核查预警 {short}:{rule.title.zh}({state.zh})", f"Alert {short}: {rule.title.en} ({state.en})"),
        (
            Section(Text("核查的问题", "The question"), _question(rule)),
            Section(Text("被核查记录", "The record asked about"), _anchor(alert, names, known.key)),
            Section(Text("当前状态", "State"), _state(alert, rule, known.decided)),
            Section(Text("佐证", "Evidence"), _evidence(alert, names)),
            Section(Text("对当事人有利的情形", "What speaks for the person"), _favour(alert, names)),
            Section(Text("来源是否齐全", "Completeness of the sources"), _sources(alert, names, known.now)),
            Section(Text("可选处置", "What can be decided"), _reasons(alert, rule)),
            Section(Text("依据", "What this stands on"), _basis(alert, names)),
        ),
    )


def lines_of(explanation: Explanation, language: Language) -> list[str]:
    """Plain text in one language."""
    lines = [getattr(explanation.title, language)]
    for section in explanation.sections:
        lines += ["", getattr(section.heading, language)]
        lines += [f"  {getattr(line, language)}" for line in section.lines]
    return lines


@dataclass(frozen=True, slots=True)
class _Names:
    """Words for the names that an alert uses; a name that the catalog no longer has stands for itself."""

    rule: Rule
    catalog: Catalog

    def resource(self, resource_id: str) -> Text:
        """Department and title of a resource."""
        resource = self.catalog.resources.get(resource_id)
        if resource is None:
            return Text(resource_id, resource_id)
        owner = self.catalog.departments[resource.department].title
        return Text(f"{owner.zh} · {resource.title.zh}", f"{owner.en} · {resource.title.en}")

    def sources(self, resource_id: str) -> list[EvidenceSource]:
        """Where the rule looks in a resource."""
        return [source for source in self.rule.evidence if source.resource == resource_id]

    def code(self, evidence: Evidence) -> Text | None:
        """The disclosed attribute and its value."""
        if evidence.code is None:
            return None
        resource = self.catalog.resources.get(evidence.resource)
        titles = {f.name: f.title for f in resource.fields} if resource else {}
        disclosed = [s.discloses for s in self.sources(evidence.resource) if s.discloses in titles]
        name = titles[disclosed[0]] if disclosed and disclosed[0] else Text("代码", "Code")
        return Text(f"{name.zh}:{evidence.code}", f"{name.en}: {evidence.code}")

    def grant(self, grant_id: str) -> Text:
        """What allows the comparison."""
        grant = self.catalog.grants.get(grant_id)
        if grant is None:
            return Text(f"授权:{grant_id}", f"Grant: {grant_id}")
        agreement, until = grant.agreement, grant.valid_until.isoformat()
        return Text(
            f"授权:{grant.purpose.zh}({agreement},有效期至 {until})",
            f"Grant: {grant.purpose.en} ({agreement}, valid until {until})",
        )

    def exculpation(self, resource_id: str, code: str) -> Text:
        """What an exculpation says."""
        of_evidence = ((e.code, e.text) for s in self.sources(resource_id) for e in s.exculpations)
        elsewhere = ((e.code, e.text) for e in self.rule.exculpations if e.resource == resource_id)
        declared = (text for known, text in chain(of_evidence, elsewhere) if known == code)
        return next(declared, Text(code, code))


def _question(rule: Rule) -> tuple[Text, ...]:
    return (
        rule.title,
        Text(f"用途:{rule.purpose.zh}", f"Purpose: {rule.purpose.en}"),
        Text(f"法律依据:{rule.legal_basis}", f"Legal basis: {rule.legal_basis}"),
        NOT_A_VERDICT,
    )


def _anchor(alert: Alert, names: _Names, key: str | None) -> tuple[Text, ...]:
    field = names.catalog.resource(alert.resource).key_field.title
    period = period_words(alert.period)
    if key is None and not alert.handle:
        record = _NO_HANDLE
    elif key is None:
        record = Text(
            f"记录句柄:{alert.handle}(没有本部门密钥,无法还原为业务主键)",
            f"Handle: {alert.handle} (the department's key is not at hand, so the record key stays sealed)",
        )
    else:
        record = Text(f"{field.zh}:{key}", f"{field.en}: {key}")
    return (
        names.resource(alert.resource),
        record,
        Text(f"期间:{period.zh}", f"Period: {period.en}"),
    )


def _state(alert: Alert, rule: Rule, decided: Disposition | None) -> tuple[Text, ...]:
    state = STATES[alert.state]
    meaning = _OPEN[rule.kind] if alert.state == "open" else _STATE[alert.state]
    lines = [Text(f"{state.zh}:{meaning.zh}", f"{state.en}: {meaning.en}")]
    if decided is not None:
        lines.append(_decision(alert, rule, decided))
    return tuple(lines)


def _decision(alert: Alert, rule: Rule, decided: Disposition) -> Text:
    word = DECISIONS[decided.decision]
    _, reason = rule.reasons.get(decided.reason, (None, Text(decided.reason, decided.reason)))
    since = Text("", "")
    if decided.revision < alert.revision:
        since = Text(";此后预警已有新的修订,请复核", "; the alert has been revised since: look again")
    return Text(
        f"处置:{word.zh}({reason.zh}),{decided.officer},{time_words(decided.decided_at)}{since.zh}",
        f"Decision: {word.en} ({reason.en}), {decided.officer}, {time_words(decided.decided_at)}{since.en}",
    )


def _evidence(alert: Alert, names: _Names) -> tuple[Text, ...]:
    if alert.state == "withdrawn":
        return (Text("没有佐证(已撤回的预警不再披露佐证)。", "None (a withdrawn alert discloses none)."),)
    if not alert.evidence:
        return (
            Text(
                "按规则只向本部门披露存在差异,不披露佐证。",
                "The rule discloses only that there is a discrepancy.",
            ),
        )
    return tuple(_piece(number, piece, names) for number, piece in enumerate(alert.evidence, 1))


def _piece(number: int, piece: Evidence, names: _Names) -> Text:
    where, when, code = names.resource(piece.resource), period_words(piece.period), names.code(piece)
    # One resource may be looked at through several fields; the alert does not say which, so all are said.
    says = [source.text for source in names.sources(piece.resource)]
    zh, en = "或".join(t.zh for t in says), " or ".join(t.en for t in says)
    if piece.absent:
        return Text(f"{number}. {where.zh}:查无——{zh}", f"{number}. {where.en}: nothing found: {en}")
    zh, en = f"{number}. {where.zh},{when.zh}:{zh}", f"{number}. {where.en}, {when.en}: {en}"
    if code is not None:
        zh, en = f"{zh}({code.zh})", f"{en} ({code.en})"
    if piece.exculpation is not None:
        falls = names.exculpation(piece.resource, piece.exculpation)
        zh, en = f"{zh};排除情形适用:{falls.zh}", f"{en}; exculpated: {falls.en}"
    return Text(zh, en)


def _favour(alert: Alert, names: _Names) -> tuple[Text, ...]:
    if alert.state == "withdrawn":
        return (Text("已无佐证需要权衡。", "No evidence is left to weigh."),)
    checked = [_checked(check, alert, names) for check in alert.exculpations]
    if not checked:
        checked = [_NOT_TOLD if _declares_any(names.rule) else _NONE_DECLARED]
    elif not any(check.holds for check in alert.exculpations):
        checked.append(
            Text(
                "已查的排除情形均不适用;这不说明当事人有过错。",
                "None of the exculpations asked about applies, which does not show that the person did wrong.",
            )
        )
    return (*checked, *_unasked(names.rule))


def _declares_any(rule: Rule) -> bool:
    return bool(rule.exculpations) or any(source.exculpations for source in rule.evidence)


def _checked(check: ExculpationCheck, alert: Alert, names: _Names) -> Text:
    text, where = names.exculpation(check.resource, check.code), names.resource(check.resource)
    if any((e.code, e.resource) == (check.code, check.resource) for e in names.rule.exculpations):
        zh, en = ("适用", "applies") if check.holds else ("已查,不适用", "asked, does not apply")
        return Text(f"「{text.zh}」({where.zh}):{zh}", f'"{text.en}" ({where.en}): {en}')
    falls = [e.exculpation == check.code for e in alert.evidence if e.resource == check.resource]
    if check.holds:
        zh, en = (
            f"适用于 {sum(falls)}/{len(falls)} 项佐证",
            f"applies to {sum(falls)} of {len(falls)} pieces of evidence",
        )
    elif falls:
        zh, en = "已查,不适用", "asked, does not apply"
    else:
        zh, en = "已查,该来源没有佐证", "asked, no evidence from this source"
    return Text(f"「{text.zh}」({where.zh}):{zh}", f'"{text.en}" ({where.en}): {en}')


def _unasked(rule: Rule) -> tuple[Text, ...]:
    """Grounds for dismissal that no exculpation covers: only an officer can find them."""
    asked = {e.code for source in rule.evidence for e in source.exculpations}
    asked |= {e.code for e in rule.exculpations}
    left = [t for code, (way, t) in rule.reasons.items() if way == "dismissed" and code not in asked]
    if not left:
        return ()
    return (
        Text(
            f"比对查不出、须由核查员核实的情形:{'、'.join(t.zh for t in left)}",
            f"What no comparison can see and only an officer can find: {'; '.join(t.en for t in left)}",
        ),
    )


def _sources(alert: Alert, names: _Names, now: Sequence[SourceStatus]) -> tuple[Text, ...]:
    today = {status.resource: status for status in now}
    lines = [_source(status, today.get(status.resource), names) for status in alert.sources]
    lacking = [status for status in alert.sources if not status.complete]
    if any(not status.complete for status in now) or (lacking and not now):
        lines.append(
            Text(
                "至少一个来源尚未齐全:后续数据可能增加或减少佐证,本预警的状态可能改变。",
                "At least one source is incomplete: what is still to come may add or remove evidence, "
                "and the state of this alert may change.",
            )
        )
    elif lacking:
        lines.append(
            Text(
                "作出本修订时来源尚未齐全,现已齐全;预警没有因此改变。",
                "Not all sources were complete when this revision was made; they are now, "
                "and the alert has not changed for it.",
            )
        )
    return tuple(lines)


def _source(then: SourceStatus, now: SourceStatus | None, names: _Names) -> Text:
    where, before = names.resource(then.resource), _delivered(then)
    zh, en = f"作出本修订时{before.zh}", f"{before.en} when this revision was made"
    if now is not None:
        after = _delivered(now)
        zh, en = f"{zh};目前{after.zh}", f"{en}; {after.en} now"
    return Text(f"{where.zh}:{zh}", f"{where.en}: {en}")


def _delivered(status: SourceStatus) -> Text:
    if not status.complete:
        return Text("不齐全", "incomplete")
    if status.as_of is None:
        return Text("齐全", "complete")
    when = time_words(status.as_of)
    return Text(f"齐全(截至 {when})", f"complete (as of {when})")


def _reasons(alert: Alert, rule: Rule) -> tuple[Text, ...]:
    if alert.state == "withdrawn":
        return (Text("不需要处置。", "Nothing: the alert is withdrawn."),)
    if alert.trial:
        return (
            Text("试运行中的规则:不是案件,无须处置。", "Nothing: the rule is on trial, so this is no case."),
        )
    return tuple(
        Text(f"{DECISIONS[way].zh} {code}:{text.zh}", f"{DECISIONS[way].en} {code}: {text.en}")
        for code, (way, text) in rule.reasons.items()
    )


def _basis(alert: Alert, names: _Names) -> tuple[Text, ...]:
    when = time_words(alert.updated_at)
    lines = [
        Text(
            f"规则 {alert.rule} 第 {alert.rule_version} 版;修订号 {alert.revision};{when}",
            f"Rule {alert.rule}, version {alert.rule_version}; revision {alert.revision}; {when}",
        )
    ]
    if alert.rule_version != names.rule.version:
        lines.append(
            Text(
                f"以上说明依据目录中的第 {names.rule.version} 版规则,措辞可能与当时不同。",
                f"The words above are those of version {names.rule.version}, which the catalog has now.",
            )
        )
    lines += [names.grant(grant) for grant in names.rule.grants]
    lines += [Text(f"交换批次:{batch}", f"Batch: {batch}") for batch in alert.batches]
    return tuple(lines)


_UTC = re.compile(r"(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2})\S*(?:Z|\+00:00)")


def time_words(time: str) -> str:
    """'2008-06-01 09:30 UTC'; anything else stands for itself."""
    return _UTC.sub(r"\1 \2 UTC", time)


_PERIOD = re.compile(r"(\d{4})-(\d{2})(?:/(?:(\d{4})-(\d{2})|(\.\.)))?")


def period_words(period: str) -> Text:
    """'2008-03/2008-07' and its kin in words; anything else stands for itself."""
    found = _PERIOD.fullmatch(period)
    if found is None:
        return Text(period or "期间不明", period or "period unknown")
    year, month, last_year, last_month, running = found.groups()
    zh, en = f"{year}年{int(month)}月", f"{year}-{month}"
    if running:
        return Text(f"{zh}至今(未终止)", f"since {en}, still running")
    if last_year:
        return Text(f"{zh}至{last_year}年{int(last_month)}月", f"{en} to {last_year}-{last_month}")
    return Text(zh, en)
