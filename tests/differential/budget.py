"""How long to search: FUZZ_EXAMPLES examples of each test; a mutation run also wants no shrinking, and no chance.

Rule: read once, from the environment, so that the same tests serve `make test`, `make fuzz` and mutation runs.
"""

import os

from hypothesis import HealthCheck, Phase, settings

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "20"))
_SHRINK = os.environ.get("FUZZ_SHRINK", "1") == "1"
_SAME = os.environ.get("FUZZ_SAME", "0") == "1"


def search(times: int = 1) -> settings:
    """Settings of one test; `times`: for tests whose examples are small."""
    phases = [Phase.explicit, Phase.reuse, Phase.generate, *([Phase.shrink] if _SHRINK else [])]
    return settings(
        max_examples=EXAMPLES * times,
        deadline=None,
        derandomize=_SAME,
        phases=phases,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
