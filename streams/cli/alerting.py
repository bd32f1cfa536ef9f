"""`crosscheck alerts`, `results` and `decide`: the case officer's commands (核查员)."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import msgspec
import typer
from rich.table import Table

from streams.cli.screen import (
    Broker,
    CatalogFolder,
    Data,
    DepartmentName,
    Json,
    err,
    out,
    printable,
    run,
    signed,
    write_json,
    write_lines,
)
from streams.publisher.keys import KeyRing
from streams.readers import current
from streams.readers.decide import dispose
from streams.readers.own import KeyBook, OwnView
from streams.settings import Settings
from streams.transport.port import Log, connect
from topics.alerts import Alert, AlertState, Disposition, Verdict
from topics.catalog import Catalog, load_catalog
from topics.codec import encode
from topics.control import RuleEvent
from topics.names import disposition_topic
from topics.records import Record, event_headers
from topics.vocabulary import DECISIONS, STATES, VERDICTS

STATE_STYLE = {"open": "bold red", "explained": "yellow", "withdrawn": "dim"}


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Which alerts are shown."""

    states: frozenset[str]
    trial: bool
    undecided: bool

    def takes(self, catalog: Catalog, alert: Alert, decided: Disposition | None) -> bool:
        """Undecided: the department's own to answer, and nobody has."""
        unanswered = decided is None and alert.state != "withdrawn" and current.owns(catalog.rules, alert)
        return alert.state in self.states and (unanswered or not self.undecided)


def alerts(
    department: DepartmentName,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="go on showing revisions as they come")
    ] = False,
    state: Annotated[AlertState | None, typer.Option(help="only this state")] = None,
    undecided: Annotated[
        bool, typer.Option("--undecided", help="only those that nobody has decided on (未处置)")
    ] = False,
    trial: Annotated[bool, typer.Option("--trial", help="of rules on trial (试运行): never a case")] = False,
    broker: Broker = None,
    data: Data = None,
    catalog: CatalogFolder = None,
    json: Json = False,
) -> None:
    """Alerts that a department is told of (核查预警): the current revision of each, and what was decided."""
    if trial and undecided:
        raise typer.BadParameter("what is on trial needs no decision", param_hint="--undecided")
    settings = Settings.resolve(broker, data, catalog)
    loaded = load_catalog(settings.catalog)
    loaded.department(department)
    wanted = _Wanted(frozenset({state} if state else STATE_STYLE), trial, undecided)
    if follow:
        with suppress(KeyboardInterrupt):
            run(_follow(settings, loaded, department, wanted, json))
        return
    shown, stopped = run(_alerts(settings, loaded, department, wanted))
    write_lines(shown) if json else _list(shown, trial=trial)
    for event in stopped:
        reason = printable(event.reason)
        err.print(f"rule {event.rule} 规则已暂停 is suspended ({reason}): its alerts are withdrawn")


async def own_view(settings: Settings, catalog: Catalog, log: Log) -> OwnView:
    """The view of whoever holds the keys in this data folder."""
    book = KeyBook(KeyRing.at(settings.data, generate=False))
    return OwnView(catalog, book, await current.deliveries(log))


async def _alerts(
    settings: Settings, catalog: Catalog, department: str, wanted: _Wanted
) -> tuple[list[dict[str, Any]], list[RuleEvent]]:
    """Alerts in the order in which an officer works, and the department's rules that are suspended."""
    async with connect(settings.broker) as log:
        view = await own_view(settings, catalog, log)
        found = (await current.alerts(log, department, trial=wanted.trial)).values()
        last = {} if wanted.trial else await current.dispositions(log, department)
        order = {name: i for i, name in enumerate(STATE_STYLE)}
        pairs = ((alert, last.get(alert.alert_id)) for alert in found)
        shown = [view.alert(*pair) for pair in pairs if wanted.takes(catalog, *pair)]
        stopped = current.suspended(await current.notices(log, department), department)
    return sorted(shown, key=lambda a: (order[a["state"]], a["period"], a["alert_id"])), stopped


async def _follow(settings: Settings, catalog: Catalog, department: str, wanted: _Wanted, json: bool) -> None:
    async with connect(settings.broker) as log:
        view = await own_view(settings, catalog, log)
        decisions = current.Decisions(log, department)
        async for alert in current.follow(log, department, trial=wanted.trial):
            decided = None if wanted.trial else await decisions.on(alert.alert_id)
            if wanted.takes(catalog, alert, decided):
                shown = view.alert(alert, decided)
                shown["complete"] = all(source.complete for source in alert.sources)
                write_json(shown) if json else out.print(line(shown), style=STATE_STYLE[alert.state])


def line(alert: dict[str, Any]) -> str:
    """One alert on one line."""
    sources = ", ".join(_piece(e) for e in alert["evidence"])
    state = STATES[alert["state"]]
    words = (
        alert["alert_id"][:12],
        f"{state.zh} {state.en:9}",
        *_decision(alert),
        alert["rule"],
        _record(alert),
        alert["period"],
        sources,
    )
    return printable("  ".join(words))


