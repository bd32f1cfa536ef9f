"""`crosscheck`: the list of commands, and nothing else. Each command imports what it needs when it runs."""

import sys

import typer

from streams.cli import publishing, working
from streams.cli.screen import fail
from topics.errors import CrosscheckError

app = typer.Typer(
    name="crosscheck",
    help="Cross-check records between departments without moving the records. 数据不落地的跨部门比对核查。",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

app.command("worker")(working.worker)
app.command("publish")(publishing.publish)


def main() -> None:
    """Entry point; errors of ours become one line and an exit code."""
    try:
        app()
    except CrosscheckError as error:
        sys.exit(fail(error))


if __name__ == "__main__":
    main()
