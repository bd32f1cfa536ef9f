"""What every command shares: options, consoles, and errors turned into exit codes.

Exit codes: 0 done; 1 unexpected; 2 wrong usage; 3 catalog or state wrong; 4 data refused as a whole (the file, or
every row of it); 5 not reconciled (no worker answered, or counts differ), or not counted as a delivery; 6 broker or
checkpoints unavailable; 7 key missing; 8 not found.
"""

import asyncio
import getpass
import sys
from collections.abc import Coroutine, Iterable
from pathlib import Path
from typing import Annotated, Any, TypeVar
from unicodedata import category

import orjson
import typer
from rich.console import Console

from topics.errors import (
    AddressUnusable,
    BrokerUnavailable,
    CatalogInvalid,
    CheckpointsUnavailable,
    ContractError,
    CrosscheckError,
    DepartmentDataError,
    KeyMissing,
    NotFound,
)

DATA_REFUSED = 4
NOT_RECONCILED = 5

EXIT_CODES: tuple[tuple[type[CrosscheckError], int], ...] = (
    (AddressUnusable, 2),
    (ContractError, 3),
    (DepartmentDataError, DATA_REFUSED),
    (BrokerUnavailable, 6),
    (CheckpointsUnavailable, 6),
    (KeyMissing, 7),
    (NotFound, 8),
)
PIPED_WIDTH = 160
"""Columns of a table that goes to a file or another program."""

Broker = Annotated[
    str | None,
    typer.Option("--broker", envvar="CROSSCHECK_BROKER", help="embedded://FOLDER or kafka://HOST:PORT"),
]
Data = Annotated[
    Path | None,
    typer.Option("--data", envvar="CROSSCHECK_DATA", help="folder for keys, state and the embedded log"),
]
CatalogFolder = Annotated[
    Path | None,
    typer.Option(
        "--catalog", envvar="CROSSCHECK_CATALOG", help="catalog folder, or example | city (default: example)"
    ),
]
CheckpointPlace = Annotated[
    str | None,
    typer.Option(
        "--checkpoints",
        envvar="CROSSCHECK_CHECKPOINTS",
        help="where state is copied to: a folder, or s3:// gs:// az:// URL; nowhere unless given",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="JSON on stdout; a list is one object a line")]
DepartmentName = Annotated[str, typer.Option("--department", "-d", help="whose view")]


def console(**options: Any) -> Console:
    """A console that shows text as it is: `[gf]` in a claim number is no markup, `:id:` no emoji."""
    return Console(markup=False, emoji=False, highlight=False, **options)


err = console(stderr=True, soft_wrap=True)
out = console(soft_wrap=True, width=None if sys.stdout.isatty() else PIPED_WIDTH)

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's coroutine."""
    return asyncio.run(work)


def printable(text: str) -> str:
    """Text that cannot steer a terminal."""
    return "".join(char if char.isprintable() or category(char) == "Zs" else "\ufffd" for char in text)


def signed(officer: str | None) -> str:
    """Whose act it is: the name that was given, or else the login name. Refuses a name of no or of several lines."""
    if officer is None:
        return getpass.getuser()
    if not officer.strip() or officer.splitlines() != [officer]:
        raise typer.BadParameter("name who does it, on one line", param_hint="--officer")
    return officer


def write_json(value: object) -> None:
    """One JSON object on one line of stdout."""
    sys.stdout.buffer.write(orjson.dumps(value, default=list) + b"\n")
    sys.stdout.buffer.flush()


def write_lines(values: Iterable[object]) -> None:
    """A list as JSON lines."""
    for value in values:
        write_json(value)


def fail(error: CrosscheckError) -> int:
    """Say what is wrong on stderr; the exit code."""
    if isinstance(error, CatalogInvalid):
        for finding in error.findings:
            err.print(str(finding), style="red")
    err.print(f"error: {error}", style="bold red")
    return exit_code(error)


def exit_code(error: CrosscheckError) -> int:
    """What a command that ends with this error returns."""
    return next((code for kind, code in EXIT_CODES if isinstance(error, kind)), 1)
