"""Worker processes of a demonstration: started, watched and stopped by pid."""

import contextlib
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from streams.settings import Settings
from topics.errors import BrokerUnavailable

STOP_SECONDS = 10


def command(settings: Settings, clock: str = "today") -> list[str]:
    """The command line of one worker; `clock`: whence it takes the business date."""
    places = ["--broker", str(settings.broker), "--data", str(settings.data)]
    catalog = ["--catalog", str(settings.catalog)] if settings.catalog else []
    return [sys.executable, "-m", "streams.cli.main", "worker", "--clock", clock, *places, *catalog]


@contextmanager
def workers(settings: Settings, count: int, clock: str = "today") -> Iterator[list[subprocess.Popen[bytes]]]:
    """`count` workers for the length of the block; what they say goes to DATA/worker-N.log."""
    settings.data.mkdir(parents=True, exist_ok=True)
    started: list[subprocess.Popen[bytes]] = []
    with contextlib.ExitStack() as files:
        try:
            for number in range(count):
                log = files.enter_context((settings.data / f"worker-{number + 1}.log").open("wb"))
                ours = command(settings, clock)
                started.append(subprocess.Popen(ours, stderr=log, stdout=log))  # noqa: S603 this program, no shell
            yield started
        finally:
            for process in started:
                _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()


def check_alive(started: list[subprocess.Popen[bytes]], folder: Path) -> None:
    """Raises BrokerUnavailable once no worker is left."""
    if started and all(process.poll() is not None for process in started):
        raise BrokerUnavailable("every worker stopped", where=str(folder), remedy="read worker-1.log there")
