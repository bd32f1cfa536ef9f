"""Hostile messages and broken files: each accounted for, the worker stays up, no value is repeated."""

import asyncio
import hashlib
import json
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from tests.e2e.people import FIRM, LI, ZHANG
from tests.e2e.town import CLAIMS, SPELLS, Town, wait_until
from topics.records import Record

SPELL = ("S1", ZHANG, "张", FIRM, "2008-05-09", "", "regular", "2008-06-01")
Batch = dict[str, Any]


def _changed(**fields: object) -> Callable[[Batch], bytes]:
    return lambda batch: json.dumps(batch | fields, separators=(",", ":")).encode()


def _rows(change: Callable[[list[Any]], object]) -> Callable[[Batch], bytes]:
    """Rows that are hashed as they should be, with something wrong in the first."""

    def make(batch: Batch) -> bytes:
        rows = json.loads(json.dumps(batch["rows"]))
        change(rows[0])
        text = json.dumps(rows, separators=(",", ":"))
        envelope = batch | {"content_hash": hashlib.sha256(text.encode()).hexdigest(), "rows": "ROWS"}
        return json.dumps(envelope, separators=(",", ":")).replace('"ROWS"', text).encode()

    return make


def _with_rows(text: str) -> Callable[[Batch], bytes]:
    def make(batch: Batch) -> bytes:
        envelope = batch | {"content_hash": hashlib.sha256(text.encode()).hexdigest(), "rows": "ROWS"}
        return json.dumps(envelope, separators=(",", ":")).replace('"ROWS"', text).encode()

    return make


def _set(index: int, value: object) -> Callable[[list[Any]], object]:
    return lambda row: row.__setitem__(index, value)


HOSTILE: dict[str, tuple[str, Callable[[Batch], bytes]]] = {
    "random bytes": ("not_a_batch", lambda _: random.Random(1).randbytes(2_000)),
    "nothing": ("not_a_batch", lambda _: b""),
    "another shape": ("not_a_batch", lambda _: b'{"hello": ["world", 1]}'),
    "truncated": ("not_a_batch", lambda b: _changed()(b)[:-40]),
    "not UTF-8": ("not_a_batch", lambda b: _changed()(b).replace(b'"department"', b'"depart\xff\xfe"')),
    "huge": ("not_a_batch", lambda _: random.Random(2).randbytes(900_000)),
    "wrong hash": ("wrong_hash", _changed(content_hash="0" * 64)),
    "wrong contract": ("wrong_contract", _changed(contract_version="9.0.0")),
    "another department": ("wrong_writer", _changed(department="tax")),
    "another resource": ("wrong_writer", _changed(resource="tax.wage_withholding")),
    "wrong counts": ("wrong_counts", _changed(counts={"insert": 7, "update": 0, "delete": 0})),
    "no such bucket": ("wrong_bucket", _changed(bucket=99)),
    "another bucket": ("wrong_bucket", lambda b: _changed(bucket=(b["bucket"] + 1) % 8)(b)),
    "bad code": ("bad_code", _rows(_set(7, {"kind": "nonsense"}))),
    "unknown field": ("bad_subject", _rows(_set(3, "name"))),
    "nested deeply": ("not_a_batch", _with_rows("[" * 100_000 + "]" * 100_000)),
    "a version beyond counting": ("bad_row", _rows(_set(2, 2**70))),
    "a row of words": ("bad_row", _with_rows('[["u","x","y"]]')),
}


def _good(town: Town) -> Batch:
    """A batch as the front node wrote it, with a row in it."""
    found = [json.loads(record.value) for record in town.records(f"change.{SPELLS}")]
    return next(batch for batch in found if batch["counts"]["insert"])


def _attack(town: Town) -> list[bytes]:
    good = _good(town) | {"seq": 77}
    messages = [make(good) for _, make in HOSTILE.values()]
    for message in messages:
        town.append(f"change.{SPELLS}", Record(b"hostile", message))
    return messages


