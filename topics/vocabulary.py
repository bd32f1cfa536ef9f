"""The words people see: one English and one Chinese word for each notion, state and verdict.

Rules: code, command line and console use these words and no synonyms (DESIGN.md section 4).
Must not know: where a word is shown.
"""

from collections.abc import Mapping

from topics.catalog.nearest import remedy_for
from topics.catalog.rule import Text
from topics.errors import NotFound


def _texts(pairs: Mapping[str, tuple[str, str]]) -> dict[str, Text]:
    return {word: Text(zh, en) for word, (zh, en) in pairs.items()}


WORDS = _texts(
    {
        "resource": ("信息资源", "resource"),
        "catalog": ("目录", "catalog"),
        "contract": ("数据契约", "contract"),
        "department": ("部门", "department"),
        "field": ("信息项", "field"),
        "key": ("业务主键", "record key"),
        "sharing_type": ("共享类型", "sharing type"),
        "grant": ("授权", "grant"),
        "front_node": ("前置机", "front node"),
        "change": ("变更", "change"),
        "batch": ("交换批次", "batch"),
        "receipt": ("回执", "receipt"),
        "reconciliation": ("对账(桥接核对)", "reconciliation"),
        "subject": ("主体", "subject"),
        "token": ("标识令牌", "token"),
        "handle": ("记录句柄", "handle"),
        "fact": ("事实", "fact"),
        "period": ("期间", "period"),
        "rule": ("比对规则", "rule"),
        "anchor": ("被核查记录", "anchor"),
        "evidence": ("佐证", "evidence"),
        "exculpation": ("排除情形", "exculpation"),
        "alert": ("核查预警", "alert"),
        "result": ("比对结果", "result"),
        "disposition": ("处置", "disposition"),
        "objection": ("疑义", "objection"),
        "legal_basis": ("法律依据", "legal basis"),
        "purpose": ("用途", "purpose"),
        "snapshot": ("快照", "snapshot"),
        "revision": ("修订号", "revision"),
        "complete": ("来源齐全", "complete"),
        "severity": ("级别", "severity"),
        "reason": ("理由", "reason"),
        "publisher": ("数据提供方", "publisher"),
        "case_officer": ("核查员", "case officer"),
        "analyst": ("分析员", "analyst"),
        "catalog_steward": ("目录管理员", "catalog steward"),
        "auditor": ("审计", "auditor"),
        "one_source": ("一数一源", "one datum, one source"),
        "does_not_land": ("数据不落地", "data does not land"),
        "synthetic": ("合成数据", "synthetic data"),
    }
)
SUBJECTS = _texts(
    {
        "person": ("自然人", "person"),
        "enterprise": ("法人", "enterprise"),
        "property": ("不动产", "property"),
        "certificate": ("证书", "certificate"),
    }
)
SHARING_TYPES = _texts(
    {
        "unconditional": ("无条件共享", "unconditional"),
        "conditional": ("有条件共享", "conditional"),
        "withheld": ("不予共享", "withheld"),
    }
)
STATES = _texts(
    {
        "open": ("待核查", "open"),
        "explained": ("已有解释", "explained"),
        "withdrawn": ("已撤回", "withdrawn"),
    }
)
VERDICTS = _texts(
    {
        "clear": ("未发现差异", "clear"),
        "discrepancy": ("存在差异", "discrepancy"),
        "explained": ("差异已有解释", "discrepancy explained"),
        "withdrawn": ("已撤回", "withdrawn"),
    }
)
DECISIONS = _texts({"confirmed": ("已确认", "confirmed"), "dismissed": ("已排除", "dismissed")})
COUNTS = _texts(
    {
        "sent": ("发送", "sent"),
        "insert": ("新增", "insert"),
        "update": ("更新", "update"),
        "delete": ("删除", "delete"),
        "received": ("接收", "received"),
        "applied": ("已应用", "applied"),
        "duplicate": ("重复", "duplicate"),
        "refused": ("拒收", "refused"),
        "reconciled": ("对账一致", "reconciled"),
        "checks": ("核查数", "checks"),
        "overlaps": ("重叠数", "overlaps"),
        "missed": ("漏报", "missed"),
        "invented": ("误造", "invented"),
        "precision": ("查实率", "precision"),
    }
)


def word(name: str) -> Text:
    """The words for a notion of DESIGN.md section 4. Raises NotFound."""
    if name not in WORDS:
        raise NotFound(f"no word {name!r} in the vocabulary", remedy=remedy_for(name, WORDS))
    return WORDS[name]
