"""The long run:   python -m tests.soak.run --kills 100 --broker-kills 5 --broker kafka|embedded --workers 3 --seed N

Its result becomes a row of README.md beside this file; what the processes said stays in the folder that is named,
unless all is right.
"""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.soak.soak import Options, Report, soak

TABLE = Path(__file__).with_name("README.md")


def row(report: Report) -> str:
    """One line of the table."""
    options, day = report.options, datetime.now(UTC).date()
    cells = (
        day,
        options.broker,
        options.workers,
        options.seed,
        report.kills,
        report.broker_kills,
        report.runs,
        f"{report.rows:,}",
        report.alerts,
        f"{report.seconds / 60:.1f}",
        report.verdict.replace("|", "/").replace("\n", " ")[:300],
    )
    return f"| {' | '.join(map(str, cells))} |\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, report, record."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak.run", description="soak")
    parser.add_argument("--broker", choices=("embedded", "kafka"), default="embedded")
    for name, plain in (("kills", 100), ("broker-kills", 5), ("workers", 3), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=plain)
    parser.add_argument("--scale", type=float, default=Options.scale)
    asked = parser.parse_args(arguments)
    folder = Path(tempfile.mkdtemp(prefix="crosscheck-soak-"))
    print(f"in {folder}", flush=True)
    report = soak(Options(**vars(asked)), folder, lambda line: print(line, flush=True))
    with TABLE.open("a", encoding="utf-8") as table:
        table.write(row(report))
    print(
        f"{report.ended} workers ended by themselves, {report.interrupted} runs were interrupted and begun again"
    )
    print(row(report), end="")
    if report.wrong:
        return 1
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
