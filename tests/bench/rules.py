"""Each rule of the twelve packs on the files that it looks at: alone in force, and with all the others.

What the others cost is what those cost that look at the same records; a file of two rules is measured for both.
Rules: the same `facts` for one rule and for all, turn by turn, in process, by the partition that a worker has (RocksDB,
checkpoints, encoded effects). Must not know: brokers.
"""

import asyncio
from dataclasses import replace

from streams.city.town import generate_town
from streams.steps.admission import Admission
from tests.bench.broker import controls_of, folder
from tests.bench.figures import Row, record
from tests.bench.packs import TOWN
from tests.bench.pieces import Capture, capture, facts_of, joins
from topics.batch import decode_batch
from topics.catalog import CITY, Catalog, Rule, load_catalog
from topics.names import change_topic

RUNS = ("alone", "seconds")
"""Seconds of each run: with the rule alone, and with all."""


def measure_all(scale: float, runs: int) -> None:
    """Every active rule, in the order of the catalog, and their sum."""
    catalog = load_catalog(CITY)
    with folder() as data:
        generate_town(data / "town", scale=TOWN * scale)
        log = asyncio.run(capture(catalog, data / "town", data / "front"))
    rows = {rule.id: _measure(catalog, rule, log, runs) for rule in catalog.active_rules}
    for name, row in rows.items():
        record("rules", name, row)
    record("rules", "all of these, one after the other", _sum(list(rows.values())))


def _measure(catalog: Catalog, rule: Rule, log: Capture, runs: int) -> Row:
    facts = facts_of(_of(log, rule), Admission(catalog))
    alone, together = controls_of(replace(catalog, rules={rule.id: rule})), controls_of(catalog)
    taken: dict[str, list[float]] = {key: [] for key in RUNS}
    for _ in range(runs):
        for key, controls in zip(RUNS, (alone, together), strict=True):
            taken[key] += (round(seconds, 3) for seconds in joins(catalog, controls, facts, 1))
    return {
        "rows": sum(decode_batch(fact.value).counts.total for fact in facts),
        **taken,
        "beside": sum(bool({*rule.resources} & {*other.resources}) for other in catalog.active_rules) - 1,
    }


def _of(log: Capture, rule: Rule) -> Capture:
    """What the files that a rule looks at made of the town's changes."""
    topics = {change_topic(resource) for resource in rule.resources}
    part = Capture()
    part.sent = [sent for sent in log.sent if sent[0] in topics]
    return part


def _sum(rows: list[Row]) -> Row:
    totals = {
        key: [round(sum(run), 3) for run in zip(*(row[key] for row in rows), strict=True)] for key in RUNS
    }
    return {"rows": sum(row["rows"] for row in rows), **totals}
