"""`crosscheck state`: beside a running worker, after it, and after damage; the state is what the log makes of it."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from streams.city import generate
from tests.e2e.town import RESOURCES, Town, wait_until

Row = dict[str, Any]


@pytest.fixture(scope="module")
def rested(tmp_path_factory: pytest.TempPathFactory) -> Town:
    """A town whose worker shipped checkpoints and has stopped; seen while it ran, in `running.json`."""
    folder = tmp_path_factory.mktemp("state")
    town = Town(folder, f"embedded://{folder / 'data' / 'log'}")
    town.make_keys()
    generate("hangzhou-2008", folder / "files", scale=0.01, seed=20081, progress=lambda *_: None)
    place = folder / "place"
    worker = town.start("--checkpoints", str(place), "--checkpoint-seconds", "1")
    try:
        town.publish_all(folder / "files", RESOURCES)
        wait_until(lambda: len(list(place.glob("*/*/manifest-*"))) >= 8, "checkpoints")
        for name in ("inspect", "verify", "rebuild"):
            done = town.cli("state", name)
            (folder / f"{name}.out").write_bytes(done.stdout + b"\n---\n" + done.stderr)
        worker.stop()
    finally:
        town.close()
    return town


@pytest.fixture
def town(rested: Town, tmp_path: Path) -> Iterator[Town]:
    """That town, to damage at will."""
    shutil.copytree(rested.folder, tmp_path / "town")
    copy = Town(tmp_path / "town", f"embedded://{tmp_path / 'town' / 'data' / 'log'}")
    yield copy
    copy.close()


def place(town: Town) -> str:
    return str(town.folder / "place")


def state(town: Town) -> Path:
    return town.data / "state"


def flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 255
    file.write_bytes(content)


def rows(town: Town, kind: str) -> list[Row]:
    return [row for row in town.json("state", "inspect", "--checkpoints", place(town)) if row["kind"] == kind]


def verified(town: Town, *options: str) -> tuple[int, Row]:
    done = town.cli("state", "verify", "--json", "--checkpoints", place(town), *options)
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    return done.returncode, json.loads(done.stdout)


def test_beside_a_running_worker(rested: Town) -> None:
    said = {name: (rested.folder / f"{name}.out").read_text() for name in ("inspect", "verify", "rebuild")}
    assert said["inspect"].count("by a running worker") == 8
    for name in ("verify", "rebuild"):
        assert "is held by a running worker -> stop the workers" in said[name]
        assert str(state(rested) / "facts-0") in said[name]
        assert "Traceback" not in said[name]


def test_inspect(town: Town) -> None:
    states, kept = rows(town, "state"), rows(town, "checkpoint")
    assert [row["partition"] for row in states] == list(range(8))
    for row in states:
        assert row["position"] == row["log_end"] > 0
        assert (row["held"], row["this_log"], row["fault"]) == (False, True, None)
        assert row["subjects"] > 0
        assert row["bytes"] > 10_000
        assert row["rules"] == ["benefit-while-employed v2 active"]
    assert {row["partition"] for row in kept} == set(range(8))
    assert all(row["fault"] is None and row["bytes"] > 10_000 and row["age_seconds"] >= 0 for row in kept)
    table = town.cli("state", "inspect", "--checkpoints", place(town)).stdout.decode()
    assert "facts[7]" in table
    assert "benefit-while-employed v2 active" in table
    assert table.count("facts[") == len(states) + len(kept)


def test_inspect_where_nothing_is(tmp_path: Path) -> None:
    empty = Town(tmp_path, f"embedded://{tmp_path / 'log'}")
    assert empty.cli("topics", "--create").returncode == 0
    done = empty.cli("state", "inspect")
    assert (done.returncode, done.stdout) == (0, b"")
    assert "no state in" in done.stderr.decode()


def test_verify_finds_nothing_wrong(town: Town) -> None:
    code, said = verified(town, "--against-log")
    assert code == 0, said
    assert said["whole"]
    assert (said["states"], said["notes"], said["faults"]) == (8, [], [])
    assert said["subjects"] == sum(row["subjects"] for row in rows(town, "state"))
    assert said["replayed"] == sum(row["position"] for row in rows(town, "state"))
    assert said["checkpoints"] == len(rows(town, "checkpoint"))
    assert sorted(path.name for path in state(town).iterdir()) == [f"facts-{n}" for n in range(8)]


def test_verify_finds_a_damaged_checkpoint(town: Town) -> None:
    blob = max(Path(place(town)).glob("*/facts-0003/blobs/*"), key=lambda path: path.stat().st_size)
    flip(blob)
    code, said = verified(town, "--checkpoints-only")
    assert code == 3
    assert said["states"] == 0
    assert {fault["partition"] for fault in said["faults"]} == {3}
    done = town.cli("state", "verify", "--checkpoints-only", "--checkpoints", place(town))
    assert done.returncode == 3
    assert "facts[3]" in done.stderr.decode()
    assert "manifest-" in done.stderr.decode()


def test_verify_finds_a_damaged_state(town: Town) -> None:
    for table in (state(town) / "facts-2").glob("*.sst"):
        flip(table)
    code, said = verified(town)
    assert code == 3
    assert {fault["partition"] for fault in said["faults"]} == {2}
    (row,) = (row for row in rows(town, "state") if row["partition"] == 2)
    assert "cannot be read" in row["fault"]


def test_verify_finds_state_ahead_of_its_log_or_of_another(town: Town, tmp_path: Path) -> None:
    other = Town(tmp_path / "other", f"embedded://{tmp_path / 'other' / 'log'}")
    other.folder.mkdir()
    assert other.cli("topics", "--create").returncode == 0
    shutil.copytree(state(town), state(other))
    done = other.cli("state", "verify", "--json")
    assert done.returncode == 3
    said = [fault["what"] for fault in json.loads(done.stdout)["faults"]]
    assert sum("of another log" in what for what in said) == 8
    assert sum("ahead of its log, which ends at 0" in what for what in said) == 8


def test_verify_against_the_log_finds_what_it_never_said(town: Town) -> None:
    """A state that reads well, and is not what the log makes: one subject is another's."""
    from stores.state import PartitionState

    log_id = rows(town, "state")[0]["log_id"]
    touched = PartitionState(state(town) / "facts-1", log_id)
    token, other = touched.everyone()[:2]
    touched.load([token, other])
    touched.subjects[token] = touched.subjects[other]
    touched.put_away([token])
    touched.checkpoint(touched.position, touched.meta or b"")
    touched.close()
    assert verified(town)[0] == 0
    code, said = verified(town, "--against-log")
    assert code == 3
    assert [(f["partition"], f["what"]) for f in said["faults"]] == [
        (1, "1 subject(s) are not what the log makes of them")
    ]
    assert token.hex() not in json.dumps(said)


