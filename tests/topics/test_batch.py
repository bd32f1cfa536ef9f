"""Change batches: what is encoded is decoded, and garbage is refused as BatchRefused and nothing else."""

import contextlib
import hashlib
import string
from datetime import date

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topics.batch import (
    ChangeBatch,
    Row,
    batch_id,
    count,
    decode_batch,
    decode_rows,
    encode_batch,
    encode_rows,
)
from topics.errors import BatchRefused

days = st.none() | st.dates()
rows = st.builds(
    Row,
    op=st.sampled_from(["i", "u", "d"]),
    handle=st.text(string.ascii_letters + string.digits + "-_", min_size=1, max_size=40),
    version=st.integers(1, 2**62),
    field=st.text(max_size=20),
    subject=st.binary(min_size=16, max_size=16),
    start=days,
    end=days,
    codes=st.dictionaries(st.text(max_size=20), st.text(max_size=20), max_size=4),
)
numbers = st.integers(1, 2**62)
words = st.text(max_size=40)


def batch_of(found: list[Row], **changes: object) -> ChangeBatch:
    data, content_hash = encode_rows(found)
    batch = ChangeBatch(
        department="hrss",
        resource="hrss.social_insurance",
        epoch=1,
        bucket=3,
        seq=7,
        run="r1",
        mode="full",
        ends_run=True,
        contract_version="1.0.0",
        key_version=1,
        produced_at="2008-03-01T00:00:00Z",
        counts=count(found),
        content_hash=content_hash,
        rows=data,
    )
    return msgspec.structs.replace(batch, **changes)


@given(found=st.lists(rows, max_size=20), seq=numbers, run=words, mode=st.sampled_from(["full", "changes"]))
def test_roundtrip(found: list[Row], seq: int, run: str, mode: str) -> None:
    sent = batch_of(found, seq=seq, run=run, mode=mode)
    received = decode_batch(encode_batch(sent))
    assert decode_rows(received) == found
    assert hashlib.sha256(bytes(received.rows)).hexdigest() == sent.content_hash
    assert msgspec.structs.replace(received, rows=sent.rows) == sent
    assert encode_batch(received) == encode_batch(sent)
    assert received.counts.total == len(found)


@given(garbage=st.binary(max_size=200))
def test_garbage_is_refused(garbage: bytes) -> None:
    with pytest.raises(BatchRefused) as caught:
        decode_batch(garbage)
    assert caught.value.reason == "not_a_batch"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)


@given(value=json_values)
def test_other_json_is_refused(value: object) -> None:
    with pytest.raises(BatchRefused):
        decode_batch(msgspec.json.encode(value))
    batch = batch_of([], rows=msgspec.Raw(msgspec.json.encode(value)))
    if value != []:
        with pytest.raises(BatchRefused) as caught:
            decode_rows(decode_batch(encode_batch(batch)))
        assert caught.value.reason == "bad_row"


@given(found=st.lists(rows, min_size=1, max_size=3), data=st.data())
def test_a_damaged_message_is_read_or_refused(found: list[Row], data: st.DataObject) -> None:
    """One byte changed: never any other exception."""
    message = bytearray(encode_batch(batch_of(found)))
    message[data.draw(st.integers(0, len(message) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(BatchRefused):
        decode_rows(decode_batch(bytes(message)))


@given(found=st.lists(rows, min_size=1, max_size=3), length=st.integers(0, 400))
def test_a_truncated_message_is_refused(found: list[Row], length: int) -> None:
    message = encode_batch(batch_of(found))
    with pytest.raises(BatchRefused):
        decode_batch(message[: min(length, len(message) - 1)])


def test_unknown_envelope_field_is_refused() -> None:
    raw = msgspec.json.decode(encode_batch(batch_of([])))
    with pytest.raises(BatchRefused):
        decode_batch(msgspec.json.encode(raw | {"name": "MARKER"}))


def test_errors_never_repeat_values() -> None:
    row = ["i", "h", 1, "person_id", "AAAA", "MARKER-4711", None, {}]
    batch = batch_of([], rows=msgspec.Raw(msgspec.json.encode([row])))
    with pytest.raises(BatchRefused) as caught:
        decode_rows(batch)
    assert "MARKER" not in str(caught.value)


def test_canonical_row() -> None:
    """The wire form of a row is a contract between departments: these bytes must not change."""
    row = Row("i", "h1", 5, "person_id", bytes(range(16)), date(2008, 3, 1), None, {"kind": "补缴"})
    data, content_hash = encode_rows([row])
    assert bytes(data).decode() == (
        '[["i","h1",5,"person_id","AAECAwQFBgcICQoLDA0ODw==","2008-03-01",null,{"kind":"补缴"}]]'
    )
    assert content_hash == hashlib.sha256(bytes(data)).hexdigest()


def test_batch_id() -> None:
    assert batch_id("hrss.social_insurance", 1, 3, 7) == "hrss.social_insurance/1/3/7"
    assert batch_of([]).batch_id == "hrss.social_insurance/1/3/7"
