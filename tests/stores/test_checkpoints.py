"""Checkpoints on a shelf: what is put, what is kept, what damage does, what two owners do to each other."""

import asyncio
import hashlib
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from stores.checkpoints import KEEP, Place, Shelf
from stores.checkpoints.shelf import GRACE_SECONDS
from stores.state import PartitionState
from stores.stored import StoredState
from tests.stores.test_state import touch
from topics.errors import CheckpointDamaged, CheckpointsUnavailable, CrosscheckError

LOG = "kafka://127.0.0.1:9092"
Damage = Callable[[Path], object]


class Life:
    """A state that goes on, and the folder its checkpoints are put in."""

    def __init__(self, folder: Path, *, keep: int = KEEP) -> None:
        self.folder = folder
        self.place = folder / "place"
        self.state = PartitionState(folder / "state", LOG)
        self.now = 0.0
        self.shelf = Shelf(Place(str(self.place)), LOG, 3, keep=keep, clock=lambda: self.now)

    def live(self, position: int, subjects: int = 50) -> None:
        """Change some subjects; the state is then at this position."""
        for number in range(subjects):
            touch(self.state, hashlib.md5(b"%d" % number).digest(), position)
        self.state.checkpoint(position, b"meta")

    async def ship(self, position: int | None = None):
        """Put the state on the shelf; under another position than its own, if told so."""
        linked = self.folder / f"linked-{os.urandom(4).hex()}"
        self.state.link(linked)
        return await self.shelf.ship(self.state.position if position is None else position, linked)

    @property
    def home(self) -> Path:
        (home,) = self.place.glob("*/facts-0003")
        return home

    def manifests(self) -> list[int]:
        return sorted(int(path.stem.split("-")[1]) for path in self.home.glob("manifest-*.json"))

    def blobs(self) -> set[str]:
        return {path.name for path in (self.home / "blobs").iterdir()}


def play(work: Callable[[Life], Awaitable[None]], folder: Path, *, keep: int = KEEP) -> None:
    life = Life(folder, keep=keep)
    try:
        asyncio.run(asyncio.wait_for(work(life), 60))
    finally:
        life.state.close()


@pytest.mark.parametrize("url", ["{}", "file://{}", "memory://town"])
def test_what_was_put_comes_back(tmp_path: Path, url: str) -> None:
    async def work(life: Life) -> None:
        life.live(41)
        shelf = Shelf(Place(url.format(tmp_path / "p")), LOG, 3)
        life.state.link(tmp_path / "linked")
        shipped = await shelf.ship(41, tmp_path / "linked")
        assert shipped is not None
        assert shipped.sent == shipped.size > 0
        (kept,) = await Shelf(Place(url.format(tmp_path / "p")), LOG, 3).kept()
        made = await shelf.restore(kept, tmp_path / "back")
        assert (made.position, made.partition, made.log) == (41, 3, LOG)
        assert made.made_at.endswith("+00:00")
        life.live(99)
        with StoredState(tmp_path / "back") as back:
            assert (back.position, back.log_id, back.meta, back.halfway) == (41, LOG, b"meta", False)
            facts = [subject.facts["source"]["handle"].version for _, subject in back.subjects()]
            assert facts == [41] * 50

    play(work, tmp_path)


def test_only_new_tables_are_uploaded(tmp_path: Path) -> None:
    async def work(life: Life) -> None:
        life.live(1, 20_000)
        first = await life.ship()
        life.live(2, 10)
        second = await life.ship()
        assert first is not None
        assert second is not None
        assert first.sent > 500_000
        assert second.sent < 40_000
        assert second.size > first.size

    play(work, tmp_path)


def test_an_older_checkpoint_never_replaces_a_newer_one(tmp_path: Path) -> None:
    async def work(life: Life) -> None:
        life.live(10)
        assert await life.ship()
        before = (life.home / "manifest-00000000000000000010.json").read_bytes()
        assert await life.ship(9) is None
        assert await life.ship(10) is None
        assert life.manifests() == [10]
        assert (life.home / "manifest-00000000000000000010.json").read_bytes() == before

    play(work, tmp_path)


