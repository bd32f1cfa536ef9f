"""The Faust app of one worker: an admission agent, a join agent, a timer.

Rules: every agent, topic and timer is named (Faust would derive names from modules); nothing is served over
HTTP; Faust's tables are not used. Several workers with the same broker share the partitions.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import faust
from faust.transport import drivers
from faust.types import EventT

from streams.agents.hub import Hub
from streams.clock import Clock, wall_clock
from streams.transport.port import WORKERS, BrokerURL, Log, connect
from topics.catalog import Catalog
from topics.errors import StateError
from topics.names import FACTS, change_topic, topic_specs
from topics.records import StoredRecord

logger = logging.getLogger("crosscheck.worker")

GROUP = WORKERS
FAREWELL_SECONDS = 5.0
STOP_SECONDS = 2.5
TICK_SECONDS = 0.5

drivers.TRANSPORTS.aliases.update(
    kafka="streams.transport.faust_kafka:Transport",
    embedded="streams.transport.faust_embedded:Transport",
)


class WorkerApp(faust.App):
    """A Faust app whose consumer asks `gate` what to commit and where to start."""

    gate: Any = None


def stored(event: EventT[Any]) -> StoredRecord:
    """The record that an event carries."""
    message: Any = event.message
    headers = message.headers.items() if isinstance(message.headers, dict) else message.headers or ()
    return StoredRecord(
        message.topic,
        message.partition,
        message.offset,
        int((message.timestamp or 0) * 1000),
        message.key,
        message.value or b"",  # Kafka's "no value" is no batch either
        tuple(headers),
    )


def build_app(broker: BrokerURL, data: Path) -> WorkerApp:
    """The app, configured for batches of 500 rows."""
    return WorkerApp(
        GROUP,
        broker=str(broker),
        datadir=data / "faust",
        store="memory://",
        web_enabled=False,
        autodiscover=False,
        topic_disable_leader=True,
        topic_allow_declare=False,
        stream_wait_empty=False,
        stream_buffer_maxsize=64,
        broker_commit_interval=0.5,
        broker_session_timeout=6.0,
        broker_heartbeat_interval=2.0,
        broker_max_poll_records=200,
        consumer_auto_offset_reset="earliest",
        producer_linger=0,
        key_serializer="raw",
        value_serializer="raw",
    )


def wire(app: WorkerApp, hub: Hub, catalog: Catalog) -> None:
    """Give the app its agents."""
    changes = app.topic(*(change_topic(id_) for id_ in sorted(catalog.resources)), value_type=bytes)
    facts = app.topic(FACTS, value_type=bytes)
    app.gate = hub.gate
    _agent(app, "admission", changes, hub.admit)
    _agent(app, "join", facts, hub.join)

    @app.timer(interval=TICK_SECONDS, name="tick")
    async def tick() -> None:
        await hub.tick()


def _agent(app: WorkerApp, name: str, topic: Any, handle: Callable[[StoredRecord], Awaitable[None]]) -> None:
    @app.agent(topic, name=name, concurrency=1)
    async def agent(stream: Any) -> None:
        async for event in stream.events():
            try:
                await handle(stored(event))
            except Exception as error:
                # Not a fault of the data (that is refused, not raised): stop, and let the log repeat it.
                await app.crash(error)
                raise


async def run_worker(
    broker: BrokerURL,
    data: Path,
    catalog: Catalog,
    stop: asyncio.Event,
    *,
    clock: Clock = wall_clock,
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Work until `stop` is set. Raises BrokerUnavailable, or what crashed the app."""
    async with connect(broker) as log:
        await log.ensure(topic_specs(catalog))
        await _check_partitions(log, catalog)
        data.mkdir(parents=True, exist_ok=True)  # Faust makes its folder, but none above it
        app = build_app(broker, data)
        hub = Hub(catalog, log, log.log_id, data / "state", clock)
        wire(app, hub, catalog)
        app.finalize()
        hub.ready = ready
        await app.start()
        try:
            await _until(stop, app)
        finally:
            await _stop(app, hub)
        if app.crash_reason is not None:
            raise app.crash_reason


async def _check_partitions(log: Log, catalog: Catalog) -> None:
    """A subject's bucket is its token modulo the number of partitions, so that number never changes."""
    found = len(await log.ends(FACTS))
    if found != catalog.partitions:
        raise StateError(
            f"{FACTS} has {found} partitions, the catalog says {catalog.partitions}",
            where=log.log_id,
            remedy="restore the catalog's number, or begin on a new broker",
        )


async def _until(stop: asyncio.Event, app: WorkerApp) -> None:
    while not stop.is_set() and app.crash_reason is None and not app.should_stop:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), 0.2)


async def _stop(app: WorkerApp, hub: Hub) -> None:
    """Checkpoint and commit, then give Faust a moment; what is not finished in time, a restart repeats."""
    if app.crash_reason is None:
        await _within(FAREWELL_SECONDS, _farewell(app, hub))
    await _within(STOP_SECONDS, app.stop())
    await _within(STOP_SECONDS, hub.close())
    hub.abandon()
    logger.info("stopped")


async def _farewell(app: WorkerApp, hub: Hub) -> None:
    await hub.tick()
    await app.consumer.on_partitions_revoked(set(app.consumer.assignment()))


async def _within(seconds: float, step: Awaitable[Any]) -> None:
    """A broker that is gone must not keep a worker from stopping: a step is left behind, not waited for."""
    task = asyncio.ensure_future(step)
    done, _ = await asyncio.wait([task], timeout=seconds)
    if not done:
        task.cancel()
        logger.warning("stopped without a last checkpoint: the broker did not answer within %s s", seconds)
    elif (error := task.exception()) is not None:
        # After a crash there may be nothing left to checkpoint with; the log repeats what was not.
        logger.warning("stopped without a last checkpoint (%s)", type(error).__name__)
