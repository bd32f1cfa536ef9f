"""A state folder looked at from outside: what it says, damage, and who holds it."""

import subprocess
import sys
from pathlib import Path

import pytest

from stores.state import PartitionState
from stores.stored import StoredState, held, size_on_disk
from tests.stores.test_state import A, B, many, touch
from topics.errors import NotFound, StateDamaged

HOLDER = """
import sys, pathlib
from stores.state import PartitionState
state = PartitionState(pathlib.Path(sys.argv[1]), "log")
print("held", flush=True)
sys.stdin.read()
"""


def test_what_was_checkpointed_is_seen_while_the_owner_works(tmp_path: Path) -> None:
    state = PartitionState(tmp_path / "s", "log")
    touch(state, A, 1)
    touch(state, B, 1)
    state.checkpoint(5, b"meta")
    touch(state, A, 2)
    with StoredState(tmp_path / "s") as stored:
        assert (stored.position, stored.log_id, stored.meta, stored.halfway) == (5, "log", b"meta", False)
        assert list(stored.tokens()) == [A, B]
        assert {token: s.facts["source"]["handle"].version for token, s in stored.subjects()} == {A: 1, B: 1}
        assert stored.get(b"C" * 16) is None
    state.checkpoint(5, b"meta", halfway=1)
    with StoredState(tmp_path / "s") as stored:
        assert stored.halfway
    touch(state, B, 3)
    state.checkpoint(6, b"meta")
    with StoredState(tmp_path / "s") as stored:
        assert not stored.halfway
    state.close()
    assert size_on_disk(tmp_path / "s") > 0


def test_damage_is_said_and_not_skipped(tmp_path: Path) -> None:
    many(tmp_path / "s")
    with StoredState(tmp_path / "s") as stored:
        with pytest.raises(StateDamaged, match="block checksum mismatch") as caught:
            list(stored.tokens())
        assert str(tmp_path / "s") in str(caught.value)
        with pytest.raises(StateDamaged):
            list(stored.subjects())


def test_a_folder_without_state(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        StoredState(tmp_path / "s")
    assert not (tmp_path / "s").exists()
    assert not held(tmp_path / "s")


@pytest.mark.skipif(sys.platform == "win32", reason="nobody can say there")
def test_another_process_holds_it(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path / "s")]
    holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert holder.stdout is not None
    assert holder.stdin is not None
    assert holder.stdout.readline() == b"held\n"
    assert held(tmp_path / "s")
    holder.stdin.close()
    holder.wait(10)
    holder.stdout.close()
    assert not held(tmp_path / "s")
