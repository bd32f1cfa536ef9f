"""Partition state: subjects, ledger and position reach disk together, and only for the log they belong to."""

import hashlib
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from stores.state import TRIMMED, PartitionState
from stores.subjects import ENTRY
from topics.errors import StateDamaged, StateError, StateHeld
from topics.facts import Fact, Outcome, Subject

A, B, C = (letter * 16 for letter in (b"A", b"B", b"C"))


def touch(state: PartitionState, token: bytes, version: int) -> None:
    """Give a subject one fact of this version."""
    state.load({token})
    state.subjects[token].facts["source"] = {"handle": Fact(version, 1, 2, {"kind": "regular"}, 1, 1)}
    state.subjects[token].size = 1
    state.put_away([token])


def version(state: PartitionState, token: bytes) -> int | None:
    state.load({token})
    facts = state.subjects[token].facts.get("source")
    return facts["handle"].version if facts else None


def test_a_new_folder_begins_at_zero_and_empty(tmp_path: Path) -> None:
    state = PartitionState(tmp_path / "s", "log")
    state.load([A])
    assert (state.position, state.meta, state.subjects[A]) == (0, None, Subject())
    assert state.items() == {}
    state.close()


def test_a_checkpoint_brings_everything_back(tmp_path: Path) -> None:
    state = PartitionState(tmp_path / "s", "log")
    touch(state, A, 7)
    state.load([A])
    kept = state.subjects[A]
    kept.outcomes["rule"] = {"claim": Outcome(2, b"digest00")}
    state.put_away([A])
    state.checkpoint(41, b"ledger")
    state.close()
    state = PartitionState(tmp_path / "s", "log")
    state.load([A])
    assert (state.position, state.meta, state.subjects[A]) == (41, b"ledger", kept)
    assert dict(state.items()) == {A: kept}
    state.close()


def test_what_was_not_checkpointed_is_gone_with_its_position(tmp_path: Path) -> None:
    state = PartitionState(tmp_path / "s", "log")
    touch(state, A, 1)
    state.checkpoint(5, b"one")
    touch(state, A, 2)
    touch(state, B, 1)
    state.close()
    state = PartitionState(tmp_path / "s", "log")
    assert (version(state, A), version(state, B)) == (1, None)
    assert (state.position, state.meta) == (5, b"one")
    state.close()


def test_a_failed_write_leaves_position_and_dirty_subjects(tmp_path: Path) -> None:
    state = PartitionState(tmp_path / "s", "log")
    touch(state, A, 1)
    with pytest.raises((TypeError, ValueError)):
        state.checkpoint(5, object())
    assert (state.position, state.dirty) == (0, 1)
    state.checkpoint(5, b"")
    assert dict(state.items()).keys() == {A}
    state.close()


