"""The installed wheel runs the demonstration: the catalog and every other data file travel with it."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def run(*command: str, cwd: Path, **environment: str) -> str:
    """Standard output of a command that must succeed."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("CROSSCHECK_")}
    done = subprocess.run(
        command, cwd=cwd, env={**env, **environment}, capture_output=True, text=True, check=False, timeout=200
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def test_the_wheel_runs_the_demo(tmp_path: Path) -> None:
    site, pip = tmp_path / "site", (sys.executable, "-m", "pip", "--disable-pip-version-check")
    wheels = tmp_path / "wheels"
    run(*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", str(wheels), str(ROOT), cwd=tmp_path)
    (wheel,) = wheels.iterdir()
    run(*pip, "install", "--no-deps", "--target", str(site), str(wheel), cwd=tmp_path)
    where = "import streams, topics; print(streams.__file__, topics.__file__)"
    found = run(sys.executable, "-c", where, cwd=tmp_path, PYTHONPATH=str(site))
    assert found.count(str(site)) == 2, "the test would run the checkout, not the wheel"
    command = (
        "-m",
        "streams.cli.main",
        "demo",
        "--json",
        "--scale",
        "0.01",
        "--data",
        str(tmp_path / "data"),
    )
    outcome = json.loads(run(sys.executable, *command, cwd=tmp_path, PYTHONPATH=str(site)))
    assert (outcome["checks"], outcome["missed"], outcome["invented"]) == (990, 0, 0)
    assert outcome["reconciled"]
