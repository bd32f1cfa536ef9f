"""Which numbered batches of each stream have been seen, and whether any is missing.

A stream is (resource, epoch) within one bucket. Batches are numbered from 1. A late batch that fills a gap
is new; any other number seen before is a duplicate.
Must not know: what is in a batch.
"""

import msgspec

from topics.batch import ChangeBatch


class Stream(msgspec.Struct, array_like=True):
    """`high`: greatest number seen; `missing`: numbers below it not seen; `as_of`: last run ended in full."""

    high: int = 0
    missing: list[int] = []
    ran: bool = False
    as_of: str | None = None

    @property
    def complete(self) -> bool:
        """A publish run has ended here and nothing is missing."""
        return self.ran and not self.missing

    def admit(self, seq: int) -> bool:
        """Note a number; False if it was seen before."""
        if seq > self.high:
            self.missing.extend(range(self.high + 1, seq))
            self.high = seq
            return True
        if seq in self.missing:
            self.missing.remove(seq)
            return True
        return False


class Ledger(msgspec.Struct, array_like=True):
    """Streams of one bucket: resource -> epoch (as text) -> stream."""

    streams: dict[str, dict[str, Stream]] = {}

    def admit(self, batch: ChangeBatch) -> bool:
        """Note a batch; False if it was seen before."""
        epochs = self.streams.setdefault(batch.resource, {})
        stream = epochs.setdefault(str(batch.epoch), Stream())
        if not stream.admit(batch.seq):
            return False
        if batch.ends_run:
            stream.ran = True
            stream.as_of = max(stream.as_of or "", batch.produced_at)
        return True

    def newest(self, resource: str) -> tuple[int, Stream]:
        """The newest epoch of a resource; (0, an empty stream) before its first batch."""
        epochs = self.streams.get(resource)
        if not epochs:
            return 0, Stream()
        epoch = max(epochs, key=int)
        return int(epoch), epochs[epoch]
