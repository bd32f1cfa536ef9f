"""deploy/kafka/broker.sh as a person meets it: a second start, a taken port, a missing Java, a foreign process.

And that deploy/compose/compose.yml, which cannot be run without Docker, says the same. No test here needs more
than one broker start; the refusals come before Java is ever run.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

pytestmark = pytest.mark.broker

DEPLOY = Path(__file__).parents[2] / "deploy"
SCRIPT = DEPLOY / "kafka" / "broker.sh"
# Docker publishes a port and keeps its data in a volume; everything else must be equal.
DOCKERS_OWN = {
    "listeners",
    "advertised.listeners",
    "listener.security.protocol.map",
    "inter.broker.listener.name",
    "controller.quorum.voters",
    "log.dirs",
    "heap.opts",
}


def script(command: str, folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if k not in {"PORT", "CONTROLLER_PORT", "JAVA_HOME"}}
    environment |= {"DIR": str(folder), **settings}
    bash = shutil.which("bash") or "bash"
    return subprocess.run(
        [bash, str(SCRIPT), command], env=environment, capture_output=True, text=True, check=False
    )


def test_a_second_start_starts_nothing(own_broker: Any) -> None:
    before = own_broker.pid

    again = script("start", own_broker.folder, PORT="1")

    assert (again.returncode, again.stdout) == (0, f"{own_broker.url}\n"), "it says where the broker is"
    assert f"already running (pid {before})" in again.stderr
    assert own_broker.pid == before
    assert script("status", own_broker.folder).stdout == f"running: {own_broker.url} pid {before}\n"


@pytest.mark.usefixtures("kafka_broker")  # so that Kafka is downloaded, or this is skipped
def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        done = script("start", tmp_path, PORT=port)

    assert done.returncode == 1
    assert f"port {port} is in use by something else -> PORT=<another>" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_missing_java_names_the_package(tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for tool in ("dirname", "mkdir", "cat", "bash"):
        (tools / tool).symlink_to(shutil.which(tool) or tool)

    done = script("start", tmp_path / "data", PATH=str(tools))

    assert done.returncode == 1
    assert "Java is missing -> apt-get install openjdk-17-jre-headless" in done.stderr


def test_stop_never_ends_a_foreign_process(tmp_path: Path) -> None:
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        (tmp_path / "broker.pid").write_text(f"{other.pid}\n")
        done = script("stop", tmp_path)
        assert (done.returncode, other.poll()) == (0, None)
        assert "not running" in done.stderr
    finally:
        other.send_signal(signal.SIGKILL)
        other.wait()


def test_compose_makes_a_cluster_id_once(tmp_path: Path) -> None:
    """State folders and checkpoints know a cluster by it; the image has one for all that do not say.

    And once the storage is formatted, Kafka starts with no other.
    """
    service = yaml.safe_load((DEPLOY / "compose" / "compose.yml").read_text())["services"]["kafka"]
    assert "CLUSTER_ID" not in service["environment"]
    *shell, text = service["command"]
    script = text.replace("$$", "$")
    for path, content in (("kafka-storage.sh", "echo made-$1"), ("run", "echo $CLUSTER_ID")):
        (tmp_path / path).write_text(f"#!/bin/sh\n{content}\n")
        (tmp_path / path).chmod(0o755)
    for folder in ("/opt/kafka/bin", "/etc/kafka/docker", service["environment"]["KAFKA_LOG_DIRS"]):
        assert f"{folder}/" in script
        script = script.replace(folder, str(tmp_path))

    def started() -> str:
        return subprocess.run([*shell, script], capture_output=True, text=True, check=True).stdout.strip()

    assert started() == "made-random-uuid"
    (tmp_path / "meta.properties").write_text("#\nnode.id=1\ncluster.id=PQAoQ5RVTpGtL_ntTZce2w\nversion=1\n")
    assert started() == "PQAoQ5RVTpGtL_ntTZce2w"


def test_compose_has_the_same_version_and_settings() -> None:
    service = yaml.safe_load((DEPLOY / "compose" / "compose.yml").read_text())["services"]["kafka"]
    docker = {
        k.removeprefix("KAFKA_").lower().replace("_", "."): v for k, v in service["environment"].items()
    }
    properties = SCRIPT.read_text().split("<<EOF\n")[1].split("EOF\n")[0].splitlines()
    ours = dict(line.split("=", 1) for line in properties if not line.startswith("#"))

    assert {k: v for k, v in ours.items() if k not in DOCKERS_OWN} == {
        k: str(v) for k, v in docker.items() if k not in DOCKERS_OWN
    }
    version = service["image"].removeprefix("apache/kafka:")
    assert f"<kafka.version>{version}</kafka.version>" in (DEPLOY / "kafka" / "pom.xml").read_text()
