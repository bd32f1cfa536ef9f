"""Fixtures of the end-to-end tests: `town` (on the embedded log, then on a Kafka broker of its own), cities."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from streams.city import generate
from tests.e2e.town import Town
from topics.catalog import EXAMPLE

BOTH = [pytest.param("embedded"), pytest.param("kafka", marks=pytest.mark.broker)]


def _url(kind: str, folder: Path, request: pytest.FixtureRequest) -> str:
    return f"embedded://{folder / 'log'}" if kind == "embedded" else request.getfixturevalue("own_broker").url


@pytest.fixture(params=BOTH)
def town(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Town]:
    """A town on each kind of broker; its processes end with the test."""
    yield from _open(tmp_path, _url(request.param, tmp_path, request))


@pytest.fixture
def village(tmp_path: Path) -> Iterator[Town]:
    """A town on the embedded log only."""
    yield from _open(tmp_path, f"embedded://{tmp_path / 'log'}")


def _open(folder: Path, broker: str) -> Iterator[Town]:
    made = Town(folder, broker)
    made.make_keys()
    try:
        yield made
    finally:
        made.close()


@pytest.fixture(scope="session")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example city at scale 0.05."""
    folder = tmp_path_factory.mktemp("city")
    generate("hangzhou-2008", folder, scale=0.05)
    return folder


@pytest.fixture(scope="session")
def hamlet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example city at scale 0.01."""
    folder = tmp_path_factory.mktemp("hamlet")
    generate("hangzhou-2008", folder, scale=0.01)
    return folder


@pytest.fixture
def declared(tmp_path: Path) -> Callable[[str, str, str], Path]:
    """A copy of the example catalog with one thing written otherwise."""

    def write(file: str, old: str, new: str) -> Path:
        folder = tmp_path / "catalog"
        shutil.copytree(EXAMPLE, folder)
        text = (folder / file).read_text(encoding="utf-8")
        assert old in text
        (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
        return folder

    return write
