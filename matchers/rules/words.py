"""A rule in words that a steward, an officer and a lawyer can hold against the statute, in Chinese and English.

Rules: made from the declaration alone, so that they cannot drift from what is evaluated; every condition is said,
also what is not asked; pure. The words of matchers.explain explain an alert, these explain its rule.
Must not know: the log, what became of the rule there.
"""

from collections.abc import Iterable

from matchers.explain import Explanation, Section
from matchers.rules.phrases import Names, evidence, excused, has, spoken_for
from matchers.rules.when import until
from topics.calendar import chinese_calendar
from topics.catalog import (
    Catalog,
    EvidenceSource,
    Rule,
    Text,
    Threshold,
)
from topics.catalog.rule import Form, RuleKind
from topics.vocabulary import DECISIONS

_STATUS = {
    "draft": Text("草稿:不进入任何日志", "draft: in no log"),
    "trial": Text(
        "试运行:预警写入单独的主题,不产生核查案件", "trial: alerts on a topic of their own, no cases"
    ),
    "active": Text("启用", "active"),
    "suspended": Text("停用", "suspended"),
}
_KIND: dict[RuleKind, Text] = {
    "conflict": Text("冲突:两个不应并存的事实并存", "conflict: two facts that exclude each other"),
    "missing": Text("缺失:到期仍无应有的对应记录", "missing: a record without its counterpart by a deadline"),
    "mismatch": Text("不一致:不同来源对同一事项说法不一", "mismatch: sources disagree on the same attribute"),
    "duplicate": Text("重复:超出允许的份数", "duplicate: more than are allowed"),
    "threshold": Text("超限:一段期间内的合计达到界线", "threshold: a total over a period reaches a line"),
}
_SEVERITY = {"low": Text("低", "low"), "medium": Text("中", "medium"), "high": Text("高", "high")}
_FORMS: dict[Form, Text] = {
    "month": Text("月份", "months"),
    "code": Text("代码", "codes"),
    "band": Text("金额分档", "bands of amounts"),
}
_SOURCES: dict[RuleKind, Text] = {"missing": Text("应有的对应记录", "The counterpart that should be there")}
_UNKNOWN = Text(
    "期间不明、属性缺失的记录一律不计;不作平均或推算。",
    "A record whose period is unknown, or that lacks an attribute asked about, never counts; "
    "nothing is averaged or extrapolated.",
)


def words(rule: Rule, catalog: Catalog) -> Explanation:
    """What a rule asks, of whom, when, and who is told."""
    names = Names(rule, catalog)
    return Explanation(
        Text(
            f"规则 {rule.id} 第 {rule.version} 版:{rule.title.zh}",
            f"Rule {rule.id}, version {rule.version}: {rule.title.en}",
        ),
        (
            Section(Text("核查的问题", "The question"), _question(rule)),
            Section(Text("何时提出预警", "When it asks"), _asks(rule, names)),
            Section(_SOURCES.get(rule.kind, Text("佐证", "Evidence")), evidence(rule, names)),
            Section(Text("对当事人有利的情形", "What speaks for the person"), _favour(rule, names)),
            Section(Text("可选处置", "What officers can decide"), _reasons(rule)),
            Section(Text("告知范围", "Who is told what"), _told(rule, names)),
            Section(Text("限度与依据", "Limits, and what it stands on"), _limits(rule, catalog)),
        ),
    )


def _question(rule: Rule) -> tuple[Text, ...]:
    return (
        Text(f"{_KIND[rule.kind].zh}。", f"A {_KIND[rule.kind].en}."),
        Text(f"用途:{rule.purpose.zh}", f"Purpose: {rule.purpose.en}"),
        Text(f"法律依据:{rule.legal_basis}", f"Legal basis: {rule.legal_basis}"),
    )


def _asks(rule: Rule, names: Names) -> tuple[Text, ...]:
    record, subject = names.resource(rule.anchor), names.subject
    fits = has(rule.anchor, rule.anchor_where, names) or Text("", "")
    field = names.field(rule.anchor, rule.anchor_subject).title
    return (
        Text(
            f"逐条核查{record.zh}的记录{f'(限{fits.zh})' if fits.zh else ''},按「{field.zh}」对应同一{subject.zh}。",
            f"Each record of {record.en}{f', if {fits.en},' if fits.en else ''} is asked about (below: the record); "
            f"evidence is looked up by the same {subject.en} ({field.en}).",
        ),
        _ASKS[rule.kind](rule, names),
        _UNKNOWN,
    )


