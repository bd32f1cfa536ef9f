"""Twelve packs against one rule: the pilot's files and the town's, on the worker end to end and in one process.

Of the pilot's rows one in three is asked about, and by one rule whatever else is active: cost follows the rules that
look at what changed. Of the town's rows nearly each is asked about by some rule, and hardly any by the one rule that
is left when the packs are not there: the worst that packs can do to a worker's speed.
Rules: the same messages for one rule and for all; one run of one rule and one of all, turn by turn.
"""

import asyncio
import shutil
from collections.abc import Iterator
from itertools import product
from pathlib import Path

from streams.city import generate
from streams.city.town import generate_town
from streams.steps.admission import Admission
from streams.transport.port import BrokerURL, connect
from tests.bench.broker import PIECE, Placed, controls_of, folder, kafka, receipts, send_all
from tests.bench.figures import Row, record
from tests.bench.kafka import LONG, cost_of, together
from tests.bench.pieces import Capture, capture, facts_of, joins
from tests.bench.programs import cpu_seconds, worker
from topics.batch import decode_batch
from topics.catalog import CITY, load_catalog
from topics.names import topic_specs

ONE = "benefit-while-employed"

TOWN = 6
"""The town's scale beside the pilot's: twice as many rows."""


def measure_all(scale: float, runs: int, *, broker: bool) -> None:
    """Both streams, with one rule and with all."""
    with folder() as data:
        generate("hangzhou-2008", data / "pilot", scale=scale)
        generate_town(data / "town", scale=TOWN * scale)
        sides = [_one_rule(data / "catalog"), CITY]
        for stream, catalog in (("pilot", load_catalog()), ("town", load_catalog(CITY))):
            log = asyncio.run(capture(catalog, data / stream, data / f"front-{stream}"))
            _measure(f"the {stream}'s files", log, sides, runs, broker=broker)


def _one_rule(place: Path) -> Path:
    """The town's catalog with every rule but one taken out."""
    for name in (CITY.name, "example"):
        shutil.copytree(CITY.parent / name, place / name)
    for rule in place.rglob("rules/*.yml"):
        if rule.stem != ONE:
            rule.unlink()
    return place / CITY.name


def _measure(stream: str, log: Capture, sides: list[Path], runs: int, *, broker: bool) -> None:
    catalogs = {place: load_catalog(place) for place in sides}
    facts = facts_of(log, Admission(catalogs[CITY]))
    rows = sum(decode_batch(fact.value).counts.total for fact in facts)
    alone: dict[Path, list[float]] = {place: [] for place in sides}
    ends: dict[Path, list[Row]] = {place: [] for place in sides}
    for _, (place, catalog) in product(range(runs), catalogs.items()):
        alone[place] += joins(catalog, controls_of(catalog), facts, 1)
        if broker:
            ends[place].append(asyncio.run(_end_to_end(place, log, rows)))
    for place, catalog in catalogs.items():
        name = f"{stream}, active rules: {len(catalog.active_rules)}"
        record("packs", f"in process, {name}", {"rows": rows, "seconds": [round(s, 3) for s in alone[place]]})
        if broker:
            record("packs", f"on Kafka, {name}", together(ends[place]))


async def _end_to_end(place: Path, log: Capture, rows: int) -> Row:
    """What `log` caught, sent to a broker, and a worker on it until the last receipt."""
    catalog = load_catalog(place)
    with kafka() as broker, folder() as data:
        async with connect(BrokerURL.parse(broker.url)) as client:
            await client.ensure(topic_specs(catalog))
            messages = await send_all(client, _placed(log))
        async with receipts(broker, catalog) as ends:
            before = cpu_seconds(broker.pid)
            with worker(broker.url, data / "0", "--catalog", str(place)) as program:
                begun = program.ready("worker ready")
                seconds = await ends.reach(messages, LONG, program) - begun
                broker_cpu = cpu_seconds(broker.pid) - before
                cost = program.stop()
    return cost_of([cost], seconds, broker_cpu, rows)


def _placed(log: Capture) -> Iterator[Placed]:
    for i in range(0, len(log.sent), PIECE):
        placed: Placed = {}
        for topic, partition, sent in log.sent[i : i + PIECE]:
            placed.setdefault((topic, partition), []).append(sent)
        yield placed
