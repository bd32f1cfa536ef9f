"""Identifiers of invented people: valid until spoiled, and then beyond repair."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from matchers.normalise.person_id import normalise_person_id
from matchers.normalise.uscc import normalise_uscc
from streams.city.identity import People, spoiled, spoiled_uscc, written, written_uscc

SEEDS = st.integers(0, 2**32)


@given(SEEDS)
def test_every_way_of_writing_reads_back(seed: int) -> None:
    rng = Random(seed)
    number = People(rng).person().id
    assert len(number) == 18
    assert normalise_person_id(number) == number
    assert normalise_person_id(written(rng, number, 1.0)) == number


@given(SEEDS)
def test_a_spoiled_person_id_is_refused(seed: int) -> None:
    rng = Random(seed)
    assert normalise_person_id(spoiled(rng, People(rng).person().id)) is None


@given(SEEDS)
def test_enterprise_codes(seed: int) -> None:
    rng = Random(seed)
    code = People(rng).uscc()
    assert normalise_uscc(code) == code
    assert normalise_uscc(written_uscc(rng, code)) == code
    assert normalise_uscc(spoiled_uscc(rng, code)) is None


def test_nobody_is_invented_twice() -> None:
    people = People(Random(1))
    assert len({people.person().id for _ in range(20_000)}) == 20_000
