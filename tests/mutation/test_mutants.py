"""Mutants are made as named, and the tests do kill some; all of them are for `python -m tests.mutation.run`."""

from tests.mutation.mutants import mutants
from tests.mutation.run import ROOT, accepted, all_mutants, run

SOURCE = """
LINE = 3

def over(values, sure):
    if not sure:
        return 0
    return max(v for v in values if v > LINE and sure)
"""
SEEDED = (
    "matchers/temporal.py ALLEN: c == b + 1 -> c <= b + 1",
    "matchers/rules/source.py Source.of: name == anchor -> name != anchor",
)


def test_each_kind_of_mistake_is_made() -> None:
    names = [mutant.name for mutant in mutants("a.py", SOURCE)]
    assert names == [
        "a.py LINE: 3 -> 4",
        "a.py LINE: 3 -> 2",
        "a.py over: if not sure: -> if True:",
        "a.py over: if not sure: -> if False:",
        "a.py over: not sure -> sure",
        "a.py over: return 0 -> return None",
        "a.py over: 0 -> 1",
        "a.py over: 0 -> -1",
        "a.py over: return max((v for v in values if v > LINE and sure)) -> return None",
        "a.py over: max((v for v in values if v > LINE and sure)) -> "
        "min((v for v in values if v > LINE and sure))",
        "a.py over: (v for v in values if v > LINE and sure) -> (v for v in values)",
        "a.py over: v > LINE and sure -> v > LINE or sure",
        "a.py over: v > LINE and sure -> sure",
        "a.py over: v > LINE and sure -> v > LINE",
        "a.py over: v > LINE -> v >= LINE",
        "a.py over: v > LINE -> v < LINE",
    ]


def test_a_mutant_is_the_same_module_but_for_its_mistake() -> None:
    (only,) = [m for m in mutants("a.py", "def f(a, b):\n    return a + b\n") if "None" not in m.name]
    assert (only.line, only.source) == (2, "def f(a, b):\n    return a - b")


def test_what_is_accepted_is_there_and_has_a_reason() -> None:
    names = {mutant.name for mutant in all_mutants()}
    assert len(names) > 300
    assert accepted().keys() <= names
    assert all(len(reason) > 20 for reason in accepted().values())


def test_the_tests_kill_some_mutants() -> None:
    seeded = [mutant for mutant in all_mutants() if mutant.name in SEEDED]
    assert len(seeded) == len(SEEDED)
    assert all(verdict.killed_by for verdict in run(seeded))
    assert (ROOT / "matchers" / "temporal.py").is_file()
