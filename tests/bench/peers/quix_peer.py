"""The benefit-while-employed join on Quix Streams, as its documentation has it: `apply(..., stateful=True)`.

State is kept with Quix's defaults: RocksDB, JSON values, changelog topic, a commit every 5 seconds. State in Quix
belongs to the message's key, so rows come keyed by the subject's token; or whole batches keyed by their bucket,
with the subjects of a bucket under that one key. Runs in an environment of its own and imports nothing of ours.

`python quix_peer.py SERVERS TOPIC OUTPUT STATE_FOLDER ROWS`: says ready and done, as every measured program does.
"""

import os
import sys
from typing import Any

from quixstreams import Application, State

FOREVER = "9999-12-31"
BENEFIT, INSURANCE = "hrss.unemployment_benefit", "hrss.social_insurance"
EXCULPATING = {"back_payment", "dormant", "revoked", "cancelled"}
VERSION, RESOURCE, START, END, CODE, LIVE = range(6)

Fact = list[Any]
Facts = dict[str, Fact]
Out = list[dict[str, str]]


def overlap(a: Fact, b: Fact) -> bool:
    """ISO dates sort by time; an empty period overlaps nothing."""
    return bool(a[START] and b[START] and a[START] <= b[END] and b[START] <= a[END])


def verdict(facts: Facts, handle: str) -> str:
    """What the benefit month comes to on the facts as they are."""
    anchor = facts[handle]
    if not anchor[LIVE]:
        return "withdrawn"
    found = "clear"
    for fact in facts.values():
        if fact[LIVE] and fact[RESOURCE] != BENEFIT and overlap(fact, anchor):
            if fact[CODE] not in EXCULPATING:
                return "discrepancy"
            found = "explained"
    return found


def fact_of(
    op: str, version: int, resource: str, start: str, end: str, codes: dict[str, str], before: Any
) -> Fact:
    """The stored form; a deleted fact keeps its period, for what it ended."""
    if op == "d":
        return [version, resource, before[START] if before else "", before[END] if before else "", "", False]
    code = next(iter(codes.values()), "")
    return [version, resource, start or "", (end or FOREVER) if start else "", code, True]


def change(subject: list[Any], handle: str, after: Fact) -> Out:
    """Keep a newer fact; verdicts that changed."""
    facts, said = subject
    before = facts.get(handle)
    facts[handle] = after
    if after[RESOURCE] == BENEFIT:
        affected = [handle]
    else:
        affected = [
            name
            for name, fact in facts.items()
            if fact[RESOURCE] == BENEFIT and (overlap(fact, after) or (before and overlap(fact, before)))
        ]
    out = []
    for name in affected:
        now = verdict(facts, name)
        if said.get(name, "withdrawn") != now:
            said[name] = now
            out.append({"handle": name, "verdict": now})
    return out


def take(state: State, token: str, resource: str, row: tuple[Any, ...]) -> Out:
    """Apply one row to one subject."""
    op, handle, version, start, end, codes = row
    subject = state.get(token) or [{}, {}]
    before = subject[0].get(handle)
    if before is not None and version <= before[VERSION]:
        return []
    out = change(subject, handle, fact_of(op, version, resource, start, end, codes, before))
    state.set(token, subject)
    return out


class Peer:
    """Counts rows, and stops the application after the last."""

    def __init__(self, servers: str, source: str, output: str, folder: str, rows: int) -> None:
        self._left = rows
        self._app = Application(
            broker_address=servers,
            consumer_group="peer-quix",
            auto_offset_reset="earliest",
            state_dir=folder,
            loglevel="WARNING",
            auto_create_topics=True,
        )
        frame = self._app.dataframe(
            self._app.topic(source, value_deserializer="json", key_deserializer="str")
        )
        work = self.batch if source.endswith("batches") else self.row
        frame = frame.apply(work, stateful=True, expand=True)
        frame.to_topic(self._app.topic(output), key=lambda value: value["handle"])

        self._begun = False

    def run(self) -> None:
        """Until the last row is processed and committed."""
        self._app.run()

    def _begin(self) -> None:
        """Partitions, stores and changelogs stand when the first message comes: that is ready."""
        if not self._begun:
            print("ready", flush=True)
            self._begun = True

    def _count(self, rows: int) -> None:
        self._left -= rows
        if self._left <= 0:
            print("done", flush=True)
            self._app.stop()

    def row(self, row: dict[str, Any], state: State) -> Out:
        """One row, keyed by its subject."""
        self._begin()
        values = (row["op"], row["handle"], row["version"], row["start"], row["end"], row["codes"])
        out = take(state, "subject", row["resource"], values)
        self._count(1)
        return out

    def batch(self, batch: dict[str, Any], state: State) -> Out:
        """A batch as it is in `facts`, keyed by its bucket."""
        self._begin()
        out: Out = []
        for op, handle, version, _, token, start, end, codes in batch["rows"]:
            out += take(state, token, batch["resource"], (op, handle, version, start, end, codes))
        self._count(len(batch["rows"]))
        return out


if __name__ == "__main__":
    os.environ.setdefault("Quix__State__Dir", sys.argv[4])
    Peer(*sys.argv[1:5], int(sys.argv[5])).run()
