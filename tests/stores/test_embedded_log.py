"""The embedded log: offsets without gaps whoever writes, all or none, and nothing lost when a writer is killed."""

import os
import resource
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stores.embedded.log import EmbeddedLog
from topics.errors import BrokerUnavailable
from topics.records import Record

WRITER = """
import sys
from pathlib import Path
from stores.embedded.log import EmbeddedLog
from topics.records import Record
log, name, rounds = EmbeddedLog(Path(sys.argv[1])), sys.argv[2], int(sys.argv[3])
log.create("t", 2)
for n in range(rounds):
    first = log.append("t", n % 2, [Record(name.encode(), f"{n}.{i}".encode()) for i in range(n % 3 + 1)])
    print(n, first, flush=True)
"""


def writer(folder: Path, name: str, rounds: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(folder), name, str(rounds)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@pytest.fixture
def log(tmp_path: Path) -> EmbeddedLog:
    log = EmbeddedLog(tmp_path / "log")
    log.create("t", 2)
    yield log
    log.close()


def records(*values: str) -> list[Record]:
    return [Record(b"key", value.encode()) for value in values]


def values(log: EmbeddedLog, partition: int = 0, offset: int = 0, limit: int = 10_000) -> list[str]:
    return [record.value.decode() for record in log.read("t", partition, offset, limit)]


def test_append_and_read(log: EmbeddedLog) -> None:
    assert log.append("t", 1, records("a", "b")) == 0
    assert log.append("t", 1, records("c")) == 2
    found = log.read("t", 1, 1, 10)
    assert [(r.topic, r.partition, r.offset, r.value) for r in found] == [
        ("t", 1, 1, b"b"),
        ("t", 1, 2, b"c"),
    ]
    assert (log.end("t", 1), log.end("t", 0), values(log, 0)) == (3, 0, [])


def test_key_headers_and_empty_values_come_back(log: EmbeddedLog) -> None:
    sent = [
        Record(None, b"", (("ce_id", b"1"), ("名", "值".encode()))),
        Record(b"\x00\xff", bytes(range(256))),
    ]
    log.append("t", 0, sent)
    assert [Record(r.key, r.value, tuple(r.headers)) for r in log.read("t", 0, 0, 9)] == sent


def test_read_limits(log: EmbeddedLog) -> None:
    log.append("t", 0, records(*"abcde"))
    assert values(log, limit=2) == ["a", "b"]
    assert values(log, offset=3, limit=99) == ["d", "e"]
    assert values(log, offset=5) == values(log, offset=99) == values(log, limit=0) == []


def test_all_or_none(log: EmbeddedLog) -> None:
    with pytest.raises(sqlite3.Error):
        log.append("t", 0, [Record(b"k", b"good"), Record(b"k", None)])
    assert (values(log), log.end("t", 0)) == ([], 0)
    assert log.append("t", 0, records("a")) == 0


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 2), st.lists(st.binary(max_size=5), max_size=4)), max_size=10))
def test_partitions_are_independent_sequences(
    tmp_path_factory: pytest.TempPathFactory, chunks: list[tuple[int, list[bytes]]]
) -> None:
    log = EmbeddedLog(tmp_path_factory.mktemp("log"))
    log.create("t", 3)
    expected: dict[int, list[bytes]] = {0: [], 1: [], 2: []}
    for partition, sent in chunks:
        assert log.append("t", partition, [Record(None, v) for v in sent]) == len(expected[partition])
        expected[partition] += sent
    for partition, sent in expected.items():
        found = log.read("t", partition, 0, 100)
        assert [r.value for r in found] == sent
        assert [r.offset for r in found] == list(range(log.end("t", partition)))
    log.close()


def test_four_processes_leave_no_gaps_and_keep_their_own_order(tmp_path: Path) -> None:
    rounds = 300
    processes = [writer(tmp_path, name, rounds) for name in "abcd"]
    for process in processes:
        process.communicate(timeout=50)
        assert process.returncode == 0
    log = EmbeddedLog(tmp_path)
    for partition in (0, 1):
        found = log.read("t", partition, 0, 10_000)
        assert [r.offset for r in found] == list(range(log.end("t", partition)))
        for name in b"abcd":
            own = [r.value.decode() for r in found if r.key == bytes([name])]
            assert own == [f"{n}.{i}" for n in range(partition, rounds, 2) for i in range(n % 3 + 1)]
    log.close()


