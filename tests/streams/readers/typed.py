"""Commands as they are typed, on the town of conftest.py, in this process."""

from typing import Any

from typer.testing import CliRunner, Result

from streams.cli.main import app


def typed(town: Any, *words: str, code: int = 0) -> Result:
    """What a command says; it must end with this code."""
    result = CliRunner().invoke(app, [*words, "--data", str(town.data)])
    assert result.exit_code == code, result.output
    return result
