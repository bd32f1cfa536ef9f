"""`make bench`: measure the pieces and the whole, and rewrite the tables of README.md beside it.

Sections: pieces (one process), packs (all rules against one), rules (each against all), backfill (from files), kafka
(the worker on a real broker), peers, latency, restart, sustained. Each row is kept in figures.json as soon as it is
measured, so a run of some sections, or one that broke off, changes only those rows; a quick run changes none and shows
its own. Rules: medians of several runs; ratios within one run count, absolute figures swing with the machine; no test
asserts a time.
"""

import argparse
import asyncio
import shutil
import signal
import sys

from tests.bench import backfill, figures, kafka, latency, packs, pieces, restart, rules, table
from tests.bench.columns import Shape
from tests.bench.peers import running
from topics.catalog import load_catalog

SECTIONS = ("pieces", "packs", "rules", "backfill", "kafka", "peers", "latency", "restart")
NO_BROKER = {"pieces", "packs", "rules", "backfill"}


def main() -> None:
    """Measure what was asked for, and rewrite the tables."""
    options = _options()
    # Told to end, it ends as after Ctrl-C: no broker and no worker is left behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("told to end"))
    if options.quick:
        figures.QUICK.unlink(missing_ok=True)
        figures.keep_in(figures.QUICK)
    for name in _sections(options):
        print(f"{name} ...", flush=True)
        _measure(name, options)
        _show(options)
    if options.sustained:
        _sustained(options.sustained)
    print(_show(options))


def _show(options: argparse.Namespace) -> str:
    """The tables, in README.md too unless it was a quick look."""
    return table.render(figures.load()) if options.quick else table.rewrite(figures.load())


def _sections(options: argparse.Namespace) -> list[str]:
    names = list(SECTIONS) if options.only is None else options.only
    if options.no_kafka or not shutil.which("java"):
        return [name for name in names if name in NO_BROKER]
    return list(names)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", type=_names, help=f"NAME[,NAME] of {', '.join(SECTIONS)}; 'none' for none")
    parser.add_argument(
        "--quick", action="store_true", help="small loads, one run: minutes instead of an hour"
    )
    parser.add_argument("--runs", type=int, help="runs of each row up to 1M rows (3; 1 with --quick)")
    parser.add_argument(
        "--sizes", type=_sizes, help="millions of subjects: 0.1,1,5 (0.1,1; 0.1 with --quick)"
    )
    parser.add_argument(
        "--sustained", type=float, metavar="SECONDS", help="also work off a backlog, 1M subjects"
    )
    parser.add_argument(
        "--scale", type=float, default=1.0, help="of the city of the pieces (1.0; 0.2 with --quick)"
    )
    parser.add_argument("--no-kafka", action="store_true", help="only what needs no broker")
    options = parser.parse_args()
    options.runs = options.runs or (1 if options.quick else 3)
    options.sizes = options.sizes or ([0.1] if options.quick else [0.1, 1])
    options.scale = min(options.scale, 0.2) if options.quick else options.scale
    return options


def _names(text: str) -> list[str]:
    names = [] if text == "none" else text.split(",")
    if unknown := set(names) - set(SECTIONS):
        raise argparse.ArgumentTypeError(
            f"no section {', '.join(sorted(unknown))}: choose from {', '.join(SECTIONS)}"
        )
    return names


def _sizes(text: str) -> list[float]:
    return [float(size) for size in text.split(",")]


def _measure(name: str, options: argparse.Namespace) -> None:
    match name:
        case "pieces":
            pieces.measure_all(options.scale, options.runs, broker=not options.no_kafka)
        case "packs":
            broker = not options.no_kafka and shutil.which("java") is not None
            packs.measure_all(options.scale, options.runs, broker=broker)
        case "rules":
            rules.measure_all(options.scale, options.runs)
        case "backfill":
            backfill.measure_all(options.scale * BACKFILL_SCALE)
        case "kafka":
            kafka.measure_all(options.sizes, options.runs, quick=options.quick)
        case "peers":
            running.measure_all(options.sizes, options.runs, quick=options.quick)
        case "latency":
            latency.measure_all(quick=options.quick)
        case "restart":
            restart.measure_all(options.sizes, quick=options.quick)


BACKFILL_SCALE = 4
"""Of the city of the pieces: 1.26 million rows."""

ROWS_A_SECOND = 80_000
"""More than the worker can do, so that a backlog lasts."""


def _sustained(seconds: float) -> None:
    shape = Shape(1_000_000, int(seconds * ROWS_A_SECOND))
    row = asyncio.run(kafka.sustained(load_catalog(), shape, seconds))
    figures.record("sustained", f"{seconds:.0f} s, 1M subjects, batches of 500, uniform", row)


if __name__ == "__main__":
    main()
