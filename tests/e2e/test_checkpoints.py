"""A worker's machine is lost: another begins with the newest checkpoint that is whole, and says nothing else."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from tests.e2e.evidence import compare
from tests.e2e.town import CLAIMS, FIRMS, SPELLS, WAGES, Town, Worker, states, wait_until

OFTEN = ("--checkpoint-seconds", "1")


def _start(town: Town, machine: str, place: Path) -> Worker:
    """A worker on a machine of its own: only the broker and the place of checkpoints are shared."""
    return town.start("--checkpoints", str(place), *OFTEN, data=town.folder / machine)


def _shelves(town: Town, place: Path) -> list[list[Path]]:
    """The manifests of each partition, oldest first."""
    folders = sorted(place.glob("*/facts-*"))
    return [sorted(folder.glob("manifest-*.json")) for folder in folders]


def _await_checkpoints(town: Town, place: Path, count: int) -> None:
    def there() -> bool:
        shelves = _shelves(town, place)
        return len(shelves) == town.catalog.partitions and all(len(shelf) >= count for shelf in shelves)

    wait_until(there, f"{count} checkpoint(s) of every partition")


def _lose(town: Town, worker: Worker, machine: str) -> None:
    worker.kill()
    shutil.rmtree(town.folder / machine)


def _publish(town: Town, files: Path, resources: Sequence[str]) -> None:
    for resource in resources:
        town.publish(resource, files / f"{resource}.csv")


def _finish(town: Town, files: Path) -> None:
    """What is left of the story, and that it ended as the oracle says, each revision with one content."""
    town.correct(files)
    compare(files, town.alerts(), states(town.results()))
    assert {len(contents) for contents in town.revisions().values()} == {1}, "a revision with two contents"


def test_a_lost_machine_is_recovered_from_checkpoints(town: Town, city: Path) -> None:
    place = town.folder / "place"
    worker = _start(town, "first", place)
    _publish(town, city, (CLAIMS, SPELLS))
    _await_checkpoints(town, place, 1)
    _publish(town, city, (WAGES, FIRMS))
    _lose(town, worker, "first")
    heir = _start(town, "second", place)
    assert heir.text.count("is restored from the checkpoint at") == town.catalog.partitions, heir.text
    _finish(town, city)
    verified = town.cli("state", "verify", "--checkpoints-only", "--checkpoints", place)
    assert verified.returncode == 0, verified.stderr.decode()


def test_a_damaged_newest_checkpoint_gives_way_to_the_one_before(town: Town, city: Path) -> None:
    place = town.folder / "place"
    worker = _start(town, "first", place)
    _publish(town, city, (CLAIMS, SPELLS))
    _await_checkpoints(town, place, 1)
    _publish(town, city, (WAGES, FIRMS))
    _await_checkpoints(town, place, 2)
    _lose(town, worker, "first")
    for shelf in _shelves(town, place):
        _damage(shelf)
    heir = _start(town, "second", place)
    assert heir.text.count("checkpoint passed over") == town.catalog.partitions, heir.text
    assert heir.text.count("is restored from the checkpoint at") == town.catalog.partitions, heir.text
    _finish(town, city)


def _damage(shelf: list[Path]) -> None:
    """One bit of a file that only the newest checkpoint has."""
    older, newest = (_blobs(manifest) for manifest in shelf[-2:])
    blob = shelf[-1].parent / "blobs" / min(newest - older)
    content = bytearray(blob.read_bytes())
    content[len(content) // 2] ^= 1
    blob.write_bytes(content)


def _blobs(manifest: Path) -> set[str]:
    return {file["sha256"] for file in json.loads(manifest.read_text())["files"] if file["size"]}
