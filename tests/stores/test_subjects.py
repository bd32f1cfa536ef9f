"""Subjects between batches: whatever was opened, the same bytes go back; what is large stays open; room is counted."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from stores.subjects import ENTRY, LARGE, OPENED_FACT, Sources, SubjectCache, pack, unpack
from topics.facts import Fact, Outcome, Subject
from topics.held import MANY, Held

A, B, C = (letter * 16 for letter in (b"A", b"B", b"C"))
FACTS = st.builds(
    Fact,
    st.integers(1, 9),
    st.integers(1, 900_000),
    st.integers(1, 900_000),
    st.dictionaries(st.sampled_from(["kind", "band"]), st.text(max_size=3)),
    st.integers(1, 3),
    st.integers(1, 9),
    st.booleans(),
)
SOURCES = st.dictionaries(st.sampled_from("abcd"), st.dictionaries(st.text(max_size=3), FACTS, min_size=1))
OUTCOMES = st.dictionaries(
    st.text(max_size=3),
    st.dictionaries(st.text(max_size=3), st.builds(Outcome, st.integers(0, 2), st.binary())),
)


def subject(facts: int, source: str = "a") -> Subject:
    return Subject({source: {f"h{n}": Fact(1, n, n, {}, 1, 1) for n in range(facts)}}, {}, facts)


@given(SOURCES, OUTCOMES, st.sets(st.sampled_from("abcdx")))
def test_what_was_opened_does_not_show(
    facts: dict[str, dict[str, Fact]], outcomes: dict[str, dict[str, Outcome]], opened: set[str]
) -> None:
    whole = Subject(facts, outcomes, sum(map(len, facts.values())))
    stored = pack(whole)
    again = unpack(stored)
    assert {source: again.facts.get(source, "nothing") for source in opened} == {
        source: facts.get(source, "nothing") for source in opened
    }
    assert pack(again) == stored
    assert list(again.facts) == list(facts)
    assert (again.facts, again) == (facts, whole)
    assert list(again.facts.items()) == list(facts.items())
    assert list(unpack(stored).facts.values()) == list(facts.values())


def test_only_what_is_asked_for_is_opened() -> None:
    whole = Subject({"a": {"h": Fact(1, 1, 1, {}, 1, 1)}, "b": {"h": Fact(2, 1, 1, {}, 1, 1)}}, {}, 2)
    again = unpack(pack(whole))
    assert "b" in again.facts
    again.facts["a"]["h"] = Fact(3, 1, 1, {}, 1, 1)
    assert {source: type(dict.get(again.facts, source)) for source in "ab"} == {"a": dict, "b": msgspec.Raw}
    assert unpack(pack(again)).facts["a"]["h"].version == 3


def test_many_facts_are_opened_in_order() -> None:
    again = unpack(pack(subject(MANY)))
    assert isinstance(again.facts["a"], Held)
    assert type(unpack(pack(subject(MANY - 1))).facts["a"]) is dict


def test_a_state_that_does_not_say_how_many_facts_there_are_is_counted() -> None:
    old = msgspec.msgpack.encode([{"a": {"h": Fact(1, 1, 1, {}, 1, 1)}, "b": {}}, {}])
    assert unpack(old).size == 1


def test_a_small_subject_is_packed_and_a_large_one_stays_open() -> None:
    cache = SubjectCache()
    small, large = subject(LARGE - 1), subject(LARGE)
    cache.put(A, small)
    cache.put(B, large)
    assert cache.get(A) == small
    assert cache.get(A) is not small
    assert isinstance(cache.get(A).facts, Sources)
    assert cache.get(B) is large
    assert cache.get(C) is None
    assert (cache.packed(A), cache.packed(B)) == (pack(small), pack(large))
    assert cache.size == len(pack(small)) + LARGE * OPENED_FACT + 2 * ENTRY


PUTS = st.lists(st.tuples(st.sampled_from([A, B, C]), st.sampled_from([1, 2, LARGE - 1, LARGE, LARGE + 9])))


@given(PUTS, st.integers(0, 60_000))
def test_what_was_put_away_last_is_kept_and_room_is_what_it_takes(
    puts: list[tuple[bytes, int]], room: int
) -> None:
    cache, last = SubjectCache(), dict[bytes, Subject]()
    for token, facts in puts:
        last.pop(token, None)
        last[token] = subject(facts)
        cache.put(token, last[token])
    takes = {
        token: ENTRY + (len(pack(one)) if one.size < LARGE else one.size * OPENED_FACT)
        for token, one in last.items()
    }
    assert (cache.size, len(cache)) == (sum(takes.values()), len(last))
    cache.trim(room)
    kept = [token for token in last if cache.get(token) is not None]
    assert cache.size == sum(takes[token] for token in kept) <= room
    assert kept == list(last)[len(last) - len(kept) :]
    gone = list(last)[: len(last) - len(kept)]
    assert not gone or cache.size + takes[gone[-1]] > room
    assert all(cache.get(token) == last[token] for token in kept)


def test_a_large_subject_that_grows_while_it_is_open_is_counted_right() -> None:
    cache, large = SubjectCache(), subject(LARGE)
    cache.put(A, large)
    large.size += 10
    cache.put(A, large)
    assert cache.size == (LARGE + 10) * OPENED_FACT + ENTRY
    cache.trim(0)
    assert (cache.size, len(cache)) == (0, 0)
