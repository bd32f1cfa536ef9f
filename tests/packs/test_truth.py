"""The town's truth against the oracle's, rule by rule; no worker is needed."""

import csv
import random
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from matchers.normalise.person_id import normalise_person_id
from streams.city.town import generate_town
from tests.oracle.town import RULES, TownOracle
from tests.packs.conftest import Folder, generated
from topics.catalog import Catalog
from topics.errors import CrosscheckError

Truth = dict[str, dict[str, str]]


def truth_of(folder: Path, rule: str) -> Truth:
    with (folder / "truth" / f"{rule}.csv").open(encoding="utf-8", newline="") as file:
        return {row["key"]: row for row in csv.DictReader(file)}


def visible(truth: Truth) -> dict[str, str]:
    """What the files can show: a hit that cannot be decided looks clear."""
    return {key: t["label"] if t["decidable"] == "yes" else "clear" for key, t in truth.items()}


@pytest.mark.parametrize(("scale", "seed"), [(0.005, 1), (0.02, 2), (0.05, 20081), (0.1, 3)])
def test_truth_is_what_the_oracle_finds(tmp_path: Path, scale: float, seed: int) -> None:
    folder = generated(tmp_path, scale, seed)
    for rule, verdicts in folder.verdicts().items():
        assert visible(truth_of(tmp_path, rule)) == verdicts, rule


def test_bad_rows_are_what_the_oracle_refuses(small: Folder) -> None:
    with TownOracle(small.path, date.fromisoformat(small.summary.business_date)) as oracle:
        assert oracle.refused == small.summary.bad_rows


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_has_cases_of_every_sort(small: Folder, rule: str) -> None:
    truth = truth_of(small.path, rule).values()
    labels = Counter(t["label"] for t in truth)
    sorts = Counter(t["case"].split("_")[0] for t in truth)
    assert min(labels[label] for label in ("open", "explained", "clear")) >= 2, labels
    assert sorts["near"] >= 2
    assert sorts["withdrawn"] >= 1
    assert {t["decision"] for t in truth if t["label"] == "open"} == {"confirmed", "dismissed"}


def test_officers_reasons_are_the_rules_own(small: Folder, town_catalog: Catalog) -> None:
    for rule in town_catalog.active_rules:
        for true in truth_of(small.path, rule.id).values():
            if true["decision"]:
                assert rule.reasons[true["reason"]][0] == true["decision"], (rule.id, true)


def test_some_hits_cannot_be_decided(small: Folder) -> None:
    undecidable = {rule: s.undecidable for rule, s in small.summary.rules.items() if s.undecidable}
    assert undecidable.keys() == {
        "contribution-base-low",
        "deed-price",
        "headcount-mismatch",
        "low-income-income",
        "pension-after-death",
    }


def test_corrections_withdraw_and_raise(small: Folder) -> None:
    """Early readers of the files see other alerts: each rule has some that fall away."""
    early, final = small.verdicts(corrections=False), small.verdicts()
    for rule, verdicts in final.items():
        gone = [k for k, state in early[rule].items() if state != "clear" and verdicts.get(k) == "clear"]
        cases = [k for k, t in truth_of(small.path, rule).items() if t["case"].startswith("withdrawn")]
        assert set(cases) <= set(gone), rule
    assert sum(early[rule].get(k) == "clear" for rule in final for k, s in final[rule].items() if s == "open")


def test_same_seed_same_bytes(tmp_path: Path) -> None:
    before = random.getstate()
    first = generate_town(tmp_path / "a", scale=0.01)
    random.seed(7)
    again = generate_town(tmp_path / "b", scale=0.01)
    other = generate_town(tmp_path / "c", scale=0.01, seed=7)
    random.setstate(before)
    assert first == again
    assert _contents(tmp_path / "a") == _contents(tmp_path / "b")
    assert _contents(tmp_path / "a").keys() == _contents(tmp_path / "c").keys()
    assert _contents(tmp_path / "a") != _contents(tmp_path / "c")
    assert other.rules.keys() == first.rules.keys()


def _contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*.csv") if "corr" not in str(p)}


@pytest.mark.parametrize("scale", [0.0, 0.001, 1_000.0])
def test_a_scale_out_of_reach_is_refused(tmp_path: Path, scale: float) -> None:
    with pytest.raises(CrosscheckError, match="outside"):
        generate_town(tmp_path, scale=scale)


def test_people_are_written_in_every_way(small: Folder) -> None:
    """15 digits, full width, a small x, and now and then what no one can read."""
    seen: Counter[str] = Counter()
    for resource in ("civil.marriage", "tax.income_month", "hrss.pension_payment", "police.vehicle"):
        with (small.path / f"{resource}.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                text = row.get("person_id") or row["owner_id"]
                seen["bad"] += normalise_person_id(text) is None
                seen["short"] += len(text) == 15 and text.isascii()
                seen["wide"] += not text.isascii()
                seen["x"] += text.endswith("x")
    assert min(seen.values()) > 0, seen


def test_one_person_is_one_person_everywhere(small: Folder) -> None:
    """Files agree on whom a citizen number names (but for a few told of another at first)."""
    names: dict[str, set[str]] = {}
    for path in small.path.glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file)
            if rows.fieldnames and {"person_id", "name"} <= set(rows.fieldnames):
                for row in rows:
                    person = normalise_person_id(row["person_id"])
                    if person:
                        names.setdefault(person, set()).add(row["name"])
    assert len(names) > 500
    assert sum(len(known) > 1 for known in names.values()) == 0
