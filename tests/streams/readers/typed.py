"""Officers' and analysts' commands as they are typed, on the town of conftest.py, in this process."""

from typing import Any

import typer
from typer.testing import CliRunner, Result

from streams.cli import alerting, explaining, snapshots

app = typer.Typer()
COMMANDS = (
    alerting.alerts,
    alerting.results,
    alerting.decide,
    snapshots.snapshot,
    snapshots.sql,
    explaining.explain,
)
for command in COMMANDS:
    app.command(command.__name__)(command)


def typed(town: Any, *words: str, code: int = 0) -> Result:
    """What a command says; it must end with this code."""
    result = CliRunner().invoke(app, [*words, "--data", str(town.data)])
    assert result.exit_code == code, result.output
    return result
