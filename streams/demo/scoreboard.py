"""The final screen of the town: one line a rule, what was published, what to type next."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from streams.demo.report import next_steps, program
from streams.demo.score import RuleScore
from streams.demo.town import TownOutcome

_NUMBERS = ("checks", "open", "explained", "withdrawn", "missed", "invented", "confirmed", "dismissed")
_HEADS = ("核查", "待核查", "已有解释", "已撤回", "漏报", "误造", "已确认", "已排除")


def show(result: TownOutcome, console: Console) -> None:
    """Print everything."""
    console.print()
    console.print(_rules(result))
    console.print(_verdict(result), soft_wrap=False)
    console.print(_published(result), soft_wrap=False)
    console.print(_next(result))


def _rules(result: TownOutcome) -> Table:
    table = Table("rule 比对规则", "kind", box=None)
    for name, zh in zip(_NUMBERS, _HEADS, strict=True):
        table.add_column(f"{name}\n{zh}", justify="right")
    table.add_column("precision", justify="right")
    table.add_column("recall", justify="right")
    for score in result.scores:
        style = None if score.exact else "bold red"
        table.add_row(score.rule.id, score.rule.kind, *_counts(score), *_shares(score), style=style)
    return table


def _counts(score: RuleScore) -> list[str]:
    return [f"{getattr(score, name):,}" for name in _NUMBERS]


def _shares(score: RuleScore) -> tuple[str, str]:
    return f"{score.precision:.3f}", f"{score.recall:.3f}"


def _verdict(result: TownOutcome) -> str:
    scores = result.scores
    exact = all(score.exact for score in scores)
    verdict = "every hit found, none invented" if exact else "THE RESULT DIFFERS FROM THE TRUTH"
    unseen = sum(score.undecidable for score in scores)
    return (
        f"truth: {sum(s.hits for s in scores)} hits of {sum(s.checks for s in scores):,} checks by "
        f"{len(scores)} rules on business date {result.town.business_date}: {verdict}; {unseen} more are true "
        "and cannot be seen (bands hide them, or one register alone knows)"
    )


def _published(result: TownOutcome) -> str:
    pace, refused = result.pace, sum(s.tally.refused for s in result.published)
    reconciled = "every stream reconciled 对账一致" if result.reconciled else "NOT RECONCILED 对账不一致"
    return (
        f"{pace.rows:,} rows of {len(result.town.rows)} resources in {pace.seconds:.1f} s = "
        f"{pace.rows_per_second:,} rows/s, from file to receipt; {refused} rows refused; {reconciled}"
    )


def _next(result: TownOutcome) -> Text:
    command = program()
    return next_steps(
        (
            f"  export CROSSCHECK_DATA={result.plan.settings.data} CROSSCHECK_CATALOG={catalog_of(result)}",
            f"  {command} alerts --department civil --state open",
            f"  {command} results --department market --verdict discrepancy",
        )
    )


def catalog_of(result: TownOutcome) -> str:
    """The catalog that was demonstrated."""
    return str(result.plan.settings.catalog)
