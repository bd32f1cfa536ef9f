"""`crosscheck backtest` and `crosscheck rules diff`: what a rule would say, before anyone is asked by it (规则回测)."""

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
from rich.table import Table
from rich.text import Text

from matchers.rules.difference import Difference, differences
from streams.backtest.sums import Backtest, Change, periods
from streams.cli.explaining import LANGUAGES
from streams.cli.ruling import RuleName, chosen, has_log
from streams.cli.screen import Broker, CatalogFolder, Data, Json, err, out, printable, run, write_json
from streams.readers import rules as readers
from streams.settings import Settings
from streams.transport.port import connect
from topics.catalog import Catalog, Rule, load_catalog
from topics.errors import NotFound
from topics.vocabulary import STATES

if TYPE_CHECKING:
    from stores.factbase import FactBase

Minutes = Annotated[int, typer.Option(min=1, help="what looking into one alert takes an officer")]


def backtest(
    rule: RuleName,
    report: Annotated[Path | None, typer.Option(help="also write one HTML page with charts")] = None,
    minutes: Minutes = 30,
    day: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="as if this were the business date")
    ] = None,
    broker: Broker = None,
    data: Data = None,
    catalog: CatalogFolder = None,
    json: Json = False,
) -> None:
    """Try a rule on the hub's own fact log: hits by month and source, overlap, load, what would change (回测)."""
    from streams.backtest.count import backtest as count

    if report is not None:
        _check_place(report)
    settings = Settings.resolve(broker, data, catalog)
    loaded, found = chosen(settings, rule)
    with run(facts(settings)) as base:
        figures = count(base, found, minutes=minutes, day=day.date() if day else None)
    if report is not None:
        _write(report, loaded, found, figures)
    if json:
        write_json(as_json(figures))
    else:
        _show(figures)


def _check_place(report: Path) -> None:
    """Before the work, not after it. Raises BadParameter."""
    if report.is_dir():
        raise typer.BadParameter(f"{report} is a folder: name a file", param_hint="--report")
    if not report.absolute().parent.is_dir():
        raise typer.BadParameter(f"no folder {report.parent}", param_hint="--report")


async def facts(settings: Settings) -> "FactBase":
    """Everything that the log says, ready to be asked; a progress bar meanwhile."""
    from stores.factbase import FactBase
    from streams.readers.facts import gather_facts

    base = FactBase.create()
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn())
    async with connect(settings.broker) as log:
        with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as progress:
            reading = progress.add_task("reading the fact log", total=None)
            await gather_facts(
                log, base, lambda done, total: progress.update(reading, completed=done, total=total)
            )
    return base


def _write(path: Path, catalog: Catalog, rule: Rule, figures: Backtest) -> None:
    from streams.backtest.report import Page, html
    from streams.clock import now

    made_at = now()[:16].replace("T", " ") + " UTC"
    path.write_text(html(Page(rule, catalog, figures, made_at)), encoding="utf-8")
    err.print(f"report: {path}")


def as_json(figures: Backtest) -> dict[str, Any]:
    """All figures, with what follows from them."""
    load = figures.load
    made: dict[str, Any] = msgspec.to_builtins(figures)
    made["explained_share"] = figures.explained_share
    made["load"] = load._asdict() | {
        "over_cap": load.over_cap,
        "hours_now": load.hours_now,
        "hours_per_month": load.hours_per_month,
    }
    for name in ("months", "sources", "excuses", "overlaps"):
        made[name] = [row._asdict() for row in getattr(figures, name)]
    return made | {"change": change_as_json(figures.change)}


def change_as_json(change: Change) -> dict[str, Any]:
    """What would become of the alerts."""
    plain = asdict(change) | {name: getattr(change, name) for name in ("opens", "withdraws", "explains")}
    plain["turns"] = [turn._asdict() for turn in change.turns]
    return plain | {"by_source": [turn._asdict() for turn in change.by_source]}


def _show(f: Backtest) -> None:
    share = "" if f.explained_share is None else f" ({f.explained_share:.0%} of {f.hits:,} hits)"
    on = f", business date {f.day}" if f.day else ", no business date yet"
    rule = (f"{f.rule} v{f.version}", "bold")
    out.print(Text.assemble(rule, f" on {f.records:,} messages of the fact log{on}"))
    out.print(
        f"  {f.checks:,} checks 核查: {f.open:,} open 待核查, {f.explained:,} explained 已有解释{share}"
    )
    for resource in f.incomplete:
        out.print(f"  {resource} is not delivered in full yet: results may change", style="yellow")
    _hits(f)
    _overlaps(f)
    _load(f)
    show_change(f.change)


