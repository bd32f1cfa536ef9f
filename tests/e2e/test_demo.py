"""The demonstration itself, on both brokers, with two workers of which one is killed on the way."""

import json
import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

from tests.e2e.evidence import compare
from tests.e2e.town import Town, command, states, wait_until
from topics.errors import BrokerUnavailable


def _facts(town: Town) -> int:
    with suppress(BrokerUnavailable):
        return len(town.records("facts"))
    return 0


def _children(process: "subprocess.Popen[str]") -> list[int]:
    """Pids of the workers that the demonstration started."""
    found = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
    return [int(pid) for pid in found.split()]


def test_the_demo_survives_the_death_of_a_worker(town: Town) -> None:
    words = ("demo", "--json", "--scale", "0.05", "--workers", "2", "--data", town.data)
    demo = subprocess.Popen(
        command(*words), env=town.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        wait_until(lambda: _facts(town), "the first facts")
        workers = _children(demo)
        os.kill(workers[0], signal.SIGKILL)
        out, err = demo.communicate(timeout=200)
    finally:
        demo.kill()
    assert demo.returncode == 0, err
    assert len(workers) == 2
    _check(json.loads(out))
    town.data /= "demo"
    compare(town.data / "city", town.alerts(), states(town.results()))


def _check(outcome: dict[str, object]) -> None:
    """What the final screen says at this scale."""
    assert [outcome[name] for name in ("scenario", "synthetic", "reconciled")] == [
        "hangzhou-2008",
        True,
        True,
    ]
    assert [outcome[name] for name in ("checks", "overlaps", "missed", "invented")] == [4950, 29, 0, 0]
    assert (outcome["explained"], outcome["open"]) == (12, 17)
    assert (outcome["confirmed"], outcome["dismissed"]) == (14, 3)
    assert outcome["rows_per_s"]
