"""What lies in a catalog and is not read: a rule that is silently not read is a rule silently not applied."""

import os
import shutil
from pathlib import Path

import pytest

from topics.catalog import CITY, EXAMPLE, check_catalog
from topics.errors import CatalogError

RULE = "rules/benefit-while-employed.yml"


@pytest.fixture
def city(tmp_path: Path) -> Path:
    """A copy of the example city."""
    return Path(shutil.copytree(EXAMPLE, tmp_path / "city"))


def added(city: Path, name: str) -> list[tuple[str, str]]:
    """What is found when a file is there that nobody reads."""
    path = city / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("id: more\n", "utf-8")
    return said(city, check_catalog(city))


def said(city: Path, findings: list[CatalogError]) -> list[tuple[str, str]]:
    return [
        (f.where.replace(f"{city}{os.sep}", "").replace(os.sep, "/"), f"{f.what} -> {f.remedy}")
        for f in findings
    ]


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("rules/more.yaml", "rename it to more.yml"),
        ("rules/more.YML", "rename it to more.yml"),
        ("rules/more.Yaml", "rename it to more.yml"),
        ("rules/more.yml.txt", "rename it to more.yml"),
        ("rules/more.yml.bak", "give it the ending .yml, or move it out of rules/"),
        ("rules/more", "give it the ending .yml, or move it out of rules/"),
        ("rules/old/more.yml", "move it to rules/more.yml"),
        ("resources/hrss.more.YAML", "rename it to hrss.more.yml"),
        ("resources/more.json", "give it the ending .yml, or move it out of resources/"),
        ("rule/more.yml", "move it to resources/ or rules/, with the ending .yml"),
        ("more.YML", "move it to resources/ or rules/, with the ending .yml"),
        ("Grants.yaml", "rename it to grants.yml"),
    ],
)
def test_a_file_that_is_not_read(city: Path, name: str, remedy: str) -> None:
    assert added(city, name) == [(f"{name}:1", f"this file is not read -> {remedy}")]


@pytest.mark.parametrize(
    "name",
    [
        "rules/README.md",
        "resources/readme",
        "rules/.more.yml",
        "rules/more.yml~",
        "rules/#more.yml#",
        ".github/check.yml",
        "notes.txt",
    ],
)
def test_a_file_that_is_nobodys_rule(city: Path, name: str) -> None:
    assert added(city, name) == []


def test_a_file_that_is_read_is_not_reported_under_another_name(city: Path) -> None:
    """As on a file system that takes GRANTS.YML for grants.yml."""
    os.link(city / "grants.yml", city / "GRANTS.YML")
    os.link(city / RULE, city / "rules/BENEFIT.YML")
    assert check_catalog(city) == []


def test_a_stray_file_of_a_pack_is_reported_once(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLE, tmp_path / "example")
    city = Path(shutil.copytree(CITY, tmp_path / "city"))
    name = "packs/food-safety/rules/more.yaml"
    assert added(city, name) == [(f"{name}:1", "this file is not read -> rename it to more.yml")]


@pytest.mark.parametrize("name", ["rules", "resources"])
def test_a_file_where_a_folder_should_be(city: Path, name: str) -> None:
    shutil.rmtree(city / name)
    found = dict(added(city, name))
    assert (
        found[f"{name}:1"]
        == f"this is no folder -> make a folder {name}/ of it, that holds one file for each"
    )


def test_no_rules_at_all(city: Path) -> None:
    shutil.rmtree(city / "rules")
    ((where, what),) = said(city, check_catalog(city))
    assert where == "rules:1"
    assert what.startswith("no such folder")
    (city / "rules").mkdir()
    assert check_catalog(city) == []


def test_rules_of_a_pack_are_enough(city: Path) -> None:
    (city / "pack").mkdir()
    (city / "rules").rename(city / "pack/rules")
    with (city / "city.yml").open("a", encoding="utf-8") as file:
        file.write("includes: [pack]\n")
    assert check_catalog(city) == []


@pytest.mark.parametrize(
    ("named", "what"),
    [
        ("pack, ./pack", "the folder './pack' is read already -> remove it from includes"),
        (".", "the folder '.' is read already -> remove it from includes"),
        ("pack, empty", "nothing of a rule pack is in 'empty' -> name the folder that holds its rules/"),
        ("pack, none", "no folder 'none' beside this file -> name the folder of a rule pack"),
    ],
)
def test_a_pack_that_is_none(city: Path, named: str, what: str) -> None:
    """Each file of a folder named twice was said to be in itself too: remove one of the two."""
    (city / "pack").mkdir()
    (city / "empty").mkdir()
    (city / "pack/resources").mkdir()
    with (city / "city.yml").open("a", encoding="utf-8") as file:
        file.write(f"includes: [{named}]\n")
    ((where, found),) = said(city, check_catalog(city))
    assert (where.partition(":")[0], found) == ("city.yml", what)
