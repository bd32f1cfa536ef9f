"""The soak in short: some kills on each broker. The long one is `make soak`."""

from pathlib import Path

import pytest

from tests.soak.soak import Options, soak

SHORT = {"kills": 5, "workers": 2, "scale": 0.01, "rest_share": 0.0}


def test_kills_on_the_embedded_log_change_nothing(tmp_path: Path) -> None:
    report = soak(Options("embedded", broker_kills=0, **SHORT), tmp_path)
    assert (report.wrong, report.kills) == ([], 5)


@pytest.mark.broker
def test_kills_on_kafka_change_nothing(tmp_path: Path) -> None:
    report = soak(Options("kafka", broker_kills=1, **SHORT), tmp_path)
    assert (report.wrong, report.kills, report.broker_kills) == ([], 5, 1)
