"""Hold what a run said in the end against expected.py."""

from functools import cache
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from streams.transport.port import BrokerURL, connect
from tests.bench.broker import PEER_OUT, Broker, folder
from tests.bench.columns import Ints, Shape
from tests.bench.expected import CLEAR, EXPLAINED, OPEN, verdicts, write_parquet
from tests.bench.load import record_numbers
from topics.names import result_topic

_STATES = {"clear": CLEAR, "explained": EXPLAINED, "discrepancy": OPEN}


class _Said(msgspec.Struct):
    """What ours and the peers' outputs have in common."""

    handle: str
    verdict: str


_decode = msgspec.json.Decoder(_Said).decode


@cache
def _expected(shape: Shape) -> tuple[Ints, NDArray[np.int32]]:
    """Any number of rows a batch is the same load."""
    with folder() as place:
        path = Path(place) / "rows.parquet"
        write_parquet(shape, path)
        return verdicts(path)


def compare(said: dict[str, str], shape: Shape) -> str:
    """ "equal (N)", or how they differ. `said`: last verdict by handle."""
    records, states = _expected(_without_batches(shape))
    standing = {handle: _STATES[verdict] for handle, verdict in said.items() if verdict != "withdrawn"}
    found = record_numbers(list(standing)) if standing else np.zeros(0, np.int64)
    order = np.argsort(found)
    found, answers = found[order], np.fromiter(standing.values(), np.int32, len(standing))[order]
    if np.array_equal(found, records) and np.array_equal(answers, states):
        return f"equal ({int((states == OPEN).sum()):,} open of {len(states):,})"
    same = len(np.intersect1d(found * 4 + answers, records * 4 + states))
    return f"DIFFERENT: {len(found):,} checks, expected {len(records):,}, {same:,} the same"


def _without_batches(shape: Shape) -> Shape:
    return Shape(shape.subjects, shape.rows, 500, shape.keys, shape.seed)


async def last_said(broker: Broker, topic: str) -> dict[str, str]:
    """The last verdict of each handle."""
    said: dict[str, str] = {}
    async with connect(BrokerURL.parse(broker.url)) as log:
        async for chunk in log.read(topic):
            for record in chunk:
                found = _decode(record.value)
                said[found.handle] = found.verdict
    return said


async def check_ours(broker: Broker, shape: Shape) -> str:
    """Our results against the expected ones."""
    return compare(await last_said(broker, result_topic("hrss")), shape)


async def check_peer(broker: Broker, shape: Shape) -> str:
    """A peer's output against the expected one."""
    return compare(await last_said(broker, PEER_OUT), shape)
