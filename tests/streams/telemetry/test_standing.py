"""Ready and alive: which conditions a probe is told of."""

import time

import orjson
import pytest

from streams.telemetry.exposed import Telemetry
from streams.telemetry.standing import STALLED_SECONDS, Standing
from tests.streams.telemetry.made import standing
from topics.catalog import load_catalog


@pytest.mark.parametrize(
    ("worker", "ready"),
    [
        (Standing(), False),
        (standing(), False),
        (standing(recovering={}), True),
        (standing(recovering={}, assigned=False), False),
        (standing(recovering={}, crashed="OSError"), False),
        (Standing(assigned=True), True),
    ],
    ids=["nothing yet", "replays", "works", "in a rebalance", "crashed", "admits, and joins nothing"],
)
def test_ready(worker: Standing, ready: bool) -> None:
    telemetry = Telemetry(load_catalog(None))
    telemetry.standing = lambda: worker
    answer = telemetry.readiness()
    assert answer.status == (200 if ready else 503)
    assert orjson.loads(answer.body)["ready"] is ready


def test_who_waits_for_what_is_said() -> None:
    body = standing().readiness()
    assert body["owned"] == [0, 3]
    assert body["recovering"] == {"3": {"position": 5, "end": 25}}


def test_alive_until_it_crashes_or_nothing_moves() -> None:
    assert Standing().alive(0.0)
    assert not Standing().alive(STALLED_SECONDS)
    assert not Standing(crashed="OSError").alive(0.0)


def test_health_tells_the_kind_of_a_crash_and_nothing_else() -> None:
    telemetry = Telemetry(load_catalog(None))
    assert telemetry.health().status == 200
    telemetry.meter.progress = time.monotonic() - STALLED_SECONDS
    stalled = telemetry.health()
    assert stalled.status == 503
    assert set(orjson.loads(stalled.body)) == {
        "alive",
        "crashed",
        "last_progress_seconds",
        "loop_delay_seconds",
    }
    telemetry.meter.moved()
    assert telemetry.health().status == 200
