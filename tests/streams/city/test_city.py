"""The example city against the pilot's published figures, with the SQL oracle as judge."""

import csv
import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest

from matchers.normalise.person_id import normalise_person_id
from matchers.normalise.uscc import normalise_uscc
from streams.city import SCENARIOS, CitySummary, generate
from tests.oracle.oracle import Verdicts, final_checks, refused_lines
from topics.errors import CrosscheckError, NotFound

BENEFIT, SPELLS, WAGES, FIRMS = (
    "hrss.unemployment_benefit",
    "hrss.social_insurance",
    "tax.wage_withholding",
    "market.enterprise",
)
COLUMNS = {
    BENEFIT: "claim_no,person_id,name,month,amount",
    SPELLS: "record_no,person_id,name,employer_uscc,period_start,period_end,kind,paid_on",
    WAGES: "record_no,person_id,name,employer_uscc,month,income",
    FIRMS: "uscc,name,legal_rep_id,legal_rep_name,status,registered_on,cancelled_on",
}
STATE_OF = {
    "clear": "clear",
    "employed": "open",
    "identity_misuse": "open",
    "back_payment": "explained",
    "inactive_enterprise": "explained",
}


@dataclass(frozen=True, slots=True)
class City:
    folder: Path
    summary: CitySummary
    truth: dict[str, str]
    base: Verdicts
    final: Verdicts


def build(folder: Path, scale: float) -> City:
    summary = generate("hangzhou-2008", folder, scale=scale)
    truth = {row["claim_no"]: row["label"] for row in read(folder / "truth.csv")}
    return City(
        folder,
        summary,
        truth,
        base=final_checks(folder, corrections=False),
        final=final_checks(folder, corrections=True),
    )


