"""Every command of the README is run as written: blocks marked `sh` in order, `sh kafka` on a real broker.

Rules: only `make test` is left out (it is what runs this), and `make demo` runs at a twentieth of its size.
"""

import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tests.conftest import free_port

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
LIMIT = 240


def blocks(kind: str) -> list[str]:
    """Code blocks fenced as ```kind."""
    return re.findall(rf"^```{re.escape(kind)}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


def run_script(lines: list[str], folder: Path, environment: dict[str, str]) -> str:
    """Run a script in a session of its own; its background workers end with it.

    Without pipefail, as in a user's shell: a command before `| head` may end by SIGPIPE.
    """
    script = "\n".join(("set -eu", "trap 'kill $(jobs -p); wait' EXIT", *lines))
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    env = {k: v for k, v in os.environ.items() if not k.startswith("CROSSCHECK_")}
    output = folder / "output"
    with output.open("w") as file:
        process = subprocess.Popen(
            ["bash", "-c", script],
            cwd=folder,
            env={**env, "PATH": path, **environment},
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            code: int | str = process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            code = f"no end after {LIMIT} s"
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    assert code == 0, f"{code}\n{output.read_text()[-4000:]}"
    return output.read_text()


def test_every_block_with_a_command_is_run() -> None:
    """A command in a block of another kind would not be tested."""
    fenced = re.findall(r"^```(.*)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    untested = [body for kind, body in fenced if kind not in ("sh", "sh kafka")]
    assert not [body for body in untested if re.search(r"^(crosscheck|make) ", body, re.MULTILINE)]


def test_embedded(tmp_path: Path) -> None:
    """The README from the first command to the last, on the embedded log."""
    lines = [block for block in blocks("sh") if block.strip() != "make test"]
    assert lines[0].strip() == "make demo"
    lines[0] = f"make -C {ROOT} demo"
    port = str(free_port())
    lines = [line.replace("9464", port) for line in lines]
    output = run_script(
        lines,
        tmp_path,
        {"CROSSCHECK_SCALE": "0.05", "CROSSCHECK_DATA": str(tmp_path / "first")},
    )
    assert "every overlap found, none invented" in output
    assert "nothing changed since the last publish" in output
    assert "NOT reconciled" not in output
    assert "identity_misuse" in output
    assert '"ready":true' in output
    assert 'crosscheck_rows_received_total{department="hrss"' in output


@pytest.mark.broker
@pytest.mark.usefixtures("kafka_broker")  # skips, or fails in CI, where there is no Java or Maven
def test_kafka(tmp_path: Path) -> None:
    """The Kafka section, on a broker that `make kafka-up` starts."""
    port = str(free_port())
    (block,) = blocks("sh kafka")
    block = block.replace("make kafka", f"make -C {ROOT} kafka").replace("9092", port)
    output = run_script([block], tmp_path, {"PORT": port, "DIR": str(tmp_path / "kafka")})
    assert "NOT reconciled" not in output
    assert output.count("  reconciled:") == 2
