"""The oracle itself, on folders small enough to check by eye.

The identifiers are worked examples of GB 11643-1999 and GB 32100-2015: nothing of ours decides validity.
"""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.oracle.oracle import final_checks, refused_lines

ZHANG = "11010519491231002X"
LI = "440524188001010014"
FIRM = "91350100M000100Y43"
HEADERS = {
    "hrss.unemployment_benefit": "claim_no,person_id,name,month,amount",
    "hrss.social_insurance": "record_no,person_id,name,employer_uscc,period_start,period_end,kind,paid_on",
    "tax.wage_withholding": "record_no,person_id,name,employer_uscc,month,income",
    "market.enterprise": "uscc,name,legal_rep_id,legal_rep_name,status,registered_on,cancelled_on",
}
BENEFIT, SPELLS, WAGES, FIRMS = HEADERS
CLAIM = f"C1,{ZHANG},张,2008-05,595.00"


def spell(
    start: str, end: str, *, person: str = ZHANG, firm: str = FIRM, kind: str = "regular", key: str = "S1"
) -> str:
    return f"{key},{person},张,{firm},{start},{end},{kind},{start}"


def firm(status: str, registered: str, cancelled: str, code: str = FIRM) -> str:
    return f"{code},某公司,{ZHANG},张,{status},{registered},{cancelled}"


def city(folder: Path, base: Mapping[str, list[str]], late: Mapping[str, list[str]] | None = None) -> Path:
    (folder / "corrections").mkdir()
    for resource, header in HEADERS.items():
        rows = base.get(resource, [])
        corrections = (late or {}).get(resource, [])
        (folder / f"{resource}.csv").write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
        path = folder / "corrections" / f"{resource}.csv"
        path.write_text("\n".join([f"op,{header}", *corrections]) + "\n", encoding="utf-8")
    return folder


def state(folder: Path, *, corrections: bool = True) -> str:
    return final_checks(folder, corrections=corrections)["C1"][0]


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2008-01-01", "2008-04-30", "clear"),
        ("2008-01-01", "2008-05-01", "open"),
        ("2008-05-31", "2008-06-30", "open"),
        ("2008-06-01", "2008-06-30", "clear"),
        ("2008-05-10", "2008-05-10", "open"),
        ("2007-01-01", "", "open"),
        ("2008-06-01", "", "clear"),
    ],
)
def test_one_common_day_is_an_overlap(tmp_path: Path, start: str, end: str, expected: str) -> None:
    assert state(city(tmp_path, {BENEFIT: [CLAIM], SPELLS: [spell(start, end)]})) == expected


@pytest.mark.parametrize(
    ("status", "registered", "cancelled", "expected"),
    [
        ("active", "2008-05-31", "", "open"),
        ("active", "2008-06-01", "", "clear"),
        ("dormant", "2001-01-01", "", "explained"),
        ("revoked", "2001-01-01", "", "explained"),
        ("cancelled", "2001-01-01", "2008-05-01", "explained"),
        ("cancelled", "2001-01-01", "2008-04-30", "clear"),
    ],
)
def test_enterprises(tmp_path: Path, status: str, registered: str, cancelled: str, expected: str) -> None:
    folder = city(tmp_path, {BENEFIT: [CLAIM], FIRMS: [firm(status, registered, cancelled)]})
    assert state(folder) == expected


@pytest.mark.parametrize(
    ("month", "expected"), [("2008-04", "clear"), ("2008-05", "open"), ("2008-06", "clear")]
)
def test_wages(tmp_path: Path, month: str, expected: str) -> None:
    wage = f"W1,{ZHANG},张,{FIRM},{month},2500.00"
    assert state(city(tmp_path, {BENEFIT: [CLAIM], WAGES: [wage]})) == expected


def test_one_unexculpated_piece_keeps_the_alert_open(tmp_path: Path) -> None:
    paid_back = spell("2008-05-01", "2008-05-31", kind="back_payment")
    real = spell("2008-05-09", "", key="S2")
    folder = city(tmp_path, {BENEFIT: [CLAIM], SPELLS: [paid_back, real]})
    assert final_checks(folder, corrections=True) == {
        "C1": ("open", frozenset({(SPELLS, "S1"), (SPELLS, "S2")}))
    }


