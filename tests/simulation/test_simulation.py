"""Simulated histories: all of some hundreds are right, the same seed is the same history, planted faults are found.

`make simulate ARGS="--histories 100000"` goes on for longer.
"""

import pytest

from tests.simulation.faults import FAULTS, Fault, found_after
from tests.simulation.run import failures, told
from tests.simulation.setting import Options
from tests.simulation.simulator import Simulation

HISTORIES = 400
WITHIN = 60
"""Histories that a fault may take to be found."""


def trace(seed: int) -> list[str]:
    lines: list[str] = []
    Simulation(Options(seed), lines.append).play()
    return lines


def test_every_history_is_right() -> None:
    for options, found in failures(0, HISTORIES):
        pytest.fail(told(options, found), pytrace=False)


def test_a_seed_is_a_history() -> None:
    assert trace(7) == trace(7)
    assert trace(7) != trace(8)


def test_much_befalls_a_history() -> None:
    """What the others stand on: owners die at work, and come back to say the rest."""
    lines = [line for seed in range(40) for line in trace(seed)]
    for words in (
        "is killed",
        "is paused",
        "wakes up",
        "has ended",
        "late",
        "hostile",
        "control",
        "no answer",
    ):
        assert sum(words in line for line in lines) > 5, words


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.what)
def test_a_planted_fault_is_found(fault: Fault) -> None:
    assert found_after(fault, WITHIN) is not None