def _hits(f: Backtest) -> None:
    table = Table("month 月份", box=None)
    for heading in ("checks", "open", "explained"):
        table.add_column(heading, justify="right")
    for m in (m for m in periods(f.months) if m.open or m.explained):
        table.add_row(m.month or "unknown", f"{m.checks:,}", f"{m.open:,}", f"{m.explained:,}")
    out.print(table)
    table = Table("evidence 佐证来源", box=None)
    for heading in ("open", "explained", "pieces", "exculpated"):
        table.add_column(heading, justify="right")
    for s in f.sources:
        cells = (f"{number:,}" for number in (s.open, s.explained, s.pieces, s.exculpated))
        table.add_row(f"{s.resource} {s.field}", *cells)
    out.print(table)
    for e in f.excuses:
        out.print(f"  exculpation 排除情形 {e.code} ({e.resource}): {e.alerts:,} alert(s)")


def _overlaps(f: Backtest) -> None:
    if not f.overlaps:
        out.print("overlap 重合: no other rule in force has an open alert about the same subjects")
    for o in f.overlaps:
        out.print(
            f"overlap 重合 with {o.rule} v{o.version} ({o.force}): {o.same_record:,} on the same record, "
            f"{o.same_subject:,} about the same subject, of {f.open:,}"
        )


def _load(f: Backtest) -> None:
    load = f.load
    style = "bold red" if load.over_cap else None
    over = ": MORE than the cap 超过上限" if load.over_cap else ""
    out.print(
        f"load 工作量: {load.open_now:,} open at once ({load.hours_now:,.1f} h), cap {load.cap:,}{over}; "
        f"{load.per_month:,.1f} a month ({load.hours_per_month:,.1f} h) by the last year, at {load.minutes} min each",
        style=style,
    )


def show_change(change: Change) -> None:
    """What would become of the alerts of the version in force."""
    against = f"v{change.version} ({change.force})" if change.version else "nothing in force"
    out.print(
        f"against {against} 与现行版本相比: opens {change.opens:,} 提出, withdraws {change.withdraws:,} 撤回, "
        f"turns {change.explains:,} from open to explained 转为已有解释"
    )
    if change.version is None:
        return
    for turn in change.turns:
        before, after = (STATES[s].en if s else "no alert" for s in (turn.before, turn.after))
        out.print(f"  {before} -> {after}: {turn.checks:,}")
    for by in change.by_source:
        out.print(f"  {by.turn} {by.checks:,} on evidence of {by.resource} {by.field}")


def diff(
    rule: RuleName,
    broker: Broker = None,
    data: Data = None,
    catalog: CatalogFolder = None,
    json: Json = False,
) -> None:
    """What differs from the version in force, or else in the catalog, and what that does to its alerts."""
    settings = Settings.resolve(broker, data, catalog)
    loaded, found = chosen(settings, rule)
    logged = run(has_log(settings))
    old, where = run(_before(settings, found.id, logged=logged))
    held = differences(old, found) if old else []
    change = _change(settings, found) if logged else None
    if json:
        fields = [d._asdict() for d in held]
        against = {"version": old.version, "where": where} if old else None
        effect = change_as_json(change) if change else None
        write_json(
            {
                "rule": found.id,
                "version": found.version,
                "against": against,
                "fields": fields,
                "change": effect,
            }
        )
        return
    _tell(found, loaded, old, where, held)
    if change:
        show_change(change)


async def _before(settings: Settings, name: str, *, logged: bool) -> tuple[Rule | None, str]:
    """What a rule is compared with, and where that is from."""
    if logged:
        async with connect(settings.broker) as log:
            event = (await readers.events(log)).get(name)
        if event is not None:
            return event.declared, f"{event.force} in the log"
    return load_catalog(settings.catalog).rules.get(name), "the catalog's"


def _change(settings: Settings, rule: Rule) -> Change:
    from streams.backtest.count import change

    with run(facts(settings)) as base:
        return change(base, rule, rule.id)


def _tell(rule: Rule, catalog: Catalog, old: Rule | None, where: str, held: list[Difference]) -> None:
    if old is None:
        out.print(f"{rule.id} v{rule.version} is new: `crosscheck rules explain` says what it asks")
        return
    out.print(f"{rule.id} v{rule.version} against v{old.version} ({where}): {len(held)} difference(s)")
    for d in held:
        out.print(f"  {d.key}: {_quoted(d.old)} -> {_quoted(d.new)}")
    _in_words(rule, old, catalog)


def _quoted(value: str | None) -> str:
    return "nothing" if value is None else f"'{printable(value)}'"


def _in_words(rule: Rule, old: Rule, catalog: Catalog) -> None:
    """Sentences that are no longer said, and those that are said instead."""
    from matchers.explain import lines_of
    from matchers.rules.words import words

    try:
        said = [words(r, catalog) for r in (old, rule)]
    except NotFound as error:  # an older version may name what the catalog no longer has
        err.print(f"no words for the version before: {error}")
        return
    for language in LANGUAGES:
        before, after = (lines_of(explained, language)[1:] for explained in said)
        for mark, lines, others in (("-", before, after), ("+", after, before)):
            for line in (line for line in lines if line not in others):
                out.print(
                    f"  {mark} {printable(line.strip())}",
                    style="red" if mark == "-" else "green",
                )