def test_what_is_dirty_is_kept_until_it_is_written_and_then_as_much_as_there_is_room_for(
    tmp_path: Path,
) -> None:
    state = PartitionState(tmp_path / "s", "log")
    for n in range(10):
        touch(state, bytes([n]) * 16, n)
        state.room = 4 * (state.size // state.cached)
        assert state.full == (n >= 3)
    assert (state.cached, state.dirty) == (10, 10)
    state.checkpoint(1, b"")
    assert (state.cached, state.dirty, state.full) == (3, 0, False)
    assert state.size <= state.room * TRIMMED
    assert [version(state, bytes([n]) * 16) for n in range(10)] == list(range(10))
    state.close()


def test_a_position_alone_is_written_too(tmp_path: Path) -> None:
    state = PartitionState(tmp_path / "s", "log")
    state.checkpoint(9, b"ledger")
    state.close()
    state = PartitionState(tmp_path / "s", "log")
    assert (state.position, state.meta) == (9, b"ledger")
    state.close()


def test_state_of_another_log_is_refused_and_left_alone(tmp_path: Path) -> None:
    state = PartitionState(tmp_path / "s", "log")
    touch(state, A, 1)
    state.checkpoint(5, b"one")
    state.close()
    with pytest.raises(StateError, match="another log"):
        PartitionState(tmp_path / "s", "other")
    state = PartitionState(tmp_path / "s", "log")
    assert (state.position, version(state, A)) == (5, 1)
    state.close()


def test_one_owner_at_a_time(tmp_path: Path) -> None:
    state = PartitionState(tmp_path / "s", "log")
    with pytest.raises(StateHeld) as caught:
        PartitionState(tmp_path / "s", "log")
    assert str(tmp_path / "s") in caught.value.where
    state.close()
    PartitionState(tmp_path / "s", "log").close()


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    folder.mkdir()
    (folder / "CURRENT").write_text("not RocksDB")
    with pytest.raises(StateDamaged):
        PartitionState(folder, "log")


def many(folder: Path, subjects: int = 3_000) -> list[bytes]:
    """A table of many blocks, one of which is damaged without a trace outside it."""
    state = PartitionState(folder, "log")
    tokens = [hashlib.md5(b"%d" % number).digest() for number in range(subjects)]
    for token in tokens:
        touch(state, token, 1)
    state.checkpoint(1, b"meta")
    state.link(folder / "linked")
    state.close()
    table = max(folder.glob("*.sst"), key=lambda path: path.stat().st_size)
    content = bytearray(table.read_bytes())
    content[len(content) // 2] ^= 255
    table.write_bytes(content)
    return tokens


def read_all(state: PartitionState, tokens: list[bytes]) -> None:
    state.load(tokens)


def ask_who_is_there(state: PartitionState, tokens: list[bytes]) -> None:
    state.everyone()


@pytest.mark.parametrize("read", [read_all, ask_who_is_there])
def test_damage_that_only_a_reader_finds_is_remembered(tmp_path: Path, read: Callable[..., None]) -> None:
    """RocksDB opens such a folder, and ends a walk over it early without a word."""
    tokens = many(tmp_path / "s")
    state = PartitionState(tmp_path / "s", "log")
    with pytest.raises(StateDamaged, match="block checksum mismatch"):
        read(state, tokens)
    state.close()
    with pytest.raises(StateDamaged):
        PartitionState(tmp_path / "s", "log")


def test_a_linked_copy_is_whole_and_stands_still(tmp_path: Path) -> None:
    state = PartitionState(tmp_path / "s", "log")
    touch(state, A, 1)
    state.checkpoint(5, b"one")
    touch(state, A, 2)
    state.link(tmp_path / "copy")
    state.checkpoint(6, b"two")
    copy = PartitionState(tmp_path / "copy", "log")
    assert (copy.position, copy.meta, version(copy, A)) == (5, b"one", 1)
    copy.close()
    state.close()
    with pytest.raises(StateError):
        state.link(tmp_path / "late")


def test_who_waits_is_kept_and_taken_once(tmp_path: Path) -> None:
    state = PartitionState(tmp_path / "s", "log")
    for name, token in (("day:0000003", A), ("day:0000005", B), ("day:0000009", A), ("resource:x", C)):
        state.wait(name, token)
    state.checkpoint(1, b"")
    state.wait("day:0000004", C)
    assert state.take("day:0000000", "day:0000005") == [A, B, C]
    assert state.take("day:0000000", "day:0000005") == []
    state.checkpoint(2, b"")
    state.close()
    state = PartitionState(tmp_path / "s", "log")
    assert state.take("day:0000000", "day:9999999") == [A]
    assert state.take("resource:x", "resource:x") == [C]
    assert state.take("resource:xy", "resource:xy") == []
    state.close()


def test_a_checkpoint_halfway_keeps_those_who_wait(tmp_path: Path) -> None:
    """A step that is begun again finds everybody it had taken."""
    state = PartitionState(tmp_path / "s", "log")
    state.wait("day:0000003", A)
    state.checkpoint(1, b"")
    assert state.take("day:0000003", "day:0000003") == [A]
    touch(state, A, 1)
    state.checkpoint(1, b"", halfway=1)
    state.close()
    state = PartitionState(tmp_path / "s", "log")
    assert state.take("day:0000003", "day:0000003") == [A]
    assert version(state, A) == 1
    state.close()


def test_a_checkpoint_halfway_keeps_who_began_to_wait_before(tmp_path: Path) -> None:
    """And those of the first half: it is not gone over again, so nobody would say again that they wait."""
    state = PartitionState(tmp_path / "s", "log")
    state.wait("day:0000003", A)
    state.wait("day:0000004", B)
    state.begin()
    assert state.take("day:0000003", "day:0000003") == [A]
    state.wait("day:0000005", C)
    state.checkpoint(1, b"", halfway=7)
    state.close()
    state = PartitionState(tmp_path / "s", "log")
    assert (state.position, state.halfway) == (1, 7)
    assert state.take("day:0000003", "day:0000003") == [A]
    assert state.take("day:0000004", "day:0000009") == [B, C]
    state.checkpoint(2, b"")
    assert state.halfway == 0
    state.close()
    state = PartitionState(tmp_path / "s", "log")
    assert (state.position, state.halfway) == (2, 0)
    state.close()


def test_everyone_is_found_saved_or_not(tmp_path: Path) -> None:
    state = PartitionState(tmp_path / "s", "log", room=ENTRY)
    touch(state, C, 1)
    state.wait("day:0000003", B)
    state.checkpoint(1, b"")
    touch(state, A, 1)
    state.load([B])
    assert state.everyone() == [A, C]
    state.close()


def test_a_step_begins_with_nothing_at_hand(tmp_path: Path) -> None:
    state = PartitionState(tmp_path / "s", "log")
    touch(state, A, 1)
    state.load([A, C])
    state.put_away([])
    assert (set(state.subjects), state.dirty) == (set(), 1)
    assert version(state, A) == 1
    state.close()


class Life(RuleBasedStateMachine):
    """Touches, checkpoints, crashes and a tiny cache, against two dictionaries."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.state = PartitionState(self.folder, "log", room=ENTRY)
        self.now: dict[bytes, int] = {}
        self.saved: dict[bytes, int] = {}
        self.position = self.clock = 0

    @rule(token=st.sampled_from([A, B, C]))
    def touch(self, token: bytes) -> None:
        self.clock += 1
        touch(self.state, token, self.clock)
        self.now[token] = self.clock

    @rule()
    def checkpoint(self) -> None:
        self.clock += 1
        self.state.checkpoint(self.clock, b"%d" % self.clock)
        self.saved, self.position = dict(self.now), self.clock

    @precondition(lambda self: self.clock)
    @rule()
    def crash(self) -> None:
        self.state.close()
        self.state = PartitionState(self.folder, "log", room=ENTRY)
        self.now = dict(self.saved)
        assert self.state.position == self.position
        assert self.state.meta == (b"%d" % self.position if self.position else None)

    @invariant()
    def cache_and_disk_agree(self) -> None:
        assert {t: v for t in (A, B, C) if (v := version(self.state, t))} == self.now
        assert {t: s.facts["source"]["handle"].version for t, s in self.state.items().items()} == self.saved

    def teardown(self) -> None:
        self.state.close()
        shutil.rmtree(self.folder)


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=12, stateful_step_count=20, deadline=None)
