"""Explanations, word for word: open, explained, withdrawn and incomplete alerts, zh and en."""

from dataclasses import replace as rebuilt

import msgspec
import pytest

from matchers.explain import Explanation, Known, explain, lines_of, period_words
from topics.alerts import Alert, Disposition, Evidence, ExculpationCheck, SourceStatus
from topics.catalog import EXAMPLE, load_catalog

CATALOG = load_catalog(EXAMPLE)
RULE = CATALOG.rule("benefit-while-employed")
AT = "2008-06-01T09:30:15.123+00:00"
SOCIAL = "hrss.social_insurance"


def whole(*, complete: bool = True) -> list[SourceStatus]:
    """Every source of the rule; without `complete`, all but wage tax."""
    return [
        SourceStatus(r, complete or r != "tax.wage_withholding", AT if complete else None)
        for r in RULE.resources
    ]


def piece(resource: str, code: str | None, period: str, exculpation: str | None = None) -> Evidence:
    return Evidence(resource.partition(".")[0], resource, code, period, exculpation)


def checks(back_payment: bool, not_operating: bool) -> list[ExculpationCheck]:
    return [
        ExculpationCheck("back_payment", SOCIAL, back_payment),
        ExculpationCheck("enterprise_not_operating", "market.enterprise", not_operating),
    ]


OPEN = Alert(
    alert_id="00112233445566778899aabbccddeeff",
    rule=RULE.id,
    rule_version=1,
    revision=82,
    state="open",
    department="hrss",
    resource="hrss.unemployment_benefit",
    handle="FjNPutyQ0he8n",
    period="2008-05",
    evidence=[
        piece(SOCIAL, "back_payment", "2008-03/2008-07", "back_payment"),
        piece(SOCIAL, "regular", "2008-05"),
        piece("tax.wage_withholding", None, "2008-05"),
    ],
    exculpations=checks(True, False),
    sources=whole(),
    batches=["hrss.social_insurance/1/1/1", "tax.wage_withholding/1/1/22"],
    bucket=1,
    updated_at=AT,
)
EXPLAINED = msgspec.structs.replace(
    OPEN,
    state="explained",
    evidence=[piece("market.enterprise", "dormant", "2008-03/..", "enterprise_not_operating")],
    exculpations=checks(False, True),
)
WITHDRAWN = msgspec.structs.replace(
    OPEN, state="withdrawn", evidence=[], exculpations=checks(False, False), batches=[]
)
INCOMPLETE = msgspec.structs.replace(
    OPEN,
    evidence=[piece(SOCIAL, "regular", "2008-05")],
    exculpations=checks(False, False),
    sources=whole(complete=False),
)


def section(explanation: Explanation, heading: str) -> dict[str, list[str]]:
    found = next(s for s in explanation.sections if s.heading.en == heading)
    return {"zh": [t.zh for t in found.lines], "en": [t.en for t in found.lines]}


HRSS_ZH, HRSS_EN = "人力资源和社会保障局", "Human Resources and Social Security Bureau"
SPELL_EN = f"{HRSS_EN} · Employees' social insurance spells"
UNASKED_ZH = "比对查不出、须由核查员核实的情形:依当地规定不视为重新就业、身份被冒用、来源数据有误"
UNASKED_EN = (
    "What no comparison can see and only an officer can find: "
    "no re-employment by local rules; the identity was misused by another; a source record is wrong"
)


def test_open_says_what_for_whom_and_on_what_ground() -> None:
    explanation = explain(OPEN, RULE, CATALOG, Known(key="UB2008050000001", now=whole()))
    assert lines_of(explanation, "zh")[:13] == [
        "核查预警 001122334455:领取失业保险金期间疑似就业(待核查)",
        "",
        "核查的问题",
        "  领取失业保险金期间疑似就业",
        "  用途:核查失业保险金领取月份是否与就业、工资或担任在营企业法定代表人的期间重叠",
        "  法律依据:《失业保险条例》(国务院令第258号)第十五条:重新就业的,停止领取失业保险金",
        "  这是一个需要核实的问题,不是结论:各来源的记录之间存在差异,不等于当事人有过错;须由核查员另行取证后作出认定。",
        "",
        "被核查记录",
        f"  {HRSS_ZH} · 失业保险金发放",
        "  发放流水号:UB2008050000001",
        "  期间:2008年5月",
        "",
    ]
    assert lines_of(explanation, "en")[:13] == [
        "Alert 001122334455: Unemployment benefit while apparently employed (open)",
        "",
        "The question",
        "  Unemployment benefit while apparently employed",
        "  Purpose: Check whether a benefit month overlaps employment, wages or being legal representative "
        "of an enterprise in operation",
        "  Legal basis: 《失业保险条例》(国务院令第258号)第十五条:重新就业的,停止领取失业保险金",
        "  This is a question, not a verdict: records of different sources do not fit together, which does not "
        "mean that the person did wrong. An officer decides, on evidence of their own.",
        "",
        "The record asked about",
        f"  {HRSS_EN} · Unemployment benefit payments",
        "  Claim number: UB2008050000001",
        "  Period: 2008-05",
        "",
    ]