def test_two_owners_put_the_same_position_and_one_stands(tmp_path: Path) -> None:
    async def work(life: Life) -> None:
        life.live(10)
        other = Shelf(Place(str(life.place)), LOG, 3)
        life.state.link(tmp_path / "other")
        put = await asyncio.gather(life.ship(), other.ship(10, tmp_path / "other"))
        assert sorted(one is None for one in put) == [False, True]
        assert life.manifests() == [10]
        (kept,) = await other.kept()
        await other.verify(kept)

    play(work, tmp_path)


@pytest.mark.parametrize("keep", [1, 3])
def test_the_newest_are_kept(tmp_path: Path, keep: int) -> None:
    async def work(life: Life) -> None:
        for position in range(1, 7):
            life.live(position)
            await life.ship()
        assert life.manifests() == list(range(7 - keep, 7))
        for kept in await life.shelf.kept():
            await life.shelf.verify(kept)

    play(work, tmp_path, keep=keep)


def test_blobs_without_a_name_go_after_a_grace(tmp_path: Path) -> None:
    async def work(life: Life) -> None:
        for position in range(1, 6):
            life.live(position)
            await life.ship()
        stray = life.home / "blobs" / ("0" * 64)
        stray.write_bytes(b"another owner is about to name it")
        crowd = life.blobs()
        life.now = GRACE_SECONDS - 1
        life.live(6)
        await life.ship()
        assert crowd <= life.blobs()
        life.now = GRACE_SECONDS * 2
        life.live(7)
        await life.ship()
        assert not stray.exists()
        for kept in await life.shelf.kept():
            await life.shelf.verify(kept)
        named = set().union(*[(await life.shelf.manifest(kept)).blobs for kept in await life.shelf.kept()])
        assert len(life.blobs() - named) < len(crowd)

    play(work, tmp_path)


def test_a_blob_that_vanished_while_it_was_named_is_put_again(tmp_path: Path) -> None:
    """Another owner swept it between our look and our manifest."""

    async def work(life: Life) -> None:
        life.live(1)
        await life.ship()
        created = life.shelf._place.create

        async def swept(path: str, content: bytes) -> bool:
            for blob in (life.home / "blobs").iterdir():
                blob.unlink()
            return await created(path, content)

        life.shelf._place.create = swept
        life.live(2)
        assert await life.ship()
        newest = (await life.shelf.kept())[0]
        assert (await life.shelf.verify(newest)).position == 2

    play(work, tmp_path)


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def _largest(home: Path) -> Path:
    return max((home / "blobs").iterdir(), key=lambda path: path.stat().st_size)


def _manifest(home: Path) -> Path:
    return max(home.glob("manifest-*.json"))


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        pytest.param(lambda home: _flip(_largest(home)), "is another", id="a flipped bit"),
        pytest.param(lambda home: os.truncate(_largest(home), 100), "is another (100 bytes", id="cut short"),
        pytest.param(lambda home: os.truncate(_largest(home), 0), "is missing or empty", id="empty"),
        pytest.param(lambda home: _largest(home).unlink(), "is missing or empty", id="gone"),
        pytest.param(
            lambda home: os.truncate(_manifest(home), 60), "cannot be read", id="manifest cut short"
        ),
        pytest.param(lambda home: os.truncate(_manifest(home), 0), "cannot be read", id="manifest empty"),
        pytest.param(
            lambda home: _manifest(home).rename(home / "manifest-00000000000000000009.json"),
            "another log, partition or position",
            id="manifest renamed",
        ),
        pytest.param(
            lambda home: _manifest(home).write_text(_manifest(home).read_text().replace("CURRENT", "../x")),
            "a file that is none",
            id="manifest that points outside",
        ),
        pytest.param(
            lambda home: _manifest(home).write_text(
                _manifest(home).read_text().replace('"format": 1', '"format": 2')
            ),
            "of format 2",
            id="manifest of the future",
        ),
    ],
)
def test_damage_is_found_and_named(tmp_path: Path, damage: Damage, said: str) -> None:
    async def work(life: Life) -> None:
        life.live(1)
        await life.ship()
        damage(life.home)
        fresh = Shelf(Place(str(life.place)), LOG, 3)
        (kept,) = await fresh.kept()
        for attempt in (fresh.verify(kept), fresh.restore(kept, tmp_path / "back")):
            with pytest.raises(CheckpointDamaged) as caught:
                await attempt
            assert said in str(caught.value)
            assert "manifest-" in caught.value.where
            assert caught.value.remedy

    play(work, tmp_path)


