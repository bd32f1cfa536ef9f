"""`crosscheck demo` and `crosscheck city`: the example city (合成数据), to watch or to write to files."""

import shutil
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from streams.city import SCENARIOS, generate
from streams.cli.screen import Broker, CatalogFolder, Data, Json, err, out, run, write_json
from streams.settings import Settings

DEFAULT = "hangzhou-2008"
Scenario = Annotated[str, typer.Option(help=", ".join(SCENARIOS))]
Scale = Annotated[
    float, typer.Option(envvar="CROSSCHECK_SCALE", help="1.0 is the pilot's size: 99,000 checks")
]
Seed = Annotated[int, typer.Option(help="same seed, same city")]


def city(
    folder: Annotated[Path, typer.Option("--out", help="where to write the files")],
    scenario: Scenario = DEFAULT,
    scale: Scale = 1.0,
    seed: Seed = 20081,
    json: Json = False,
) -> None:
    """Write the example city's files, as the departments' own systems would hold them, and truth.csv."""
    made = generate(
        scenario, folder, scale=scale, seed=seed, progress=lambda step, n: err.print(f"{step}: {n:,}")
    )
    if json:
        write_json(msgspec.to_builtins(made))
        return
    out.print(f"{folder}: {sum(made.rows.values()):,} rows, {made.checks:,} checks, {made.overlaps} overlaps")
    out.print("The data is synthetic: nobody in it exists. 数据为合成数据。")


def demo(
    scenario: Scenario = DEFAULT,
    scale: Scale = 1.0,
    seed: Seed = 20081,
    workers: Annotated[int, typer.Option(min=1, help="worker processes")] = 1,
    broker: Broker = None,
    data: Data = None,
    catalog: CatalogFolder = None,
    json: Json = False,
) -> None:
    """The whole system on a synthetic city: files, cross-check, corrections, decisions, snapshot."""
    from streams.demo.live import LiveScreen, Silent
    from streams.demo.report import show
    from streams.demo.stages import Demo, Plan

    home = Settings.resolve(broker, data, catalog).data / "demo"
    shutil.rmtree(home, ignore_errors=True)
    settings = Settings.resolve(broker, home, catalog)
    plan = Plan(settings, scenario, scale, seed, workers)
    if json:
        result = run(Demo(plan, Silent()).run())
        write_json(result.as_json())
    else:
        err.print(
            f"Crosscheck on {settings.broker}: the data is SYNTHETIC, nobody in it exists 数据为合成数据"
        )
        with LiveScreen(err) as screen:
            result = run(Demo(plan, screen).run())
        show(result, out)
    if not result.good:
        raise typer.Exit(1)
