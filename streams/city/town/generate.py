"""Generates a town: cases first, then the ordinary, then the blemishes, then the files.

Rules: one random source, seeded by scenario, scale and seed; the order of the steps is part of the result.
Must not know: the content of any row.
"""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from types import MappingProxyType

from streams.city.days import day_text
from streams.city.identity import People
from streams.city.scenarios import TOWN
from streams.city.town.after_death import tell_pensions
from streams.city.town.blemishes import in_file_order, tell_bad_rows
from streams.city.town.columns import FILES
from streams.city.town.construction import tell_construction
from streams.city.town.deaths import tell_deaths
from streams.city.town.desk import Desk
from streams.city.town.employment import tell_claimants
from streams.city.town.enterprises import tell_enterprises, tell_firms
from streams.city.town.family import tell_family
from streams.city.town.files import write_base, write_corrections, write_truth
from streams.city.town.food import tell_food
from streams.city.town.homes import tell_sales
from streams.city.town.ledger import Ledger
from streams.city.town.levy import tell_levy, tell_staff
from streams.city.town.low_income import tell_low_income
from streams.city.town.numbers import Numbers
from streams.city.town.real_estate import tell_parcels, tell_real_estate
from streams.city.town.recipients import tell_recipients
from streams.city.town.rentals import tell_rentals
from streams.city.town.subsidies import tell_subsidies
from streams.city.town.summary import TownSummary, summarise
from streams.city.town.when import TODAY
from topics.errors import CrosscheckError

Progress = Callable[[str, int], None]
_STEPS: Mapping[str, Callable[[Desk], None]] = MappingProxyType(
    {
        "firms": tell_firms,
        "parcels": tell_parcels,
        "benefit while employed": tell_claimants,
        "low income": tell_low_income,
        "after death": tell_pensions,
        "enterprise registers": tell_enterprises,
        "real estate": tell_real_estate,
        "social insurance": tell_levy,
        "food": tell_food,
        "family": tell_family,
        "deaths": tell_deaths,
        "rentals": tell_rentals,
        "construction": tell_construction,
        "subsidies": tell_subsidies,
        "recipients": tell_recipients,
        "sales": tell_sales,
        "staff": tell_staff,
    }
)
_SMALLEST, _LARGEST = 0.005, 20.0


def generate_town(
    out: Path, *, scale: float = 1.0, seed: int = 20081, progress: Progress | None = None
) -> TownSummary:
    """Writes the town's files into `out`; `progress` hears of each step and of each file's rows.

    Scale 1.0 is about 20,000 people and 3,000 firms. Raises CrosscheckError for a scale out of reach.
    """
    if not _SMALLEST <= scale <= _LARGEST:
        raise CrosscheckError(
            f"scale {scale} is outside {_SMALLEST}-{_LARGEST}", remedy="1.0 is a town of 20,000 people"
        )
    rng = Random(f"{TOWN}/{scale!r}/{seed}")  # noqa: S311 an example that the same seed repeats, no secret
    desk = Desk(rng, People(rng), Numbers(rng), Ledger(rng), scale)
    report = progress or (lambda step, rows: None)
    for name, step in _STEPS.items():
        step(desk)
        report(name, sum(map(len, desk.ledger.base.values())))
    tell_bad_rows(desk)
    return _write(desk, out, seed, report)


def _write(desk: Desk, out: Path, seed: int, report: Progress) -> TownSummary:
    ledger = desk.ledger
    for stale in (out / "corrections", out / "truth"):
        shutil.rmtree(stale, ignore_errors=True)
    rows, corrections, duplicates = {}, {}, {}
    for resource in FILES:
        ordered, duplicates[resource] = in_file_order(desk, resource)
        rows[resource] = write_base(out, resource, ordered)
        corrections[resource] = write_corrections(out, resource, ledger.late[resource])
        report(resource, rows[resource])
    for rule, findings in ledger.truth.items():
        write_truth(out, rule, findings)
    return TownSummary(
        scenario=TOWN,
        scale=desk.scale,
        seed=seed,
        business_date=day_text(TODAY),
        rows=rows,
        corrections=corrections,
        bad_rows={resource: len(refused) for resource, refused in ledger.refused.items()},
        duplicates=duplicates,
        rules={rule: summarise(findings) for rule, findings in sorted(ledger.truth.items())},
    )
