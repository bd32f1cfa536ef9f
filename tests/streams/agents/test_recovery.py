"""What an owner begins with: its own state, a checkpoint or the log; how state gets to the place of checkpoints."""

import asyncio
import errno
import logging
import os
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from faust.types import TP

from stores.checkpoints import Place, Shelf
from stores.checkpoints import shelf as shelf_module
from stores.state import PartitionState
from streams.agents import recovery
from streams.agents.hub import Hub
from streams.agents.progress import PROGRESS_SECONDS, Progress
from streams.agents.shipping import Checkpoints
from tests.streams.agents.fakes import BUCKET, CLAIMS, FakeLog, batch, claim, fact, rule_in_force
from topics.catalog import load_catalog
from topics.names import FACTS

FACT = TP(FACTS, BUCKET)
HOME = f"{FACTS}-{BUCKET}"
Work = Callable[[Hub], Awaitable[None]]


def drive(data: Path, work: Work, *, place: Path | None = None, log: FakeLog | None = None) -> FakeLog:
    """Do something with a hub that owns one partition; offset 0 of `facts` brings the rule."""
    log = log or FakeLog()

    async def main() -> None:
        checkpoints = Checkpoints(Place(str(place)), every=0.0) if place else None
        shipping = checkpoints.shipping(log.log_id) if checkpoints else None
        hub = Hub(load_catalog(None), log, log.log_id, data, shipping=shipping, commit=log.commit)
        await hub.starts([FACT], {FACT: 0})
        await work(hub)
        await hub.close()

    asyncio.run(asyncio.wait_for(main(), 30))
    return log


def join_up_to(position: int) -> Work:
    """Join everything before a position."""

    async def work(hub: Hub) -> None:
        await hub.join(rule_in_force(0, *load_catalog(None).active_rules))
        for offset in range(1, position):
            await hub.join(fact(offset, batch(CLAIMS, offset, claim(offset))))

    return work


async def save_and_ship(hub: Hub) -> None:
    await hub.partitions[BUCKET].checkpoint()
    await hub.ship_last(10)


def shipped_at(data: Path, place: Path, *positions: int) -> None:
    """A worker lives up to the last of these positions, and ships at each of them."""

    async def work(hub: Hub) -> None:
        await hub.join(rule_in_force(0, *load_catalog(None).active_rules))
        for offset in range(1, positions[-1]):
            await hub.join(fact(offset, batch(CLAIMS, offset, claim(offset))))
            if offset + 1 in positions:
                await save_and_ship(hub)

    drive(data, work, place=place)
    assert [int(path.stem.split("-")[1]) for path in manifests(place)] == sorted(positions)


def manifests(place: Path) -> list[Path]:
    return sorted(place.glob(f"*/facts-{BUCKET:04}/manifest-*.json"))


def begins_at(data: Path, place: Path | None = None, log: FakeLog | None = None) -> int:
    """Where a worker begins that comes now."""
    positions = []

    async def work(hub: Hub) -> None:
        positions.append(hub.partitions[BUCKET].next)

    drive(data, work, place=place, log=log)
    return positions[0]


def folders(data: Path) -> list[str]:
    return sorted(path.name for path in data.iterdir())


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> Callable[[], str]:
    caplog.set_level(logging.INFO, logger="crosscheck")
    return lambda: "\n".join(record.getMessage() for record in caplog.records)


def test_a_lost_disk_is_restored_from_the_newest_checkpoint(tmp_path: Path, said: Callable[[], str]) -> None:
    shipped_at(tmp_path / "first", tmp_path / "place", 3, 5)
    assert begins_at(tmp_path / "second", tmp_path / "place") == 5
    assert f"state of facts[{BUCKET}] is restored from the checkpoint at 5" in said()
    assert folders(tmp_path / "second") == [HOME]
    assert begins_at(tmp_path / "second") == 5, "what was restored is the local state from now on"


def test_local_state_that_is_as_new_is_kept(tmp_path: Path, said: Callable[[], str]) -> None:
    shipped_at(tmp_path / "first", tmp_path / "place", 3)
    drive(tmp_path / "first", join_up_to(6))
    assert begins_at(tmp_path / "first", tmp_path / "place") == 6
    assert "restored" not in said()


def test_local_state_that_is_older_gives_way(tmp_path: Path) -> None:
    drive(tmp_path / "late", join_up_to(2))
    shipped_at(tmp_path / "first", tmp_path / "place", 5)
    assert begins_at(tmp_path / "late", tmp_path / "place") == 5
    assert folders(tmp_path / "late") == [HOME]


