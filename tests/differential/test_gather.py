"""From the log to the fact base: partitions, repeats, what cannot be read; and the catalog's own rules."""

import asyncio
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchers.rules.compiled import CompiledRule
from stores.factbase import FactBase, database
from streams.readers.facts import Gathering, evaluate, evaluate_into, gather_facts, rulebook, standing
from streams.steps import apply
from streams.transport.port import BrokerURL, connect
from tests.differential.budget import search
from tests.differential.engines import fill, shared_base, stream
from tests.differential.histories import History as Story
from tests.differential.histories import deliveries
from tests.streams.steps.histories import History, histories
from tests.streams.steps.world import CATALOG, CLAIM, RULE, SPELL, TOKENS, Machine, batch_of, row
from topics.alerts import check_id
from topics.batch import ChangeBatch, Row, encode_batch
from topics.catalog import Compare, Condition, Deadline, Exculpation
from topics.control import Control, RuleChange, Tick, control_record
from topics.facts import State
from topics.names import FACTS, TopicSpec
from topics.records import Record

DECLARED = CATALOG.rule(RULE)
APRIL = {"start": date(2008, 4, 1), "end": date(2008, 4, 30)}
SPECS = [TopicSpec(FACTS, 2, -1, compact=False, writer="hub", readers=("hub",))]
ACTIVE = RuleChange(DECLARED, "active", None, None, "activated", "test", "")


def told(resource: str, *rows: Row, seq: int = 1, bucket: int = 0) -> Record:
    batch: ChangeBatch = batch_of(resource, rows, seq, bucket=bucket, ends_run=True)
    return Record(None, encode_batch(batch))


def gathered(
    tmp_path: Path, partitions: list[list[Record | Control]], base: FactBase
) -> list[tuple[int, int]]:
    """Write partitions of `facts`, gather them; the progress that was reported."""
    progress: list[tuple[int, int]] = []

    async def work() -> None:
        async with connect(BrokerURL.parse(f"embedded://{tmp_path / 'log'}")) as log:
            await log.ensure(SPECS)
            for number, records in enumerate(partitions):
                ready = [r if isinstance(r, Record) else control_record(r) for r in records]
                await (await log.send(FACTS, number, ready))
            await gather_facts(log, base, lambda read, total: progress.append((read, total)))

    asyncio.run(work())
    return progress


def claim(token: bytes, seq: int = 1, **more: object) -> Record:
    return told(CLAIM, row(CLAIM, "c", 1, token, **APRIL), seq=seq, **more)


def spell(token: bytes, **more: object) -> Record:
    return told(SPELL, row(SPELL, "s", 1, token, kind="regular", **APRIL), **more)


def test_a_log_of_two_partitions(tmp_path: Path) -> None:
    garbage = Record(None, b"{}")
    first = [
        ACTIVE,
        claim(TOKENS[0]),
        garbage,
        claim(TOKENS[0]),
        spell(TOKENS[0]),
        Tick(date(2008, 5, 1), ""),
    ]
    second = [claim(TOKENS[1], bucket=1), ACTIVE, Tick(date(2008, 5, 1), "")]
    with FactBase.create(tmp_path / "facts.duckdb", threads=1) as base:
        progress = gathered(tmp_path, [first, second], base)
        assert progress[-1] == (9, 9)
        assert base.query("FROM ends ORDER BY ALL") == [(0, 5), (1, 2)]
        found = {c.bucket: c for c in evaluate(base, CompiledRule.of(DECLARED))}
        assert {bucket: c.state for bucket, c in found.items()} == {0: State.OPEN, 1: State.CLEAR}
        assert [p.handle for p in found[0].evidence] == ["s"]
        assert {s.checked.bucket: s.revision for s in standing(base, RULE)} == {0: 4, 1: 1}
        book = rulebook(base)
        assert (book.day, list(book.rules().rules)) == (date(2008, 5, 1).toordinal(), [RULE])


def test_what_a_rule_says_can_be_a_table(tmp_path: Path) -> None:
    with FactBase.create(threads=1) as base:
        gathered(tmp_path, [[claim(TOKENS[0]), spell(TOKENS[0])], []], base)
        evaluate_into(base, CompiledRule.of(DECLARED), 'a "table"')
        ((state, resource),) = base.query('SELECT state, evidence[1].resource FROM "a ""table"""')
        assert (state, resource) == (State.OPEN, SPELL)


