"""`crosscheck worker`: run the agents until Ctrl-C."""

import asyncio
import logging
import os
import signal
import threading
from typing import Annotated, Literal

import typer

from streams.cli.screen import Broker, CatalogFolder, Data, err, run
from streams.clock import no_clock, wall_clock
from streams.settings import Settings
from topics.catalog import Catalog, load_catalog


def worker(
    clock: Annotated[
        Literal["today", "log"],
        typer.Option(help="business date: today's, or only what `crosscheck tick` tells the log"),
    ] = "today",
    broker: Broker = None,
    data: Data = None,
    catalog: CatalogFolder = None,
) -> None:
    """Run a worker: admit, join, alert. Start as many as you like; they share the partitions."""
    settings = Settings.resolve(broker, data, catalog)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("crosscheck").setLevel(logging.INFO)
    logging.getLogger("faust").setLevel(logging.ERROR)
    run(_work(settings, load_catalog(settings.catalog), from_log=clock == "log"))


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


async def _work(settings: Settings, catalog: Catalog, *, from_log: bool) -> None:
    from streams.agents.worker import run_worker

    stop = asyncio.Event()

    def stopping() -> None:
        stop.set()
        _leave_at_last()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping)
    err.print(f"worker on {settings.broker}, {len(catalog.active_rules)} active rule(s); Ctrl-C stops it")
    await run_worker(
        settings.broker,
        settings.data,
        catalog,
        stop,
        clock=no_clock if from_log else wall_clock,
        ready=lambda: err.print("worker ready"),
    )
    err.print("worker stopped")
