"""A rule in words: every branch of every kind, in both languages, as a table."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from matchers.explain import lines_of
from matchers.rules.words import words
from tests.topics.test_rule_mistakes import WRITTEN
from topics.calendar import chinese_calendar
from topics.catalog import (
    CITY,
    EXAMPLE,
    Catalog,
    Compare,
    Condition,
    Deadline,
    ExculpatingSource,
    Rule,
    Temporal,
    Text,
    Threshold,
    load_catalog,
)
from topics.catalog.rule import SHARED_DAY

CONFLICT, MISSING, MISMATCH, DUPLICATE, THRESHOLD = (
    "benefit-while-employed",
    "insured-without-wages",
    "registers-disagree",
    "benefit-twice",
    "benefit-above-income",
)
Change = Callable[[Rule], Rule]
Case = tuple[str, Change, str, str]


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """The example city with a rule of every kind."""
    folder = tmp_path_factory.mktemp("words") / "city"
    shutil.copytree(EXAMPLE, folder)
    for name, text in WRITTEN["files"].items():
        Path(folder / name).write_text(text, encoding="utf-8")
    return load_catalog(folder)


def said(rule: Rule, city: Catalog) -> tuple[str, str]:
    explained = words(rule, city)
    return "\n".join(lines_of(explained, "zh")), "\n".join(lines_of(explained, "en"))


def as_it_is(rule: Rule) -> Rule:
    return rule


def rule_with(**changes: Any) -> Change:
    return lambda rule: replace(rule, **changes)


def first_with(**changes: Any) -> Change:
    """Its first evidence source changed."""
    return lambda rule: replace(rule, evidence=(replace(rule.evidence[0], **changes), *rule.evidence[1:]))


def many(require: int) -> Change:
    """Three sources of a missing rule."""
    return lambda rule: replace(rule, evidence=rule.evidence * 3, require=require)


EXEMPT = ExculpatingSource(
    "exempt",
    "market.enterprise",
    "legal_rep_id",
    Temporal(SHARED_DAY),
    (Condition("status", frozenset({"dormant"})),),
    Text("企业歇业", "the enterprise is dormant"),
)
ACTIVE = (Condition("status", frozenset({"active", "dormant"})),)

WHAT_IT_ASKS: dict[str, Case] = {
    "title": (
        CONFLICT,
        as_it_is,
        "规则 benefit-while-employed 第 2 版:领取失业保险金期间疑似就业",
        "Rule benefit-while-employed, version 2",
    ),
    "conflict": (
        CONFLICT,
        as_it_is,
        "冲突:两个不应并存的事实并存。",
        "A conflict: two facts that exclude each other.",
    ),
    "missing": (
        MISSING,
        as_it_is,
        "缺失:到期仍无应有的对应记录。",
        "A missing: a record without its counterpart",
    ),
    "mismatch": (MISMATCH, as_it_is, "不一致:", "A mismatch: sources disagree"),
    "duplicate": (DUPLICATE, as_it_is, "重复:", "A duplicate: more than are allowed"),
    "threshold": (THRESHOLD, as_it_is, "超限:", "A threshold: a total over a period"),
    "purpose": (CONFLICT, as_it_is, "用途:核查失业保险金", "Purpose: Check whether a benefit month"),
    "legal basis": (CONFLICT, as_it_is, "法律依据:《失业保险条例》", "Legal basis: 《失业保险条例》"),
    "anchor": (
        CONFLICT,
        as_it_is,
        "逐条核查人力资源和社会保障局「失业保险金发放」的记录,按「公民身份号码」对应同一自然人",
        "Unemployment benefit payments is asked about",
    ),
    "anchor where": (
        MISMATCH,
        rule_with(anchor_where=ACTIVE),
        "的记录(限其「登记状态」为 active、dormant)",
        'Enterprise register, if its "Registration status" is active or dormant, is asked about',
    ),
    "unknown never counts": (
        CONFLICT,
        as_it_is,
        "期间不明、属性缺失的记录一律不计",
        "whose period is unknown",
    ),
    "any": (
        CONFLICT,
        as_it_is,
        "下列 3 个来源中任意一个有佐证时",
        "when any of the 3 sources below has evidence",
    ),
    "all": (
        CONFLICT,
        rule_with(require=3),
        "下列 3 个来源全部有佐证时",
        "when every one of the 3 sources below has evidence",
    ),
    "at least": (
        CONFLICT,
        rule_with(require=2),
        "下列 3 个来源中至少 2 个有佐证时",
        "when at least 2 of the 3 sources below",
    ),
    "one source": (MISMATCH, as_it_is, "下列来源有佐证时", "when the source below has evidence"),
}
KINDS: dict[str, Case] = {
    "missing one": (
        MISSING,
        as_it_is,
        "而下列来源没有对应记录时",
        "the source below has no counterpart, an alert opens",
    ),
    "missing any": (
        MISSING,
        many(1),
        "下列 3 个来源都没有对应记录",
        "none of the 3 sources below has a counterpart",
    ),
    "missing all": (
        MISSING,
        many(3),
        "任意一个没有对应记录",
        "any of the 3 sources below has no counterpart",
    ),
    "missing some": (MISSING, many(2), "有对应记录的不足 2 个", "fewer than 2 of the 3 sources below"),
    "missing heading": (MISSING, as_it_is, "应有的对应记录\n", "The counterpart that should be there"),
    "missing source": (
        MISSING,
        as_it_is,
        "从未完整报送过的,不作缺失处理",
        "never delivered in full is not held to lack",
    ),
    "deadline": (
        MISSING,
        as_it_is,
        "期限至被核查记录期间的第一天之后 60 天为止",
        "until the end of 60 days after the first day of the record's period",
    ),
    "deadline in working days": (
        MISSING,
        rule_with(deadline=Deadline(30, "working_days", "end")),
        "最后一天之后 30 个工作日为止",
        "the end of 30 working days after the last day",
    ),
    "deadline of one day": (
        MISSING,
        rule_with(deadline=Deadline(1, "days", "end")),
        "最后一天之后 1 天为止",
        "the end of 1 day after the last day",
    ),
    "deadline at once": (
        MISSING,
        rule_with(deadline=Deadline(0, "days", "end")),
        "最后一天当天为止",
        "until the end of the last day",
    ),
    "one allowed": (
        DUPLICATE,
        as_it_is,
        "允许 1 条;除被核查记录外还有另一条计入时",
        "1 is allowed: an alert opens when another record counts beside it",
    ),
    "two allowed": (
        DUPLICATE,
        rule_with(allowed=2),
        "允许 2 条;除被核查记录外还有另外 2 条计入时",
        "2 are allowed: an alert opens when 2 other records count",
    ),
    "the earlier stands": (
        DUPLICATE,
        as_it_is,
        "期间在先者成立,在后者被核查",
        "the earlier stands, and the later is asked about",
    ),
    "duplicate elsewhere": (
        DUPLICATE,
        first_with(resource="tax.declared_income"),
        "其他来源的记录不论先后均计入",
        "a record of another source counts whether it is earlier or later",
    ),
    "sum": (
        THRESHOLD,
        as_it_is,
        "金额合计肯定不少于 2,000 时",
        "certainly add up to at least 2,000: amounts cross as bands",
    ),
    "lower edges": (THRESHOLD, as_it_is, "取各档下限", "the lower edge of each band is added"),
    "count": (
        THRESHOLD,
        rule_with(threshold=Threshold("count", 3)),
        "计入的记录不少于 3 条时",
        "when at least 3 of the records below count.",
    ),
    "exceeds": (
        THRESHOLD,
        rule_with(anchor="tax.declared_income", threshold=Threshold("sum", 0, "income")),
        "被核查记录的「收入」所在分档的上限时",
        'the upper edge of the record\'s own band of "Income": amounts',
    ),
    "exceeds by a margin": (
        THRESHOLD,
        rule_with(anchor="tax.declared_income", threshold=Threshold("sum", 500, "income")),
        "分档的上限加 500 时",
        'own band of "Income" plus 500',
    ),
}
EVIDENCE: dict[str, Case] = {
    "what it says": (
        CONFLICT,
        as_it_is,
        "1. 人力资源和社会保障局「职工社会保险参保」:同期有",
        "Bureau · Employees' social insurance spells: social",
    ),
    "where": (
        CONFLICT,
        first_with(where=(Condition("kind", frozenset({"regular"})),)),
        "且其「缴费类型」为 regular",
        'and its "Kind of payment" is regular',
    ),
    "where, two codes": (
        MISMATCH,
        first_with(where=(Condition("status", frozenset({"suspended", "cancelled"})),)),
        "为 cancelled、suspended",
        "is cancelled or suspended",
    ),
    "differs": (
        MISMATCH,
        as_it_is,
        "其「登记状态」与被核查记录的「登记状态」不同(视为相同:active = in_operation;dormant = suspended)",
        "(held to be the same: active = in_operation; dormant = suspended)",
    ),
    "is the same": (
        MISMATCH,
        first_with(compare=Compare("status", "status", "same", {})),
        "「登记状态」相同;",
        'its "Status" is the same as the record\'s "Registration status";',
    ),
    "added up": (THRESHOLD, as_it_is, "合计其「收入」", 'its "Income" is added up'),
    "shown": (CONFLICT, as_it_is, "预警显示其「登记状态」", 'the alert shows its "Registration status"'),
}
LIMITS: dict[str, Case] = {
    "the highest band": (
        THRESHOLD,
        rule_with(anchor="tax.declared_income", threshold=Threshold("count", 2, "income")),
        "最高一档没有上限,不提出预警",
        "The highest band has no upper edge and opens none.",
    ),
    "a counterpart": (MISSING, as_it_is, "视为有对应记录的条件:", "A record is the counterpart if it begins"),
    "excused elsewhere": (
        MISSING,
        rule_with(exculpations=(EXEMPT,)),
        "有上述其他来源的记录时,预警为「已有解释」",
        "Where such a record elsewhere exculpates, the alert is explained",
    ),
    "excused": (
        CONFLICT,
        as_it_is,
        "「缴费类型」为 back_payment 时,该项佐证不计",
        'evidence whose "Kind of payment" is back_payment is exculpated',
    ),
    "excused, three codes": (
        CONFLICT,
        as_it_is,
        "为 cancelled、dormant、revoked 时",
        "is cancelled, dormant or revoked is exculpated",
    ),
    "explained": (CONFLICT, as_it_is, "已有解释", "is explained, and asks for nothing more"),
    "spoken for": (
        CONFLICT,
        rule_with(exculpations=(EXEMPT,)),
        "不论有何佐证,市场监督管理局「企业登记」有记录时",
        'and its "Registration status" is dormant: the enterprise is dormant',
    ),
    "nothing excuses": (MISSING, as_it_is, "没有声明排除情形", "No exculpations are declared"),
    "reasons": (
        CONFLICT,
        as_it_is,
        "已排除 identity_misuse:身份被冒用",
        "dismissed identity_misuse: the identity was misused",
    ),
    "the owner is told": (
        CONFLICT,
        as_it_is,
        "人力资源和社会保障局:月份、代码、金额分档",
        "Human Resources and Social Security Bureau: months, codes, bands of amounts",
    ),
    "told the bare fact": (
        CONFLICT,
        rule_with(disclosure={"tax": frozenset()}),
        "税务局:仅告知是否存在差异",
        "Tax Bureau: only whether there is a discrepancy",
    ),
    "told months": (
        CONFLICT,
        rule_with(disclosure={"tax": frozenset({"month"})}),
        "税务局:月份",
        "Tax Bureau: months",
    ),
    "severity": (CONFLICT, as_it_is, "级别:中;状态(声明):启用", "Severity: medium; declared status: active"),
    "draft": (MISSING, as_it_is, "草稿:不进入任何日志", "draft: in no log"),
    "trial": (MISSING, rule_with(status="trial"), "试运行:", "trial: alerts on a topic of their own"),
    "volume cap": (CONFLICT, as_it_is, "不超过 2,000 件", "Not more than 2,000 alerts"),
    "precision floor": (
        CONFLICT,
        rule_with(precision_floor=0.3),
        "低于 30%",
        "of the confirmed share lies under 30%",
    ),
    "the rule expires": (
        CONFLICT,
        as_it_is,
        "有效期至 2030-12-31(规则到期)",
        "In force until 2030-12-31 at the latest (the rule expires)",
    ),
    "a grant ends": (CONFLICT, rule_with(expires=date(2031, 1, 1)), "(授权到期)", "(a grant ends)"),
    "no end": (MISSING, as_it_is, "没有有效期", "It does not expire"),
    "grants": (
        CONFLICT,
        as_it_is,
        "授权 hrss-uses-enterprise:核对",
        "Grant hrss-uses-enterprise: Check whether",
    ),
    "working days": (
        MISSING,
        rule_with(deadline=Deadline(3, "working_days", "end")),
        "工作日按国务院",
        f"holiday notices, known to the end of {chinese_calendar().newest_year}; after that only weekends",
    ),
}
CASES = WHAT_IT_ASKS | KINDS | EVIDENCE | LIMITS


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_words(city: Catalog, case: Case) -> None:
    name, change, zh, en = case
    chinese, english = said(change(city.rules[name]), city)
    assert zh in chinese, chinese
    assert en in english, english


def test_nothing_is_said_that_is_not_asked(city: Catalog) -> None:
    chinese, english = said(city.rules[DUPLICATE], city)
    for word in ("工作日", "预警显示", "授权", "查实率", "且其", "视为相同"):
        assert word not in chinese
    for word in ("working day", "shows", "Grant", "Suspended", " and its ", "held to be"):
        assert word not in english


def test_every_shipped_rule_can_be_said() -> None:
    shipped = load_catalog(CITY)
    for rule in shipped.rules.values():
        chinese, english = said(rule, shipped)
        assert rule.title.zh in chinese
        assert rule.title.en in english
