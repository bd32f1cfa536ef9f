"""/metrics, /healthz and /readyz over HTTP, on the worker's own event loop: if they answer, the loop turns.

Rules: GET only, three paths, no input is read; bound to what is given and nothing else; no access log.
Must not know: what is told.
"""

import errno
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4

from streams.settings import Address
from streams.telemetry.exposed import Answer, Telemetry
from topics.errors import AddressUnusable

CLOSING_SECONDS = 1.0
"""How long a client that is being answered may hold up the end."""


def _json(answer: Answer) -> web.Response:
    return web.Response(status=answer.status, body=answer.body, content_type="application/json")


def pages(telemetry: Telemetry) -> web.Application:
    """The three pages."""

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(body=telemetry.metrics(), headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4})

    async def healthz(_: web.Request) -> web.Response:
        return _json(telemetry.health())

    async def readyz(_: web.Request) -> web.Response:
        return _json(telemetry.readiness())

    app = web.Application(client_max_size=1)
    app.router.add_get("/metrics", metrics)
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    return app


@asynccontextmanager
async def serving(address: Address, telemetry: Telemetry) -> AsyncIterator[Address]:
    """Serve for the length of the block; the address that was bound (port 0 takes any). Raises AddressUnusable."""
    runner = web.AppRunner(
        pages(telemetry), access_log=None, handle_signals=False, shutdown_timeout=CLOSING_SECONDS
    )
    await runner.setup()
    try:
        site = web.TCPSite(runner, address.host, address.port)
        await _bind(site, address)
        bound: tuple[str, int] = runner.addresses[0]
        yield Address(bound[0], bound[1])
    finally:
        await runner.cleanup()


async def _bind(site: web.TCPSite, address: Address) -> None:
    try:
        await site.start()
    except OSError as error:
        why = _WHY.get(error.errno or 0, "it cannot be used")
        raise AddressUnusable(
            why, where=f"--http {address}", remedy="name another HOST:PORT, or port 0 for any that is free"
        ) from None


_WHY = {
    errno.EADDRINUSE: "another program listens there",
    errno.EACCES: "this user may not listen there",
    errno.EADDRNOTAVAIL: "no such address on this machine",
}