def test_open_weighs_each_piece() -> None:
    explanation = explain(OPEN, RULE, CATALOG)
    assert section(explanation, "Evidence") == {
        "zh": [
            f"1. {HRSS_ZH} · 职工社会保险参保,2008年3月至2008年7月:同期有职工社会保险参保记录"
            "(缴费类型:back_payment);排除情形适用:该参保记录为补缴,不表示当期在岗",
            f"2. {HRSS_ZH} · 职工社会保险参保,2008年5月:同期有职工社会保险参保记录(缴费类型:regular)",
            "3. 税务局 · 工资薪金个人所得税扣缴,2008年5月:同月有工资薪金个人所得税扣缴记录",
        ],
        "en": [
            f"1. {SPELL_EN}, 2008-03 to 2008-07: social insurance as an employee in the same period "
            "(Kind of payment: back_payment); exculpated: the spell was paid in arrears and does not show work in "
            "that month",
            f"2. {SPELL_EN}, 2008-05: social insurance as an employee in the same period (Kind of payment: regular)",
            "3. Tax Bureau · Wage tax withholding, 2008-05: wage tax was withheld in the same month",
        ],
    }
    assert section(explanation, "What speaks for the person") == {
        "zh": [
            f"「该参保记录为补缴,不表示当期在岗」({HRSS_ZH} · 职工社会保险参保):适用于 1/2 项佐证",
            "「该企业已歇业、吊销或注销,不表示实际经营」(市场监督管理局 · 企业登记):已查,该来源没有佐证",
            UNASKED_ZH,
        ],
        "en": [
            f'"the spell was paid in arrears and does not show work in that month" ({SPELL_EN}): '
            "applies to 1 of 2 pieces of evidence",
            '"the enterprise is dormant, revoked or cancelled and does not show a business in operation" '
            "(Market Regulation Bureau · Enterprise register): asked, no evidence from this source",
            UNASKED_EN,
        ],
    }


def test_explained_says_why_nothing_more_is_asked() -> None:
    explanation = explain(EXPLAINED, RULE, CATALOG)
    assert section(explanation, "State") == {
        "zh": ["已有解释:考虑可适用的排除情形后,按规则不需要追查;仍可由核查员处置。"],
        "en": [
            "explained: exculpations explain it, so the rule asks for nothing more; an officer may still decide."
        ],
    }
    assert section(explanation, "Evidence")["zh"] == [
        "1. 市场监督管理局 · 企业登记,2008年3月至今(未终止):同期担任已登记企业的法定代表人"
        "(登记状态:dormant);排除情形适用:该企业已歇业、吊销或注销,不表示实际经营"
    ]
    assert section(explanation, "Evidence")["en"] == [
        "1. Market Regulation Bureau · Enterprise register, since 2008-03, still running: legal representative of "
        "a registered enterprise in the same period (Registration status: dormant); exculpated: the enterprise is "
        "dormant, revoked or cancelled and does not show a business in operation"
    ]


def test_withdrawn_has_nothing_to_weigh_or_decide() -> None:
    explanation = explain(WITHDRAWN, RULE, CATALOG)
    assert section(explanation, "State")["zh"] == [
        "已撤回:来源数据已更正或删除,或规则不再适用,差异不再存在:不需要处置,也不应据此作出任何对当事人不利的处理。"
    ]
    assert section(explanation, "State")["en"] == [
        "withdrawn: a source was corrected, or the rule no longer applies, so the question is gone: "
        "there is nothing to decide, and nothing to hold against the person."
    ]
    assert section(explanation, "Evidence")["en"] == ["None (a withdrawn alert discloses none)."]
    assert section(explanation, "What speaks for the person")["en"] == ["No evidence is left to weigh."]
    assert section(explanation, "What can be decided")["zh"] == ["不需要处置。"]


