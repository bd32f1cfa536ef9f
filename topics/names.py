"""Names of topics, who may write and read each, and how long each is kept: all derived from the catalog.

Rules: one writer per topic; nobody but the hub reads a change topic; a department reads only what is
addressed to it. Principals: `hub`, and per department its front node and its officers.
Must not know: the broker (sizes and ACLs are stated here and applied elsewhere).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from topics.errors import ContractError

if TYPE_CHECKING:  # the front node's hot path needs the names, not the catalog loader
    from topics.catalog import Catalog

FACTS = "facts"
COMPLETENESS = "completeness"
AUDIT = "audit"
HUB = "hub"

DAY_MS = 24 * 60 * 60 * 1000
FOR_EVER = -1
CHANGE_RETENTION_MS = 7 * DAY_MS
DLQ_RETENTION_MS = 90 * DAY_MS
RECEIPT_RETENTION_MS = 365 * DAY_MS
AUDIT_RETENTION_MS = 5 * 366 * DAY_MS
"""Five years, never a leap day short: exchange logs (SD26). Alerts are kept for ever, so at least as long."""

Operation = Literal["READ", "WRITE"]
Acl = tuple[str, Operation, str]
"""(principal, operation, topic)"""


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """One topic; `retention_ms` -1 means for ever, `compact` keeps the newest message per key."""

    name: str
    partitions: int
    retention_ms: int
    compact: bool
    writer: str
    readers: tuple[str, ...]


def change_topic(resource_id: str) -> str:
    """Where a front node puts batches of a resource."""
    return f"change.{resource_id}"


def resource_of(topic: str) -> str:
    """Resource id of a change topic. Raises ContractError for any other topic."""
    kind, _, resource_id = topic.partition(".")
    if kind != "change" or resource_id.count(".") != 1:
        raise ContractError(f"{topic!r} is not a change topic", remedy="subscribe to change.* only")
    return resource_id


def alert_topic(department: str) -> str:
    """Alert revisions for the rule owner."""
    return f"alert.{department}"


def trial_topic(department: str) -> str:
    """Alert revisions of the department's rules that are on trial: for its stewards, never a case."""
    return f"trial.{department}"


def notice_topic(department: str) -> str:
    """What became of the department's rules: activated, suspended, expired."""
    return f"notice.{department}"


def result_topic(department: str) -> str:
    """Comparison results for a department's own handles, compacted by check id."""
    return f"result.{department}"


def receipt_topic(department: str) -> str:
    """Per batch of a publisher: received, applied, duplicate, refused."""
    return f"receipt.{department}"


def dlq_topic(department: str) -> str:
    """Messages of a department that could not be admitted."""
    return f"dlq.{department}"


def disposition_topic(department: str) -> str:
    """Decisions of a department's officers."""
    return f"disposition.{department}"


def front_node(department: str) -> str:
    """Principal of a department's front node (前置机)."""
    return f"front-{department}"


def officer(department: str) -> str:
    """Principal of a department's case officers (核查员)."""
    return f"officer-{department}"


def topic_specs(catalog: "Catalog") -> tuple[TopicSpec, ...]:
    """Every topic that the catalog calls for, by name."""
    people = map(officer, catalog.departments)  # how far each source is delivered concerns everybody
    specs = [
        TopicSpec(FACTS, catalog.partitions, FOR_EVER, compact=False, writer=HUB, readers=(HUB,)),
        TopicSpec(COMPLETENESS, 1, FOR_EVER, compact=True, writer=HUB, readers=(*people, HUB)),
        TopicSpec(AUDIT, 1, AUDIT_RETENTION_MS, compact=False, writer=HUB, readers=(HUB,)),
        *(_change_spec(resource.id, resource.department) for resource in catalog.resources.values()),
    ]
    for department in catalog.departments:
        specs += _department_specs(department)
    return tuple(sorted(specs, key=lambda spec: spec.name))


def _change_spec(resource_id: str, department: str) -> TopicSpec:
    name = change_topic(resource_id)
    return TopicSpec(
        name, 1, CHANGE_RETENTION_MS, compact=False, writer=front_node(department), readers=(HUB,)
    )


def _department_specs(department: str) -> list[TopicSpec]:
    """Topics to and from one department; the hub reads them all for snapshots (no raw data in any)."""
    front, people = front_node(department), officer(department)

    def spec(name: str, retention_ms: int, writer: str, *readers: str, compact: bool = False) -> TopicSpec:
        return TopicSpec(name, 1, retention_ms, compact, writer, (*readers, HUB))

    return [
        spec(alert_topic(department), FOR_EVER, HUB, people),
        spec(trial_topic(department), FOR_EVER, HUB, people),
        spec(notice_topic(department), AUDIT_RETENTION_MS, HUB, people),
        spec(result_topic(department), FOR_EVER, HUB, people, compact=True),
        spec(receipt_topic(department), RECEIPT_RETENTION_MS, HUB, front, people),
        spec(dlq_topic(department), DLQ_RETENTION_MS, HUB, front),
        spec(disposition_topic(department), AUDIT_RETENTION_MS, people, people),
    ]


def acls(catalog: "Catalog") -> list[Acl]:
    """What each principal may do; whatever is not listed is denied."""
    found: list[Acl] = []
    for spec in topic_specs(catalog):
        found.append((spec.writer, "WRITE", spec.name))
        found += [(reader, "READ", spec.name) for reader in spec.readers]
    return sorted(found)
