"""What each key of a rule file and of a resource contract says, with an example: one table for editors and RULES.md.

Rules: named as in the JSON Schema (`rule`, `evidence`, `temporal`, ...); examples are YAML as a steward would
write it; Chinese terms where a steward would look for them. Must not know: how a value is checked (shapes).
"""

import re
from collections.abc import Mapping
from typing import NamedTuple


class Key(NamedTuple):
    """One key: what it says, and an example value as YAML."""

    says: str
    example: str


Keys = Mapping[str, Key]

NOUNS: Mapping[str, str] = {
    "rule": "A rule file",
    "evidence": "An entry of `evidence` 佐证",
    "exculpation": "An entry of a source's `exculpations` 排除情形",
    "exculpating": "An entry of the rule's own `exculpations`",
    "temporal": "`temporal`, where one word will not do",
    "window": "`within`",
    "require": "`require`, where one word will not do",
    "compare": "`compare`",
    "deadline": "`deadline` 期限",
    "threshold": "`threshold` 界线",
    "reason": "An entry of `reasons` 处置理由",
    "text": "Words in both languages",
    "resource": "A resource contract",
    "resource_custom": "`customProperties` of a resource",
    "table": "Its one table, under `schema`",
    "table_custom": "`customProperties` of the table",
    "field": "A field 信息项, under `properties`",
    "field_custom": "`customProperties` of a field",
    "type_options": "`logicalTypeOptions`",
}
"""What the objects of both kinds of file are called."""


def _keys(*rows: tuple[str, str, str]) -> Keys:
    return {name: Key(says, example) for name, says, example in rows}


_TEXT = _keys(
    ("zh", "the words in Chinese", "领取失业保险金期间疑似就业"),
    ("en", "the words in English", "Unemployment benefit while apparently employed"),
)
_LOOKS_AT = _keys(
    ("resource", "the resource (信息资源) to look in", "hrss.social_insurance"),
    ("subject_field", "its identifier that must be the same subject (主体) as the anchor's", "person_id"),
    (
        "where",
        "only records whose coded attributes have one of these codes; a record without the attribute does not count",
        "{status: [active, dormant]}",
    ),
)
_SPAN = _keys(
    ("days", "so many days; both ends count. Either this or `working_days`", "30"),
    (
        "working_days",
        "so many working days (工作日, by the State Council's holiday notices); either this or `days`",
        "30",
    ),
    ("of", "counted from the `start` (first day) or the `end` (last day) of the anchor's period", "start"),
)

