"""Tokens, buckets and handles: fixed for ever, keyed, and opened only by their own department."""

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchers.token import DEPARTMENT_KEY_BYTES, HandleSeal, bucket_of, tokenise

KEY, OWN = bytes(range(32)), bytes(range(DEPARTMENT_KEY_BYTES))
ID = "11010519491231002X"


def test_token_is_pinned() -> None:
    """A change here parts every front node from every other: it needs a new key version."""
    expected = hmac.new(KEY, b"person_id\x1f11010519491231002X", hashlib.sha256).digest()[:16]
    assert tokenise(KEY, "person_id", ID) == expected
    assert expected.hex() == "79aca73561de892cd5f8c7ec58e1d3b8"


def test_token_depends_on_key_kind_and_identifier() -> None:
    tokens = {
        tokenise(k, kind, i) for k in (KEY, OWN[:31] + b"!") for kind in ("person_id", "uscc") for i in "AB"
    }
    assert len(tokens) == 8


@given(st.binary(min_size=16, max_size=16), st.integers(1, 64))
def test_bucket_is_within_the_partitions_and_follows_the_first_bytes(token: bytes, partitions: int) -> None:
    assert bucket_of(token, partitions) == int(token[:4].hex(), 16) % partitions


@given(st.text(min_size=1, max_size=60).filter(lambda t: t.isprintable()))
def test_a_handle_opens_to_its_key(key: str) -> None:
    seal = HandleSeal(OWN, "hrss.unemployment_benefit")
    handle = seal.seal(key)
    assert seal.open(handle) == key
    assert handle == HandleSeal(OWN, "hrss.unemployment_benefit").seal(key)
    assert handle.replace("-", "").replace("_", "").isalnum()


@pytest.mark.parametrize(
    "other", [HandleSeal(OWN, "tax.wage_withholding"), HandleSeal(OWN[::-1], "hrss.unemployment_benefit")]
)
def test_another_key_or_resource_opens_nothing(other: HandleSeal) -> None:
    assert other.open(HandleSeal(OWN, "hrss.unemployment_benefit").seal("C-1")) is None


@given(st.text(max_size=40))
def test_opening_any_text_never_raises(text: str) -> None:
    assert HandleSeal(OWN, "hrss.unemployment_benefit").open(text) is None
