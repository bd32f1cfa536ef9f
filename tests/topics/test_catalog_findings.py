"""How findings are reported: all at once, once each, in order, whatever is in the files."""

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from topics.catalog import EXAMPLE, check_catalog, load_catalog
from topics.errors import CatalogError, CatalogInvalid

CITY = "city.yml"
GRANTS = "grants.yml"
RULE = "rules/benefit-while-employed.yml"
BENEFIT = "resources/hrss.unemployment_benefit.yml"
INSURANCE = "resources/hrss.social_insurance.yml"
WAGES = "resources/tax.wage_withholding.yml"
ENTERPRISE = "resources/market.enterprise.yml"


Break = Callable[[str, str, str], Path]


def prop(key: str, value: str) -> str:
    return f"{{property: {key}, value: {value}}}"


def place(finding: CatalogError) -> tuple[Path, str]:
    """File of a finding and the text of its line."""
    path, _, line = finding.where.rpartition(":")
    return Path(path), Path(path).read_text("utf-8").splitlines()[int(line) - 1]


def test_a_misspelt_key_is_one_finding(broken: Break) -> None:
    (finding,) = check_catalog(broken(RULE, "severity: medium", "severty: medium"))
    assert finding.where.endswith("benefit-while-employed.yml:7")


def test_a_file_that_does_not_load_is_one_finding(broken: Break) -> None:
    """References to it are not reported as well."""
    (finding,) = check_catalog(broken(WAGES, "kind: DataContract", "kind: Contract"))
    assert "'kind' cannot be 'Contract'" in finding.what


def test_all_findings_at_once_by_file_and_line(broken: Break) -> None:
    broken(CITY, "- id: tax", "- id: taxes")
    broken(GRANTS, "2030-12-31", "soon")
    broken(RULE, "expires: 2030-12-31", "require: {at_least: 4}")
    folder = broken(RULE, "anchor_subject: person_id", "anchor_subject: name")
    places = [finding.where.rsplit(":", 1) for finding in check_catalog(folder)]
    assert places == sorted(places, key=lambda place: (place[0], int(place[1])))
    files = [Path(path).name for path, _ in places]
    assert files.count("grants.yml") == 2
    assert files.count("benefit-while-employed.yml") == 2
    assert files.count("tax.wage_withholding.yml") == 1
    with pytest.raises(CatalogInvalid) as caught:
        load_catalog(folder)
    assert [str(f) for f in caught.value.findings] == [str(f) for f in check_catalog(folder)]


def test_time_is_given_or_there_is_none(broken: Break) -> None:
    folder = broken(GRANTS, "2030-12-31", "2020-12-31")
    assert load_catalog(folder).grants["hrss-uses-enterprise"].valid_until == date(2020, 12, 31)
    findings = check_catalog(folder, today=date(2021, 1, 1))
    assert [place(f)[1].strip() for f in findings] == ["valid_until: 2020-12-31"] * 2
    assert check_catalog(folder, today=date(2020, 12, 31)) == []


@pytest.mark.parametrize("status", ["draft", "trial", "active"])
def test_an_expired_rule(broken: Break, status: str) -> None:
    """One on trial writes alerts too, and a draft can never be brought into force."""
    broken(RULE, "status: active", f"status: {status}")
    folder = broken(RULE, "expires: 2030-12-31", "expires: 2025-12-31")
    assert ["the rule expired" in f.what for f in check_catalog(folder, today=date(2026, 1, 1))] == [True]
    assert check_catalog(folder, today=date(2025, 12, 31)) == []


def test_an_expired_rule_that_is_suspended_stays(broken: Break) -> None:
    broken(RULE, "status: active", "status: suspended")
    folder = broken(RULE, "expires: 2030-12-31", "expires: 2025-12-31")
    assert check_catalog(folder, today=date(2026, 1, 1)) == []


def test_withheld_resource_of_another_department(broken: Break) -> None:
    folder = broken(WAGES, prop("sharingType", "conditional"), prop("sharingType", "withheld"))
    found = {place(f)[0].name: f.what for f in check_catalog(folder)}
    assert "cannot be granted" in found["grants.yml"]
    assert "is withheld" in found["benefit-while-employed.yml"]


def test_no_subject(broken: Break) -> None:
    subject = f"          - {prop('subject', 'person')}\n"
    messages = [str(finding) for finding in check_catalog(broken(ENTERPRISE, subject, ""))]
    assert any("market.enterprise.yml:" in m and "no subject: " in m for m in messages)


