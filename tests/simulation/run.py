"""Histories, one after the other:   python -m tests.simulation.run --histories 100000

    --seed N --trace      one history, told line by line; --without and --events as a failure printed them
    --histories N         so many, from --seed on (make simulate ARGS="--histories N")

A history that fails is made smaller, and the command that replays it is printed.
"""

import argparse
import gc
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from tests.simulation.setting import Options
from tests.simulation.simulator import MISHAPS, Simulation
from tests.simulation.verdict import judge


def failure(options: Options, tell: Callable[[str], None] | None = None, **broker: bool) -> str | None:
    """Play one history: what was wrong, if anything was. `broker`: how it is to fail its users."""
    try:
        simulation = Simulation(options, tell, **broker)
        simulation.play()
        judge(simulation)
    except AssertionError as error:
        return f"{type(error).__name__}: {error}"
    except Exception as error:
        error.add_note(options.command)
        raise
    return None


def smaller(options: Options, fails: Callable[[Options], bool]) -> Options:
    """The same seed with less in it, as long as it fails: not the smallest, but cheap."""
    for mishap in MISHAPS:
        less = replace(options, without=options.without | {mishap})
        options = less if fails(less) else options
    for events in range(1, 6):
        less = replace(options, events=events)
        if fails(less):
            return less
    return options


def failures(first: int, count: int, **more: bool) -> Iterator[tuple[Options, str]]:
    """Histories that fail, of so many."""
    for seed in range(first, first + count):
        found = failure(Options(seed), **more)
        if found is not None:
            yield Options(seed), found


def told(options: Options, found: str, **more: bool) -> str:
    """A failure in words, and the command that replays a smaller history."""
    small = smaller(options, lambda less: failure(less, **more) is not None)
    return f"seed {options.seed}: {found[:2_000]}\n  {options.command}\n  smaller: {small.command}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, and report."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.run", description="simulated histories")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--histories", type=int, default=0)
    parser.add_argument("--without", default="")
    parser.add_argument("--events", type=int, default=0)
    parser.add_argument("--trace", action="store_true")
    asked = parser.parse_args(arguments)
    if not asked.histories:
        without = frozenset(filter(None, asked.without.split(",")))
        found = failure(Options(asked.seed, without, asked.events), print if asked.trace else None)
        print(found or "all is right")
        return 1 if found else 0
    return _many(asked.seed, asked.histories)


def _many(first: int, count: int) -> int:
    began, failed = time.monotonic(), 0
    for options, found in failures(first, count):
        failed += 1
        print(told(options, found), flush=True)
        if failed == 5:
            break
    seconds = time.monotonic() - began
    print(f"{count} histories from seed {first}: {failed} failed; {count / seconds * 60:.0f} a minute")
    return 1 if failed else 0


if __name__ == "__main__":
    gc.freeze()
    sys.exit(main())
