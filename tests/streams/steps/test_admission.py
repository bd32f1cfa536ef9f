"""The admission step: every reason to refuse, and nothing a department can send that makes it raise."""

import json
from collections.abc import Callable
from datetime import date

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matchers.token import bucket_of
from streams.steps.admission import Admission, Admitted, Refused
from tests.streams.steps.world import CATALOG, CLAIM, SPELL, WAGE, Machine, batch_of, row
from topics.batch import ChangeBatch, Counts, Row, encode_batch
from topics.codec import encode
from topics.errors import ContractError
from topics.limits import MAX_HANDLE, MAX_ROWS
from topics.names import change_topic
from topics.records import StoredRecord

ADMISSION = Admission(CATALOG)
TOKEN = b"\x00\x00\x00\x03" + b"t" * 12
ELSEWHERE = b"\x00\x00\x00\x04" + b"t" * 12
GOOD = row(SPELL, "handle", 1, TOKEN, start=date(2008, 4, 1), end=date(2008, 4, 30), kind="regular")
change = msgspec.structs.replace


def record(value: bytes, resource: str = SPELL) -> StoredRecord:
    return StoredRecord(change_topic(resource), 0, 17, 1_220_000_000_000, b"key", value, ())


def decide(batch: ChangeBatch, resource: str = SPELL) -> Admitted | Refused:
    return ADMISSION.admit(record(encode_batch(batch), resource))


def spells(*rows: Row, **changes: object) -> ChangeBatch:
    return change(batch_of(SPELL, rows or (GOOD,), 1), **changes)


def test_a_good_batch_is_admitted_as_it_came() -> None:
    decision = decide(spells())
    assert isinstance(decision, Admitted)
    assert (decision.rows, decision.batch.batch_id) == ([GOOD], f"{SPELL}/1/3/1")


@pytest.mark.parametrize(
    "batch",
    [
        batch_of(SPELL, [], 1),
        spells(contract_version="1.9.3"),
        spells(seq=2),
        spells(*[change(GOOD, handle=f"h{i}") for i in range(MAX_ROWS)]),
        spells(change(GOOD, op="d", start=None, end=None, codes={})),
        spells(change(GOOD, end=None)),
        spells(change(GOOD, end=GOOD.start)),
        spells(change(GOOD, handle="h" * MAX_HANDLE)),
    ],
)
def test_admitted(batch: ChangeBatch) -> None:
    assert isinstance(decide(batch), Admitted)


REFUSALS: list[tuple[str, ChangeBatch]] = [
    ("wrong_writer", batch_of(WAGE, [], 1)),
    ("wrong_writer", spells(resource="hrss.no_such")),
    ("wrong_writer", spells(department="tax")),
    ("wrong_contract", spells(contract_version="2.0.0")),
    ("wrong_contract", spells(contract_version="")),
    ("wrong_contract", spells(contract_version="10.0.0")),
    ("not_a_batch", spells(bucket=-1)),
    ("wrong_bucket", spells(bucket=CATALOG.partitions)),
    ("not_a_batch", spells(seq=0)),
    ("not_a_batch", spells(seq=-5)),
    ("wrong_bucket", spells(bucket=4)),
    ("wrong_bucket", spells(change(GOOD, subject=ELSEWHERE))),
    ("wrong_hash", spells(content_hash="0" * 64)),
    ("wrong_hash", spells(content_hash="")),
    ("bad_time", spells(produced_at="yesterday")),
    ("wrong_counts", spells(counts=Counts(insert=2))),
    ("wrong_counts", spells(counts=Counts(update=1))),
    ("not_a_batch", spells(counts=Counts(insert=2, delete=-1))),
    ("not_a_batch", spells(counts=Counts(insert=-3))),
    ("wrong_counts", spells(*[GOOD] * (MAX_ROWS + 1))),
    ("bad_subject", spells(change(GOOD, subject=TOKEN[:15]))),
    ("bad_subject", spells(change(GOOD, subject=TOKEN + b"x"))),
    ("bad_subject", spells(change(GOOD, subject=b""))),
    ("bad_subject", spells(change(GOOD, field="name"))),
    ("bad_subject", spells(change(GOOD, field="employer_uscc"))),
    ("bad_handle", spells(change(GOOD, handle=""))),
    ("bad_handle", spells(change(GOOD, handle="h" * (MAX_HANDLE + 1)))),
    ("bad_row", spells(change(GOOD, version=0))),
    ("bad_row", spells(change(GOOD, version=-1))),
    ("bad_period", spells(change(GOOD, end=date(2008, 3, 31)))),
    ("bad_code", spells(change(GOOD, codes={"kind": "张三"}))),
    ("bad_code", spells(change(GOOD, codes={"name": "regular"}))),
    ("bad_code", spells(GOOD, change(GOOD, codes={"status": "active"}))),
]