def test_a_misnamed_resource_file(broken: Break) -> None:
    folder = broken(CITY, "partitions: 8", "partitions: 8")
    (folder / BENEFIT).rename(folder / "resources/hrss.benefit.yml")
    (finding,) = check_catalog(folder)
    assert finding.remedy == "rename the file to hrss.unemployment_benefit.yml"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"name: \xff\xfe\n", "not UTF-8"),
        (b"- a\n- b\n", "the file should be keys with values, not a list"),
        (b"just words", "the file should be keys with values, not text"),
        (b"a: 1\n---\nb: 2\n", "expected a single document"),
        (b"name: !!python/object/apply:os.system ['true']\n", "'name' should be text, not a list"),
        (b"name: \x07\n", "not valid YAML"),
        (b"&a [*a]", "alias"),
        (b"[" * 5000 + b"]" * 5000, "nested too deeply"),
        (b"# " + b"x" * 1_000_001, "larger than"),
    ],
)
def test_a_file_that_is_not_a_city(broken: Break, content: bytes, message: str) -> None:
    folder = broken(CITY, "partitions: 8", "partitions: 8")
    (folder / CITY).write_bytes(content)
    assert any(message in f.what for f in check_catalog(folder)), [str(f) for f in check_catalog(folder)]


FILES = (CITY, GRANTS, RULE, BENEFIT, INSURANCE, WAGES, ENTERPRISE)
SCRAPS = ("", "null", "[]", "{}", "- x", "a: b", "2020-01-01", "1.5", "*x", "<<: {a: b}", "? [a]\n: b", "'")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(file=st.sampled_from(FILES), data=st.data())
def test_no_damage_escapes_as_another_error(tmp_path: Path, file: str, data: st.DataObject) -> None:
    """Any line lost, doubled or overwritten: findings, each with a place and a remedy, and nothing raised."""
    lines = (EXAMPLE / file).read_text("utf-8").splitlines()
    at = data.draw(st.integers(0, len(lines) - 1))
    indent = " " * (len(lines[at]) - len(lines[at].lstrip()))
    key = lines[at].partition(":")[0] + ": "
    lines[at : at + 1] = data.draw(
        st.sampled_from([[], [lines[at]] * 2, *([indent + s] for s in SCRAPS), *([key + s] for s in SCRAPS)])
    )
    folder = tmp_path / "city"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(EXAMPLE, folder)
    (folder / file).write_text("\n".join(lines) + "\n", "utf-8")
    for found in check_catalog(folder):
        assert found.what
        assert found.remedy
        assert place(found)


def test_no_such_folder(tmp_path: Path) -> None:
    (finding,) = check_catalog(tmp_path / "nowhere")
    assert finding.what == "no such folder"


def test_an_empty_folder(tmp_path: Path) -> None:
    (finding,) = check_catalog(tmp_path)
    assert finding.where.endswith("city.yml:1")
    assert (finding.what, finding.remedy) == (
        "there is no such file",
        "create it, or copy the one in topics/catalog/example",
    )


@pytest.mark.parametrize("name", [CITY, GRANTS, RULE])
def test_a_folder_where_a_file_should_be(broken: Break, name: str) -> None:
    folder = broken(CITY, "partitions: 8", "partitions: 8")
    (folder / name).unlink()
    (folder / name).mkdir()
    found = {f.what for f in check_catalog(folder) if f.where == f"{folder / name}:1"}
    assert found == {"this is a folder, and should be a file"}


def test_grants_that_lead_nowhere(broken: Break) -> None:
    folder = broken(CITY, "partitions: 8", "partitions: 8")
    (folder / GRANTS).rename(folder.parent / "elsewhere.yml")
    (folder / GRANTS).symlink_to(folder / "moved.yml")
    assert "there is no such file" in {f.what for f in check_catalog(folder)}


def test_the_last_word_is_right_for_the_command_that_checks_too(broken: Break) -> None:
    """It was `run crosscheck check`, said by that very command."""
    with pytest.raises(CatalogInvalid) as caught:
        load_catalog(broken(RULE, "severity: medium", "severity: none"))
    assert caught.value.remedy == "mend them where they are, until `crosscheck check` finds none"


def test_an_owner_that_is_not_a_department(broken: Break) -> None:
    found = check_catalog(broken(CITY, "- id: market", "- id: markets"))
    assert ["no department 'market'" in f.what and "'markets'" in f.remedy for f in found] == [True]
    assert place(found[0])[0].name == "market.enterprise.yml"


def test_an_open_quote_is_found_where_it_opens(broken: Break) -> None:
    (finding,) = check_catalog(broken(GRANTS, "duty: ", "duty: '"))
    assert "duty: '" in place(finding)[1]
