"""The oracle of the packs itself: its calendar, its bands, what it refuses, and one rule small enough to see through.

Identifiers are worked examples of the standards: nothing of ours decides validity.
"""

from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest
from chinese_calendar import is_workday

from tests.oracle.town import HERE, TownOracle
from tests.oracle.town_files import DICTIONARY

ZHANG = "11010519491231002X"
TODAY = date(2026, 1, 15)
PAYMENTS, VEHICLES = "civil.low_income_payment", "police.vehicle"
PAID = f"P1,{ZHANG},张,2025-05,700"


def town(folder: Path, **rows: list[str]) -> TownOracle:
    """Every file with its header; some with rows, `late_` for corrections."""
    (folder / "corrections").mkdir()
    for resource, columns in DICTIONARY.items():
        name, header = resource.replace(".", "_"), ",".join(column for column, _, _ in columns)
        _write(folder / f"{resource}.csv", header, rows.get(name, []))
        if late := rows.get(f"late_{name}"):
            _write(folder / "corrections" / f"{resource}.csv", f"op,{header}", late)
    return TownOracle(folder, TODAY)


def _write(path: Path, header: str, rows: list[str]) -> None:
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")


def vehicle(
    start: str, end: str = "", *, person: str = ZHANG, kind: str = "car", status: str = "normal"
) -> str:
    return f"V1,{person},张,浙A00001,{kind},{status},{start},{end}"


def means(folder: Path, *vehicles: str, late: tuple[str, ...] = ()) -> dict[str, str]:
    with town(
        folder, civil_low_income_payment=[PAID], police_vehicle=[*vehicles], late_police_vehicle=[*late]
    ) as oracle:
        return oracle.verdicts("low-income-means")


def ask(question: str) -> list[tuple[object, ...]]:
    """What the oracle's own macros and tables say."""
    with duckdb.connect() as db:
        for script in ("identifiers.sql", "periods.sql"):
            db.execute((HERE / script).read_text(encoding="utf-8"))
        return db.execute(question).fetchall()


def test_working_days_are_those_of_the_notices() -> None:
    counted = {day for (day,) in ask("SELECT d FROM working")}
    day = date(2022, 12, 31)
    while (day := day + timedelta(1)) < date(2026, 2, 10):
        assert (day in counted) == is_workday(day), day


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("working_after(DATE '2025-09-30', 1)", date(2025, 10, 9)),
        ("working_after(DATE '2025-10-04', 1)", date(2025, 10, 9)),
        ("working_after(DATE '2025-09-26', 2)", date(2025, 9, 29)),
        ("working_before(DATE '2025-10-09', 1)", date(2025, 9, 30)),
        ("working_before(DATE '2026-01-04', 1)", date(2025, 12, 31)),
        ("lower_edge(999.99, [0, 1000, 2000])", 0),
        ("lower_edge(1000, [0, 1000, 2000])", 1000),
        ("upper_edge(1000, [0, 1000, 2000])", 2000),
        ("upper_edge(2000, [0, 1000, 2000])", None),
        ("common(DATE '2025-05-01', DATE '2025-05-31', DATE '2025-05-31', DATE '2025-06-30')", 1),
        ("common(DATE '2025-05-01', DATE '2025-05-31', DATE '2025-06-01', DATE '2025-06-30')", 0),
        ("unit('330102001002GB00123F00010001')", "330102001002GB00123F00010001"),
        ("unit('330102001002GB00123W0000000')", None),
        ("certificate('ZJ-2018-0012345')", "ZJ20180012345"),
        ("certificate('V-1')", None),
        ("day('2025-02-29')", None),
        ("amount('1,200')", None),
    ],
)
def test_its_own_arithmetic(question: str, expected: object) -> None:
    assert ask(f"SELECT {question}") == [(expected,)]


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (vehicle("2025-05-17"), "open"),
        (vehicle("2025-05-18"), "clear"),
        (vehicle("2025-05-01", "2025-05-15"), "open"),
        (vehicle("2025-05-01", "2025-05-14"), "clear"),
        (vehicle("2020-01-01", kind="motorcycle"), "clear"),
        (vehicle("2020-01-01", status="scrapped"), "explained"),
    ],
)
def test_a_car_for_half_a_month(tmp_path: Path, told: str, expected: str) -> None:
    assert means(tmp_path, told) == {"P1": expected}


@pytest.mark.parametrize(
    "bad",
    [
        vehicle("2020-01-01", person="110105194912310021"),
        vehicle("2020-02-30"),
        vehicle("2020-01-01", "2019-12-31"),
        vehicle("2020-01-01", kind="tractor"),
        vehicle(""),
    ],
)
def test_a_row_with_a_bad_value_is_refused(tmp_path: Path, bad: str) -> None:
    with town(tmp_path, civil_low_income_payment=[PAID], police_vehicle=[bad]) as oracle:
        assert oracle.verdicts("low-income-means") == {"P1": "clear"}
        assert {resource: n for resource, n in oracle.refused.items() if n} == {VEHICLES: 1}


@pytest.mark.parametrize(
    ("late", "expected"),
    [
        (f"delete,V1{',' * 7}", "clear"),
        ("upsert," + vehicle("2020-01-01", "2025-04-30"), "clear"),
        ("upsert," + vehicle("2020-01-01", status="stolen"), "explained"),
        ("upsert," + vehicle("2020-01-01", "2025-04-30", person="1"), "open"),
    ],
)
def test_corrections_count_unless_refused(tmp_path: Path, late: str, expected: str) -> None:
    assert means(tmp_path, vehicle("2020-01-01"), late=(late,)) == {"P1": expected}


def test_other_ways_to_write_a_person(tmp_path: Path) -> None:
    wide = "１１０１０５１９４９１２３１００２Ｘ"
    assert means(tmp_path, vehicle("2020-01-01", person=wide)) == {"P1": "open"}
