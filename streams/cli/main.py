"""`crosscheck`: the list of commands, and nothing else. Each command imports what it needs when it runs."""

import signal
import sys

import typer

from streams.cli import (
    activating,
    alerting,
    backfilling,
    backtesting,
    demonstrating,
    explaining,
    keeping,
    publishing,
    ruling,
    snapshots,
    stewarding,
    working,
)
from streams.cli.files import allow_many_files
from streams.cli.screen import fail
from topics.errors import CrosscheckError

app = typer.Typer(
    name="crosscheck",
    help="Cross-check records between departments without moving the records. 数据不落地的跨部门比对核查。",
    epilog="Exit codes: 0 done, 1 unexpected, 2 usage, 3 catalog or state wrong, 4 data refused as a whole, "
    "5 not reconciled, or not counted as a delivery, 6 broker or checkpoints unavailable, 7 key missing, 8 not found.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

COMMANDS = (
    demonstrating.demo,
    demonstrating.city,
    working.worker,
    publishing.publish,
    backfilling.backfill,
    alerting.alerts,
    alerting.results,
    explaining.explain,
    alerting.decide,
    snapshots.snapshot,
    snapshots.sql,
    backtesting.backtest,
    activating.tick,
    stewarding.check,
    stewarding.topics,
    stewarding.keys,
)
for command in COMMANDS:
    app.command(command.__name__)(command)

rules = typer.Typer(
    name="rules",
    help="Rules (比对规则): list, explain, compare, activate, suspend. See also `crosscheck backtest`.",
    no_args_is_help=True,
)
RULE_COMMANDS = (
    ruling.list_,
    ruling.show,
    ruling.explain,
    ruling.schema,
    backtesting.diff,
    activating.activate,
    activating.suspend,
)
for of_rules in RULE_COMMANDS:
    rules.command(of_rules.__name__.strip("_"))(of_rules)
app.add_typer(rules)

state = typer.Typer(
    name="state",
    help="What workers keep on disk (状态), and its checkpoints (检查点): inspect, verify, rebuild.",
    no_args_is_help=True,
)
for of_state in (keeping.inspect, keeping.verify, keeping.rebuild):
    state.command(of_state.__name__)(of_state)
app.add_typer(state)


def main() -> None:
    """Entry point; errors of ours become one line and an exit code."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `crosscheck alerts ... | head` ends quietly
    allow_many_files()
    try:
        app()
    except CrosscheckError as error:
        sys.exit(fail(error))


if __name__ == "__main__":
    main()