def test_without_either_the_log_rebuilds(tmp_path: Path, said: Callable[[], str]) -> None:
    assert begins_at(tmp_path / "data", tmp_path / "place") == 0
    assert f"facts[{BUCKET}] is rebuilt from its log, of 1000 records" in said()


@pytest.mark.parametrize(("damaged", "begins"), [(1, 3), (2, 0)])
def test_a_damaged_checkpoint_is_passed_over(
    tmp_path: Path, said: Callable[[], str], damaged: int, begins: int
) -> None:
    shipped_at(tmp_path / "first", tmp_path / "place", 3, 5)
    for manifest in manifests(tmp_path / "place")[-damaged:]:
        os.truncate(manifest, 50)
    assert begins_at(tmp_path / "second", tmp_path / "place") == begins
    assert said().count("checkpoint passed over") == damaged
    assert folders(tmp_path / "second") == [HOME]


def test_a_checkpoint_whose_content_is_gone_is_passed_over(tmp_path: Path, said: Callable[[], str]) -> None:
    shipped_at(tmp_path / "first", tmp_path / "place", 3)
    shutil.rmtree(next((tmp_path / "place").glob("*/*/blobs")))
    assert begins_at(tmp_path / "second", tmp_path / "place") == 0
    assert "is missing or empty" in said()


def test_a_checkpoint_that_is_ahead_of_its_log_is_discarded(tmp_path: Path, said: Callable[[], str]) -> None:
    """Its log was lost and begun again: else it would be the newest for ever."""
    shipped_at(tmp_path / "first", tmp_path / "place", 3, 5)
    shorter = FakeLog()
    shorter.end = 4
    assert begins_at(tmp_path / "second", tmp_path / "place", shorter) == 3
    assert "ahead of its log" in said()
    assert len(manifests(tmp_path / "place")) == 1


@pytest.mark.parametrize("file", ["CURRENT", "*.sst"])
def test_a_damaged_state_is_put_aside_and_recovered(
    tmp_path: Path, said: Callable[[], str], file: str
) -> None:
    shipped_at(tmp_path / "first", tmp_path / "place", 5)
    broken = next((tmp_path / "first" / HOME).glob(file))
    broken.write_bytes(b"damage")
    assert begins_at(tmp_path / "first", tmp_path / "place") == 5
    assert f"put aside as damaged-{HOME}" in said()
    assert folders(tmp_path / "first") == [f"damaged-{HOME}", HOME]


def test_a_state_of_another_version_is_put_aside(tmp_path: Path, said: Callable[[], str]) -> None:
    drive(tmp_path, join_up_to(4))
    state = PartitionState(tmp_path / HOME, FakeLog.log_id)
    state.checkpoint(5, msgspec.msgpack.encode(["a ledger of another version"]))
    state.close()
    assert begins_at(tmp_path) == 0
    assert f"put aside as damaged-{HOME}" in said()


def test_a_disk_that_is_full_for_a_checkpoint_leaves_the_state_that_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: Callable[[], str]
) -> None:
    drive(tmp_path / "late", join_up_to(2))
    shipped_at(tmp_path / "first", tmp_path / "place", 5)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shelf_module, "_take", full)
    assert begins_at(tmp_path / "late", tmp_path / "place") == 2
    assert "go without a checkpoint" in said()


def test_a_place_that_cannot_be_used_never_stops_the_join(tmp_path: Path, said: Callable[[], str]) -> None:
    place = tmp_path / "place"

    async def work(hub: Hub) -> None:
        place.rmdir()
        place.write_text("a file")
        await join_up_to(3)(hub)
        await save_and_ship(hub)
        await hub.join(fact(3, batch(CLAIMS, 3, claim(3))))
        assert hub.partitions[BUCKET].next == 4
        await hub.partitions[BUCKET].checkpoint()
        place.unlink()
        await save_and_ship(hub)

    drive(tmp_path / "data", work, place=place)
    assert "has no new checkpoint: " in said()
    assert "cannot list checkpoints" in said()
    assert len(manifests(place)) == 1, "tried again, and it was there"


