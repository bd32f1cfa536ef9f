"""The floor: consume `facts` with aiokafka, decode every row, keep the newest of each record in a dict.

`python -m tests.bench.floor SERVERS PARTITIONS ROWS`: says ready and done, as every measured program does.
"""

import asyncio
import sys

from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.transport.kafka_client import stored_record
from topics.batch import Row, decode_batch, decode_rows
from topics.control import is_control
from topics.names import FACTS


async def main(servers: str, partitions: int, rows: int) -> None:
    """Read until so many rows were seen."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=servers, auto_offset_reset="earliest", enable_auto_commit=False
    )
    await consumer.start()
    consumer.assign([TopicPartition(FACTS, number) for number in range(partitions)])
    print("ready")
    facts: dict[str, Row] = {}
    seen = 0
    while seen < rows:
        for records in (await consumer.getmany(timeout_ms=250)).values():
            for record in map(stored_record, records):
                seen += 0 if is_control(record) else _keep(record.value, facts)
    print("done")
    await consumer.stop()


def _keep(value: bytes, facts: dict[str, Row]) -> int:
    rows = decode_rows(decode_batch(value))
    for row in rows:
        known = facts.get(row.handle)
        if known is None or known.version < row.version:
            facts[row.handle] = row
    return len(rows)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
