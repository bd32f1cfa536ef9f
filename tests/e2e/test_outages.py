"""The broker goes away: a worker outlives it, and a stop ends in its absence. Real Kafka only."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Broker
from tests.e2e.people import FIRM, ZHANG
from tests.e2e.town import CLAIMS, SPELLS, Town, states

pytestmark = pytest.mark.broker

AWAY_SECONDS = 60

SPELL = ("S1", ZHANG, "张", FIRM, "2008-05-09", "", "regular", "2008-06-01")


@pytest.fixture
def place(own_broker: Broker, tmp_path: Path) -> Iterator[Town]:
    """A town on a broker that the test may kill."""
    made = Town(tmp_path, own_broker.url)
    made.make_keys()
    try:
        yield made
    finally:
        made.close()


def test_a_stop_ends_and_loses_nothing_when_the_broker_is_gone(place: Town, own_broker: Broker) -> None:
    """Clients of a dead broker retry for ever; at most the last seconds of a stop are given to them."""
    worker = place.start()
    place.tell(CLAIMS, ("C1", ZHANG, "张", "2008-05", "595.00"))
    own_broker.kill()
    worker.stop()
    assert not worker.alive
    own_broker.start()
    place.start()
    place.tell(SPELLS, SPELL)
    assert list(states(place.results()).values()) == ["open"]


def test_a_worker_outlives_its_broker(place: Town, own_broker: Broker) -> None:
    """Away for a minute, ten times the group's session."""
    worker = place.start()
    place.tell(CLAIMS, ("C1", ZHANG, "张", "2008-05", "595.00"))
    own_broker.kill()
    time.sleep(AWAY_SECONDS)
    own_broker.start()
    place.tell(SPELLS, SPELL)
    assert list(states(place.results()).values()) == ["open"]
    assert worker.alive