def test_a_place_that_does_not_answer_is_not_waited_for(
    tmp_path: Path, said: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(place: Place, folder: str) -> dict[str, int]:
        await asyncio.sleep(3600)
        return {}

    monkeypatch.setattr(recovery, "LIST_SECONDS", 0.1)
    monkeypatch.setattr(Place, "sizes", never)
    drive(tmp_path / "data", join_up_to(3), place=tmp_path / "place")
    assert said().count("and others go without a checkpoint: no answer in") == 1


def test_ticks_ship_what_has_moved_and_nothing_else(tmp_path: Path) -> None:
    async def ticks(hub: Hub) -> None:
        for _ in range(100):
            await hub.tick()
            await asyncio.sleep(0.01)

    async def work(hub: Hub) -> None:
        await ticks(hub)
        assert manifests(tmp_path / "place") == []
        await join_up_to(3)(hub)
        await hub.partitions[BUCKET].checkpoint()
        await ticks(hub)
        first = manifests(tmp_path / "place")
        assert len(first) == 1
        await ticks(hub)
        assert manifests(tmp_path / "place") == first

    drive(tmp_path / "data", work, place=tmp_path / "place")


def test_what_was_not_shipped_has_no_age(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def another_stands_there(*_: object) -> None:
        """As new, or newer: nothing goes up from here."""

    async def work(hub: Hub) -> None:
        await join_up_to(3)(hub)
        with monkeypatch.context() as patched:
            patched.setattr(Shelf, "ship", another_stands_there)
            await save_and_ship(hub)
        assert hub.shipped_age(BUCKET) is None
        await hub.join(fact(3, batch(CLAIMS, 3, claim(3))))
        await save_and_ship(hub)
        assert hub.shipped_age(BUCKET) is not None

    drive(tmp_path / "data", work, place=tmp_path / "place")


def test_a_rebalance_does_not_wait_for_an_upload(tmp_path: Path) -> None:
    async def work(hub: Hub) -> None:
        await join_up_to(3)(hub)
        await hub.partitions[BUCKET].checkpoint()
        assert hub._shipping is not None
        place = hub._shipping.shelves.place
        stuck = asyncio.Event()

        async def never(path: str, content: Path) -> None:
            stuck.set()
            await asyncio.sleep(3600)

        place.put = never
        shipping = asyncio.create_task(hub.ship_last(3600))
        await asyncio.wait_for(stuck.wait(), 10)
        await asyncio.wait_for(hub.revoke([FACT]), 2)
        await asyncio.wait_for(shipping, 2)
        assert hub.partitions == {}
        assert not (hub._recovery.home(BUCKET) / "shipping").exists()

    assert drive(tmp_path / "data", work, place=tmp_path / "place").committed == {BUCKET: 3}
    assert manifests(tmp_path / "place") == []
    assert begins_at(tmp_path / "data", tmp_path / "place") == 3


def test_hard_links_that_a_crash_left_are_removed(tmp_path: Path) -> None:
    state = PartitionState(tmp_path / HOME, "fake")
    state.checkpoint(2, b"")
    state.link(tmp_path / HOME / "shipping")
    state.close()
    begins_at(tmp_path)
    assert not (tmp_path / HOME / "shipping").exists()


def test_a_partition_that_is_taken_away_while_it_is_recovered_is_let_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped_at(tmp_path / "first", tmp_path / "place", 3)

    async def work(hub: Hub) -> None:
        await hub.revoke([FACT])
        shutil.rmtree(tmp_path / "second")
        begun, go_on, restore = asyncio.Event(), asyncio.Event(), Shelf.restore

        async def slow(*words: Any) -> Any:
            begun.set()
            await go_on.wait()
            return await restore(*words)

        monkeypatch.setattr(Shelf, "restore", slow)
        first = asyncio.create_task(hub.starts([FACT], {FACT: 0}))
        await begun.wait()
        await hub.revoke([FACT])
        again = asyncio.create_task(hub.starts([FACT], {FACT: 0}))
        go_on.set()
        assert (await first, await again) == ({}, {FACT: 3})
        assert hub.partitions[BUCKET].folder == hub._recovery.home(BUCKET)
        await hub.join(fact(3, batch(CLAIMS, 3, claim(3))))

    drive(tmp_path / "second", work, place=tmp_path / "place")
    assert folders(tmp_path / "second") == [HOME]


def test_folders_that_a_crash_left_aside_are_removed_with_age(tmp_path: Path) -> None:
    for name in (f"aside-{BUCKET}-old", f"aside-{BUCKET}-new", f"replaced-{HOME}-old", "aside-77-old"):
        (tmp_path / name).mkdir()
        if name.endswith("old"):
            os.utime(tmp_path / name, (0, 0))
    begins_at(tmp_path)
    assert folders(tmp_path) == [f"aside-{BUCKET}-new", "aside-77-old", HOME]


def test_recovering_partitions_say_how_far_they_are(tmp_path: Path, said: Callable[[], str]) -> None:
    progress = Progress()
    progress.look({3: (0, 100)}, 0.0)
    progress.look({3: (10, 100)}, PROGRESS_SECONDS / 2)
    assert said() == ""
    progress.look({3: (20, 100)}, PROGRESS_SECONDS)
    progress.look({}, 8.0)
    assert said().splitlines() == [
        "facts[3] recovers: 20 of 100 records (20%), about 20 s left",
        "facts[3] has caught up with its log in 8.0 s",
    ]