@pytest.mark.parametrize(
    "damage", [Path.unlink, lambda blob: os.truncate(blob, 100)], ids=["gone", "cut short"]
)
def test_damaged_blobs_of_an_older_checkpoint_are_not_relied_upon(tmp_path: Path, damage: Damage) -> None:
    """What a manifest names and is not there, or not whole, is put again with the next checkpoint."""

    async def work(life: Life) -> None:
        life.live(1, 5_000)
        await life.ship()
        shared = _largest(life.home)
        damage(shared)
        life.live(2, 1)
        await life.ship()
        newest = (await life.shelf.kept())[0]
        assert shared.name in (await life.shelf.manifest(newest)).blobs
        await life.shelf.verify(newest)

    play(work, tmp_path)


def test_a_blob_that_is_cut_short_while_it_is_named_is_put_again(tmp_path: Path) -> None:
    """As the one that vanishes: an upload of another owner's, with less behind it than its name says."""

    async def work(life: Life) -> None:
        life.live(1)
        created = life.shelf._place.create

        async def cut(path: str, content: bytes) -> bool:
            os.truncate(_largest(life.home), 100)
            return await created(path, content)

        life.shelf._place.create = cut
        await life.ship()
        await life.shelf.verify((await life.shelf.kept())[0])

    play(work, tmp_path)


def test_an_unreadable_manifest_keeps_every_blob_and_goes_with_age(tmp_path: Path) -> None:
    async def work(life: Life) -> None:
        life.live(1)
        await life.ship()
        life.now = GRACE_SECONDS * 5
        os.truncate(_manifest(life.home), 5)
        life.shelf = Shelf(Place(str(life.place)), LOG, 3, clock=lambda: life.now)
        before = life.blobs()
        for position in (2, 3):
            life.live(position)
            await life.ship()
            life.now += GRACE_SECONDS * 2
            assert before <= life.blobs()
        for position in (4, 5):
            life.live(position)
            await life.ship()
        assert life.manifests() == [3, 4, 5]

    play(work, tmp_path)


class Crash(Exception):
    """The process ends here."""


@pytest.mark.parametrize("after", [0, 1])
def test_a_crash_on_the_way_leaves_nothing_that_can_be_seen(tmp_path: Path, after: int) -> None:
    async def work(life: Life) -> None:
        life.live(1)
        await life.ship()
        life.live(2)
        put, begun = life.shelf._place.put, []

        async def crashing(path: str, content: Path) -> None:
            begun.append(path)
            if len(begun) > after:
                raise Crash
            await put(path, content)

        life.shelf._place.put = crashing
        with pytest.raises(Crash):
            await life.ship()
        assert life.manifests() == [1]
        life.shelf = Shelf(Place(str(life.place)), LOG, 3)
        await life.shelf.verify((await life.shelf.kept())[0])
        assert await life.ship()
        assert life.manifests() == [1, 2]

    play(work, tmp_path)


def test_logs_and_partitions_do_not_meet(tmp_path: Path) -> None:
    async def work(life: Life) -> None:
        life.live(7)
        await life.ship()
        for log, partition in (("kafka://127.0.0.1-9092", 3), (LOG, 4), (LOG, 33)):
            assert await Shelf(Place(str(life.place)), log, partition).kept() == []

    play(work, tmp_path)


@pytest.mark.parametrize("text", ["ftp://there", "az://", "s3://", "/proc/none/such"])
def test_a_place_that_is_none(text: str) -> None:
    with pytest.raises(CheckpointsUnavailable) as caught:
        Place(text)
    assert text in str(caught.value)
    assert caught.value.remedy


def test_a_place_that_went_away_is_said(tmp_path: Path) -> None:
    """As a full disk or a lost mount would be: one error of ours, whatever was being done."""

    async def work(life: Life) -> None:
        life.live(1)
        life.place.rmdir()
        life.place.write_text("a file where the folder was")
        with pytest.raises(CheckpointsUnavailable) as caught:
            await life.ship()
        assert isinstance(caught.value, CrosscheckError)
        assert str(life.place) in caught.value.where

    play(work, tmp_path)
