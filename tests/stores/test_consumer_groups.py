"""Consumer groups: every partition has one owner, and only a live member of this generation moves an offset."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from stores.embedded.groups import ConsumerGroups, assign

SESSION = 6.0
TP = ("facts", 0)


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def groups(tmp_path: Path, clock: Clock) -> Iterator[ConsumerGroups]:
    groups = ConsumerGroups(tmp_path / "groups.sqlite", session=SESSION, clock=clock)
    yield groups
    groups.close()


def synced(groups: ConsumerGroups, member: str) -> int:
    """Join and hold partitions: the generation."""
    generation = groups.join("g", member)
    groups.sync("g", member, generation)
    return generation


_sizes = st.dictionaries(st.sampled_from(["facts", "change.a", "change.b"]), st.integers(1, 9), min_size=1)
_members = st.sets(st.text(max_size=4), min_size=1, max_size=6)


@given(_members, _sizes, st.randoms())
def test_every_topic_is_shared_out_once_and_evenly(
    members: set[str], sizes: dict[str, int], chance: Random
) -> None:
    names = sorted(members)
    places = [(topic, number) for topic, size in sizes.items() for number in range(size)]
    shares = []
    for name in names:
        chance.shuffle(places)
        shares.append(assign(chance.sample(names, len(names)), places, name))
    assert sorted(place for share in shares for place in share) == sorted(places)
    for topic in sizes:
        taken = [sum(found == topic for found, _ in share) for share in shares]
        assert max(taken) - min(taken) <= 1


def test_members_of_different_catalogs_share_out_what_both_know() -> None:
    """A catalog with one more resource is rolled out worker by worker."""
    both = [("change.b", 0), *(("facts", number) for number in range(8))]
    old, new = assign(["a", "b"], both, "a"), assign(["a", "b"], [("change.a", 0), *both], "b")
    assert old & new == set()
    assert set(both) <= old | new


def test_every_join_and_leave_is_a_new_generation(groups: ConsumerGroups) -> None:
    first = groups.join("g", "a")
    second = groups.join("g", "b")
    assert second == first + 1
    assert groups.heartbeat("g", "a") == second
    groups.leave("g", "b")
    assert groups.heartbeat("g", "a") == second + 1
    assert groups.heartbeat("g", "b") is None


def test_groups_are_apart(groups: ConsumerGroups) -> None:
    one = groups.join("one", "a")
    groups.join("two", "b")
    groups.join("two", "c")
    assert groups.heartbeat("one", "a") == one
    assert groups.sync("one", "a", one) == ["a"]
    assert groups.commit("one", "a", one, {TP: 5})
    assert (groups.committed("one"), groups.committed("two")) == ({TP: 5}, {})


def test_the_sync_barrier_waits_for_everyone(groups: ConsumerGroups) -> None:
    groups.join("g", "a")
    generation = groups.join("g", "b")
    assert groups.sync("g", "a", generation) is None
    assert sorted(groups.sync("g", "b", generation) or []) == ["a", "b"]
    assert sorted(groups.sync("g", "a", generation) or []) == ["a", "b"]


def test_a_newcomer_lifts_the_barrier_again(groups: ConsumerGroups) -> None:
    old = groups.join("g", "a")
    assert groups.sync("g", "a", old) == ["a"]
    new = groups.join("g", "b")
    assert groups.sync("g", "b", new) is None
    assert groups.sync("g", "a", old) is None
    assert groups.sync("g", "b", new) is None
    assert sorted(groups.sync("g", "a", new) or []) == ["a", "b"]


def test_a_commit_counts_until_the_member_gives_its_partitions_up(groups: ConsumerGroups) -> None:
    old = synced(groups, "a")
    assert groups.commit("g", "a", old, {TP: 5})
    new = groups.join("g", "b")
    assert groups.commit("g", "a", old, {TP: 7})  # nobody else can own them before a has synced
    assert groups.sync("g", "b", new) is None
    assert groups.sync("g", "a", new) is not None
    assert not groups.commit("g", "a", old, {TP: 9})
    assert groups.committed("g") == {TP: 7}


def test_a_commit_without_partitions_is_fenced(groups: ConsumerGroups) -> None:
    generation = groups.join("g", "a")
    assert not groups.commit("g", "a", generation, {TP: 9})
    assert groups.committed("g") == {}


def test_a_member_that_comes_back_owns_nothing(groups: ConsumerGroups) -> None:
    old = synced(groups, "a")
    groups.join("g", "a")
    assert not groups.commit("g", "a", old, {TP: 9})


def test_a_commit_from_a_stranger_or_the_future_is_fenced(groups: ConsumerGroups) -> None:
    generation = synced(groups, "a")
    assert not groups.commit("g", "z", generation, {TP: 9})
    assert not groups.commit("g", "a", generation + 1, {TP: 9})
    assert groups.committed("g") == {}


def test_a_silent_member_expires_and_is_fenced(groups: ConsumerGroups, clock: Clock) -> None:
    groups.join("g", "a")
    both = groups.join("g", "b")
    groups.sync("g", "b", both)
    clock.now += SESSION - 1
    assert groups.heartbeat("g", "a") == both
    clock.now += 2
    alone = groups.heartbeat("g", "a")
    assert alone == both + 1
    assert groups.heartbeat("g", "b") is None
    assert not groups.commit("g", "b", both, {TP: 9})  # it had synced, but it is out
    assert groups.sync("g", "a", alone) == ["a"]


def test_a_late_heartbeat_keeps_a_member_that_nobody_replaced(groups: ConsumerGroups, clock: Clock) -> None:
    generation = synced(groups, "a")
    clock.now += 10 * SESSION
    assert groups.heartbeat("g", "a") == generation
    assert groups.commit("g", "a", generation, {TP: 1})


def test_offsets_survive_the_members_and_the_process(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "groups.sqlite"
    groups = ConsumerGroups(path, clock=clock)
    generation = synced(groups, "a")
    groups.commit("g", "a", generation, {TP: 5, ("facts", 1): 6})
    groups.leave("g", "a")
    groups.close()
    groups = ConsumerGroups(path, clock=clock)
    assert groups.committed("g") == {TP: 5, ("facts", 1): 6}
    assert groups.join("g", "a") > generation
    groups.close()


class Group(RuleBasedStateMachine):
    """Members come, go, fall silent and commit; at no moment may two of them own one partition."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name) / "groups.sqlite"
        self.groups = ConsumerGroups(path, session=SESSION, clock=self.clock)
        self.known: dict[str, int] = {}
        self.held: dict[str, int] = {}
        self.owned: dict[str, set[object]] = {}

    members = st.sampled_from("abc")

    @rule(member=members)
    def join(self, member: str) -> None:
        self.forget(member)
        self.known[member] = self.groups.join("g", member)

    def forget(self, member: str) -> None:
        for what in (self.known, self.held, self.owned):
            what.pop(member, None)

    @rule(member=members)
    def leave(self, member: str) -> None:
        self.forget(member)
        self.groups.leave("g", member)

    @rule(member=members)
    def beat(self, member: str) -> None:
        if member in self.known:
            generation = self.groups.heartbeat("g", member)
            if generation is not None:
                self.known[member] = generation

    @rule(member=members)
    def sync(self, member: str) -> None:
        """A member gives up what it holds, says so, and takes its share once everyone has."""
        if member in self.known:
            self.held[member], self.owned[member] = self.known[member], set()
            everyone = self.groups.sync("g", member, self.known[member])
            if everyone is not None and member in everyone:
                self.owned[member] = assign(everyone, [("t", n) for n in range(4)], member)

    @rule(seconds=st.sampled_from([1.0, SESSION + 1]))
    def wait(self, seconds: float) -> None:
        self.clock.now += seconds

    @invariant()
    def no_partition_can_be_committed_by_two(self) -> None:
        able = [m for m, g in self.held.items() if self.groups.commit("g", m, g, {})]
        shares = [self.owned[m] for m in able]
        assert sum(map(len, shares)) == len(set().union(*shares))

    def teardown(self) -> None:
        self.groups.close()
        self.folder.cleanup()


TestGroup = Group.TestCase
TestGroup.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)