def read(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.csv")}


def state(verdicts: Verdicts, claim_no: str) -> str:
    return verdicts[claim_no][0] if claim_no in verdicts else "absent"


def moves(city: City) -> Counter[tuple[str, str]]:
    """How many claims went from which state in the base files to which in the end."""
    claims = city.base.keys() | city.final.keys()
    return Counter((state(city.base, claim), state(city.final, claim)) for claim in claims)


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> City:
    return build(tmp_path_factory.mktemp("full"), 1.0)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> City:
    return build(tmp_path_factory.mktemp("small"), 0.05)


def test_the_pilots_figures(full: City) -> None:
    assert full.summary.checks == len(full.final) == 99_000
    assert Counter(claim[2:8] for claim in full.final) == {
        f"2008{month:02d}": 11_000 for month in range(3, 12)
    }
    assert Counter(label for label in full.truth.values() if label != "clear") == {
        "employed": 289,
        "back_payment": 131,
        "inactive_enterprise": 96,
        "identity_misuse": 58,
    }
    assert sum(bool(evidence) for _, evidence in full.final.values()) == full.summary.overlaps == 574
    assert 300_000 <= sum(full.summary.rows.values()) <= 350_000


def test_truth_is_what_the_oracle_finds(full: City) -> None:
    assert full.truth.keys() == full.final.keys()
    wrong = {claim for claim, label in full.truth.items() if STATE_OF[label] != full.final[claim][0]}
    assert wrong == set()


def test_corrections_withdraw_raise_and_explain(full: City) -> None:
    found = moves(full)
    assert found["open", "clear"] + found["explained", "clear"] == full.summary.withdrawn_by_corrections == 60
    assert found["open", "absent"] + found["explained", "absent"] == 0
    assert found["clear", "open"] >= 40
    assert found["open", "explained"] == 40
    assert found["explained", "open"] == 8
    assert found["absent", "clear"] > 10
    assert found["clear", "absent"] > 10


def test_employed_claims_rest_on_every_mixture_of_evidence(full: City) -> None:
    mixtures: Counter[frozenset[str]] = Counter()
    for claim, label in full.truth.items():
        if label == "employed":
            mixtures[frozenset(resource for resource, _ in full.final[claim][1])] += 1
    for mixture in ({SPELLS}, {WAGES}, {SPELLS, WAGES}, {FIRMS}, {WAGES, FIRMS}):
        assert mixtures[frozenset(mixture)] >= 3, mixtures


def test_bad_and_repeated_lines_are_counted(full: City) -> None:
    assert refused_lines(full.folder) == full.summary.bad_rows
    for resource, rows in full.summary.rows.items():
        lines = (full.folder / f"{resource}.csv").read_text(encoding="utf-8").splitlines()[1:]
        assert len(lines) == rows
        assert len(lines) - len(set(lines)) == full.summary.duplicates[resource] > 0
        assert len({line.partition(",")[0] for line in set(lines)}) == len(set(lines))


def test_noise_is_per_mille_and_of_every_kind(full: City) -> None:
    written = Counter(kind_of(row["person_id"]) for row in read(full.folder / f"{SPELLS}.csv"))
    rows = written.total()
    for kind in ("full-width", "15-digit", "lower-case x"):
        assert 0 < written[kind] < rows * 0.015, written
    assert 0 < full.summary.bad_rows[SPELLS] < rows * 0.005


def kind_of(person_id: str) -> str:
    if not person_id.isascii():
        return "full-width"
    if len(person_id) == 15:
        return "15-digit"
    return "lower-case x" if person_id.endswith("x") else "plain"


def test_same_seed_same_bytes(tmp_path: Path) -> None:
    before = random.getstate()
    first = generate("hangzhou-2008", tmp_path / "a", scale=0.01)
    random.seed(99)
    again = generate("hangzhou-2008", tmp_path / "b", scale=0.01)
    other = generate("hangzhou-2008", tmp_path / "c", scale=0.01, seed=7)
    random.setstate(before)
    assert first == again
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    assert (other.checks, other.labels) == (first.checks, first.labels)
    for resource in COLUMNS:
        name = f"{resource}.csv"
        assert (tmp_path / "a" / name).read_bytes() != (tmp_path / "c" / name).read_bytes()


def test_generating_leaves_global_chance_alone(tmp_path: Path) -> None:
    before = random.getstate()
    generate("hangzhou-2008", tmp_path, scale=0.01)
    assert random.getstate() == before


@pytest.mark.parametrize("scale", [0.005, 0.01, 0.013, 0.2])
def test_other_scales_are_proportional(tmp_path: Path, scale: float) -> None:
    city = build(tmp_path, scale)
    assert city.summary.checks == len(city.final) == 9 * round(11_000 * scale)
    assert city.summary.overlaps == round(574 * scale)
    assert city.summary.labels == {label: list(city.truth.values()).count(label) for label in STATE_OF}
    assert {claim: STATE_OF[label] for claim, label in city.truth.items()} == {
        claim: found for claim, (found, _) in city.final.items()
    }
    found = moves(city)
    assert found["open", "clear"] + found["explained", "clear"] == city.summary.withdrawn_by_corrections
    assert refused_lines(city.folder) == city.summary.bad_rows


@pytest.mark.parametrize("seed", range(3))
def test_other_seeds_keep_the_figures(tmp_path: Path, seed: int) -> None:
    generate("hangzhou-2008", tmp_path, scale=0.05, seed=seed)
    truth = {row["claim_no"]: STATE_OF[row["label"]] for row in read(tmp_path / "truth.csv")}
    assert truth == {claim: found for claim, (found, _) in final_checks(tmp_path, corrections=True).items()}
    assert Counter(truth.values()) == {"clear": 4_921, "open": 17, "explained": 12}


def test_files_have_the_documented_columns(small: City) -> None:
    for resource, header in COLUMNS.items():
        for path, expected in (
            (small.folder / f"{resource}.csv", header),
            (small.folder / "corrections" / f"{resource}.csv", f"op,{header}"),
        ):
            lines = path.read_bytes().decode("utf-8").split("\n")
            assert lines[0] == expected
            assert lines[-1] == ""
            assert {line.count(",") for line in lines[:-1]} == {expected.count(",")}
    assert small.summary.corrections == {
        resource: len(list(read(small.folder / "corrections" / f"{resource}.csv"))) for resource in COLUMNS
    }


def test_only_the_counted_rows_have_bad_identifiers(small: City) -> None:
    bad: Counter[str] = Counter()
    for resource in COLUMNS:
        late = read(small.folder / "corrections" / f"{resource}.csv")
        upserts = (row for row in late if row["op"] == "upsert")
        for row in (*read(small.folder / f"{resource}.csv"), *upserts):
            person = normalise_person_id(row.get("person_id") or row["legal_rep_id"])
            code = row.get("employer_uscc") or row.get("uscc")
            bad[resource] += person is None or (code is not None and normalise_uscc(code) is None)
    assert bad == small.summary.bad_rows


def test_periods_run_forwards(small: City) -> None:
    for row in read(small.folder / f"{SPELLS}.csv"):
        assert row["period_start"] <= (row["period_end"] or "9999")
    for row in read(small.folder / f"{FIRMS}.csv"):
        assert row["registered_on"] <= (row["cancelled_on"] or "9999")
        assert (row["status"] == "cancelled") == bool(row["cancelled_on"])


def claimed_months(city: City) -> dict[str, set[int]]:
    """Months claimed in the end, by person."""
    rows = {row["claim_no"]: row for row in read(city.folder / f"{BENEFIT}.csv")}
    for row in read(city.folder / "corrections" / f"{BENEFIT}.csv"):
        if row["op"] == "upsert" and normalise_person_id(row["person_id"]):
            rows[row["claim_no"]] = row
    found: dict[str, set[int]] = defaultdict(set)
    for claim_no in city.truth:
        row = rows[claim_no]
        found[str(normalise_person_id(row["person_id"]))].add(int(row["month"][5:]))
    return found


def test_people_claim_three_to_nine_months_in_a_row(small: City) -> None:
    lengths = Counter(len(months) for months in claimed_months(small).values())
    assert set(lengths) == {3, 4, 5, 6, 9}
    for months in claimed_months(small).values():
        assert max(months) - min(months) + 1 == len(months)


def test_near_misses_stop_a_day_before_and_start_a_day_after(small: City) -> None:
    claimed = claimed_months(small)
    ends: Counter[str] = Counter()
    for row in read(small.folder / f"{SPELLS}.csv"):
        months = claimed.get(str(normalise_person_id(row["person_id"])))
        if months:
            day_before = date(2008, min(months), 1) - timedelta(days=1)
            day_after = date(2008, max(months) + 1, 1)
            ends["before"] += row["period_end"] == day_before.isoformat()
            ends["after"] += row["period_start"] == day_after.isoformat()
    assert ends["before"] > 100, ends
    assert ends["after"] > 50, ends


def test_progress_hears_of_every_file(tmp_path: Path) -> None:
    heard: dict[str, int] = {}
    summary = generate("hangzhou-2008", tmp_path, scale=0.01, progress=heard.__setitem__)
    assert {resource: heard[resource] for resource in COLUMNS} == summary.rows
    assert heard["claimants"] == summary.checks


def test_scenarios_are_described_in_both_languages() -> None:
    for name, scenario in SCENARIOS.items():
        assert scenario.name == name
        assert scenario.en
        assert scenario.zh


def test_an_unknown_scenario_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"did you mean hangzhou-2008.*known: hangzhou-2008"):
        generate("hangzou", tmp_path / "x")
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("scale", [0.0, -1.0, 0.001, 1_000.0])
def test_a_scale_out_of_reach_is_refused(tmp_path: Path, scale: float) -> None:
    with pytest.raises(CrosscheckError, match="outside"):
        generate("hangzhou-2008", tmp_path, scale=scale)