def _decision(alert: dict[str, Any]) -> tuple[str, ...]:
    """What was last decided; nothing where nobody has."""
    decided = alert["disposition"]
    if decided is None:
        return ()
    word = DECISIONS[decided["decision"]]
    since = ", 此后有修订 revised since" if decided["revision"] < alert["revision"] else ""
    return (f"{word.zh} {word.en}{since}",)


def _piece(evidence: dict[str, Any]) -> str:
    if evidence["absent"]:
        return f"{evidence['resource']} 查无 nothing found"
    return f"{evidence['resource']} {evidence['code'] or ''} {evidence['period']}".strip()


def _record(row: dict[str, Any]) -> str:
    """The record's own key where it can be opened, else the beginning of its handle, which only its owner is told."""
    return str(row["key"] or (f"{row['handle'][:16]}…" if row["handle"] else "—"))


def _list(rows: list[dict[str, Any]], *, trial: bool) -> None:
    """One line each: a table would cut evidence to pieces on a narrow terminal."""
    for row in rows:
        note = "" if row["complete"] else "  (来源不全 sources incomplete)"
        out.print(line(row) + note, style=STATE_STYLE[row["state"]])
    what_next = "`crosscheck explain ALERT` says why, `crosscheck decide ALERT` answers."
    if trial:
        what_next = "On trial 试运行: no case, nothing to decide. `crosscheck explain ALERT` says why."
    err.print(f"{len(rows)} alert(s). {what_next}")


def results(
    department: DepartmentName,
    verdict: Annotated[Verdict | None, typer.Option(help="only this verdict")] = None,
    broker: Broker = None,
    data: Data = None,
    catalog: CatalogFolder = None,
    json: Json = False,
) -> None:
    """Comparison results of a department's own records (比对结果): verdicts, no one else's data."""
    settings = Settings.resolve(broker, data, catalog)
    loaded = load_catalog(settings.catalog)
    loaded.department(department)
    rows = run(_results(settings, loaded, department))
    rows = [row for row in rows if verdict in (None, row["verdict"])]
    write_lines(rows) if json else _result_table(rows)


async def _results(settings: Settings, catalog: Catalog, department: str) -> list[dict[str, Any]]:
    async with connect(settings.broker) as log:
        view = await own_view(settings, catalog, log)
        return [view.result(result) for result in (await current.results(log, department)).values()]


def _result_table(rows: Iterable[dict[str, Any]]) -> None:
    table = Table("record 记录", "rule 规则", "verdict 结果", "complete 来源齐全", box=None)
    for row in rows:
        verdict = VERDICTS[row["verdict"]]
        complete = "yes 是" if row["complete"] else "no 否"
        table.add_row(printable(_record(row)), row["rule"], f"{verdict.zh} {verdict.en}", complete)
    out.print(table)


def decide(
    alert_id: Annotated[str, typer.Argument(help="an alert id, or its beginning")],
    decision: Annotated[Literal["confirmed", "dismissed"], typer.Argument()],
    reason: Annotated[str, typer.Option(help="a reason code of the rule")],
    officer: Annotated[str | None, typer.Option(help="who decides (default: the login name)")] = None,
    broker: Broker = None,
    data: Data = None,
    catalog: CatalogFolder = None,
    json: Json = False,
) -> None:
    """Decide on an alert (处置). A match is a question: the decision is a named officer's."""
    who = signed(officer)
    settings = Settings.resolve(broker, data, catalog)
    made, before = run(_decide(settings, load_catalog(settings.catalog), alert_id, decision, reason, who))
    if json:
        write_json({**msgspec.to_builtins(made), "replaces": msgspec.to_builtins(before)})
    else:
        replaces = f", replaces {_said(before)}" if before else ""
        out.print(printable(f"{made.alert_id[:12]} {_said(made)}{replaces}"))


def _said(made: Disposition) -> str:
    return f"{made.decision} ({made.reason}) by {made.officer}"


async def _decide(
    settings: Settings,
    catalog: Catalog,
    alert_id: str,
    decision: Literal["confirmed", "dismissed"],
    reason: str,
    officer: str,
) -> tuple[Disposition, Disposition | None]:
    """The decision, and the one that it takes the place of."""
    async with connect(settings.broker) as log:
        alert = await current.find_alert(log, catalog, alert_id)
        rule = await current.rule_of(log, catalog, alert)
        made = dispose(alert, rule, decision, reason, officer)
        before = (await current.dispositions(log, alert.department)).get(alert.alert_id)
        await (await log.send(disposition_topic(alert.department), 0, [disposition_record(alert, made)]))
        return made, before


def disposition_record(alert: Alert, made: Disposition) -> Record:
    """A decision on its way to the disposition topic."""
    source = f"/{alert.department}"
    event = event_headers("disposition", source, f"{made.alert_id}/{made.decided_at}", made.decided_at)
    return Record(made.alert_id.encode(), encode(made), event)
