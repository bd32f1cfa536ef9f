"""The Kafka client against a broker that goes away while it is asked: one error, whatever was asked for."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, NoReturn

import pytest
from aiokafka.errors import KafkaConnectionError

from streams.transport import kafka_client
from streams.transport.kafka_client import KafkaClient
from tests.streams.transport.test_log_port import spec
from topics.errors import BrokerUnavailable


class _Gone:
    """aiokafka's admin client as its connection closes under it."""

    def __init__(self, error: BaseException) -> None:
        self.closed = False
        self._error = error

    async def start(self) -> None:
        """The broker was there a moment ago."""

    async def close(self) -> None:
        self.closed = True

    def __getattr__(self, _: str) -> Callable[..., Coroutine[Any, Any, NoReturn]]:
        return self._fail

    async def _fail(self, *_: object) -> NoReturn:
        raise self._error


async def _read(client: KafkaClient) -> None:
    async for _ in client.read("t"):
        pass


ASKED: dict[str, Callable[[KafkaClient], Awaitable[Any]]] = {
    "ensure": lambda client: client.ensure([spec("t")]),
    "topics": lambda client: client.topics(),
    "ends": lambda client: client.ends("t"),
    "committed": lambda client: client.committed("g", "t"),
    "read": _read,
}


@pytest.mark.parametrize("error", [KafkaConnectionError("closed"), TimeoutError()], ids=repr)
@pytest.mark.parametrize("asked", ASKED)
def test_a_broker_that_goes_away_is_unavailable(
    monkeypatch: pytest.MonkeyPatch, asked: str, error: BaseException
) -> None:
    admin = _Gone(error)
    monkeypatch.setattr(kafka_client, "AIOKafkaAdminClient", lambda **_: admin)

    async def work() -> None:
        await ASKED[asked](KafkaClient("127.0.0.1:1"))

    with pytest.raises(BrokerUnavailable, match=f"no answer from Kafka.*{type(error).__name__}"):
        asyncio.run(work())
    assert admin.closed


class _Waiting:
    """aiokafka's producer where no coordinator of transactions can be had: it asks for ever."""

    def __init__(self) -> None:
        self.stopped = False

    async def start(self) -> None:
        await asyncio.Event().wait()

    async def stop(self) -> None:
        self.stopped = True


def test_a_name_that_nobody_gives_ends_the_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    producer = _Waiting()
    monkeypatch.setattr(kafka_client, "TAKE_SECONDS", 0.05)
    monkeypatch.setattr(kafka_client, "AIOKafkaProducer", lambda **_: producer)

    async def work() -> None:
        await KafkaClient("127.0.0.1:1").writer("facts-0").take()

    with pytest.raises(BrokerUnavailable, match="no producer id"):
        asyncio.run(asyncio.wait_for(work(), 5))
    assert producer.stopped