def _if_found(rule: Rule, names: Names) -> Text:
    many = _how_many(rule.require, len(rule.evidence))
    return Text(f"{many.zh}有佐证时,提出预警。", f"An alert opens when {many.en} evidence.")


def _how_many(required: int, of: int) -> Text:
    if of == 1:
        return Text("下列来源", "the source below has")
    if required == 1:
        return Text(f"下列 {of} 个来源中任意一个", f"any of the {of} sources below has")
    if required == of:
        return Text(f"下列 {of} 个来源全部", f"every one of the {of} sources below has")
    return Text(
        f"下列 {of} 个来源中至少 {required} 个", f"at least {required} of the {of} sources below have"
    )


def _if_missing(rule: Rule, names: Names) -> Text:
    assert rule.deadline is not None  # topics.catalog.kind_checks
    last, of = until(rule.deadline), len(rule.evidence)
    if of == 1:
        lacking = Text("下列来源没有对应记录", "the source below has no counterpart")
    elif rule.require == 1:
        lacking = Text(f"下列 {of} 个来源都没有对应记录", f"none of the {of} sources below has a counterpart")
    elif rule.require == of:
        lacking = Text(
            f"下列 {of} 个来源中任意一个没有对应记录", f"any of the {of} sources below has no counterpart"
        )
    else:
        lacking = Text(
            f"下列 {of} 个来源中有对应记录的不足 {rule.require} 个",
            f"fewer than {rule.require} of the {of} sources below have a counterpart",
        )
    return Text(
        f"期限至{last.zh};业务日期超过期限,而{lacking.zh}时,提出预警。来源从未完整报送过的,不作缺失处理。",
        f"A counterpart is in time until {last.en}. When the business date is past that and {lacking.en}, an alert "
        "opens. A source that was never delivered in full is not held to lack anything.",
    )


def _if_repeated(rule: Rule, names: Names) -> Text:
    own = any(_is_own(source, rule) for source in rule.evidence)
    earlier = (
        Text(
            "两条记录中,期间在先者成立,在后者被核查",
            "of two records the earlier stands, and the later is asked about",
        )
        if own
        else Text(
            "其他来源的记录不论先后均计入", "a record of another source counts whether it is earlier or later"
        )
    )
    number = "另一条" if rule.allowed == 1 else f"另外 {rule.allowed} 条"
    others = "another record counts" if rule.allowed == 1 else f"{rule.allowed} other records count"
    return Text(
        f"允许 {rule.allowed} 条;除被核查记录外还有{number}计入时,提出预警。{earlier.zh}。",
        f"{rule.allowed} {'is' if rule.allowed == 1 else 'are'} allowed: "
        f"an alert opens when {others} beside it; {earlier.en}.",
    )


def _is_own(source: EvidenceSource, rule: Rule) -> bool:
    return (source.resource, source.subject_field) == (rule.anchor, rule.anchor_subject)


def _if_reached(rule: Rule, names: Names) -> Text:
    assert rule.threshold is not None  # topics.catalog.kind_checks
    line, unlimited = _line(rule.threshold, names)
    if rule.threshold.measure == "count":
        return Text(
            f"下列来源中计入的记录不少于{line.zh}条时,提出预警。{unlimited.zh}",
            f"An alert opens when at least {line.en} of the records below count.{unlimited.en}",
        )
    return Text(
        f"下列来源的金额合计肯定不少于{line.zh}时,提出预警:金额只以分档传送,合计时取各档下限。{unlimited.zh}",
        f"An alert opens when the amounts below certainly add up to at least {line.en}: amounts cross as bands, "
        f"and the lower edge of each band is added.{unlimited.en}",
    )


def _line(threshold: Threshold, names: Names) -> tuple[Text, Text]:
    """The line, and what holds where there is none."""
    if threshold.anchor is None:
        return Text(f" {threshold.line:,} ", f"{threshold.line:,}"), Text("", "")
    field, more = names.field(names.rule.anchor, threshold.anchor).title, threshold.line
    zh, en = (
        f"被核查记录的「{field.zh}」所在分档的上限",
        f'the upper edge of the record\'s own band of "{field.en}"',
    )
    if more:
        zh, en = f"{zh}加 {more:,} ", f"{en} plus {more:,}"
    return Text(zh, en), Text(
        "最高一档没有上限,不提出预警。", " The highest band has no upper edge and opens none."
    )