def test_what_a_killed_writer_was_told_is_there_is_there(tmp_path: Path) -> None:
    process = writer(tmp_path, "x", 1_000_000)
    told = [process.stdout.readline() for _ in range(50)]
    os.kill(process.pid, signal.SIGKILL)
    told += process.communicate(timeout=30)[0].splitlines()
    log = EmbeddedLog(tmp_path)
    for n, first in (map(int, line.split()) for line in told if line.count(" ") == 1 and line.strip()):
        found = log.read("t", n % 2, first, n % 3 + 1)
        assert [r.value.decode() for r in found] == [f"{n}.{i}" for i in range(n % 3 + 1)]
    last = log.read("t", 0, 0, 1_000_000)
    assert [r.offset for r in last] == list(range(len(last)))
    assert log.append("t", 0, records("next")) == len(last)
    log.close()


def test_threads_of_one_process_share_it(log: EmbeddedLog) -> None:
    def write(name: str) -> None:
        for _ in range(50):
            log.append("t", 0, records(name, name))

    threads = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = values(log)
    assert len(found) == 400
    assert all(found[i] == found[i + 1] for i in range(0, 400, 2))


def test_another_instance_sees_what_was_appended(log: EmbeddedLog, tmp_path: Path) -> None:
    other = EmbeddedLog(tmp_path / "log")
    before = other.version("t")
    log.append("t", 0, records("a"))
    assert other.version("t") != before
    assert (values(other), other.log_id, other.topics()) == (["a"], log.log_id, ["t"])
    other.close()


def test_declaring_again_is_no_change(log: EmbeddedLog, tmp_path: Path) -> None:
    log.create("t", 7)
    other = EmbeddedLog(tmp_path / "log")
    assert (log.partitions("t"), other.partitions("t")) == (2, 2)
    other.close()


def test_a_topic_that_another_process_is_just_creating(tmp_path: Path) -> None:
    """Its file is there, its number of partitions not yet: the answer of that moment must not stick."""
    creator, reader = EmbeddedLog(tmp_path), EmbeddedLog(tmp_path)
    sqlite3.connect(tmp_path / "t.topic").execute("PRAGMA journal_mode=WAL").connection.close()
    assert reader.partitions("t") == 0
    creator.create("t", 4)
    assert reader.partitions("t") == 4
    creator.close()
    reader.close()


def test_a_topic_that_does_not_exist(log: EmbeddedLog) -> None:
    assert log.partitions("none") == 0
    for call in (
        lambda: log.read("none", 0, 0, 1),
        lambda: log.end("none", 0),
        lambda: log.append("none", 0, records("a")),
        lambda: log.version("none"),
    ):
        with pytest.raises(BrokerUnavailable, match="none"):
            call()
    assert log.topics() == ["t"]


def test_the_identity_is_the_folders_for_ever(tmp_path: Path) -> None:
    first, second = EmbeddedLog(tmp_path / "a"), EmbeddedLog(tmp_path / "a")
    assert first.log_id == second.log_id != EmbeddedLog(tmp_path / "b").log_id
    assert len(first.log_id) >= 16


def test_an_identity_half_written_is_not_taken_for_one(tmp_path: Path) -> None:
    """A process that died between making the file and writing it, or is about to write."""
    (tmp_path / "log-id").touch()
    log = EmbeddedLog(tmp_path)
    assert log.log_id
    assert EmbeddedLog(tmp_path).log_id == log.log_id


def test_a_writer_that_does_not_let_go_is_reported(log: EmbeddedLog, tmp_path: Path) -> None:
    """A process paused within a write holds the file; nobody may break its lock, but the error says what it is."""
    holder = sqlite3.connect(tmp_path / "log" / "t.topic", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    log._topics["t"].writer.execute("PRAGMA busy_timeout=50")
    with pytest.raises(BrokerUnavailable, match="cannot be written"):
        log.append("t", 0, records("a"))
    holder.execute("ROLLBACK")
    log.append("t", 0, records("a"))
    assert values(log) == ["a"]
    holder.close()


def _open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts open files as Linux shows them")
def test_a_topic_that_is_only_read_costs_three_open_files(tmp_path: Path) -> None:
    """A city has 175 topics, and 1,024 open files are a usual limit."""
    log, before = EmbeddedLog(tmp_path), _open_files()
    for number in range(10):
        log.create(f"t{number}", 1)
        log.end(f"t{number}", 0)
    assert _open_files() - before <= 3 * 10
    log.append("t3", 0, records("a"))
    assert _open_files() - before <= 3 * 10 + 2
    assert log.end("t3", 0) == 1
    log.close()
    assert _open_files() <= before


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts open files as Linux shows them")
def test_a_process_that_may_open_no_more_files_says_so(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    log = EmbeddedLog(tmp_path)

    def create_many() -> None:
        for number in range(64):
            log.create(f"t{number}", 1)

    resource.setrlimit(resource.RLIMIT_NOFILE, (64 + _open_files(), hard))
    try:
        with pytest.raises(BrokerUnavailable, match="cannot be opened") as caught:
            create_many()
        assert "ulimit -n" in caught.value.remedy
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        log.close()
