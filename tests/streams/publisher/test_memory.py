"""What a front node remembers is the same whether it lies in its place or waits to be sorted in."""

from pathlib import Path

import pytest

from streams.publisher import memory as remembering
from streams.publisher.memory import FrontMemory, Published
from streams.publisher.seen import Seen
from tests.streams.publisher.front import Front, claim, claims

RECORD = Published(bytes(16), (("person_id", bytes(16)),), 1)


def opened(path: Path) -> FrontMemory:
    return FrontMemory(path / "m.sqlite", now=1)


def publish_and_fail(memory: FrontMemory) -> None:
    with memory.commit():
        memory.publish({"a": RECORD})
        raise OSError("disk full")


def test_what_was_published_is_found_at_once_and_after_a_restart(tmp_path: Path) -> None:
    memory = opened(tmp_path)
    with memory.commit():
        memory.publish({"a": RECORD, "b": RECORD})
    assert memory.find(["a", "b", "c"]) == {"a": RECORD, "b": RECORD}
    memory.close()
    memory = opened(tmp_path)
    assert memory.find(["b", "c"]) == {"b": RECORD}
    assert memory.count() == 2
    memory.close()


def test_the_last_word_on_a_handle_counts_however_it_lies(tmp_path: Path) -> None:
    memory = opened(tmp_path)
    later = RECORD._replace(digest=b"later")
    with memory.commit():
        memory.publish({"a": RECORD})
    with memory.commit():
        memory.publish({"a": later})
        memory.publish({"a": later, "b": None})
    assert memory.find(["a"]) == {"a": later}
    assert memory.count() == 1
    assert memory.find(["a"]) == {"a": later}
    with memory.commit():
        memory.publish({"a": None})
    assert memory.find(["a"]) == {}
    memory.close()


def test_a_transaction_that_failed_leaves_nothing_recent(tmp_path: Path) -> None:
    memory = opened(tmp_path)
    with pytest.raises(OSError, match="full"):
        publish_and_fail(memory)
    assert memory.find(["a"]) == {}
    with memory.commit():
        memory.publish({"b": RECORD._replace(digest=b"other")})
    assert memory.find(["a", "b"]) == {"b": RECORD._replace(digest=b"other")}
    memory.close()


@pytest.mark.parametrize("recent", [0, 1, 2, 5, 300_000])
def test_sorting_in_more_or_less_often_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recent: int
) -> None:
    monkeypatch.setattr(remembering, "RECENT", recent)
    monkeypatch.setattr("streams.publisher.publish.CHUNK_ROWS", 2)
    front = Front(tmp_path)
    lines = [claim(1), claim(2), claim(3), claim(1), claim(4), claim(2, month="2008-06"), claim(5)]
    summary, log = front.publish(claims(*lines))
    assert (log.ops(), summary.tally.repeated, summary.tally.refused) == ("iiiii", 1, 1)
    summary, log = front.publish(claims(claim(1), claim(2, who=9), claim(6), claim(3), claim(6)))
    assert sorted(log.ops()) == sorted("id" + "i" + "dd")
    assert (summary.tally.unchanged, summary.tally.repeated) == (2, 1)


def test_a_handle_that_was_noted_is_never_called_new() -> None:
    seen = Seen()
    handles = [f"handle-{n}" for n in range(20_000)]
    assert len(seen.perhaps(handles)) == 0
    seen.note(handles)
    assert seen.perhaps(handles) == handles
    assert len(seen.perhaps(f"other-{n}" for n in range(20_000))) < 20
