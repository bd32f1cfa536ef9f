"""The Faust app of one worker: an admission agent, a join agent, a timer.

Rules: every agent, topic and timer is named (Faust would derive names from modules); nothing is served over
HTTP; Faust's tables are not used. Several workers with the same broker share the partitions.
"""

import asyncio
import contextlib
import gc
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import faust
from faust.types import TP

from stores.state import make_folder
from streams.agents.hub import Hub
from streams.agents.observer import Observer
from streams.agents.shipping import Checkpoints
from streams.clock import Clock, wall_clock
from streams.settings import CACHE_BYTES
from streams.telemetry.meter import NO_METER
from streams.transport import faust_embedded, faust_kafka
from streams.transport.patience import PatientTables
from streams.transport.port import WORKERS, BrokerURL, Log, connect
from topics.catalog import Catalog
from topics.errors import StateError
from topics.names import FACTS, change_topic, topic_specs

if TYPE_CHECKING:  # a worker without --http needs neither Prometheus nor its 30 ms
    from streams.telemetry.exposed import Telemetry

logger = logging.getLogger("crosscheck.worker")

GROUP = WORKERS
FAREWELL_SECONDS = 5.0
SHIP_SECONDS = 1.5
"""Of the farewell: what its last checkpoints may take before the partitions are given up."""

STOP_SECONDS = 2.5
TICK_SECONDS = 0.5
BUNDLES_AHEAD = 4
"""Bundles that wait in memory for each agent; one is at most what Kafka hands out of a partition at once (1 MiB)."""

TRANSPORTS = {"kafka": faust_kafka.Transport, "embedded": faust_embedded.Transport}


class WorkerApp(faust.App):
    """A Faust app whose consumer asks `gate` what to commit and where to start."""

    gate: Any = None

    def _new_transport(self) -> Any:
        """Ours, for this app alone: Faust's own table of transports is everybody's in this process."""
        url = self.conf.broker_consumer
        return TRANSPORTS[url[0].scheme](url, self)

    def _new_producer_transport(self) -> Any:
        return self._new_transport()


def calm_collector() -> None:
    """Collect cycles seldom: what rows become are many objects that hold none (a third more rows a second)."""
    gc.freeze()
    gc.set_threshold(100_000, 50, 50)


def build_app(broker: BrokerURL, data: Path) -> WorkerApp:
    """The app, configured for bundles of records (streams.transport.gate)."""
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
        stream_buffer_maxsize=BUNDLES_AHEAD,
        broker_commit_interval=0.5,
        broker_session_timeout=6.0,
        broker_heartbeat_interval=2.0,
        broker_max_poll_records=500,
        consumer_auto_offset_reset="earliest",
        producer_linger=0,
        key_serializer="raw",
        value_serializer="raw",
        TableManager=PatientTables,
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


def _agent(app: WorkerApp, name: str, topic: Any, handle: Callable[..., Awaitable[None]]) -> None:
    @app.agent(topic, name=name, concurrency=1)
    async def agent(stream: Any) -> None:
        async for event in stream.events():
            if app.crash_reason is not None:
                continue  # Faust begins a new agent at once: it would go on behind what the last one failed at
            try:
                await handle(*event.message.records)
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
    telemetry: "Telemetry | None" = None,
    checkpoints: Checkpoints | None = None,
    cache: int = CACHE_BYTES,
) -> None:
    """Work until `stop` is set. Raises BrokerUnavailable, or what crashed the app."""
    async with connect(broker) as log:
        await log.ensure(topic_specs(catalog))
        await _check_partitions(log, catalog)
        make_folder(data)  # Faust makes its own folder, but none above it
        app = build_app(broker, data)
        meter = telemetry.meter if telemetry else NO_METER
        shipping = checkpoints.shipping(log.log_id, meter) if checkpoints else None

        async def commit(number: int, position: int) -> bool:
            taken: bool = await app.consumer.commit_at(TP(FACTS, number), position)
            return taken

        hub = Hub(catalog, log, log.log_id, data / "state", clock, meter, shipping, cache, commit)
        wire(app, hub, catalog)
        app.finalize()
        hub.ready = ready
        async with _observed(app, hub, telemetry):
            await app.start()
            try:
                await _until(stop, app)
            finally:
                await _stop(app, hub)
        if app.crash_reason is not None:
            raise app.crash_reason


@asynccontextmanager
async def _observed(app: WorkerApp, hub: Hub, telemetry: "Telemetry | None") -> AsyncIterator[None]:
    """Let telemetry know how this worker stands, if anybody asks for it."""
    if telemetry is None:
        yield
        return

    async def ends(tps: Iterable[TP]) -> Mapping[TP, int]:
        found: Mapping[TP, int] = await app.consumer.highwaters(*tps)
        return found

    observer = Observer(hub, ends, lambda: app.crash_reason)
    telemetry.standing = observer.standing
    async with observer.at_work():
        yield


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
    await hub.ship_last(SHIP_SECONDS)
    await app.consumer.let_go(set(app.consumer.assignment()))  # a failure here ends nothing: this is the end


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
