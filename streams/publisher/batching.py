"""Rows into numbered batches: one bucket a batch, at most MAX_ROWS rows and MAX_BATCH_BYTES bytes."""

from collections.abc import Iterable
from typing import Literal

from matchers.token import bucket_of
from streams.publisher.memory import FrontMemory
from topics.batch import ChangeBatch, Row, batch_id, count, encode_batch, encode_rows
from topics.catalog import Resource
from topics.limits import MAX_BATCH_BYTES, MAX_ROWS


class Batcher:
    """Batches of one publish run of one resource."""

    def __init__(
        self,
        resource: Resource,
        memory: FrontMemory,
        *,
        partitions: int,
        key_version: int,
        run: str,
        mode: Literal["full", "changes"],
    ) -> None:
        self._resource = resource
        self._memory = memory
        self._partitions = partitions
        self._key_version = key_version
        self._run = run
        self._mode: Literal["full", "changes"] = mode
        self._touched: set[int] = set()

    def batches(self, rows: Iterable[Row], now: str, *, last: bool) -> list[tuple[int, str, bytes]]:
        """(bucket, batch id, message) for some rows; `last`: the run ends with them.

        A full run ends in every bucket, so that each can be said to be complete; a run of changes ends
        in the buckets it touched.
        """
        by_bucket: dict[int, list[Row]] = {}
        for row in rows:
            by_bucket.setdefault(bucket_of(row.subject, self._partitions), []).append(row)
        self._touched.update(by_bucket)
        ending = set(range(self._partitions)) if self._mode == "full" else self._touched
        done = []
        for bucket in sorted(ending | by_bucket.keys() if last else by_bucket.keys()):
            done += self._bucket(bucket, by_bucket.get(bucket, []), now, last=last)
        return done

    def _bucket(self, bucket: int, rows: list[Row], now: str, *, last: bool) -> list[tuple[int, str, bytes]]:
        parts = [rows[i : i + MAX_ROWS] for i in range(0, len(rows), MAX_ROWS)] or [[]]
        done = []
        for i, part in enumerate(parts):
            done += self._fit(bucket, part, now, ends=last and i == len(parts) - 1)
        return done

    def _fit(self, bucket: int, rows: list[Row], now: str, *, ends: bool) -> list[tuple[int, str, bytes]]:
        encoded, content_hash = encode_rows(rows)
        if len(encoded) > MAX_BATCH_BYTES and len(rows) > 1:
            half = len(rows) // 2
            first = self._fit(bucket, rows[:half], now, ends=False)
            return first + self._fit(bucket, rows[half:], now, ends=ends)
        seq = self._memory.number(bucket)
        batch = ChangeBatch(
            department=self._resource.department,
            resource=self._resource.id,
            epoch=self._memory.epoch,
            bucket=bucket,
            seq=seq,
            run=self._run,
            mode=self._mode,
            ends_run=ends,
            contract_version=self._resource.version,
            key_version=self._key_version,
            produced_at=now,
            counts=count(rows),
            content_hash=content_hash,
            rows=encoded,
        )
        return [(bucket, batch_id(batch.resource, batch.epoch, bucket, seq), encode_batch(batch))]