@pytest.mark.parametrize(("reason", "batch"), REFUSALS)
def test_refused(reason: str, batch: ChangeBatch) -> None:
    decision = decide(batch)
    assert isinstance(decision, Refused)
    assert decision.letter.reason == reason
    assert_accounted(decision)


def assert_accounted(refused: Refused) -> None:
    """Both messages can be encoded, name the place and add up."""
    letter, receipt = refused.letter, refused.receipt
    assert encode(letter)
    assert encode(receipt)
    assert (letter.department, letter.offset, letter.topic) == ("hrss", 17, "change.hrss.social_insurance")
    assert receipt.position == "change.hrss.social_insurance[0]@17"
    assert receipt.status == "refused"
    assert receipt.applied + receipt.duplicate + receipt.refused == receipt.received.total
    assert letter.reason in receipt.reasons
    assert letter.remedy


@pytest.mark.parametrize(
    "rows",
    [
        b"{}",
        b"null",
        b"[1]",
        b"[[]]",
        b'[["x","h",1,"person_id",""]]',
        b'[["i","h","1","person_id",""]]',
        b"[[",
        b'"\xff"',
    ],
)
def test_rows_that_are_no_rows(rows: bytes) -> None:
    import hashlib

    good = spells(counts=Counts())
    value = encode_batch(good).replace(bytes(good.rows), rows)
    value = value.replace(good.content_hash.encode(), hashlib.sha256(rows).hexdigest().encode())
    decision = ADMISSION.admit(record(value))
    assert isinstance(decision, Refused)
    assert decision.letter.reason in ("bad_row", "not_a_batch")
    assert decision.letter.message == value


HUGE = 10**30


@pytest.mark.parametrize(
    "batch",
    [
        spells(epoch=HUGE),
        spells(epoch=-HUGE),
        spells(seq=HUGE),
        spells(key_version=HUGE),
        spells(change(GOOD, version=HUGE)),
        spells(change(GOOD, version=2**64)),
        spells(counts=Counts(insert=HUGE)),
    ],
    ids=["epoch", "epoch-", "seq", "key_version", "version", "version64", "counts"],
)
def test_a_number_that_state_cannot_hold_is_refused(batch: ChangeBatch) -> None:
    """What is admitted must survive the join and a checkpoint (msgpack holds 64 bits)."""
    decision = decide(batch)
    if isinstance(decision, Refused):
        assert_accounted(decision)
    else:
        machine = Machine()
        claim = row(CLAIM, "claim", 1, TOKEN, start=GOOD.start, end=GOOD.end)
        machine.tell(CLAIM, claim)
        machine.feed(change(decision.batch, seq=1), decision.rows)
        machine.save_and_restore()
        assert decision.batch.seq < 2**63


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"\x00",
        b"\xff\xfe\x00",
        b"null",
        b"[]",
        b"{}",
        b"{" * 100_000,
        b"[" * 100_000,
        b'{"rows":' + b"[" * 100_000,
        b'{"rows":' + b'{"a":' * 100_000,
        b'{"epoch":' + b"9" * 10_000 + b"}",
        b'{"epoch":1e999}',
        b'{"department":"\\ud800"}',
        b'{"department":"\xed\xa0\x80"}',
        b"\xef\xbb\xbf{}",
        "张三 330102198001010014".encode("gb18030"),
        b"\x1f\x8b\x08\x00" + bytes(range(256)),
    ],
    ids=lambda value: repr(value[:14]),
)
def test_garbage_is_refused_and_named_not_shown(value: bytes) -> None:
    decision = ADMISSION.admit(record(value))
    assert isinstance(decision, Refused)
    assert decision.letter.reason == "not_a_batch"
    assert decision.letter.message == value
    assert decision.receipt.batch is None
    assert_accounted(decision)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_bytes_of_any_kind_never_raise(value: bytes) -> None:
    assert isinstance(ADMISSION.admit(record(value)), Refused)


