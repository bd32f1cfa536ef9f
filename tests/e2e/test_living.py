"""Workers as they live: latency, Ctrl-C, sharing, a paused one that wakes up. Times are printed, not asserted."""

import json
import signal
import sqlite3
import statistics
import time
from pathlib import Path
from threading import Thread

from tests.e2e.evidence import compare
from tests.e2e.people import FIRM, ZHANG
from tests.e2e.town import CLAIMS, FIRMS, RESOURCES, SPELLS, WAGES, Town, Worker, states, wait_until

SPELL = ("S1", ZHANG, "张", FIRM, "2008-05-09", "", "regular", "2008-06-01")
SESSION_SECONDS = 6


def _seen(follower: Worker) -> list[str]:
    return [json.loads(line)["state"] for line in follower.text.splitlines() if line.startswith("{")]


def test_a_corrected_row_shows_in_alerts_that_are_followed(town: Town) -> None:
    town.start()
    town.tell(CLAIMS, ("C1", ZHANG, "张", "2008-05", "595.00"))
    town.tell(SPELLS, SPELL)
    follower = town.spawn("alerts", "--department", "hrss", "--follow", "--json")
    wait_until(lambda: _seen(follower) == ["open"], "the alert as it stands")
    took = []
    for turn in range(5):
        kind = "regular" if turn % 2 else "back_payment"
        correction = ("upsert", *SPELL[:6], kind, SPELL[7])
        begun = time.monotonic()
        publish = Thread(target=town.tell, args=(SPELLS, correction), kwargs={"mode": "changes"})
        publish.start()
        wait_until(lambda t=turn: len(_seen(follower)) == t + 2, "the revision", seconds=30, pause=0.005)
        took.append(time.monotonic() - begun)
        publish.join()
    assert _seen(follower) == ["open", "explained", "open", "explained", "open", "explained"]
    print(
        f"\nLATENCY {town.broker[:8]} median {statistics.median(took):.3f} s of {[f'{s:.3f}' for s in took]}"
    )
    status, seconds = follower.stop()
    assert status == 0, follower.text
    assert seconds < 10
    assert "Traceback" not in follower.text


FENCED = "Future exception was never retrieved\nfuture: <Future finished exception=ProducerFenced("
"""aiokafka sets its error on a waiter (TransactionManager.fatal_error) that only a commit or abort would wait for."""


def _polite(worker: Worker, when: str, number: int = signal.SIGINT, forgiven: str = "") -> None:
    status, seconds = worker.stop(number)
    print(f"\nSTOP {when} {seconds:.2f} s")
    assert status == 0, worker.text
    assert seconds < 10
    text = worker.text.replace(forgiven, "")
    for noise in ("Traceback", "Task was destroyed", "never retrieved", "never awaited"):
        assert noise not in text


def test_ctrl_c_at_rest_and_at_work(town: Town, city: Path) -> None:
    _polite(town.start(), f"{town.broker[:8]} at rest")
    worker = town.start()
    publish = Thread(target=town.publish, args=(SPELLS, city / f"{SPELLS}.csv"))
    publish.start()
    wait_until(lambda: town.records("facts"), "the first facts")
    _polite(worker, f"{town.broker[:8]} at work", signal.SIGTERM)
    town.start()
    publish.join()
    for resource in (CLAIMS, WAGES, FIRMS):
        town.publish(resource, city / f"{resource}.csv")
    compare(city, town.alerts(), states(town.results()), corrections=False)


def _owned(data: Path) -> set[str]:
    return {folder.name for folder in (data / "state").glob("facts-*")}


def _pause(zombie: Worker, log: Path) -> None:
    """SIGSTOP. Embedded: not within a write, for a paused writer holds its topic's file and everyone waits for it."""
    for _ in range(100):
        zombie.hit(signal.SIGSTOP)
        time.sleep(0.05)
        if not log.is_dir() or all(_writable(file) for file in (*log.glob("*.topic"), log / "groups.sqlite")):
            return
        zombie.hit(signal.SIGCONT)
        time.sleep(0.02)
    raise AssertionError("the worker was never caught between two writes")


def _writable(file: Path) -> bool:
    database = sqlite3.connect(file, timeout=0.5, isolation_level=None)
    try:
        database.executescript("BEGIN IMMEDIATE; ROLLBACK")
    except sqlite3.OperationalError:
        return False
    finally:
        database.close()
    return True


def _newest_is_last(town: Town) -> bool:
    """Compaction keeps the last record of a key: what a replaced owner had in hand must not come behind."""
    revisions: dict[str, list[int]] = {}
    for record in town.records("result.hrss"):
        result = json.loads(record.value)
        revisions.setdefault(result["check_id"], []).append(result["revision"])
    return all(said[-1] == max(said) for said in revisions.values())


def test_a_paused_worker_that_wakes_up_changes_nothing(town: Town, city: Path) -> None:
    """Each worker has a data folder of its own, as on machines of their own."""
    late, early = town.folder / "late", town.folder / "early"
    town.start(data=early)
    zombie = town.start(data=late)
    wait_until(lambda: _owned(late), "a share for the second worker")
    assert 0 < len(_owned(late)) < len(_owned(early)) == town.catalog.partitions
    publish = Thread(target=town.publish, args=(CLAIMS, city / f"{CLAIMS}.csv"))
    publish.start()
    wait_until(lambda: town.records("facts"), "the first facts")
    _pause(zombie, town.folder / "log")
    publish.join()
    for resource in RESOURCES[1:]:
        town.publish(resource, city / f"{resource}.csv")
    zombie.hit(signal.SIGCONT)
    town.correct(city)
    compare(city, town.alerts(), states(town.results()))
    assert _newest_is_last(town)
    assert {len(contents) for contents in town.revisions().values()} == {1}
    _polite(zombie, "a worker that was paused", forgiven=FENCED)


def test_workers_that_start_together_on_a_new_log(village: Town) -> None:
    village.start_together(3)
