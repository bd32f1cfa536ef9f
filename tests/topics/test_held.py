"""Many facts of one source: what may share a day is found, whatever came, changed and went before."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from matchers.temporal import overlaps
from topics.facts import FOREVER, Fact
from topics.held import LONG, MANY, Held, held, near

DAYS = st.integers(1, 2_000)
PERIODS = st.tuples(DAYS, st.one_of(st.integers(-1, 40), st.integers(LONG - 2, LONG + 2), st.just(None)))
CHANGES = st.lists(st.tuples(st.sampled_from("abcdefgh"), PERIODS, st.booleans()), max_size=40)


def fact(start: int, length: int | None, *, live: bool = True) -> Fact:
    return Fact(1, start, FOREVER if length is None else start + length, {}, 1, 1, live)


@given(CHANGES, CHANGES, st.tuples(DAYS, st.integers(0, 500)))
def test_what_shares_a_day_is_found(
    first: list[tuple[str, tuple[int, int | None], bool]],
    then: list[tuple[str, tuple[int, int | None], bool]],
    asked: tuple[int, int],
) -> None:
    plain = {handle: fact(*period, live=live) for handle, period, live in first}
    held = Held(plain)
    for handle, period, live in then:
        plain[handle] = held[handle] = fact(*period, live=live)
    low, high = asked[0], asked[0] + asked[1]
    found = dict(held.near(low, high))
    assert held == plain
    assert {h for h, f in plain.items() if f.live and overlaps(low, high, f.start, f.end)} <= found.keys()
    assert all(plain[handle] is f and f.live for handle, f in found.items())


def test_what_is_far_is_not_looked_at() -> None:
    held = Held({str(n): fact(n * 30, 29) for n in range(1_000)})
    assert len(list(held.near(15_000, 15_029))) <= LONG / 30 + 3


def test_order_is_kept_from_many_on_and_leaves_no_mark_on_disk() -> None:
    few = {str(n): fact(n, 1) for n in range(MANY - 1)}
    many = {str(n): fact(n, 1) for n in range(MANY)}
    assert (type(held(few)), type(held(many))) == (dict, Held)
    assert msgspec.msgpack.encode(held(many)) == msgspec.msgpack.encode(many)
    assert dict(near(few, 1, 1)) == few
