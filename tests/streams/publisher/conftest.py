"""A fresh front node for each test."""

from pathlib import Path

import pytest

from tests.streams.publisher.front import Front


@pytest.fixture
def front(tmp_path: Path) -> Front:
    return Front(tmp_path)