@pytest.mark.parametrize("origin", ["checkpoint", "log"])
def test_rebuild(town: Town, origin: str) -> None:
    shutil.rmtree(state(town) / "facts-4")
    for table in (state(town) / "facts-2").glob("*.sst"):
        flip(table)
    ends = {name: len(town.records(name)) for name in ("alert.hrss", "result.hrss", "receipt.hrss")}
    done = town.json("state", "rebuild", "--from", origin, "--checkpoints", place(town))
    positions = {row["partition"]: row["position"] for row in rows(town, "state")}
    assert {row["partition"]: row["position"] for row in done} == positions
    assert all((row["restored"] > 0) == (origin == "checkpoint") for row in done)
    assert all(row["restored"] + row["replayed"] == row["position"] for row in done)
    code, said = verified(town, "--against-log")
    assert (code, said["states"]) == (0, 8), said
    assert ends == {name: len(town.records(name)) for name in ends}, "a rebuild says nothing"
    assert sorted(path.name for path in state(town).iterdir()) == [f"facts-{n}" for n in range(8)]


def test_rebuild_ends_where_the_workers_have_committed(town: Town) -> None:
    """What comes after was perhaps never said: a worker says it."""
    from topics.records import Record

    committed = {row["partition"]: row["position"] for row in rows(town, "state")}
    last = next(record for record in town.records("facts") if record.partition == 5)
    town.append("facts", Record(last.key, last.value, last.headers), partition=5)
    (done,) = town.json("state", "rebuild", "--from", "log", "--partition", "5")
    assert done["position"] == committed[5]
    (row,) = (row for row in rows(town, "state") if row["partition"] == 5)
    assert (row["position"], row["log_end"]) == (committed[5], committed[5] + 1)


def test_wrong_usage(town: Town) -> None:
    for words, code, said in (
        (("verify", "--checkpoints-only"), 2, "name the place"),
        (("rebuild", "--partition", "99"), 8, "no partition 99"),
        (("inspect", "--checkpoints", "ftp://x"), 6, "is not a place for checkpoints"),
    ):
        done = town.cli("state", *words)
        assert done.returncode == code, done.stderr.decode()
        assert said in " ".join(done.stderr.decode().split())
        assert b"Traceback" not in done.stderr
