"""Which numbered batches of each stream have been seen, and whether any is missing.

A stream is (resource, epoch) within one bucket. Batches are numbered from 1. A late batch that fills a gap
is new; any other number seen before is a duplicate.
Must not know: what is in a batch.
"""

from itertools import islice

import msgspec

from topics.batch import ChangeBatch
from topics.limits import MAX_NAMED


class Stream(msgspec.Struct, array_like=True):
    """`high`: greatest number seen; `gaps`: (first, last) of runs below it not seen; `as_of`: last run's end.

    `ran`: some publish run has ended here; `full_at`: number that ended the first one that compared everything.
    """

    high: int = 0
    gaps: list[tuple[int, int]] = []
    ran: bool = False
    as_of: str | None = None
    full_at: int = 0

    @property
    def delivered(self) -> bool:
        """A run that compared everything has arrived whole, whatever is missing since."""
        return self.full_at > 0 and all(first > self.full_at for first, _ in self.gaps)

    @property
    def complete(self) -> bool:
        """A publish run has ended here and nothing is missing."""
        return self.ran and not self.gaps

    @property
    def missing(self) -> list[int]:
        """The first MAX_NAMED missing numbers."""
        numbers = (number for first, last in self.gaps for number in range(first, last + 1))
        return list(islice(numbers, MAX_NAMED))

    def admit(self, seq: int) -> bool:
        """Note a number; False if it was seen before."""
        if seq > self.high:
            if seq > self.high + 1:
                self.gaps.append((self.high + 1, seq - 1))
            self.high = seq
            return True
        return self._fill(seq)

    def _fill(self, seq: int) -> bool:
        for i, (first, last) in enumerate(self.gaps):
            if first <= seq <= last:
                self.gaps[i : i + 1] = [
                    gap for gap in ((first, seq - 1), (seq + 1, last)) if gap[0] <= gap[1]
                ]
                return True
        return False


class Ledger(msgspec.Struct, array_like=True):
    """Streams of one bucket: resource -> epoch (as text) -> stream; `floors`: the oldest epoch that still counts."""

    streams: dict[str, dict[str, Stream]] = {}
    floors: dict[str, int] = {}

    def admit(self, batch: ChangeBatch) -> bool:
        """Note a batch; False if it was seen before, or its epoch has been replaced."""
        if batch.epoch < self.floors.get(batch.resource, 0):
            return False
        epochs = self.streams.setdefault(batch.resource, {})
        stream = epochs.setdefault(str(batch.epoch), Stream())
        if not stream.admit(batch.seq):
            return False
        if batch.ends_run:
            stream.ran = True
            if batch.mode == "full":
                stream.full_at = min(stream.full_at or batch.seq, batch.seq)
            stream.as_of = max(stream.as_of or "", batch.produced_at)
        return True

    def replace(self, batch: ChangeBatch) -> bool:
        """Forget older epochs once a full run of the batch's own has arrived whole; whether there were any.

        A front node that lost its memory sends everything again in a new epoch. What it does not send any
        more is gone: nobody else could say so.
        """
        epochs = self.streams[batch.resource]
        stream = epochs[str(batch.epoch)]
        if not stream.full_at or stream.gaps:
            return False
        self.floors[batch.resource] = batch.epoch
        older = [epoch for epoch in epochs if int(epoch) < batch.epoch]
        for epoch in older:
            del epochs[epoch]
        return bool(older)

    def delivered(self, resource: str) -> bool:
        """Whether a resource has been delivered in full at least once, in some epoch."""
        return any(stream.delivered for stream in self.streams.get(resource, {}).values())

    def newest(self, resource: str) -> tuple[int, Stream]:
        """The newest epoch of a resource; (0, an empty stream) before its first batch."""
        epochs = self.streams.get(resource)
        if not epochs:
            return 0, Stream()
        epoch = max(epochs, key=int)
        return int(epoch), epochs[epoch]
