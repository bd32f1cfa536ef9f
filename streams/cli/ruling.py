"""`crosscheck rules list|show|explain|schema`: the catalog steward's view of the rules (比对规则)."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

import orjson
import typer
import yaml
from rich.table import Table
from rich.text import Text as Cell

from matchers.rules.difference import declaration
from streams.cli.explaining import LANGUAGES, in_sections, say
from streams.cli.screen import (
    Broker,
    CatalogFolder,
    Data,
    Json,
    err,
    out,
    printable,
    run,
    write_json,
    write_lines,
)
from streams.cli.snapshots import print_wide
from streams.readers.rules import Standing, standings
from streams.settings import Settings
from streams.transport.port import connect
from topics.catalog import Catalog, Rule, load_catalog
from topics.catalog.load import load_with_rule
from topics.names import AUDIT, FACTS

RuleName = Annotated[str, typer.Argument(metavar="RULE", help="id of a rule, or the path of its YAML file")]

FORCE_STYLE = {"active": "green", "trial": "cyan", "suspended": "red"}


def chosen(settings: Settings, name: str) -> tuple[Catalog, Rule]:
    """The rule that is meant, and its catalog: by id, or by a file that must pass every check."""
    if name.endswith((".yml", ".yaml")) or "/" in name:
        return load_with_rule(settings.catalog, Path(name))
    loaded = load_catalog(settings.catalog)
    return loaded, loaded.rule(name)


async def has_log(settings: Settings) -> bool:
    """Whether there is a log with facts in it. Never makes one."""
    if settings.embedded and not Path(settings.broker.place).is_dir():
        return False
    async with connect(settings.broker) as log:
        return {FACTS, AUDIT} <= await log.topics()


def list_(
    broker: Broker = None, data: Data = None, catalog: CatalogFolder = None, json: Json = False
) -> None:
    """Every rule: declared, in force since when and why, open alerts, how often officers confirm."""
    settings = Settings.resolve(broker, data, catalog)
    found, logged = run(_standings(settings, load_catalog(settings.catalog)))
    if json:
        write_lines(as_json(standing) for standing in found)
        return
    _table(found, logged)
    if not logged:
        err.print(f"no log at {settings.broker} yet: this is what the catalog declares")


async def _standings(settings: Settings, loaded: Catalog) -> tuple[list[Standing], bool]:
    if not await has_log(settings):
        return await standings(None, loaded), False
    async with connect(settings.broker) as log:
        return await standings(log, loaded), True


def as_json(standing: Standing) -> dict[str, Any]:
    """One rule as other programs read it; `in_force` and `precision` are null where nothing is known."""
    rule, event, made = standing.rule, standing.event, standing.tally.precision
    force = None
    if event is not None:
        force = {name: getattr(event, name) for name in ("version", "force", "reason", "by", "at")}
    decided = made.confirmed + made.dismissed
    return {
        "rule": rule.id,
        "kind": rule.kind,
        "department": rule.department,
        "severity": rule.severity,
        "declared": _declared(standing.declared),
        "in_force": force,
        "drifted": standing.drifted,
        "open": standing.tally.open,
        "explained": standing.tally.explained,
        "trial_open": standing.tally.trial_open,
        "trial_explained": standing.tally.trial_explained,
        "volume_cap": rule.volume_cap,
        "precision": made._asdict() if decided else None,
        "precision_floor": rule.precision_floor,
        "until": standing.until.isoformat() if standing.until else None,
    }


def _declared(rule: Rule | None) -> dict[str, Any] | None:
    return {"version": rule.version, "status": rule.status} if rule else None


_HEADINGS = (
    "rule 规则",
    "kind 类型",
    "owner 部门",
    "declared 声明",
    "in force 现状",
    "open 待核查",
    "confirmed 查实率",
    "until 有效期",
)


def _table(found: Iterable[Standing], logged: bool) -> None:
    headings = [h for h in _HEADINGS if logged or not h.startswith(("in force", "open", "confirmed"))]
    table = Table(*headings, box=None)
    for standing in found:
        rule = standing.rule
        declared = standing.declared
        said = f"v{declared.version} {declared.status}" if declared else "not in the catalog"
        said += ", other words than in force: give it a new version" if standing.drifted else ""
        until = str(standing.until or "")
        live: list[Cell | str] = (
            [_in_force(standing), _open(standing), _confirmed(standing)] if logged else []
        )
        table.add_row(rule.id, f"{rule.kind}, {rule.severity}", rule.department, said, *live, until)
    print_wide(table)


def _in_force(standing: Standing) -> Cell:
    event = standing.event
    if event is None:
        return Cell("no 未启用", style="dim")
    text = f"v{event.version} {event.force} since {event.at[:10]} ({event.reason}, {event.by})"
    return Cell(printable(text), style=FORCE_STYLE[event.force])


def _open(standing: Standing) -> str:
    event, tally = standing.event, standing.tally
    if event is None:
        return ""
    if event.force == "trial":
        return f"{tally.trial_open:,} on trial"
    return f"{tally.open:,} of {standing.rule.volume_cap:,}"


def _confirmed(standing: Standing) -> str:
    made, floor = standing.tally.precision, standing.rule.precision_floor
    least = f", floor {floor:.0%}" if floor is not None else ""
    if made.share is None or made.low is None or made.high is None:
        return f"none decided{least}" if standing.event else ""
    decided = made.confirmed + made.dismissed
    return f"{made.confirmed} of {decided}, {made.low:.0%}-{made.high:.0%}{least}"


def show(rule: RuleName, catalog: CatalogFolder = None, json: Json = False) -> None:
    """A rule's declaration as it is understood: every short form written out."""
    _, found = chosen(Settings.resolve(None, None, catalog), rule)
    declared = declaration(found)
    if json:
        write_json(declared)
        return
    written = yaml.safe_dump(_held(declared), allow_unicode=True, sort_keys=False, width=110)
    out.print(printable_lines(written))