def test_another_business_date_can_be_asked_about(tmp_path: Path) -> None:
    missing = replace(DECLARED, kind="missing", deadline=Deadline(5, "days", "start"), require=3)
    empty = [told(resource, seq=2 if resource == CLAIM else 1) for resource in missing.resources]
    with FactBase.create(threads=1) as base:
        gathered(tmp_path, [[claim(TOKENS[0]), *empty], []], base)
        rule = CompiledRule.of(missing)
        assert [c.state for c in evaluate(base, rule)] == [State.CLEAR]
        assert [c.state for c in evaluate(base, rule, day=date(2008, 4, 6))] == [State.CLEAR]
        (late,) = evaluate(base, rule, day=date(2008, 4, 7))
        assert (late.state, [(p.resource, p.absent) for p in late.evidence]) == (
            State.OPEN,
            [(resource, True) for resource in sorted(missing.resources) if resource != CLAIM],
        )


def test_names_are_only_text(tmp_path: Path) -> None:
    strange = "it's; -- \" \\"
    (source, *_) = (e for e in DECLARED.evidence if e.resource == SPELL)
    source = replace(
        source,
        exculpations=(Exculpation(strange, strange, frozenset({strange}), source.text),),
        where=(Condition(strange, frozenset({strange})),),
        discloses=strange,
        compare=Compare(strange, strange, "same", {strange: frozenset({strange})}),
    )
    rule = CompiledRule.of(replace(DECLARED, id=strange, evidence=(source,)))
    codes = {strange: strange}
    rows = [Row("i", "c", 1, "person_id", TOKENS[0], **APRIL, codes=codes)]
    spells = [Row("i", strange, 1, "person_id", TOKENS[0], **APRIL, codes=codes)]
    with FactBase.create(threads=1) as base:
        gathered(tmp_path, [[told(CLAIM, *rows), told(SPELL, *spells)], []], base)
        (found,) = evaluate(base, rule)
        assert found.state == State.EXPLAINED
        assert [(p.handle, p.exculpation, p.code) for p in found.evidence] == [(strange, strange, strange)]
        assert found.check_id == check_id(strange, CLAIM, "c", TOKENS[0])


def test_no_rule_and_no_record(tmp_path: Path) -> None:
    with FactBase.create(threads=1) as base:
        assert gathered(tmp_path, [[], []], base) == []
        assert evaluate(base, CompiledRule.of(DECLARED)) == standing(base, RULE) == []
        assert rulebook(base).changes == {}


def held(machine: Machine) -> set[tuple[object, ...]]:
    """Every fact that a partition holds, tombstones too."""
    return {
        (source, token, handle, f.start, f.end, tuple(sorted(f.codes.items())), f.epoch, f.seq, f.live)
        for token, subject in machine.memory.store.subjects.items()
        for source, facts in subject.facts.items()
        for handle, f in facts.items()
    }


@pytest.mark.parametrize("most", [3, 2_000])
def test_versions_at_rest_are_the_facts_that_the_stream_holds(
    most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apply, "MAX_FACTS", most)
    monkeypatch.setattr(database, "MAX_FACTS", most)

    @search(times=2)
    @given(st.lists(deliveries((), 4), min_size=1, max_size=20))
    def same(told: list[list[Story]]) -> None:
        cases = [history for ways in told for history in ways]
        rows = fill(cases).query(
            "SELECT bucket, source, subject, handle, first, last, codes, epoch, seq, live FROM versions"
            " WHERE until IS NULL"
        )
        found: list[set[tuple[object, ...]]] = [set() for _ in cases]
        for bucket, source, token, handle, first, last, codes, *rest in rows:
            found[bucket].add((source, token, handle, first, last, tuple(sorted(codes.items())), *rest))
        assert found == [held(stream(history)) for history in cases]

    same()


VERDICTS = {"clear": State.CLEAR, "explained": State.EXPLAINED, "discrepancy": State.OPEN}


@search()
@given(st.lists(histories(), min_size=1, max_size=20))
def test_the_example_catalogs_rule_says_the_same_in_sql(cases: list[History]) -> None:
    base = shared_base()
    base.clear()
    gathering = Gathering(base)
    for bucket, history in enumerate(cases):
        gathering.govern(bucket, 0, ACTIVE)
        for position, (batch, rows) in enumerate(history.delivered, 1):
            gathering.join(bucket, position, batch, rows)
    gathering.finish()
    by_sql: list[dict[str, tuple[State, int]]] = [{} for _ in cases]
    for one in standing(base, RULE):
        by_sql[one.checked.bucket][one.checked.check_id] = (one.checked.state, one.revision - 1)
    for history, found in zip(cases, by_sql, strict=True):
        results = history.machine().results()
        current = {name: r for name, r in results.items() if r.verdict != "withdrawn"}
        assert {n: (VERDICTS[r.verdict], r.revision) for n, r in current.items()} == found
