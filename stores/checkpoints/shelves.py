"""The shelves of all partitions of one log, in one place."""

from stores.checkpoints.place import Place
from stores.checkpoints.shelf import KEEP, Shelf


class Shelves:
    """Made once by a worker: what a shelf has read and hashed serves its next checkpoint."""

    def __init__(self, place: Place, log_id: str, *, keep: int = KEEP) -> None:
        self.place = place
        self._log_id = log_id
        self._keep = keep
        self._shelves: dict[int, Shelf] = {}

    def of(self, partition: int) -> Shelf:
        """The shelf of one partition."""
        if partition not in self._shelves:
            self._shelves[partition] = Shelf(self.place, self._log_id, partition, keep=self._keep)
        return self._shelves[partition]
