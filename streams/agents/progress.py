"""How recovery goes on, for whoever reads the log: a line every few seconds, and one at the end of each partition."""

import logging
from collections.abc import Mapping

from topics.names import FACTS

logger = logging.getLogger("crosscheck.recovery")

PROGRESS_SECONDS = 5.0


class Progress:
    """Shown the recovering partitions (position and end of each) from time to time."""

    def __init__(self) -> None:
        self._began: dict[int, tuple[float, int]] = {}
        self._next = 0.0

    def look(self, recovering: Mapping[int, tuple[int, int]], now: float) -> None:
        """Say what has been reached since the last line, and which partitions have caught up."""
        if not self._began and recovering:
            self._next = now + PROGRESS_SECONDS
        for number in self._began.keys() - recovering.keys():
            since, _ = self._began.pop(number)
            logger.info("%s[%s] has caught up with its log in %.1f s", FACTS, number, now - since)
        for number, (position, _) in recovering.items():
            self._began.setdefault(number, (now, position))
        if recovering and now >= self._next:
            self._next = now + PROGRESS_SECONDS
            for number, (position, end) in sorted(recovering.items()):
                logger.info("%s", self._line(number, position, end, now))

    def _line(self, number: int, position: int, end: int, now: float) -> str:
        since, first = self._began[number]
        rate = (position - first) / (now - since) if now > since else 0.0
        left = f", about {(end - position) / rate:.0f} s left" if rate else ""
        return f"{FACTS}[{number}] recovers: {position:,} of {end:,} records ({position / end:.0%}){left}"

    def forget(self, number: int) -> None:
        """A partition that was given up."""
        self._began.pop(number, None)
