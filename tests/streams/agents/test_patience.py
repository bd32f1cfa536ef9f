"""A start may take long: a state is brought from afar. The worker works afterwards, in this rebalance and the next."""

import asyncio
from pathlib import Path

import pytest

from streams.agents import worker
from streams.agents.partition import Partition
from streams.agents.recovery import Recovery
from streams.agents.worker import WorkerApp, run_worker
from streams.transport.port import BrokerURL
from tests.streams.agents.test_crashes import BATCHES, CATALOG, answered, fill

REQUEST_SECONDS, RESTORE_SECONDS = 0.5, 1.2


@pytest.fixture(autouse=True)
def slow_restores(monkeypatch: pytest.MonkeyPatch) -> None:
    """Restores that take longer than a request to the broker may."""
    plain, build = Recovery.open, worker.build_app

    async def slow(self: Recovery, number: int, end: int) -> Partition:
        await asyncio.sleep(RESTORE_SECONDS)
        return await plain(self, number, end)

    def hurried(broker: BrokerURL, data: Path) -> WorkerApp:
        app = build(broker, data)
        app.conf.broker_request_timeout = REQUEST_SECONDS
        return app

    monkeypatch.setattr(Recovery, "open", slow)
    monkeypatch.setattr(worker, "build_app", hurried)


async def until_ready(ready: asyncio.Event, *working: "asyncio.Task[None]") -> None:
    waiting = asyncio.create_task(ready.wait())
    done, _ = await asyncio.wait([waiting, *working], timeout=20, return_when=asyncio.FIRST_COMPLETED)
    assert done == {waiting}


def test_a_worker_whose_states_come_late_works_and_shares(tmp_path: Path) -> None:
    url = BrokerURL.parse(f"embedded://{tmp_path / 'log'}")

    async def main() -> None:
        await fill(url)
        stop, working = asyncio.Event(), list[asyncio.Task[None]]()
        try:
            for name in ("first", "second"):
                ready = asyncio.Event()
                run = run_worker(url, tmp_path / name, CATALOG, stop, clock=lambda: None, ready=ready.set)
                working.append(asyncio.create_task(run))
                await until_ready(ready, *working)
            while len(await answered(url)) < BATCHES:
                await asyncio.sleep(0.1)
        finally:
            stop.set()
            await asyncio.gather(*working)

    asyncio.run(asyncio.wait_for(main(), 60))