def _held(node: Any) -> Any:
    """Without what is not declared."""
    if isinstance(node, dict):
        return {key: _held(value) for key, value in node.items() if value not in (None, [], {})}
    return [_held(value) for value in node] if isinstance(node, list) else node


def printable_lines(text: str) -> str:
    """Lines that cannot steer a terminal."""
    return "\n".join(printable(line) for line in text.splitlines())


def explain(
    rule: RuleName,
    lang: Annotated[Literal["zh", "en", "both"], typer.Option(help="language")] = "both",
    catalog: CatalogFolder = None,
    json: Json = False,
) -> None:
    """A rule in plain words: what it asks, when, what speaks for the person, who is told (规则说明)."""
    from matchers.rules.words import words

    loaded, found = chosen(Settings.resolve(None, None, catalog), rule)
    explained = words(found, loaded)
    languages = LANGUAGES if lang == "both" else (lang,)
    if json:
        write_json({"rule": found.id, "version": found.version} | in_sections(explained, languages))
    else:
        say(explained, languages)


def schema(
    resource: Annotated[bool, typer.Option("--resource", help="of a resource contract instead")] = False,
    keys: Annotated[bool, typer.Option("--keys", help="every key in words, as Markdown")] = False,
    catalog: CatalogFolder = None,
) -> None:
    """JSON Schema of a rule file, for editors; with --catalog, its names and codes are completed too."""
    from topics.catalog.schema import key_table, resource_schema, rule_schema

    folder = Settings.resolve(None, None, catalog).catalog
    loaded = load_catalog(folder) if folder else None
    made = resource_schema(loaded) if resource else rule_schema(loaded)
    text = (
        "\n".join(key_table(made)) if keys else orjson.dumps(made, option=orjson.OPT_INDENT_2).decode() + "\n"
    )
    out.file.write(text)
