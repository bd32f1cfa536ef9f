"""Fixtures for the whole test suite: a real Apache Kafka broker, run by deploy/kafka/broker.sh.

    kafka_broker   session: one for all tests, as a URL kafka://127.0.0.1:PORT; name your topics uniquely
    own_broker     function: the test's own (2 s), with .url .port .pid .kill() .start() .stop()

Rules: loopback only, free ports, data under pytest's temporary folder; a broker is stopped by its pid.
Without Java or Maven these tests are skipped on a laptop, with a line at the end that says so; with CI=true
they fail.
"""

import os
import random
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

KAFKA = Path(__file__).parent.parent / "deploy" / "kafka"
PACKAGES = {"java": "openjdk-17-jre-headless", "mvn": "maven"}


@dataclass(frozen=True, slots=True)
class Broker:
    """One broker process on a port and a folder of its own; data outlives kill() and stop()."""

    port: int
    folder: Path

    @property
    def url(self) -> str:
        return f"kafka://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """The running process; a new one after every start."""
        return int((self.folder / "broker.pid").read_text())

    def start(self) -> None:
        """Start on the same port and data; returns when the broker answers."""
        done = self._script("start")
        if done.returncode != 0:
            pytest.fail(f"broker.sh start exited {done.returncode}:\n{done.stderr}", pytrace=False)

    def stop(self) -> None:
        """The polite end: SIGTERM, and wait."""
        self._script("stop").check_returncode()

    def kill(self) -> None:
        """SIGKILL; returns when nothing answers on the port any more."""
        os.kill(self.pid, signal.SIGKILL)
        deadline = time.monotonic() + 10
        while self._script("status").returncode == 0 or self._answers():
            assert time.monotonic() < deadline, f"broker {self.pid} survived SIGKILL"
            time.sleep(0.02)

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def _script(self, command: str) -> subprocess.CompletedProcess[str]:
        settings = {"PORT": str(self.port), "DIR": str(self.folder), "WAIT": "60"}
        environment = {k: v for k, v in os.environ.items() if k != "CONTROLLER_PORT"} | settings
        return subprocess.run(
            [str(KAFKA / "broker.sh"), command], env=environment, capture_output=True, text=True, check=False
        )


def free_port() -> int:
    """A port that is free together with the next one (the controller's).

    Below the range that systems give to outgoing connections (32768 and up): a client that keeps retrying
    a dead port of that range can end up connected to itself, and the restarted broker finds its port taken.
    """
    while True:
        port = random.randrange(20_000, 30_000, 2)
        try:
            for candidate in (port, port + 1):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", candidate))
        except OSError:
            continue
        return port


def running_broker(folder: Path) -> Iterator[Broker]:
    downloaded = (KAFKA / "target" / "lib").is_dir()
    missing = [tool for tool in ("java",) + (() if downloaded else ("mvn",)) if not shutil.which(tool)]
    if missing and not (missing == ["java"] and os.environ.get("JAVA_HOME")):
        reason = f"no {' and no '.join(missing)} -> apt-get install {' '.join(PACKAGES[t] for t in missing)}"
        if os.environ.get("CI") == "true":
            pytest.fail(f"a real Kafka broker is required in CI: {reason}", pytrace=False)
        pytest.skip(f"a real Kafka broker: {reason}")
    broker = Broker(free_port(), folder)
    broker.start()
    try:
        yield broker
    finally:
        broker.stop()


@pytest.fixture(scope="session")
def kafka_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """kafka://127.0.0.1:PORT of a broker shared by all tests."""
    for broker in running_broker(tmp_path_factory.mktemp("kafka")):
        yield broker.url


@pytest.fixture
def own_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A broker that the test may kill and start again."""
    yield from running_broker(tmp_path_factory.mktemp("own-kafka"))


LONG = ("e2e", "soak", "packs", "test_readme.py", "test_rules_guide.py")
"""Under tests/: what starts processes and waits for them."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long tests first: a run ends with short ones, which share out well."""
    items.sort(key=lambda item: item.path.relative_to(Path(__file__).parent).parts[0] not in LONG)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly what `-q` hides: that nothing ran on a real broker, and why."""
    skipped = [r for r in terminalreporter.stats.get("skipped", []) if "broker" in r.keywords]
    if skipped:
        reason = skipped[0].longrepr[2] if isinstance(skipped[0].longrepr, tuple) else skipped[0].longrepr
        terminalreporter.write_sep("!", "not tested on a real Kafka broker", yellow=True)
        terminalreporter.write_line(f"{len(skipped)} tests. {reason}")
