"""Measured processes: started, watched for the words they print, stopped, and what they cost."""

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
TICKS = os.sysconf("SC_CLK_TCK")


class Cost(NamedTuple):
    """CPU seconds since `ready` until the end, and the most memory held until it was told to end."""

    cpu: float
    peak_mb: float


def cpu_seconds(pid: int) -> float:
    """CPU seconds of a process until now, all threads."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory_mb(pid: int, line: str = "VmRSS:") -> float:
    """Memory that a process holds now; VmHWM: the most that it held so far."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(status.partition(line)[2].split()[0]) / 1024


class Program:
    """One process; its output goes to a file."""

    def __init__(self, command: Sequence[str], output: Path) -> None:
        self.output = output
        self.begun = time.time()
        env = {**os.environ, "PYTHONUNBUFFERED": "1", "COLUMNS": "200"}
        with output.open("wb") as out:
            self._process = subprocess.Popen(command, stdout=out, stderr=out, cwd=ROOT, env=env)
        self.pid = self._process.pid
        self._before = 0.0

    def said(self, word: str) -> bool:
        """Whether a line of its output ends so; complains if it ended without."""
        lines = self.output.read_text(encoding="utf-8", errors="replace").splitlines()
        if any(line.rstrip().endswith(word) for line in lines):
            return True
        self.check()
        return False

    def check(self) -> None:
        """Complains if it has ended."""
        if self._process.poll() is not None:
            lines = self.output.read_text(encoding="utf-8", errors="replace").splitlines()
            raise RuntimeError(f"{self.output.name} ended early:\n" + "\n".join(lines[-20:]))

    def wait_for(self, word: str, seconds: float = 900) -> float:
        """Wait until it says so; when that was (seconds since 1970)."""
        deadline = time.time() + seconds
        while not self.said(word):
            if time.time() > deadline:
                raise TimeoutError(f"{self.output.name} did not say {word!r} in {seconds} s")
            time.sleep(0.01)
        return time.time()

    def ready(self, word: str = "ready") -> float:
        """Wait for it; its cost counts from here."""
        when = self.wait_for(word)
        self._before = cpu_seconds(self.pid)
        return when

    def stop(self, number: int = signal.SIGTERM) -> Cost:
        """End it, and wait: what it cost."""
        peak = memory_mb(self.pid, "VmHWM:")
        os.kill(self.pid, number)
        return self.ended(peak)

    def ended(self, peak: float = 0) -> Cost:
        """Wait until it has ended: what it cost. Not its ru_maxrss: that begins at what its parent held."""
        _, status, usage = os.wait4(self.pid, 0)
        self._process.returncode = os.waitstatus_to_exitcode(status)
        return Cost(usage.ru_utime + usage.ru_stime - self._before, peak)

    def __enter__(self) -> "Program":
        return self

    def __exit__(self, *exc: object) -> None:
        if self._process.returncode is None:
            self.stop(signal.SIGKILL)


def worker(broker: str, data: Path, *more: str) -> Program:
    """`crosscheck worker` as a user runs it."""
    data.mkdir(parents=True, exist_ok=True)
    command = [
        sys.executable,
        "-m",
        "streams.cli.main",
        "worker",
        "--broker",
        broker,
        "--data",
        str(data),
        *more,
    ]
    return Program(command, data / "worker.log")


def children_cpu() -> float:
    """CPU seconds of all children that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
