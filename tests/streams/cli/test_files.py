"""A command may open more files than the system gives it to begin with."""

import resource
import subprocess
import sys

import pytest

from streams.cli.files import WANTED

SHOW = """
import resource
from streams.cli.files import allow_many_files
allow_many_files()
print(*resource.getrlimit(resource.RLIMIT_NOFILE))
"""
_, HARD = resource.getrlimit(resource.RLIMIT_NOFILE)
MOST = WANTED if HARD == resource.RLIM_INFINITY else min(WANTED, HARD)


@pytest.mark.parametrize(
    ("soft", "hard", "expected"),
    [(256, HARD, MOST), (256, 512, 512), (MOST, HARD, MOST), (300, 300, 300)],
    ids=["a usual limit", "a low hard limit", "enough", "no room"],
)
def test_the_limit_is_raised_as_far_as_it_goes(soft: int, hard: int, expected: int) -> None:
    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    done = subprocess.run(
        [sys.executable, "-c", SHOW], preexec_fn=limited, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == [str(expected), str(hard)]
