"""`crosscheck rules activate`, `rules suspend` and `crosscheck tick`: what the steward puts into the fact log.

Rules: shown before it is done, confirmed by a person, followed until every partition has taken it. Exit code 5
where no worker took it in time.
"""

import sys
from datetime import date, datetime
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, Progress, TextColumn
from rich.text import Text

from streams.backtest.sums import Change
from streams.cli.backtesting import change_as_json, facts, show_change
from streams.cli.ruling import RuleName, chosen
from streams.cli.screen import (
    NOT_RECONCILED,
    Broker,
    CatalogFolder,
    Data,
    Json,
    err,
    out,
    run,
    signed,
    write_json,
)
from streams.clock import now, wall_clock
from streams.controls import tell_all
from streams.readers import rules as readers
from streams.readers.turning import Follower, Turning, summed
from streams.settings import Settings
from streams.transport.port import connect
from topics.catalog import Catalog, Rule
from topics.control import Force, RuleChange, Tick
from topics.errors import ContractError, NotFound

Yes = Annotated[bool, typer.Option("--yes", "-y", help="do not ask")]
Wait = Annotated[bool, typer.Option("--wait/--no-wait", help="follow until every partition has taken it")]
Patience = Annotated[float, typer.Option(help="seconds without any progress after which to stop following")]
Officer = Annotated[str | None, typer.Option(help="who does it (default: the login name)")]


def activate(
    rule: RuleName,
    trial: Annotated[
        bool, typer.Option("--trial", help="on trial: alerts on their own topic, no cases")
    ] = False,
    over_cap: Annotated[
        bool, typer.Option("--over-cap", help="even if more opens than the cap allows")
    ] = False,
    yes: Yes = False,
    wait: Wait = True,
    patience: Patience = 60.0,
    officer: Officer = None,
    broker: Broker = None,
    data: Data = None,
    catalog: CatalogFolder = None,
    json: Json = False,
) -> None:
    """Bring a rule into force (启用), or on trial (试运行); shows beforehand what it opens and withdraws."""
    who = signed(officer)
    settings = Settings.resolve(broker, data, catalog)
    loaded, found = chosen(settings, rule)
    force: Force = "trial" if trial else "active"
    foreseen = _foresee(settings, loaded, found, force)
    if foreseen is None:
        err.print(f"{found.id} v{found.version} is {force} already: nothing to do")
        return
    _refuse_too_many(foreseen, found, force, over_cap=over_cap)
    if not json:
        _show(found, force, foreseen)
    _confirm(yes, f"put {found.id} v{found.version} into force ({force})?")
    change = _rule_change(loaded, found, force, who)
    turning = run(_do(settings, change, patience if wait else None))
    _report(change, foreseen.change, turning, json)


class _Foreseen:
    """What activation will do, and how many alerts are then open."""

    def __init__(self, change: Change, open_after: int) -> None:
        self.change = change
        self.open_after = open_after


def _rule_change(catalog: Catalog, rule: Rule, force: Force, officer: str) -> RuleChange:
    from streams.agents.steward import rule_change

    return rule_change(catalog, rule, force, reason="activated", by=officer)


def _foresee(settings: Settings, catalog: Catalog, rule: Rule, force: Force) -> _Foreseen | None:
    """Asks the fact log as it is; None where the rule is in force as it stands. Raises ContractError."""
    from streams.backtest.count import change, open_alerts
    from streams.readers.facts import rulebook

    with run(facts(settings)) as base:
        book = rulebook(base)
        _check_version(rule, book.changes.get(rule.id))
        proposed = _rule_change(catalog, rule, force, signed(None))
        _check_term(rule, proposed.until, max(wall_clock(), date.fromordinal(max(book.day, 1))))
        if not book.takes(proposed):
            return None
        return _Foreseen(change(base, rule, rule.id, force), open_alerts(base))


def _check_version(rule: Rule, last: RuleChange | None) -> None:
    from matchers.rules.difference import differences

    if last is None:
        return
    if rule.version < last.rule.version:
        raise ContractError(
            f"{rule.id}: version {last.rule.version} has been in force, this is version {rule.version}",
            remedy=f"write version: {last.rule.version + 1}",
        )
    other = [d.key for d in differences(last.rule, rule) if d.key != "status"]
    if rule.version == last.rule.version and other:
        raise ContractError(
            f"{rule.id}: version {rule.version} has been in force with another {', '.join(other[:3])}",
            remedy=f"write version: {rule.version + 1}; `crosscheck rules diff` shows what differs",
        )


def _check_term(rule: Rule, until: date | None, today: date) -> None:
    if until is not None and until < today:
        raise ContractError(
            f"{rule.id}: the rule, or a grant it stands on, ran out on {until}",
            remedy="renew the grant, or write a later day under expires and a new version",
        )


def _refuse_too_many(foreseen: _Foreseen, rule: Rule, force: Force, *, over_cap: bool) -> None:
    if force == "active" and foreseen.open_after > rule.volume_cap and not over_cap:
        raise ContractError(
            f"{rule.id}: {foreseen.open_after:,} alerts would be open, the cap is {rule.volume_cap:,}",
            remedy="narrow the rule, raise volume_cap, or say --over-cap",
        )


