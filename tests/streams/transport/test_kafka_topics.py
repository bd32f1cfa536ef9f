"""Topics that exist already: what is not kept as the catalog says is said, and readers make none."""

import asyncio
import logging
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource

from streams.transport import kafka_client
from streams.transport.kafka_client import KafkaClient
from streams.transport.kafka_topics import wanted_settings
from streams.transport.port import BrokerURL, connect
from tests.conftest import Broker
from topics.catalog import load_catalog
from topics.errors import BrokerUnavailable, StateError
from topics.names import TopicSpec, topic_specs

SPECS = topic_specs(load_catalog(None))
REPLICAS = 3


class Admin:
    """A cluster that has every topic as the catalog wants it, but for what the test says."""

    def __init__(self, **_: object) -> None:
        self.settings = {spec.name: wanted_settings(spec, REPLICAS) for spec in SPECS}
        self.partitions = {spec.name: spec.partitions for spec in SPECS}
        self.errors = dict.fromkeys(self.settings, 0)
        self.cluster = "sm7yzWNYTPe0ZMw0MOPVQA"

    async def start(self) -> None:
        """It is there."""

    async def close(self) -> None:
        """It stays there."""

    async def describe_cluster(self) -> dict[str, str]:
        return {"cluster_id": self.cluster}

    async def describe_topics(self) -> list[dict[str, Any]]:
        copies = {"replicas": list(range(REPLICAS))}
        return [
            {"topic": name, "error_code": 0, "partitions": [copies] * count}
            for name, count in self.partitions.items()
        ]

    async def describe_configs(self, asked: list[ConfigResource]) -> list[Any]:
        resources = [
            (self.errors[one.name], "", 2, one.name, [(*entry, False) for entry in self._told(one)])
            for one in asked
        ]
        return [SimpleNamespace(resources=resources)]

    def _told(self, asked: ConfigResource) -> list[tuple[str, str]]:
        settings = self.settings[asked.name]
        return [(name, settings[name]) for name in asked.configs if name in settings]


@pytest.fixture
def admin(monkeypatch: pytest.MonkeyPatch) -> Admin:
    made = Admin()
    monkeypatch.setattr(kafka_client, "AIOKafkaAdminClient", lambda **_: made)
    return made


def ensure(specs: tuple[TopicSpec, ...] = SPECS) -> list[str]:
    return asyncio.run(KafkaClient("127.0.0.1:1").ensure(specs))


def warned(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def test_topics_that_are_as_the_catalog_says_are_left_alone(
    admin: Admin, caplog: pytest.LogCaptureFixture
) -> None:
    assert ensure() == []
    assert warned(caplog) == []


@pytest.mark.parametrize(
    ("topic", "setting", "found", "wanted"),
    [
        ("alert.hrss", "retention.ms", "604800000", "-1"),
        ("facts", "cleanup.policy", "compact", "delete"),
        ("result.hrss", "cleanup.policy", "delete", "compact"),
        ("completeness", "retention.ms", "1", "-1"),
    ],
)
def test_what_must_be_kept_for_ever_and_is_not_ends_the_program(
    admin: Admin, topic: str, setting: str, found: str, wanted: str
) -> None:
    admin.settings[topic][setting] = found
    with pytest.raises(StateError, match=f"{topic} has {setting} {found}, wanted {wanted} ->") as caught:
        ensure()
    assert "kafka-configs.sh --alter" in caught.value.remedy


def test_another_number_of_partitions_ends_the_program(admin: Admin) -> None:
    admin.partitions["facts"] = 1
    with pytest.raises(StateError, match="facts has partitions 1, wanted 8"):
        ensure()


def test_topics_that_an_older_version_made_are_good_with_a_warning(
    admin: Admin, caplog: pytest.LogCaptureFixture
) -> None:
    for settings in admin.settings.values():
        settings |= {"retention.bytes": "1000000000", "min.insync.replicas": "1"}
        settings |= {"message.timestamp.type": "CreateTime"}
    admin.settings["change.hrss.social_insurance"]["retention.ms"] = "1"
    assert ensure() == []
    said = warned(caplog)
    assert len(said) == 4  # one a setting, not one a topic
    (kept,) = [line for line in said if "retention.ms" in line]
    assert kept == (
        "change.hrss.social_insurance has retention.ms 1, wanted 604800000"
        " -> kafka-configs.sh --alter --topic TOPIC --add-config retention.ms=604800000"
    )
    (bytes_,) = [line for line in said if "retention.bytes" in line]
    assert f"and {len(SPECS) - 3} more have retention.bytes 1000000000, wanted -1" in bytes_


def test_what_may_not_be_asked_is_not_judged(admin: Admin, caplog: pytest.LogCaptureFixture) -> None:
    """A front node need not have the right to describe the hub's topics."""
    admin.settings["facts"]["retention.ms"] = "1"
    admin.errors["facts"] = 29
    del admin.settings["audit"]["min.insync.replicas"]
    assert ensure() == []
    assert warned(caplog) == []


def test_a_cluster_that_cannot_be_told_from_others_is_warned_of(
    admin: Admin, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        for admin.cluster in ("5L6g3nShT-eMCtK--X86sw", "sm7yzWNYTPe0ZMw0MOPVQA"):
            async with KafkaClient("127.0.0.1:1") as client:
                await client.ensure(SPECS)

    asyncio.run(main())
    (line,) = warned(caplog)
    assert "cluster id of every container" in line


async def _read(client: KafkaClient) -> None:
    await anext(client.read("alert.nobody"))


@pytest.mark.parametrize("ask", [_read, lambda client: client.ends("alert.nobody")], ids=["read", "ends"])
def test_a_reader_never_names_a_topic_that_is_not_there(
    admin: Admin, ask: Callable[[KafkaClient], Any]
) -> None:
    """A broker with auto.create.topics.enable, Kafka's default, would make it: kept for a week."""
    with pytest.raises(BrokerUnavailable, match=r"no topic alert\.nobody"):
        asyncio.run(ask(KafkaClient("127.0.0.1:1")))


@pytest.mark.broker
def test_a_topic_that_the_broker_made_by_itself_is_found_out(own_broker: Broker) -> None:
    async def main() -> None:
        url = BrokerURL.parse(own_broker.url)
        async with connect(url) as log:
            client = AIOKafkaAdminClient(bootstrap_servers=url.place)
            await client.start()
            await client.create_topics([NewTopic("alert.hrss", 1, 1)])
            await client.close()
            with pytest.raises(StateError, match=r"alert\.hrss has retention.ms 604800000, wanted -1"):
                await log.ensure(SPECS)
            assert await log.topics() == {"alert.hrss"}

    asyncio.run(asyncio.wait_for(main(), 60))


@pytest.mark.broker
def test_topics_that_were_just_made_differ_in_nothing(
    kafka_broker: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        async with connect(BrokerURL.parse(kafka_broker)) as log:
            await log.ensure(SPECS)
            assert await log.ensure(SPECS) == []

    asyncio.run(asyncio.wait_for(main(), 60))
    assert warned(caplog) == []
