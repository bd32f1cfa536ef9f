"""Backfill as an operator runs it: the city's files, two front nodes side by side, one worker, the embedded log.

Rule: it must reconcile. Must not know: how a file is read or joined.
"""

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

from tests.bench.broker import folder
from tests.bench.figures import Row, record
from tests.bench.programs import ROOT, worker

JOBS = 2


def backfill(scale: float) -> Row:
    """One run: rows and seconds of the command, CPU and memory of its processes."""
    with folder() as data:
        _generate(data / "city", scale)
        broker = f"embedded://{data / 'log'}"
        with worker(broker, data / "hub") as hub:
            hub.ready("worker ready")
            return _command(broker, data)


def _generate(place: Path, scale: float) -> None:
    """In a process of its own: what it takes would count as the peak of whatever this one starts."""
    words = ["city", "--out", str(place), "--scale", str(scale)]
    subprocess.run(
        [sys.executable, "-m", "streams.cli.main", *words], cwd=ROOT, check=True, stdout=subprocess.DEVNULL
    )


def _command(broker: str, data: Path) -> Row:
    places = ["--broker", broker, "--data", str(data / "front"), "--jobs", str(JOBS), "--json"]
    command = [sys.executable, "-m", "streams.cli.main", "backfill", str(data / "city"), *places]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        begun = time.perf_counter()
        assert process.stdout is not None
        said = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - begun
    assert process.returncode == 0, said
    rows = sum(loaded["read"] for loaded in json.loads(said)["resources"])
    return {
        "rows": rows,
        "seconds": [round(seconds, 3)],
        "cpu": [round(_cpu(used), 3)],
        "peak_mb": used.ru_maxrss // 1024,
    }


def _cpu(used: resource.struct_rusage) -> float:
    return used.ru_utime + used.ru_stime


def measure_all(scale: float) -> None:
    """One row a size."""
    row = backfill(scale)
    record("backfill", f"{row['rows'] / 1e6:.2f} million rows, {JOBS} jobs", row)