def test_every_hostile_message_is_accounted_for_and_the_worker_goes_on(town: Town) -> None:
    worker = town.start()
    town.tell(SPELLS, SPELL)
    messages = _attack(town)
    wait_until(lambda: len(town.records("dlq.hrss")) >= len(messages) or not worker.alive, "dead letters")
    assert worker.alive, worker.text
    letters = [json.loads(record.value) for record in town.records("dlq.hrss")]
    wrong = {
        name: letter["reason"]
        for (name, (reason, _)), letter in zip(HOSTILE.items(), letters, strict=True)
        if letter["reason"] != reason
    }
    assert wrong == {}
    receipts = [json.loads(record.value) for record in town.records("receipt.hrss")]
    refused = Counter(reason for r in receipts if r["status"] == "refused" for reason in r["reasons"])
    assert refused == Counter(reason for reason, _ in HOSTILE.values())
    town.tell(CLAIMS, ("C1", ZHANG, "张", "2008-05", "595.00"))
    assert [a["state"] for a in town.alerts()] == ["open"]
    assert worker.stop()[0] == 0, worker.text


@pytest.mark.broker
def test_a_message_without_a_value_is_refused(own_broker: Any, tmp_path: Path) -> None:
    """Kafka's tombstone: only a foreign writer could put one on a change topic."""
    town = Town(tmp_path, own_broker.url)
    town.make_keys()
    try:
        worker = town.start()
        asyncio.run(_tombstone(own_broker.url))
        town.tell(SPELLS, SPELL)
        assert [json.loads(r.value)["reason"] for r in town.records("dlq.hrss")] == ["not_a_batch"]
        assert worker.alive
    finally:
        town.close()


async def _tombstone(url: str) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=url.removeprefix("kafka://"))
    await producer.start()
    try:
        await producer.send_and_wait(f"change.{SPELLS}", value=None, key=b"gone")
    finally:
        await producer.stop()


BROKEN: dict[str, tuple[bytes, int, str]] = {
    "wrong columns": (b"claim_no,person,name\nC1,SECRETVALUE,x\n", 4, "columns differ"),
    "no header": (b"C1,SECRETVALUE,\xe5\xbc\xa0,2008-05,1\n", 4, "columns differ"),
    "another encoding": (
        "claim_no,person_id,name,month,amount\nC1,1,张,2008-05,SECRETVALUE\n".encode("gb18030"),
        4,
        "not utf-8",
    ),
    "empty": (b"", 4, "empty file"),
    "bytes": (b"\x00\x01\x02SECRETVALUE", 4, "columns differ"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_refused_as_a_whole(village: Town, name: str) -> None:
    content, code, words = BROKEN[name]
    file = village.folder / "broken.csv"
    file.write_bytes(content)
    done = village.cli("publish", CLAIMS, file, "--wait", "1")
    assert done.returncode == code
    assert words in " ".join(done.stderr.decode().split())
    assert b"SECRETVALUE" not in done.stdout + done.stderr
    assert b"Traceback" not in done.stderr


def test_broken_rows_are_refused_one_by_one(village: Town) -> None:
    village.start()
    rows = [
        f"C1,{ZHANG},张,2008-05,595.00",
        f"C2,{ZHANG[:-1]}9,SECRETNAME,2008-05,595.00",
        f"C3,{LI},李,2008-13,595.00",
        f"C4,{LI},李,2008-05,SECRETAMOUNT",
        f"C5,{LI},李,2008-05",
        f"C6,{LI},{'长' * 400_000},2008-05,1",
        f',{LI},李,2008-05,"1"',
        f"C7,{LI},李,2008-05,595.00",
    ]
    file = village.folder / "rows.csv"
    file.write_text("\n".join(["claim_no,person_id,name,month,amount", *rows]) + "\n", encoding="utf-8")
    done = village.cli("publish", CLAIMS, file, "--json")
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert (summary["insert"], summary["refused"], summary["reconciled"]) == (2, 6, True)
    listed = Path(summary["refusals"]).read_text(encoding="utf-8")
    assert [line.split(",")[:3] for line in listed.splitlines()[1:]] == [
        ["3", "person_id", "bad_person_id"],
        ["4", "month", "not_a_month"],
        ["5", "amount", "not_an_amount"],
        ["6", "line", "wrong_number_of_columns"],
        ["7", "line", "line_too_long"],
        ["8", "claim_no", "missing"],
    ]
    for text in (listed, done.stdout.decode(), done.stderr.decode()):
        assert "SECRET" not in text
        assert ZHANG[:-1] not in text