def _show(rule: Rule, force: Force, foreseen: _Foreseen) -> None:
    turn = (f"{rule.id} v{rule.version} -> {force}", "bold")
    out.print(Text.assemble(turn, f": {foreseen.open_after:,} open, cap {rule.volume_cap:,}"))
    show_change(foreseen.change)
    before = foreseen.change
    if before.force not in (None, force):
        out.print(
            f"v{before.version} ({before.force}) ends with that: all its alerts are withdrawn 原版本的预警全部撤回",
            style="yellow",
        )


def _confirm(yes: bool, question: str) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise typer.BadParameter("nobody is there to confirm: say --yes", param_hint="--yes")
    typer.confirm(question, abort=True, err=True)


async def _do(settings: Settings, change: RuleChange, patience: float | None) -> Turning:
    """Append it; with patience, follow it with a progress bar."""
    async with connect(settings.broker) as log:
        follower = Follower(log, change.rule)
        turning = await follower.append(change)
        if patience is None:
            return turning
        columns = (TextColumn("{task.description}", markup=False), BarColumn())
        with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
            task = bar.add_task("waiting for a worker", total=len(turning.targets))
            async for now_at in follower.follow(turning, patience):
                bar.update(task, completed=now_at.taken, description=_progress(now_at))
        return turning


def _progress(turning: Turning) -> str:
    if turning.begun is None and not turning.turns:
        return "waiting for a worker"
    counts = ", ".join(f"{name} {n:,}" for name, n in summed(turning.turns).items())
    return f"{turning.taken} of {len(turning.targets)} partitions; {counts}"


def _report(change: RuleChange, foreseen: Change | None, turning: Turning, json: bool) -> None:
    counts, rule = summed(turning.turns), change.rule
    if json:
        write_json(_as_json(change, foreseen, turning) | counts)
    else:
        said = ", ".join(f"{name} {n:,}" for name, n in counts.items())
        taken = f"{turning.taken} of {len(turning.targets)} partitions have taken it"
        out.print(f"{rule.id} v{rule.version} {change.force} by {change.by}: {taken}; {said}")
    if turning.taken < len(turning.targets) and turning.followed:
        err.print(
            "it is in the log, but no worker has taken it everywhere yet: is one running?", style="yellow"
        )
        raise typer.Exit(NOT_RECONCILED)


def _as_json(change: RuleChange, foreseen: Change | None, turning: Turning) -> dict[str, Any]:
    return {
        "rule": change.rule.id,
        "version": change.rule.version,
        "force": change.force,
        "by": change.by,
        "reason": change.reason,
        "foreseen": change_as_json(foreseen) if foreseen else None,
        "partitions": len(turning.targets),
        "taken": turning.taken,
    }


def suspend(
    rule: Annotated[str, typer.Argument(help="id of a rule in force")],
    reason: Annotated[str, typer.Option(help="why, for the audit")],
    yes: Yes = False,
    wait: Wait = True,
    patience: Patience = 60.0,
    officer: Officer = None,
    broker: Broker = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Take a rule out of force (停用): all its alerts are withdrawn; it comes back only by hand."""
    who = signed(officer)
    settings = Settings.resolve(broker, data, None)
    change = run(_suspension(settings, rule, reason, who))
    _confirm(yes, f"suspend {rule} v{change.rule.version} and withdraw its alerts?")
    turning = run(_do(settings, change, patience if wait else None))
    _report(change, None, turning, json)


async def _suspension(settings: Settings, name: str, reason: str, officer: str) -> RuleChange:
    async with connect(settings.broker) as log:
        event = (await readers.events(log)).get(name)
        rule = event.declared if event is not None and event.force != "suspended" else None
        if rule is None:  # perhaps it was activated, and no worker has taken that yet
            rule = _said_to_be_in_force(name, await readers.last_word(log, name))
    return RuleChange(rule, "suspended", None, None, f"by-hand: {reason}", officer, now())


def _said_to_be_in_force(name: str, last: RuleChange | None) -> Rule:
    if last is None or last.force == "suspended":
        state = "has never been in force" if last is None else f"is suspended already ({last.reason})"
        raise NotFound(f"rule {name!r} {state}", remedy="`crosscheck rules list` shows what is in force")
    return last.rule


def tick(
    day: Annotated[
        datetime | None,
        typer.Argument(formats=["%Y-%m-%d"], help="the business date (default: today in China)"),
    ] = None,
    yes: Yes = False,
    broker: Broker = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Tell every partition that a business date has begun (业务日期): deadlines before it have passed, for good."""
    settings = Settings.resolve(broker, data, None)
    begun = day.date() if day else wall_clock()
    if begun > wall_clock():
        _confirm(
            yes, f"{begun} is not here yet: end every deadline and term before it, never to be taken back?"
        )
    partitions = run(_tick(settings, begun))
    if json:
        write_json({"day": begun.isoformat(), "partitions": partitions})
    else:
        out.print(f"business date {begun} told to {partitions} partitions")


async def _tick(settings: Settings, day: date) -> int:
    async with connect(settings.broker) as log:
        newest = await readers.newest_day(log)
        if newest is not None and day < newest:
            raise ContractError(f"the log is at {newest} already", remedy="a business date never goes back")
        return await tell_all(log, Tick(day, now()))
