"""A batch that the hub refused: what its dead letter advises brings its rows, and nothing less does."""

from dataclasses import replace
from pathlib import Path

import pytest

from streams.steps.admission import Admission, Admitted, Refused
from streams.steps.ledger import Ledger
from tests.streams.publisher.front import CATALOG, CLAIM, Front, LogDouble, claim, claims
from topics.names import change_topic
from topics.records import StoredRecord

OTHER_VERSION = replace(
    CATALOG, resources={id_: replace(found, version="9.0.0") for id_, found in CATALOG.resources.items()}
)


def decided(admission: Admission, log: LogDouble) -> list[Admitted | Refused]:
    return [admission.admit(StoredRecord(change_topic(CLAIM), 0, 0, 0, *record)) for _, record in log.sent]


@pytest.mark.parametrize("new_epoch", [False, True])
def test_only_a_new_epoch_brings_it(tmp_path: Path, new_epoch: bool) -> None:
    node = Front(tmp_path)
    _, refused = node.publish(claims(claim(1)))
    letters = decided(Admission(OTHER_VERSION), refused)
    assert all(isinstance(letter, Refused) for letter in letters)
    assert all("--mode full --new-epoch" in letter.letter.remedy for letter in letters)
    if new_epoch:
        memory = node.memory()
        memory.renew()
        memory.close()
    _, again = node.publish(claims(claim(1)))
    arrived, ledger = 0, Ledger()
    (bucket,) = {batch.bucket for batch in refused.batches() if batch.counts.total}
    for decision in decided(Admission(CATALOG), again):
        assert isinstance(decision, Admitted)
        arrived += len(decision.rows)
        assert decision.batch.bucket != bucket or ledger.admit(decision.batch)
    assert (arrived, ledger.delivered(CLAIM)) == (int(new_epoch), new_epoch)
