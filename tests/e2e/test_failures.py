"""Disks that are full or closed: a worker says so and ends, and a restart goes on; nothing is lost or said wrongly."""

import resource
from pathlib import Path
from threading import Thread

import pytest

from tests.e2e.evidence import compare
from tests.e2e.town import CLAIMS, RESOURCES, Town, Worker, states, wait_until


def limit_files(worker: Worker, size: int) -> None:
    """No file of the process may grow beyond `size` bytes: what a full disk says, without filling one."""
    _, hard = resource.prlimit(worker.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(worker.process.pid, resource.RLIMIT_FSIZE, (size, hard))


def test_a_full_disk_ends_the_worker_and_a_restart_goes_on(town: Town, hamlet: Path) -> None:
    worker = town.start()
    limit_files(worker, 20_000)
    publish = Thread(target=town.publish, args=(CLAIMS, hamlet / f"{CLAIMS}.csv"))
    publish.start()
    wait_until(lambda: not worker.alive, "the worker's end")
    assert worker.process.wait() != 0
    assert "Traceback" not in worker.text
    assert "disk full" in worker.text
    town.start()
    publish.join()
    for name in RESOURCES[1:]:
        town.publish(name, hamlet / f"{name}.csv")
    compare(hamlet, town.alerts(), states(town.results()), corrections=False)
    assert {len(contents) for contents in town.revisions().values()} == {1}


@pytest.mark.parametrize("closed", ["data", "state"])
def test_a_folder_that_cannot_be_written_is_said(village: Town, closed: str) -> None:
    """A file in its place: root, who runs tests in a container, may write to any folder."""
    place = village.data if closed == "data" else village.data / "state"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("")
    worker = village.start(ready=False)
    wait_until(lambda: not worker.alive, "the worker's end")
    assert worker.process.wait() != 0
    assert "Traceback" not in worker.text
    assert str(place) in worker.text
    assert "->" in worker.text