RULE_KEYS: Mapping[str, Keys] = {
    "rule": _keys(
        ("id", "name of the rule, lower case with hyphens; the file is named `ID.yml`", "wages-on-benefit"),
        ("version", "1, 2, 3 ...: every change of a rule that has been in force needs the next one", "1"),
        (
            "kind",
            "what is asked: conflict 冲突, missing 缺失, mismatch 不一致, duplicate 重复, threshold 超限",
            "conflict",
        ),
        (
            "department",
            "owner (部门): its officers get the alerts, and the anchor is its own resource",
            "hrss",
        ),
        (
            "status",
            "draft 草稿: in no log; trial 试运行: alerts on a topic of its own, no cases; active 启用; suspended 停用",
            "draft",
        ),
        ("severity", "how urgent an open alert is (级别)", "medium"),
        (
            "title",
            "what the alert is called, in both languages",
            "{zh: 领取失业保险金期间疑似就业, en: Benefit while apparently employed}",
        ),
        (
            "purpose",
            "what the comparison is for (用途)",
            "{zh: 核查是否重复领取, en: Check for benefit drawn twice}",
        ),
        ("legal_basis", "the statute it stands on (法律依据), with its article", "《失业保险条例》第十五条"),
        (
            "grants",
            "grants (授权) in grants.yml that it stands on: one for every conditional resource (有条件共享) of others",
            "[hrss-uses-wage-withholding]",
        ),
        (
            "anchor",
            "the resource whose records are asked about (被核查记录): one check per record",
            "hrss.unemployment_benefit",
        ),
        ("anchor_subject", "the identifier of the anchor that says who it is about (主体)", "person_id"),
        ("anchor_where", "only anchors whose coded attributes have one of these codes", "{status: [active]}"),
        (
            "temporal",
            "when evidence counts, for every source that has no `temporal` of its own; `overlaps` if not written",
            "overlaps",
        ),
        (
            "require",
            "how many of the evidence sources must have something to say: `any` (if not written), `all`, or at least n",
            "any",
        ),
        (
            "evidence",
            "where to look (佐证): one entry per resource and subject field",
            "[{resource: tax.wage_withholding, subject_field: person_id, text: {zh: 同月有工资, en: wages}}]",
        ),
        (
            "exculpations",
            "facts elsewhere that speak for the person whatever the evidence (排除情形)",
            "[{code: exempt, resource: civil.exemption, subject_field: person_id, text: {zh: 已获豁免, en: exempted}}]",
        ),
        ("deadline", "missing rules only: until when the counterpart may come (期限)", "{days: 30}"),
        (
            "threshold",
            "threshold rules only: what is counted or added up, and the line it reaches",
            "{measure: count, at_least: 3}",
        ),
        ("allowed", "duplicate rules only: how many records at once are no duplicate; 1 if not written", "1"),
        (
            "disclosure",
            "who is told, and in which forms (披露); the owner is told months, codes and bands unless written",
            "{hrss: [month, code], tax: [boolean]}",
        ),
        (
            "precision_floor",
            "suspended by itself when the 95 % interval of the confirmed share lies under it (查实率下限)",
            "0.3",
        ),
        ("volume_cap", "not more alerts open at once than officers can look into (预警上限)", "2000"),
        ("expires", "last day in force (有效期至); YYYY-MM-DD, without quotes", "2030-12-31"),
        (
            "reasons",
            "what an officer may answer (处置理由): at least one reason to confirm and one to dismiss",
            "{employed: {decision: confirmed, text: {zh: 经核实已就业, en: employment verified}}}",
        ),
    ),
    "evidence": {
        **_LOOKS_AT,
        **_keys(
            (
                "temporal",
                "when evidence of this source counts; the rule's `temporal` if not written",
                "{relation: overlaps, at_least_days: 15}",
            ),
            (
                "compare",
                "mismatch rules: which attributes should agree; others: which must differ or be the same to count",
                "{anchor: status, evidence: status}",
            ),
            (
                "amount",
                "threshold rules that add up: the banded attribute (金额分档) whose lower edges are added",
                "income",
            ),
            (
                "exculpations",
                "evidence with one of these codes does not count against the person (排除情形)",
                "[{code: arrears, attribute: kind, values: [back_payment], text: {zh: 补缴, en: in arrears}}]",
            ),
            (
                "discloses",
                "the one coded or banded attribute that the alert shows; nothing if not written",
                "kind",
            ),
            (
                "text",
                "what such evidence says, in both languages",
                "{zh: 同期有参保记录, en: insured in the same period}",
            ),
        ),
    },
    "exculpation": _keys(
        ("code", "short name, shown on the alert", "back_payment"),
        ("attribute", "coded attribute of the evidence", "kind"),
        ("values", "its codes that speak for the person", "[back_payment]"),
        (
            "text",
            "why they do, in both languages",
            "{zh: 该参保记录为补缴, en: the spell was paid in arrears}",
        ),
    ),
    "exculpating": {
        "code": Key("short name, shown on the alert", "exempt"),
        **_LOOKS_AT,
        **_keys(
            ("temporal", "when such a fact counts; `overlaps` if not written", "overlaps"),
            (
                "text",
                "why it speaks for the person, in both languages",
                "{zh: 已获批准, en: approved beforehand}",
            ),
        ),
    },
    "temporal": _keys(
        (
            "relation",
            "how the evidence's period lies to the anchor's: overlaps, contains, equals, precedes, succeeds, or any",
            "overlaps",
        ),
        (
            "allen",
            "the same by Allen's thirteen relations, any of the list; instead of `relation`",
            "[overlaps, during]",
        ),
        ("at_least_days", "at least so many days in common; with relations that share days", "15"),
        (
            "within",
            "the evidence's first day within a window around the anchor's first or last day",
            "{working_days: 30, of: end}",
        ),
    ),
    "window": {
        **_SPAN,
        "side": Key("on which side of that day: `after`, `before` or `either`", "after"),
    },
    "require": _keys(
        ("sources", "`any` of the evidence sources, or `all`", "all"),
        ("at_least", "at least so many of the evidence sources", "2"),
    ),
    "compare": _keys(
        ("anchor", "attribute of the anchor", "status"),
        ("evidence", "attribute of the evidence", "status"),
        ("hit", "whether it counts when they are `different` (if not written) or the `same`", "different"),
        (
            "agree",
            "codes of the evidence that mean the same as a code of the anchor; a code not listed agrees with itself",
            "{active: [active, in_operation]}",
        ),
    ),
    "deadline": _SPAN,
    "threshold": _keys(
        ("measure", "`count` the evidence records, or `sum` the lower edges of their `amount`", "sum"),
        ("at_least", "the line: so many records, or so much; either this or `exceeds`", "3"),
        (
            "exceeds",
            "the line: the upper edge of the anchor's own banded attribute; with `margin`",
            "declared_income",
        ),
        ("margin", "so much above `exceeds`; 0 if not written", "5000"),
    ),
    "reason": _keys(
        ("decision", "what it supports: `confirmed` 已确认 or `dismissed` 已排除", "dismissed"),
        ("text", "the reason in both languages", "{zh: 身份被冒用, en: the identity was misused}"),
    ),
    "text": _TEXT,
}

