"""The final screen of a demonstration: funnel, truth, precision, reconciliation, pace, what to type next."""

import os
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from streams.demo.outcome import Outcome
from streams.publisher.publish import Summary

BAR = 30


def show(result: Outcome, console: Console) -> None:
    """Print everything."""
    console.print()
    console.print(
        Panel(_funnel(result), title=Text("benefit-while-employed 领取失业保险金期间疑似就业"), expand=False)
    )
    console.print(_labels(result))
    for text in (_truth(result), _precision(result)):
        console.print(text, soft_wrap=False)
    console.print(_reconciliation(result.published))
    console.print(_pace(result), soft_wrap=False)
    console.print(_next(result))


def _funnel(result: Outcome) -> Table:
    overlaps = result.alerts["open"] + result.alerts["explained"]
    table = Table.grid(padding=(0, 2))
    steps = (
        ("checked 核查", result.checks),
        ("overlaps 存在重叠", overlaps),
        ("explained 已有解释", result.alerts["explained"]),
        ("open 待核查", result.alerts["open"]),
        ("confirmed 已确认", result.precision.confirmed),
        ("dismissed 已排除", result.precision.dismissed),
    )
    for name, number in steps:
        share = number / overlaps if overlaps else 0
        bar = "█" * (BAR if name.startswith("checked") else max(1, round(share * BAR / 2)))
        table.add_row(name, f"{number:,}", Text(bar, style="cyan"))
    table.add_row("withdrawn 已撤回", f"{result.alerts['withdrawn']:,}", "")
    return table


def _labels(result: Outcome) -> Table:
    table = Table("truth.csv says", "claims", "open 待核查", "explained 已有解释", "no alert", box=None)
    for count in result.truth.labels:
        cells = (count.claims, count.open, count.explained, count.none)
        table.add_row(count.label, *(f"{number:,}" for number in cells))
    return table


def _truth(result: Outcome) -> str:
    truth = result.truth
    verdict = "every overlap found, none invented" if truth.exact else "THE RESULT DIFFERS FROM THE TRUTH"
    return (
        f"truth.csv: {truth.overlaps} overlaps; found {truth.found}, missed {truth.missed}, "
        f"invented {truth.invented}, in the wrong state {truth.wrong_state}: {verdict}"
    )


def _precision(result: Outcome) -> str:
    p = result.precision
    if p.share is None or p.low is None or p.high is None:
        return "no decisions"
    decided = p.confirmed + p.dismissed
    return (
        f"precision of the rule: {p.confirmed} of {decided} decided alerts confirmed = {p.share:.1%} "
        f"(95 % interval {p.low:.1%} to {p.high:.1%}); the pilot, without exculpations, confirmed 289 of 574"
    )


def _reconciliation(published: Iterable[Summary]) -> Table:
    table = Table("published 报送", "rows", "sent", "applied", "refused", "reconciled 对账", box=None)
    for summary in published:
        check = summary.reconciliation
        table.add_row(
            summary.resource,
            f"{summary.tally.read:,}",
            f"{summary.facts.total:,}",
            f"{check.applied:,}" if check else "",
            f"{summary.tally.refused:,}",
            "yes 是" if check and check.reconciled else "NO 否",
        )
    return table


def _pace(result: Outcome) -> str:
    pace = result.pace
    return (
        f"{pace.rows:,} rows in {pace.seconds:.1f} s = {pace.rows_per_second:,} rows/s, from file to receipt"
    )


def _next(result: Outcome) -> Text:
    command = program()
    return next_steps(
        (
            f"  export CROSSCHECK_DATA={result.data}",
            f"  {command} alerts --department hrss --state open",
            f"  {command} explain {result.example}",
            f"  {command} results --department hrss --verdict discrepancy",
            f'  {command} sql "SELECT * FROM rule_precision"',
        )
    )


def next_steps(lines: Iterable[str]) -> Text:
    """That the data is synthetic, and commands to type next."""
    synthetic = ("\nThe data is synthetic: nobody in it exists. 数据为合成数据。", "bold")
    return Text.assemble(synthetic, "\n".join((" What to type next:", *lines)))


def program() -> str:
    """How the user can call this program from where they are."""
    if shutil.which("crosscheck"):
        return "crosscheck"
    return os.path.relpath(Path(sys.executable).with_name("crosscheck"))
