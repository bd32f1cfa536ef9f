"""One fact base for the whole run, closed in the end (DuckDB complains of what is left open)."""

from collections.abc import Iterator

import pytest

from tests.differential.engines import shared_base


@pytest.fixture(scope="session", autouse=True)
def _close_the_shared_base() -> Iterator[None]:
    yield
    if shared_base.cache_info().currsize:
        shared_base().close()
        shared_base.cache_clear()
