"""`crosscheck demo` and `crosscheck city`: the example cities (合成数据), to watch or to write to files."""

import shutil
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from streams.city import KNOWN, TOWN, generate
from streams.cli.screen import Broker, CatalogFolder, Data, Json, err, out, run, write_json
from streams.demo.departments import Plan
from streams.settings import Settings
from topics.catalog import load_catalog
from topics.catalog.load import CITY

DEFAULT = "hangzhou-2008"
Scenario = Annotated[str, typer.Option(help=", ".join(KNOWN))]
Scale = Annotated[
    float,
    typer.Option(
        envvar="CROSSCHECK_SCALE",
        help=f"1.0 is the pilot's size, 99,000 checks; for {TOWN} 20,000 people and 3,000 firms",
    ),
]
Seed = Annotated[int, typer.Option(help="same seed, same city")]
Table = Annotated[
    Path | None,
    typer.Option(help=f"with {TOWN}: write the table of packs into this README, between its markers"),
]


def city(
    folder: Annotated[Path, typer.Option("--out", help="where to write the files")],
    scenario: Scenario = DEFAULT,
    scale: Scale = 1.0,
    seed: Seed = 20081,
    json: Json = False,
) -> None:
    """Write an example city's files, as the departments' own systems would hold them, and the truth."""
    if scenario == TOWN:
        _town(folder, scale, seed, json=json)
        return
    made = generate(scenario, folder, scale=scale, seed=seed, progress=_say)
    if json:
        write_json(msgspec.to_builtins(made))
        return
    out.print(f"{folder}: {sum(made.rows.values()):,} rows, {made.checks:,} checks, {made.overlaps} overlaps")
    _synthetic()


def _town(folder: Path, scale: float, seed: int, *, json: bool) -> None:
    from streams.city.town import generate_town

    made = generate_town(folder, scale=scale, seed=seed, progress=_say)
    if json:
        write_json(msgspec.to_builtins(made))
        return
    rows = sum(made.rows.values())
    out.print(
        f"{folder}: {rows:,} rows of {len(made.rows)} resources, {made.checks:,} checks by {len(made.rules)} rules, "
        f"{made.hits} hits on business date {made.business_date}"
    )
    _synthetic()


def _say(step: str, rows: int) -> None:
    err.print(f"{step}: {rows:,}")


def _synthetic() -> None:
    out.print("The data is synthetic: nobody in it exists. 数据为合成数据。")


def demo(
    scenario: Scenario = DEFAULT,
    scale: Scale = 1.0,
    seed: Seed = 20081,
    workers: Annotated[int, typer.Option(min=1, help="worker processes")] = 1,
    broker: Broker = None,
    data: Data = None,
    catalog: CatalogFolder = None,
    table: Table = None,
    json: Json = False,
) -> None:
    """The whole system on a synthetic city: files, cross-check, corrections, decisions, snapshot."""
    home = Settings.resolve(broker, data, catalog).data / "demo"
    shutil.rmtree(home, ignore_errors=True)
    folder = CITY if scenario == TOWN and Settings.resolve(broker, home, catalog).catalog is None else catalog
    plan = Plan(Settings.resolve(broker, home, folder), scenario, scale, seed, workers)
    if not json:
        err.print(
            f"Crosscheck on {plan.settings.broker}: the data is SYNTHETIC, nobody in it exists 数据为合成数据"
        )
    good = _demo_town(plan, table, json=json) if scenario == TOWN else _demo(plan, json=json)
    if not good:
        raise typer.Exit(1)


def _demo(plan: Plan, *, json: bool) -> bool:
    from streams.demo.live import LiveScreen, Silent
    from streams.demo.report import show
    from streams.demo.stages import Demo

    if json:
        result = run(Demo(plan, Silent()).run())
        write_json(result.as_json())
    else:
        with LiveScreen(err) as screen:
            result = run(Demo(plan, screen).run())
        show(result, out)
    return result.good


def _demo_town(plan: Plan, table: Path | None, *, json: bool) -> bool:
    from streams.demo import packs_table
    from streams.demo.live import LiveScreen, Silent
    from streams.demo.scoreboard import show
    from streams.demo.town import TITLES, TownDemo

    if json:
        result = run(TownDemo(plan, Silent()).run())
        write_json(result.as_json())
    else:
        with LiveScreen(err, TITLES) as screen:
            result = run(TownDemo(plan, screen).run())
        show(result, out)
    if table:
        packs_table.write_table(table, packs_table.table(load_catalog(plan.settings.catalog), result.scores))
        err.print(f"wrote the table of packs into {table}")
    return result.good
