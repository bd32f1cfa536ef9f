"""Generates a city: claimants first, then everyone else, then the blemishes, then the files.

Rules: one random source, seeded by scenario, scale and seed; the order of the steps is part of the result.
Must not know: the content of any row.
"""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random

from streams.city.blemishes import in_file_order, tell_bad_rows
from streams.city.cases import tell_cases
from streams.city.claimants import Run, runs, tell_clear, tell_life_around
from streams.city.files import write_base, write_corrections, write_truth
from streams.city.identity import People
from streams.city.ledger import Desk, Ledger
from streams.city.records import RESOURCES, Enterprise, Row, Spell, Wage
from streams.city.scenarios import WITHDRAWN, Label, Plan, find, plan
from streams.city.summary import CitySummary
from streams.city.workforce import open_enterprises, top_up

Progress = Callable[[str, int], None]


def generate(
    scenario: str,
    out: Path,
    *,
    scale: float = 1.0,
    seed: int = 20081,
    progress: Progress | None = None,
) -> CitySummary:
    """Writes the city's files into `out`; `progress` hears of each finished step and its number of rows."""
    planned = plan(find(scenario), scale)
    rng = Random(f"{scenario}/{scale!r}/{seed}")  # noqa: S311 an example that the same seed repeats, no secret
    desk = Desk(rng, People(rng), Ledger(), [])
    report = progress or (lambda step, rows: None)
    _invent(desk, planned, report)
    rows, duplicates = _write(desk, out, report)
    labels = Counter(desk.ledger.truth.values())
    return CitySummary(
        scenario=scenario,
        scale=scale,
        seed=seed,
        rows=rows,
        corrections={RESOURCES[kind]: len(late) for kind, late in desk.ledger.late.items()},
        bad_rows={RESOURCES[kind]: len(refused) for kind, refused in desk.ledger.refused.items()},
        duplicates=duplicates,
        checks=labels.total(),
        overlaps=labels.total() - labels[Label.CLEAR],
        labels={label.value: labels[label] for label in Label},
        withdrawn_by_corrections=sum(s.claims for s in planned.shares if s.manner in WITHDRAWN),
    )


def _invent(desk: Desk, planned: Plan, report: Progress) -> None:
    owners = open_enterprises(desk, planned)
    report("enterprises", len(desk.ledger.base[Enterprise]))
    clear = _tell_claimants(desk, planned)
    report("claimants", len(desk.ledger.truth))
    top_up(desk, planned, owners)
    report("workforce", len(desk.ledger.base[Spell]) + len(desk.ledger.base[Wage]))
    tell_bad_rows(desk, clear)


def _tell_claimants(desk: Desk, planned: Plan) -> list[Run]:
    """Cases take the claimants they need; the rest are clear."""
    claimants = list(runs(desk, planned))
    desk.rng.shuffle(claimants)
    waiting = iter(claimants)
    for share in planned.shares:
        tell_cases(desk, share, waiting)
    clear = list(waiting)
    for run in clear:
        tell_life_around(desk, run)
        tell_clear(desk, run)
    return clear


def _write(desk: Desk, out: Path, report: Progress) -> tuple[dict[str, int], dict[str, int]]:
    rows: dict[str, int] = {}
    duplicates: dict[str, int] = {}
    kind: type[Row]
    for kind, resource in RESOURCES.items():
        ordered, duplicates[resource] = in_file_order(desk, kind)
        rows[resource] = write_base(out, kind, ordered)
        write_corrections(out, kind, desk.ledger.late[kind])
        report(resource, rows[resource])
    write_truth(out, desk.ledger.truth)
    return rows, duplicates