def test_incomplete_then_and_now() -> None:
    explanation = explain(INCOMPLETE, RULE, CATALOG, Known(now=whole(complete=False)))
    assert section(explanation, "Completeness of the sources")["zh"][2:] == [
        "税务局 · 工资薪金个人所得税扣缴:作出本修订时不齐全;目前不齐全",
        "市场监督管理局 · 企业登记:作出本修订时齐全;目前齐全",
        "至少一个来源尚未齐全:后续数据可能增加或减少佐证,本预警的状态可能改变。",
    ]
    assert section(explanation, "Completeness of the sources")["en"][2:] == [
        "Tax Bureau · Wage tax withholding: incomplete when this revision was made; incomplete now",
        "Market Regulation Bureau · Enterprise register: complete when this revision was made; complete now",
        "At least one source is incomplete: what is still to come may add or remove evidence, and the state of "
        "this alert may change.",
    ]
    assert section(explanation, "What speaks for the person")["en"][2] == (
        "None of the exculpations asked about applies, which does not show that the person did wrong."
    )


def test_incomplete_then_complete_now() -> None:
    known = Known(now=whole())
    lines = section(explain(INCOMPLETE, RULE, CATALOG, known), "Completeness of the sources")
    assert lines["en"][2] == (
        "Tax Bureau · Wage tax withholding: incomplete when this revision was made; "
        "complete (as of 2008-06-01 09:30 UTC) now"
    )
    assert lines["en"][-1].startswith(
        "Not all sources were complete when this revision was made; they are now"
    )
    assert len(section(explain(OPEN, RULE, CATALOG, known), "Completeness of the sources")["en"]) == 4


def test_without_the_key_the_handle_is_shown() -> None:
    lines = section(explain(OPEN, RULE, CATALOG), "The record asked about")
    assert lines["en"][1].startswith("Handle: FjNPutyQ0he8n (the department's key is not at hand")
    assert lines["zh"][1].startswith("记录句柄:FjNPutyQ0he8n")


def test_basis_names_rule_grants_and_batches() -> None:
    newer = explain(OPEN, rebuilt(RULE, version=2), CATALOG)
    assert section(newer, "What this stands on")["en"] == [
        "Rule benefit-while-employed, version 1; revision 82; 2008-06-01 09:30 UTC",
        "The words above are those of version 2, which the catalog has now.",
        "Grant: Check whether wages were paid while unemployment benefit was drawn "
        "(示例市政务数据共享安全协议 2025-011, valid until 2030-12-31)",
        "Grant: Check whether a benefit recipient is legal representative of an operating enterprise "
        "(示例市政务数据共享安全协议 2025-012, valid until 2030-12-31)",
        "Batch: hrss.social_insurance/1/1/1",
        "Batch: tax.wage_withholding/1/1/22",
    ]


def test_every_reason_of_the_rule_can_be_chosen() -> None:
    lines = section(explain(OPEN, RULE, CATALOG), "What can be decided")
    assert [line.split(":")[0].split()[1] for line in lines["en"]] == list(RULE.reasons)
    assert lines["zh"][0] == "已确认 employed:经核实当期已重新就业"


@pytest.mark.parametrize(("revision", "again"), [(82, False), (81, True)])
def test_a_decision_on_an_older_revision_asks_for_another_look(revision: int, again: bool) -> None:
    made = Disposition(OPEN.alert_id, RULE.id, revision, "confirmed", "employed", "Li", AT)
    line = section(explain(OPEN, RULE, CATALOG, Known(decided=made)), "State")["en"][1]
    assert line.startswith(
        "Decision: confirmed (re-employment in that month verified), Li, 2008-06-01 09:30 UTC"
    )
    assert line.endswith("look again") is again


def test_names_that_the_catalog_lost_stand_for_themselves() -> None:
    stranger = msgspec.structs.replace(OPEN, evidence=[piece("gone.register", "x1", "soon", "pardon")])
    line = section(explain(stranger, RULE, CATALOG), "Evidence")["en"][0]
    assert line == "1. gone.register, soon:  (Code: x1); exculpated: pardon"


def test_periods() -> None:
    assert period_words("").en == "period unknown"
    assert period_words("2008-12/2009-01").zh == "2008年12月至2009年1月"
    assert period_words("2008-12/..").zh == "2008年12月至今(未终止)"


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("conflict", "not all exculpated"),
        ("mismatch", "not all exculpated"),
        ("duplicate", "more records are there at once"),
        ("threshold", "certainly reaches the rule's line"),
        ("missing", "the deadline has passed"),
    ],
)
def test_open_says_what_the_kind_of_rule_found(kind: str, said: str) -> None:
    rule = rebuilt(RULE, kind=kind)
    (line,) = section(explain(OPEN, rule, CATALOG), "State")["en"]
    assert said in line
