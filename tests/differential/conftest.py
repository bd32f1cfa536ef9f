"""One fact base for the whole run, closed in the end (DuckDB complains of what is left open); many is three here."""

from collections.abc import Iterator

import pytest

from streams.steps import apply
from tests.differential.engines import shared_base
from topics import held


@pytest.fixture(scope="module", autouse=True)
def _many_is_three() -> Iterator[None]:
    """Histories are short: subjects are looked through and looked up (topics.held) in the same runs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(held, "MANY", 3)
        patch.setattr(apply, "MANY", 3)
        yield


@pytest.fixture(scope="session", autouse=True)
def _close_the_shared_base() -> Iterator[None]:
    yield
    if shared_base.cache_info().currsize:
        shared_base().close()
        shared_base.cache_clear()
