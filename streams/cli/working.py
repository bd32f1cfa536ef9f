"""`crosscheck worker`: run the agents until Ctrl-C."""

import asyncio
import faulthandler
import logging
import os
import signal
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from streams.cli.screen import Broker, CatalogFolder, CheckpointPlace, Data, err, exit_code, run
from streams.clock import no_clock, wall_clock
from streams.settings import CACHE_BYTES, CACHE_MB, HTTP, LOGS, Address, Settings
from streams.telemetry.logs import LogFormat, configure
from topics.catalog import Catalog, load_catalog
from topics.errors import CatalogInvalid, CrosscheckError

if TYPE_CHECKING:
    from streams.agents.shipping import Checkpoints
    from streams.telemetry.exposed import Telemetry

logger = logging.getLogger("crosscheck.worker")

Say = Callable[[str], None]


def worker(
    clock: Annotated[
        Literal["today", "log"],
        typer.Option(help="business date: today's, or only what `crosscheck tick` tells the log"),
    ] = "today",
    http: Annotated[
        str | None,
        typer.Option(envvar=HTTP, help="HOST:PORT for /metrics, /healthz, /readyz; off unless given"),
    ] = None,
    logs: Annotated[
        Literal["text", "json"],
        typer.Option(envvar=LOGS, help="one line of text, or one JSON object, an event"),
    ] = "text",
    checkpoints: CheckpointPlace = None,
    checkpoint_seconds: Annotated[
        float, typer.Option(min=1.0, help="seconds between two checkpoints of a partition that moves")
    ] = 60.0,
    checkpoint_keep: Annotated[int, typer.Option(min=1, help="checkpoints kept of each partition")] = 3,
    cache_mb: Annotated[
        int,
        typer.Option(envvar=CACHE_MB, min=16, help="megabytes of memory for subjects, of all its partitions"),
    ] = CACHE_BYTES // 1_000_000,
    broker: Broker = None,
    data: Data = None,
    catalog: CatalogFolder = None,
) -> None:
    """Run a worker: admit, join, alert. Start as many as you like; they share the partitions."""
    faulthandler.enable(2)  # where a native library ends the process: places in code, no values
    configure(logs)
    say = logger.info if logs == "json" else err.print
    with _ending(logs):
        settings = Settings.resolve(broker, data, catalog, checkpoints)
        address = Address.parse(http) if http else None
        declared = load_catalog(settings.catalog)
        shipped = _checkpoints(settings, checkpoint_seconds, checkpoint_keep)
        cache = cache_mb * 1_000_000
        run(_work(settings, declared, address, say, shipped, cache, from_log=clock == "log"))


def _checkpoints(settings: Settings, every: float, keep: int) -> "Checkpoints | None":
    """Opens the place, so that one that cannot be used is said at once."""
    if settings.checkpoints is None:
        return None
    from stores.checkpoints import Place
    from streams.agents.shipping import Checkpoints

    return Checkpoints(Place(settings.checkpoints), every, keep)


@contextmanager
def _ending(logs: LogFormat) -> Iterator[None]:
    """What ends a worker is logged in the form of the logs; a traceback would show what it was working on."""
    try:
        yield
    except CrosscheckError as error:
        if logs == "text":
            raise
        for finding in error.findings if isinstance(error, CatalogInvalid) else ():
            logger.critical("%s", finding)
        logger.critical("%s", error)
        raise typer.Exit(exit_code(error)) from None
    except Exception:
        logger.critical("ended by an error that nobody expected", exc_info=True)
        raise typer.Exit(1) from None


LAST_SECONDS = 12.0
"""After this a stop ends by force: clients of a broker that is gone may never end by themselves."""


def _leave() -> None:
    err.print(
        "worker left without saying goodbye: the broker does not answer; a restart repeats what was not saved"
    )
    os._exit(1)


def _leave_at_last() -> None:
    timer = threading.Timer(LAST_SECONDS, _leave)
    timer.daemon = True
    timer.start()


@asynccontextmanager
async def _telemetry(
    catalog: Catalog, address: Address | None, say: Say
) -> "AsyncIterator[Telemetry | None]":
    """Served before anything else, so that a worker can say that it is not ready."""
    if address is None:
        yield None
        return
    from streams.telemetry.exposed import Telemetry
    from streams.telemetry.server import serving

    telemetry = Telemetry(catalog)
    async with serving(address, telemetry) as bound:
        say(f"metrics, health and readiness on http://{bound}")
        yield telemetry


async def _work(
    settings: Settings,
    catalog: Catalog,
    address: Address | None,
    say: Say,
    checkpoints: "Checkpoints | None",
    cache: int,
    *,
    from_log: bool,
) -> None:
    from streams.agents.worker import calm_collector, run_worker

    calm_collector()
    stop = asyncio.Event()

    def stopping() -> None:
        stop.set()
        _leave_at_last()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping)
    say(f"worker on {settings.broker}, {len(catalog.active_rules)} active rule(s); Ctrl-C stops it")
    async with _telemetry(catalog, address, say) as telemetry:
        await run_worker(
            settings.broker,
            settings.data,
            catalog,
            stop,
            clock=no_clock if from_log else wall_clock,
            ready=lambda: say("worker ready"),
            telemetry=telemetry,
            checkpoints=checkpoints,
            cache=cache,
        )
    say("worker stopped")
