"""Where things are: broker, data folder, catalog. Options beat environment variables, which beat defaults."""

import os
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_data_path

from streams.transport.port import BrokerURL
from topics.catalog.load import SHIPPED

BROKER = "CROSSCHECK_BROKER"
DATA = "CROSSCHECK_DATA"
CATALOG = "CROSSCHECK_CATALOG"


def shipped(catalog: Path | None) -> Path | None:
    """`example` and `city` name the catalogs that come with Crosscheck, where no folder is called so."""
    return catalog if catalog is None or catalog.exists() else SHIPPED.get(str(catalog), catalog)


@dataclass(frozen=True, slots=True)
class Settings:
    """`catalog` None means the example city that ships with Crosscheck."""

    broker: BrokerURL
    data: Path
    catalog: Path | None

    @classmethod
    def resolve(
        cls, broker: str | None = None, data: Path | None = None, catalog: Path | None = None
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
        )

    @property
    def embedded(self) -> bool:
        """Whether the log is a folder on this machine."""
        return self.broker.scheme == "embedded"
