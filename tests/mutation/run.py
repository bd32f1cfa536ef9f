"""Mutation run: does some test fail for every mistake that could be made in the evaluator?

    python -m tests.mutation.run                 all mutants: killed and survived, with file:line (some minutes)
    python -m tests.mutation.run --only judge    those whose name contains a text

Each mutant is put into a copy of the packages and the tests are run there in a process of its own, two at a time.
`equivalent.yml` lists the mutants that no test can kill, each with the reason; exit 1 if any other survives.

Why not a library (looked at in 2026): mutmut 3 changes nothing outside functions, and Allen's relations are a
table of lambdas; cosmic-ray rewrites the files of the working tree in place, which others edit and run at the same
time, and has no operator that leaves out a condition or swaps min and max. This is 250 lines.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory

import yaml

from tests.mutation.mutants import Mutant, mutants

ROOT = Path(__file__).parent.parent.parent
MUTATED = (
    *(f"matchers/{name}.py" for name in ("temporal", "rules/source", "rules/judge", "rules/compiled")),
    "matchers/rules/ruleset.py",
)
COPIED = ("topics", "matchers", "stores", "streams", "pyproject.toml")
TESTS = ("tests/matchers", "tests/streams/steps", "tests/differential")
QUICK = ("tests/matchers/test_temporal.py", "tests/matchers/test_sql.py")
THOROUGH = tuple(f"tests/differential/test_{name}.py" for name in ("affected", "three_engines", "laws"))
TABLES = ("tests/matchers/test_kinds.py", "tests/matchers/test_temporal.py")
"""What is run of them, tables last: few mutants are left by then."""
BUDGET = {"FUZZ_SHRINK": "0", "FUZZ_SAME": "1", "PYTHONDONTWRITEBYTECODE": "1"}
EXAMPLES = ("3", "16")
"""Most mutants die of a few examples of each kind; what does not gets more."""
AT_ONCE = 2
TIMEOUT_SECONDS = 300


@dataclass(frozen=True)
class Verdict:
    """What became of a mutant: no test failed, or which was the first (a timeout and an import error count)."""

    mutant: Mutant
    killed_by: str | None


def accepted() -> dict[str, str]:
    """Mutants that are no mistakes, by name, with the reason."""
    listed = yaml.safe_load(Path(__file__).with_name("equivalent.yml").read_text("utf-8"))
    return {entry["mutant"]: entry["reason"] for entry in listed}


def all_mutants(paths: Sequence[str] = MUTATED) -> list[Mutant]:
    """Every mutant of the evaluator."""
    return [mutant for path in paths for mutant in mutants(path, (ROOT / path).read_text("utf-8"))]


def run(chosen: Iterable[Mutant], *, check: bool = False) -> Iterator[Verdict]:
    """Run the tests against mutants. `check`: first without any, which must pass (AssertionError)."""
    with TemporaryDirectory(prefix="crosscheck-mutants-") as folder:
        copies: SimpleQueue[Path] = SimpleQueue()
        for number in range(AT_ONCE):
            copies.put(_copied(Path(folder) / str(number)))
        if check:
            fault = first_failure(Path(folder) / "0", periods=True)
            assert fault is None, f"the tests fail as it is: {fault}"

        def judge(mutant: Mutant) -> Verdict:
            copy = copies.get()
            try:
                return _judge(mutant, copy)
            finally:
                copies.put(copy)

        with ThreadPoolExecutor(AT_ONCE) as pool:
            yield from pool.map(judge, chosen)


def _copied(folder: Path) -> Path:
    """The packages and tests, without what Python made of them."""
    folder.mkdir()
    left_out = shutil.ignore_patterns("__pycache__", ".*")
    for name in (*COPIED, *TESTS):
        source, target = ROOT / name, folder / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=left_out)
        else:
            shutil.copy(source, target)
    return folder


def _judge(mutant: Mutant, folder: Path) -> Verdict:
    place = folder / mutant.path
    sound = place.read_text("utf-8")
    place.write_text(mutant.source, "utf-8")
    try:
        return Verdict(mutant, first_failure(folder, periods=mutant.path.endswith("temporal.py")))
    finally:
        place.write_text(sound, "utf-8")


def first_failure(folder: Path, *, periods: bool) -> str | None:
    """The first test that fails in a copy; None if none does. `periods`: the tests about periods, too."""
    attempts = [(QUICK, "1")] if periods else []
    attempts += [*((THOROUGH, examples) for examples in EXAMPLES), (TABLES, "1")]
    return next(filter(None, (_failure(folder, *attempt) for attempt in attempts)), None)


def _failure(folder: Path, tests: Sequence[str], examples: str) -> str | None:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-x",
        "--tb=no",
        "--assert=plain",
        "-q",
        "-k",
        "not come_to_something",
        *tests,
    ]
    environment = {**os.environ, **BUDGET, "FUZZ_EXAMPLES": examples, "PYTHONPATH": str(folder)}
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "timeout"
    if done.returncode == 0:
        return None
    failed = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return failed[0].split(" - ")[0] if failed else f"exit {done.returncode}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, and report what survived."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation.run", description="mutation run")
    parser.add_argument("--only", default="", help="mutants whose name contains this text")
    asked = parser.parse_args(arguments)
    listed, started = accepted(), time.monotonic()
    everyone = all_mutants()
    chosen = [m for m in everyone if asked.only in m.name and m.name not in listed]
    survived: list[Mutant] = []
    for number, verdict in enumerate(run(chosen, check=True), 1):
        mutant = verdict.mutant
        word = f"killed by {verdict.killed_by}" if verdict.killed_by else "SURVIVED"
        print(f"{number}/{len(chosen)} {mutant.path}:{mutant.line} {mutant.name}: {word}", flush=True)
        if not verdict.killed_by:
            survived.append(mutant)
    stale = sorted(listed.keys() - {mutant.name for mutant in everyone})
    print(
        f"{len(chosen) - len(survived)} killed, {len(survived)} survived, {len(listed) - len(stale)} equivalent"
    )
    print(f"{time.monotonic() - started:.0f} s")
    for mutant in survived:
        print(f"survived: {mutant.path}:{mutant.line} {mutant.name}")
    for name in stale:
        print(f"no longer there, remove it from equivalent.yml: {name}")
    return 1 if survived or stale else 0


if __name__ == "__main__":
    sys.exit(main())