_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=6,
)


@settings(max_examples=600, deadline=None)
@given(st.sampled_from(ChangeBatch.__struct_fields__), _json)
def test_any_json_in_any_place_is_admitted_or_accounted_for(name: str, value: object) -> None:
    message = json.loads(encode_batch(spells()))
    message[name] = value
    decision = ADMISSION.admit(record(json.dumps(message).encode()))
    if isinstance(decision, Refused):
        assert_accounted(decision)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_flipped_byte_is_never_admitted_as_other_rows(data: st.DataObject) -> None:
    value = bytearray(encode_batch(spells()))
    at = data.draw(st.integers(0, len(value) - 1))
    value[at] ^= data.draw(st.integers(1, 255))
    decision = ADMISSION.admit(record(bytes(value)))
    if isinstance(decision, Admitted):
        assert decision.rows == [GOOD]


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 800))
def test_a_truncated_batch_is_refused(size: int) -> None:
    whole = encode_batch(spells())
    decision = ADMISSION.admit(record(whole[: min(size, len(whole) - 1)]))
    assert isinstance(decision, Refused)


@pytest.mark.parametrize(
    ("timestamp", "at"),
    [
        (1_220_000_000_000, "2008-08-29T08:53:20.000+00:00"),
        (-1, "1970-01-01T00:00:00.000+00:00"),
        (-(10**17), "1970-01-01T00:00:00.000+00:00"),
        (2**63 - 1, "9999-12-31T23:59:59.000+00:00"),
    ],
)
def test_a_refusal_has_a_time_whatever_the_sender_says(timestamp: int, at: str) -> None:
    """Where the broker takes the sender's time, a message could stop every worker that reads it."""
    decision = ADMISSION.admit(StoredRecord(change_topic(SPELL), 0, 17, timestamp, b"key", b"garbage", ()))
    assert isinstance(decision, Refused)
    assert decision.receipt.at == at


def test_a_refusal_shows_no_content() -> None:
    """Everything but the message itself, which goes back to its own department alone."""
    secret = change(GOOD, codes={"kind": "SECRET"}, handle="SECRET")
    for batch in (
        spells(secret),
        spells(contract_version="9-SECRETSECRETSECRETSECRET"),
        spells(run="SECRET"),
    ):
        decision = decide(change(batch, content_hash="SECRET") if batch.run == "SECRET" else batch)
        assert isinstance(decision, Refused)
        assert "SECRETSECRETSECRETSECRET" not in decision.letter.what
        if batch.contract_version == "1.0.0":
            assert "SECRET" not in decision.letter.what + decision.letter.remedy


def test_only_change_topics_are_asked_about() -> None:
    message = record(encode_batch(spells()))._replace(topic="facts")
    with pytest.raises(ContractError):
        ADMISSION.admit(message)


@pytest.mark.parametrize(
    "produced_at", ["", "张三 330102198001010014", "9" * 1_000], ids=["empty", "words", "long"]
)
def test_produced_at_is_a_time(produced_at: str) -> None:
    """It is copied into every alert and result, and the greatest one counts as the source's `as_of`."""
    assert isinstance(decide(spells(produced_at=produced_at)), Refused)


def test_the_bucket_is_the_tokens() -> None:
    assert bucket_of(TOKEN, CATALOG.partitions) == 3
    assert bucket_of(ELSEWHERE, CATALOG.partitions) == 4


REASONS: set[str] = {reason for reason, _ in REFUSALS}


def test_every_reason_the_step_knows_is_in_the_table() -> None:
    from inspect import getsource

    from streams.steps import admission

    words: Callable[[str], bool] = str.isidentifier
    known = {
        w.strip('"')
        for w in getsource(admission).replace("(", " ").replace(",", " ").split()
        if w.startswith('"')
    }
    named = {w for w in known if words(w) and w.startswith(("wrong_", "bad_"))}
    assert named <= REASONS