RESOURCE_KEYS: Mapping[str, Keys] = {
    "resource": _keys(
        ("apiVersion", "version of the Open Data Contract Standard", "v3.0.2"),
        ("kind", "always DataContract", "DataContract"),
        ("id", "department.name; the file is named `ID.yml`", "hrss.social_insurance"),
        ("name", "name of the resource, without its department", "social_insurance"),
        ("version", "version of the contract: three numbers", "1.0.0"),
        ("status", "of the contract", "active"),
        (
            "customProperties",
            "owner, sharing type, legal basis, cadence",
            "[{property: department, value: hrss}, {property: sharingType, value: withheld}, "
            "{property: cadence, value: daily}]",
        ),
        ("schema", "the one table of the resource", ""),
    ),
    "resource_custom": _keys(
        ("department", "owner (部门)", "hrss"),
        (
            "sharingType",
            "共享类型: unconditional 无条件共享, conditional 有条件共享, withheld 不予共享",
            "conditional",
        ),
        (
            "legalBasis",
            "the statute it is shared (or withheld) by; needed unless unconditional",
            "《中华人民共和国社会保险法》",
        ),
        ("cadence", "how often it is updated (更新周期)", "daily"),
    ),
    "table": _keys(
        ("name", "the resource's name again", "social_insurance"),
        ("businessName", "title in Chinese", "职工社会保险参保"),
        ("logicalType", "always object", "object"),
        ("customProperties", "title in English", "[{property: titleEn, value: Insurance spells}]"),
        ("properties", "the fields (信息项), in the order of the file's columns", ""),
    ),
    "table_custom": _keys(("titleEn", "title in English", "Employees' social insurance spells")),
    "field": _keys(
        ("name", "name of the column", "person_id"),
        ("businessName", "title in Chinese", "公民身份号码"),
        ("logicalType", "string, date or number", "string"),
        ("logicalTypeOptions", "how a date is written", "{format: yyyy-MM-dd}"),
        ("primaryKey", "the record's own number (业务主键): it becomes the opaque handle", "true"),
        ("required", "whether it may be empty", "true"),
        ("customProperties", "what leaves the department, and as what", "[{property: titleEn, value: Name}]"),
    ),
    "field_custom": _keys(
        ("titleEn", "title in English", "Citizen identity number"),
        (
            "role",
            "identifier (becomes a token), fact (crosses as declared), linkage, or private: never leaves",
            "fact",
        ),
        (
            "identifierKind",
            "how an identifier is checked: person_id GB 11643, uscc GB 32100, ...",
            "person_id",
        ),
        ("subject", "the record is a fact about this kind of subject (主体)", "person"),
        (
            "fact",
            "what the field states: month, start, end, event, code, band, or match (crosses as a digest)",
            "code",
        ),
        ("codes", "every code it may have", "[regular, back_payment]"),
        ("bands", "lower edges of the bands that an amount is cut to", "[0, 500, 1000]"),
    ),
    "type_options": _keys(("format", "yyyy-MM for a month, yyyy-MM-dd for a day", "yyyy-MM")),
}


def noun_of(shape: str) -> str:
    """Name of a shape's keys: 'EvidenceShape' has those of 'evidence', 'FieldCustom' of 'field_custom'."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", shape.removesuffix("Shape")).lower()


def example_of(noun: str, key: str) -> str:
    """An example value as YAML; empty if there is none."""
    keys = RULE_KEYS.get(noun) or RESOURCE_KEYS.get(noun, {})
    return keys[key].example if key in keys else ""


def nouns_with(key: str, beside: str) -> list[str]:
    """Nouns of the same kind of file as `beside` that have such a key."""
    kind = RULE_KEYS if beside in RULE_KEYS else RESOURCE_KEYS
    return [noun for noun, keys in kind.items() if key in keys]
