"""Topics on Kafka: how each is made, and in what one that exists differs from what the catalog says.

Rules: only what is to be kept for ever and will not be is worth ending a program for; whatever else differs is a
warning with its remedy, for topics were made by older versions of Crosscheck, and operators have their reasons. What
the broker does not tell (no right to ask, a setting that it does not know) is not judged.
Must not know: when topics are looked at.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from topics.errors import StateError
from topics.limits import MAX_RECORD_BYTES
from topics.names import FOR_EVER, TopicSpec

REPLICAS = 3
"""Copies of a new topic, or as many as there are brokers."""

IN_SYNC = 2
"""Copies that must have a record before it is acknowledged: one that is lost with its broker would take it along."""

PARTITIONS = "partitions"
GRAVE = frozenset({PARTITIONS, "retention.ms", "cleanup.policy"})
NAMED = 3
"""Topics that a warning names."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One setting of one topic that is not as the catalog wants it."""

    topic: str
    setting: str
    found: str
    wanted: str
    grave: bool

    def __str__(self) -> str:
        return f"{self.topic} has {self.setting} {self.found}, wanted {self.wanted}"


def wanted_settings(spec: TopicSpec, replicas: int) -> dict[str, str]:
    """Settings that decide what becomes of records. The catalog says how long they are kept, never how many bytes."""
    return {
        "retention.ms": str(spec.retention_ms),
        "retention.bytes": "-1",
        "cleanup.policy": "compact" if spec.compact else "delete",
        "message.timestamp.type": "LogAppendTime",
        "min.insync.replicas": str(min(IN_SYNC, replicas)),
    }


def new_topic(spec: TopicSpec, brokers: int) -> NewTopic:
    """How a topic is made."""
    replicas = min(REPLICAS, brokers)
    config = wanted_settings(spec, replicas) | {"max.message.bytes": str(MAX_RECORD_BYTES + 100_000)}
    return NewTopic(spec.name, spec.partitions, replicas, topic_configs=config)


async def differences(
    admin: AIOKafkaAdminClient, specs: Iterable[TopicSpec], existing: Mapping[str, Any]
) -> list[Difference]:
    """In what topics that exist (as `described`) differ from the catalog's."""
    there = [spec for spec in specs if is_ready(existing.get(spec.name))]
    settings = await _settings(admin, [spec.name for spec in there])
    return [
        one
        for spec in there
        for one in _compared(spec, existing[spec.name]["partitions"], settings.get(spec.name, {}))
    ]


def _compared(spec: TopicSpec, partitions: list[Any], known: Mapping[str, str]) -> Iterable[Difference]:
    wanted = wanted_settings(spec, len(partitions[0]["replicas"])) | {PARTITIONS: str(spec.partitions)}
    found = {**known, PARTITIONS: str(len(partitions))}
    for name, value in wanted.items():
        if found.get(name, value) != value:
            grave = name in GRAVE and spec.retention_ms == FOR_EVER
            yield Difference(spec.name, name, found[name], value, grave)


async def described(admin: AIOKafkaAdminClient) -> dict[str, Any]:
    """Topics that exist, by name. All of them are asked for: a broker may make a topic because it was named."""
    return {topic["topic"]: topic for topic in await admin.describe_topics()}


def is_ready(topic: Mapping[str, Any] | None) -> bool:
    """Whether a topic exists and is not just being made."""
    return topic is not None and not topic["error_code"] and bool(topic["partitions"])


async def _settings(admin: AIOKafkaAdminClient, named: list[str]) -> dict[str, dict[str, str]]:
    """What the broker says of the settings that matter, by topic."""
    if not named:
        return {}
    names = dict.fromkeys(wanted_settings(TopicSpec("", 1, FOR_EVER, False, "", ()), 1), "")
    asked = [ConfigResource(ConfigResourceType.TOPIC, topic, names) for topic in named]
    return {
        topic: {entry[0]: entry[1] for entry in entries if entry[1] is not None}
        for answer in await admin.describe_configs(asked)
        for error, _, _, topic, entries in answer.resources
        if not error
    }


def refuse_grave(found: Iterable[Difference], where: str) -> None:
    """Raises StateError if what must be kept for ever will not be."""
    grave = [one for one in found if one.grave]
    if grave:
        raise StateError(
            "; ".join(map(str, grave)),
            where=where,
            remedy="who made these topics, and is anything lost? set it right (kafka-configs.sh --alter --topic TOPIC "
            "--add-config SETTING=VALUE); a number of partitions stays: its catalog, or a new broker",
        )


def warnings(found: Iterable[Difference]) -> list[str]:
    """What else differs, one line a setting."""
    by_setting: dict[tuple[str, str, str], list[str]] = {}
    for one in found:
        if not one.grave:
            by_setting.setdefault((one.setting, one.found, one.wanted), []).append(one.topic)
    return [
        f"{_some(named)} {'has' if len(named) == 1 else 'have'} {setting} {found}, wanted {wanted}"
        f" -> kafka-configs.sh --alter --topic TOPIC --add-config {setting}={wanted}"
        for (setting, found, wanted), named in by_setting.items()
    ]


def _some(named: list[str]) -> str:
    more = len(named) - NAMED
    return ", ".join(named[:NAMED]) + (f" and {more} more" if more > 0 else "")
