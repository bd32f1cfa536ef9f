"""The generator makes what admission accepts, and the join comes to what the expectation says."""

import asyncio
from pathlib import Path

import numpy as np
import pytest

from streams.agents.partition import Partition
from streams.steps.admission import Admission, Admitted
from tests.bench.broker import controls_of
from tests.bench.checking import compare
from tests.bench.columns import SLOTS, Shape, chunks
from tests.bench.load import Load, record_numbers, wire_rows
from tests.bench.pieces import Capture, facts_of_load
from topics.alerts import Result
from topics.catalog import load_catalog
from topics.codec import decode
from topics.control import control_record
from topics.names import change_topic, result_topic
from topics.records import StoredRecord

CATALOG = load_catalog()
SHAPES = [
    Shape(400, 6_000, 50, "uniform", seed=7),
    Shape(400, 6_000, 500, "zipf", seed=8),
    Shape(300, 1_500, 1, "zipf", seed=9),
]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_admission_accepts_every_batch(shape: Shape) -> None:
    admission, rows = Admission(CATALOG), 0
    last: dict[tuple[str, int], tuple[int, bool]] = {}
    for batches in Load(CATALOG, shape).batches():
        for batch in batches:
            sent = StoredRecord(change_topic(batch.resource), 0, 0, 0, *batch.record)
            admitted = admission.admit(sent)
            assert isinstance(admitted, Admitted), admitted
            assert (admitted.batch.bucket, len(admitted.rows)) == (batch.bucket, batch.rows)
            before = last.get((batch.resource, batch.bucket), (0, False))
            assert before == (admitted.batch.seq - 1, False)
            last[batch.resource, batch.bucket] = (admitted.batch.seq, admitted.batch.ends_run)
            rows += batch.rows
    assert rows == shape.rows
    assert all(ended for _, ended in last.values())
    assert len(last) == len(CATALOG.resources) * CATALOG.partitions


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_join_comes_to_what_is_expected(shape: Shape, tmp_path: Path) -> None:
    said = asyncio.run(_verdicts(shape, tmp_path))
    answer = compare(said, shape)
    assert answer.startswith("equal (")
    assert not answer.startswith("equal (0 ")


async def _verdicts(shape: Shape, folder: Path) -> dict[str, str]:
    """The last verdict of each handle, from the join agent in process."""
    log = Capture()
    parts = [Partition(p, folder / str(p), log, "bench") for p in range(CATALOG.partitions)]
    controls = controls_of(CATALOG)
    for part in parts:
        for offset, control in enumerate(controls, -len(controls)):
            part.next = offset
            await part.process(StoredRecord("facts", part.number, offset, 0, *control_record(control)))
    for record in facts_of_load(Load(CATALOG, shape)):
        await parts[record.partition].process(record)
    for part in parts:
        part.close()
    results = [decode(r.value, Result, where="") for t, _, r in log.sent if t == result_topic("hrss")]
    return {result.handle: result.verdict for result in results}


def test_what_is_wrong_is_seen() -> None:
    assert compare({}, SHAPES[0]).startswith("DIFFERENT")


def test_the_same_shape_is_the_same_load() -> None:
    first, again = ([b.record for bs in Load(CATALOG, SHAPES[0]).batches() for b in bs] for _ in range(2))
    assert first == again


def test_zipf_has_hot_subjects_and_no_more_facts_than_slots() -> None:
    (columns,) = chunks(Shape(1_000, 20_000, keys="zipf"))
    rows = np.bincount(columns.subject)
    assert rows.max() > 20_000 * 0.05
    assert len(np.unique(columns.slot)) <= SLOTS
    assert set(np.unique(columns.op)) == {0, 1, 2}


def test_a_handle_carries_its_record() -> None:
    (columns,) = chunks(Shape(50, 200))
    handles = [row[1] for row in wire_rows(columns)]
    assert record_numbers(handles).tolist() == (columns.subject * SLOTS + columns.slot).tolist()


def test_paced_rows_follow_the_load_in_an_epoch_of_their_own() -> None:
    load = Load(CATALOG, Shape(400, 200_000 + 300), epoch=2)
    beats = list(load.paced(200_000, 100))
    assert [sum(batch.rows for batch in beat) for beat in beats] == [100, 100, 100]
    admission = Admission(CATALOG)
    for batch in (batch for beat in beats for batch in beat):
        sent = StoredRecord(change_topic(batch.resource), 0, 0, 0, *batch.record)
        admitted = admission.admit(sent)
        assert isinstance(admitted, Admitted)
        assert admitted.batch.epoch == 2
        assert all(row.version > 200_000 for row in admitted.rows)


def test_probes_are_admitted_one_a_bucket() -> None:
    admission = Admission(CATALOG)
    probes = Load(CATALOG, Shape(), epoch=3).probes()
    assert [probe.bucket for probe in probes] == list(range(CATALOG.partitions))
    for probe in probes:
        sent = StoredRecord(change_topic(probe.resource), 0, 0, 0, *probe.record)
        assert isinstance(admission.admit(sent), Admitted)