def test_exculpated_evidence_alone_is_explained(tmp_path: Path) -> None:
    paid_back = spell("2008-05-01", "2008-05-31", kind="back_payment")
    folder = city(
        tmp_path, {BENEFIT: [CLAIM], SPELLS: [paid_back], FIRMS: [firm("dormant", "2001-01-01", "")]}
    )
    assert final_checks(folder, corrections=True)["C1"] == (
        "explained",
        frozenset({(SPELLS, "S1"), (FIRMS, FIRM)}),
    )


@pytest.mark.parametrize(
    "person",
    [
        "110105491231002",
        "１１０１０５１９４９１２３１００２Ｘ",
        "１１０１０５４９１２３１００２",
        "11010519491231002x",
        " 110105 19491231 002X ",
        "１１０１０５１９４９１２３１００２ｘ",
    ],
)
def test_other_ways_to_write_the_same_person(tmp_path: Path, person: str) -> None:
    folder = city(tmp_path, {BENEFIT: [CLAIM], SPELLS: [spell("2008-05-01", "", person=person)]})
    assert state(folder) == "open"
    assert refused_lines(folder) == {}


@pytest.mark.parametrize(
    ("person", "code"),
    [
        ("110105194912310021", FIRM),
        ("11010519491231002", FIRM),
        ("1101051949123100", FIRM),
        ("110105194902310028", FIRM),
        ("11O10519491231002X", FIRM),
        ("", FIRM),
        (ZHANG, "91350100M000100Y44"),
        (ZHANG, "91350100M000100Y4"),
        (ZHANG, "91350100M0001O0Y43"),
        (ZHANG, ""),
    ],
)
def test_a_bad_identifier_refuses_the_row(tmp_path: Path, person: str, code: str) -> None:
    folder = city(tmp_path, {BENEFIT: [CLAIM], SPELLS: [spell("2008-05-01", "", person=person, firm=code)]})
    assert state(folder) == "clear"
    assert refused_lines(folder) == {SPELLS: 1}


def test_a_refused_claim_is_no_check(tmp_path: Path) -> None:
    assert final_checks(city(tmp_path, {BENEFIT: ["C1,123,张,2008-05,1"]}), corrections=True) == {}


def test_repeated_lines_collapse(tmp_path: Path) -> None:
    row = spell("2008-05-01", "")
    found = final_checks(city(tmp_path, {BENEFIT: [CLAIM, CLAIM], SPELLS: [row, row]}), corrections=True)
    assert found == {"C1": ("open", frozenset({(SPELLS, "S1")}))}


@pytest.mark.parametrize(
    ("late", "expected"),
    [
        (["upsert," + spell("2008-05-01", "2008-05-31", kind="back_payment")], "explained"),
        (["upsert," + spell("2008-01-01", "2008-04-30")], "clear"),
        (["upsert," + spell("2008-05-01", "", person=LI)], "clear"),
        (["delete,S1,,,,,,,"], "clear"),
        (["delete,S1,,,,,,,", "upsert," + spell("2008-05-01", "")], "open"),
        (["upsert," + spell("2008-05-01", ""), "delete,S1,,,,,,,"], "clear"),
        (["upsert," + spell("2008-01-01", "2008-04-30", person="123")], "open"),
        (["delete,S9,,,,,,,"], "open"),
    ],
)
def test_corrections_apply_in_order_and_only_when_asked(
    tmp_path: Path, late: list[str], expected: str
) -> None:
    folder = city(tmp_path, {BENEFIT: [CLAIM], SPELLS: [spell("2008-05-01", "")]}, {SPELLS: late})
    assert state(folder) == expected
    assert state(folder, corrections=False) == "open"


def test_a_corrected_claim_moves_to_the_other_person(tmp_path: Path) -> None:
    base = {BENEFIT: [CLAIM], SPELLS: [spell("2008-05-01", "")]}
    folder = city(tmp_path, base, {BENEFIT: [f"upsert,C1,{LI},李,2008-05,595.00"]})
    assert (state(folder), state(folder, corrections=False)) == ("clear", "open")
