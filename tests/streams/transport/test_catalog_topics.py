"""The catalog's topics on a real broker: partitions, retention and compaction as declared."""

import asyncio

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from streams.transport.port import BrokerURL, connect
from topics.catalog import load_catalog
from topics.names import topic_specs

SPECS = topic_specs(load_catalog())


async def _found(broker: BrokerURL) -> dict[str, tuple[int, str, str]]:
    async with connect(broker) as log:
        await log.ensure(SPECS)
    names = [spec.name for spec in SPECS]
    client = AIOKafkaAdminClient(bootstrap_servers=broker.place)
    await client.start()
    try:
        partitions = {t["topic"]: len(t["partitions"]) for t in await client.describe_topics(names)}
        asked = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
        configs = {}
        for answer in await client.describe_configs(asked):
            configs |= {r[3]: {row[0]: row[1] for row in r[4]} for r in answer.resources}
    finally:
        await client.close()
    return {n: (partitions[n], configs[n]["retention.ms"], configs[n]["cleanup.policy"]) for n in names}


@pytest.mark.broker
def test_topics_are_made_as_the_catalog_says(kafka_broker: str) -> None:
    expected = {
        spec.name: (spec.partitions, str(spec.retention_ms), "compact" if spec.compact else "delete")
        for spec in SPECS
    }
    assert asyncio.run(_found(BrokerURL.parse(kafka_broker))) == expected
    assert expected["facts"] == (8, "-1", "delete")
    assert expected["result.hrss"][2] == "compact"