_ASKS = {
    "conflict": _if_found,
    "mismatch": _if_found,
    "missing": _if_missing,
    "duplicate": _if_repeated,
    "threshold": _if_reached,
}


def _favour(rule: Rule, names: Names) -> tuple[Text, ...]:
    lines = [*excused(rule, names), *(spoken_for(source, names) for source in rule.exculpations)]
    if not lines:
        return (
            Text(
                "没有声明排除情形:只能由核查员核实。",
                "No exculpations are declared: only an officer can find any.",
            ),
        )
    return (*lines, *_closing(rule))


def _closing(rule: Rule) -> Iterable[Text]:
    """What follows from exculpations."""
    if any(source.exculpations for source in rule.evidence):
        yield Text(
            "除去落入排除情形的佐证后不足以提出预警的,预警为「已有解释」,不需要追查。",
            "What would open no alert without the exculpated evidence is explained, and asks for nothing more.",
        )
    if rule.exculpations:
        yield Text(
            "有上述其他来源的记录时,预警为「已有解释」,不需要追查。",
            "Where such a record elsewhere exculpates, the alert is explained, and asks for nothing more.",
        )
        yield Text(
            "这些来源中有从未完整报送过的,在其首次完整报送之前不提出预警。",
            "No alert opens before each of these sources elsewhere was delivered in full once.",
        )


def _reasons(rule: Rule) -> tuple[Text, ...]:
    return tuple(
        Text(f"{DECISIONS[way].zh} {code}:{text.zh}", f"{DECISIONS[way].en} {code}: {text.en}")
        for code, (way, text) in rule.reasons.items()
    )


def _told(rule: Rule, names: Names) -> tuple[Text, ...]:
    return tuple(_forms(name, forms, names) for name, forms in sorted(rule.disclosure.items()))


def _forms(department: str, forms: frozenset[Form], names: Names) -> Text:
    title = names.catalog.department(department).title
    said = [text for form, text in _FORMS.items() if form in forms]
    if not said:
        return Text(f"{title.zh}:仅告知是否存在差异", f"{title.en}: only whether there is a discrepancy")
    return Text(f"{title.zh}:{'、'.join(t.zh for t in said)}", f"{title.en}: {', '.join(t.en for t in said)}")


def _limits(rule: Rule, catalog: Catalog) -> tuple[Text, ...]:
    severity, status = _SEVERITY[rule.severity], _STATUS[rule.status]
    lines = [
        Text(
            f"级别:{severity.zh};状态(声明):{status.zh}",
            f"Severity: {severity.en}; declared status: {status.en}",
        ),
        Text(
            f"同时待核查的预警不超过 {rule.volume_cap:,} 件",
            f"Not more than {rule.volume_cap:,} alerts are to be open at once",
        ),
        *_measured(rule),
        _term(rule, catalog),
        *(_grant(name, catalog) for name in rule.grants),
    ]
    if rule.counts_working_days:
        lines.append(_working_days(chinese_calendar().newest_year))
    return tuple(lines)


def _working_days(year: int) -> Text:
    return Text(
        f"工作日按国务院节假日安排计算(已知至 {year} 年底,此后只扣除周末)",
        f"Working days follow the State Council's holiday notices, known to the end of {year}; "
        "after that only weekends are off",
    )


def _measured(rule: Rule) -> Iterable[Text]:
    if rule.precision_floor is not None:
        floor = f"{rule.precision_floor:.0%}"
        yield Text(
            f"查实率 95% 威尔逊区间的上限低于 {floor} 时自动停用",
            f"Suspended by itself when officers confirm too few: when the upper end of the 95 % Wilson interval "
            f"of the confirmed share lies under {floor}",
        )


def _term(rule: Rule, catalog: Catalog) -> Text:
    last = catalog.valid_until(rule)
    if last is None:
        return Text("没有有效期", "It does not expire")
    why = Text("规则到期", "the rule expires") if last == rule.expires else Text("授权到期", "a grant ends")
    return Text(f"有效期至 {last}({why.zh})", f"In force until {last} at the latest ({why.en})")


def _grant(name: str, catalog: Catalog) -> Text:
    grant = catalog.grants[name]
    return Text(
        f"授权 {name}:{grant.purpose.zh}({grant.agreement},有效期至 {grant.valid_until})",
        f"Grant {name}: {grant.purpose.en} ({grant.agreement}, valid until {grant.valid_until})",
    )
