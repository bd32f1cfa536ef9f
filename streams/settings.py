"""Where things are: broker, data folder, catalog; and where a worker serves its telemetry.

Options beat environment variables, which beat defaults.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from platformdirs import user_data_path

from streams.transport.port import BrokerURL
from topics.catalog.load import SHIPPED
from topics.errors import AddressUnusable

BROKER = "CROSSCHECK_BROKER"
DATA = "CROSSCHECK_DATA"
CATALOG = "CROSSCHECK_CATALOG"
CHECKPOINTS = "CROSSCHECK_CHECKPOINTS"
HTTP = "CROSSCHECK_HTTP"
LOGS = "CROSSCHECK_LOGS"
CACHE_MB = "CROSSCHECK_CACHE_MB"
LOOPBACK = "127.0.0.1"

CACHE_BYTES = 1_000_000_000
"""Of subjects that a worker keeps in memory, unless it is told otherwise."""


def shipped(catalog: Path | None) -> Path | None:
    """`example` and `city` name the catalogs that come with Crosscheck, where no folder is called so."""
    return catalog if catalog is None or catalog.exists() else SHIPPED.get(str(catalog), catalog)


@dataclass(frozen=True, slots=True)
class Settings:
    """`catalog` None means the example city that ships with Crosscheck; `checkpoints` None, that there are none."""

    broker: BrokerURL
    data: Path
    catalog: Path | None
    checkpoints: str | None = None

    @classmethod
    def resolve(
        cls,
        broker: str | None = None,
        data: Path | None = None,
        catalog: Path | None = None,
        checkpoints: str | None = None,
    ) -> "Settings":
        """Settle every place. The default broker is the embedded log in the data folder."""
        env_data = os.environ.get(DATA)
        folder = (data or (Path(env_data) if env_data else user_data_path("crosscheck"))).absolute()
        url = broker or os.environ.get(BROKER) or f"embedded://{folder / 'log'}"
        env_catalog = os.environ.get(CATALOG)
        return cls(
            BrokerURL.parse(url),
            folder,
            shipped(catalog or (Path(env_catalog) if env_catalog else None)),
            checkpoints or os.environ.get(CHECKPOINTS) or None,
        )

    @property
    def embedded(self) -> bool:
        """Whether the log is a folder on this machine."""
        return self.broker.scheme == "embedded"


@dataclass(frozen=True, slots=True)
class Address:
    """HOST:PORT to serve on; port 0 takes any that is free."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> "Address":
        """Read HOST:PORT, [IPv6]:PORT, or :PORT and PORT for the loopback. Raises AddressUnusable."""
        try:
            parts = urlsplit(f"//{text}" if ":" in text else f"//:{text}")
            port = parts.port
        except ValueError:
            port = None
        if port is None or parts.path or parts.query or parts.fragment or parts.username is not None:
            raise AddressUnusable(
                "not HOST:PORT", where="--http", remedy="write for example 127.0.0.1:9464, or 127.0.0.1:0"
            )
        return cls(parts.hostname or LOOPBACK, port)

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"
