"""What effects become on the way out: records by the topic of whoever is told.

Rules: pure; the same effects are the same bytes. Must not know: when and how they are sent.
"""

import msgspec

from streams.steps.memory import Effects
from topics.codec import encode
from topics.names import (
    AUDIT,
    COMPLETENESS,
    alert_topic,
    notice_topic,
    receipt_topic,
    result_topic,
    trial_topic,
)
from topics.records import Record, event_headers


def outputs(effects: Effects) -> dict[str, list[Record]]:
    """Records by topic, alerts before the results that sum them up, the receipt last."""
    out: dict[str, list[Record]] = {}
    for alert in effects.alerts:
        event = event_headers("alert", alert.rule, f"{alert.alert_id}/{alert.revision}", alert.updated_at)
        record = Record(alert.alert_id.encode(), encode(alert), event)
        topic_of = trial_topic if alert.trial else alert_topic
        out.setdefault(topic_of(alert.department), []).append(record)
    for result in effects.results:
        topic = result_topic(result.resource.partition(".")[0])
        out.setdefault(topic, []).append(Record(result.check_id.encode(), encode(result)))
    if effects.completeness is not None:
        key = f"{effects.completeness.resource}/{effects.completeness.bucket}"
        out[COMPLETENESS] = [Record(key.encode(), encode(effects.completeness))]
    for happened in effects.events:
        event = event_headers("ruleevent", happened.rule, f"facts[0]@{happened.position}", happened.at)
        said = msgspec.json.encode(happened, order="deterministic")  # sets have no order of their own
        record = Record(happened.rule.encode(), said, event)
        told = sorted({happened.department, *happened.declared.disclosure})
        for topic in (AUDIT, *map(notice_topic, told)):
            out.setdefault(topic, []).append(record)
    receipt = effects.receipt
    if receipt is not None:
        event = event_headers("receipt", "crosscheck", receipt.position, receipt.at)
        key = receipt.batch or receipt.position
        record = Record(key.encode(), encode(receipt), event)
        out.setdefault(receipt_topic(receipt.department), []).append(record)
    return out
