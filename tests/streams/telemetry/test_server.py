"""The three pages, the address they are on, and how they end."""

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable

import aiohttp
import pytest

from streams.settings import Address
from streams.telemetry.server import serving
from tests.streams.telemetry.made import full
from topics.errors import AddressUnusable

ANY = Address("127.0.0.1", 0)
Work = Callable[[aiohttp.ClientSession, str], Awaitable[None]]


def served(work: Work) -> None:
    async def main() -> None:
        async with serving(ANY, full()) as bound, aiohttp.ClientSession() as client:
            assert bound.port > 0
            await work(client, f"http://{bound}")

    asyncio.run(asyncio.wait_for(main(), 30))


def test_the_pages() -> None:
    async def work(client: aiohttp.ClientSession, url: str) -> None:
        async with client.get(f"{url}/metrics") as answer:
            assert answer.status == 200
            assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
            assert "crosscheck_ready 0.0" in await answer.text()
        async with client.get(f"{url}/healthz") as answer:
            assert (answer.status, (await answer.json())["alive"]) == (200, True)
        async with client.get(f"{url}/readyz") as answer:
            assert answer.status == 503
            assert (await answer.json())["recovering"] == {"3": {"position": 5, "end": 25}}

    served(work)


def test_nothing_else_is_served_or_taken() -> None:
    async def work(client: aiohttp.ClientSession, url: str) -> None:
        for method, path, status in (
            ("GET", "/", 404),
            ("GET", "/table", 404),
            ("GET", "/metrics/../state", 404),
            ("POST", "/metrics", 405),
            ("DELETE", "/readyz", 405),
        ):
            async with client.request(
                method, url + path, data=b"x" * 10_000 if method == "POST" else None
            ) as a:
                assert a.status == status, (method, path)

    served(work)


def test_a_port_in_use_is_one_clear_line() -> None:
    async def main() -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            with pytest.raises(
                AddressUnusable, match=f"--http 127.0.0.1:{port}: another program listens there"
            ):
                async with serving(Address("127.0.0.1", port), full()):
                    pass

    asyncio.run(main())


def test_a_client_that_hangs_does_not_hold_up_the_end() -> None:
    async def main() -> float:
        async with serving(ANY, full()) as bound:
            _, writer = await asyncio.open_connection(bound.host, bound.port)
            writer.write(b"GET /metrics HTTP/1.1\r\n")  # and never ends its request
            await writer.drain()
            begun = time.monotonic()
        writer.close()
        return time.monotonic() - begun

    assert asyncio.run(main()) < 5


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("127.0.0.1:9464", "127.0.0.1", 9464),
        ("0.0.0.0:0", "0.0.0.0", 0),
        (":9464", "127.0.0.1", 9464),
        ("9464", "127.0.0.1", 9464),
        ("[::1]:9464", "::1", 9464),
        ("localhost:1", "localhost", 1),
    ],
)
def test_an_address(text: str, host: str, port: int) -> None:
    assert Address.parse(text) == Address(host, port)


@pytest.mark.parametrize(
    "text", ["", "host", "host:", "host:99999", "host:x", "http://host:1", "host:1/path", "a@b:1"]
)
def test_no_address(text: str) -> None:
    with pytest.raises(AddressUnusable, match="not HOST:PORT"):
        Address.parse(text)


def test_an_address_as_it_is_written() -> None:
    assert str(Address("::1", 1)) == "[::1]:1"
