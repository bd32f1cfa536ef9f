"""The leak canary: every raw field carries a marker, and no marker may be anywhere but at home.

At home are the department's own files and, where its key is at hand, the keys of its own records.
"""

import base64
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from rocksdict import Options, Rdict

from tests.e2e.people import enterprise, person
from tests.e2e.town import CLAIMS, FIRMS, SPELLS, WAGES, Town
from topics.names import topic_specs

PEOPLE = 6
PAID_ON = "1987-03-29"
AMOUNT, INCOME = "81923.0417", "64738.2951"
BAD_ID = "330102198812241239"  # its check digit is wrong: the row is refused


def _claim(i: int) -> tuple[str, ...]:
    return (f"UBCANARY{i:04}", person(i), f"金丝雀甲{i:04}", "2008-05", AMOUNT)


def _spell(i: int) -> tuple[str, ...]:
    days = ("2008-05-09", "", "regular", PAID_ON)
    return (f"SICANARY{i:04}", person(i), f"金丝雀乙{i:04}", enterprise(100 + i), *days)


def _wage(i: int) -> tuple[str, ...]:
    return (f"WTCANARY{i:04}", person(i), f"金丝雀丙{i:04}", enterprise(200 + i), "2008-05", INCOME)


def _firm(i: int) -> tuple[str, ...]:
    people = (f"金丝雀丁{i:04}", person(i), f"金丝雀戊{i:04}")
    return (enterprise(300 + i), *people, "active", "2001-07-13", "")


def _secrets() -> set[str]:
    """Every raw value that must stay at home; month, day and code are what a rule may know."""
    numbers = range(PEOPLE + 1)
    rows = [make(i) for make in (_claim, _spell, _wage, _firm) for i in numbers]
    public = {"", "2008-05", "2008-05-09", "2001-07-13", "regular", "active"}
    return {value for row in rows for value in row} - public | {BAD_ID}


def _needles(secret: str) -> Iterator[bytes]:
    """A secret as it might be written: plain, in other encodings, in hex, in base64, as a plain digest."""
    raw = secret.encode()
    yield raw
    yield raw.hex().encode()
    yield raw.hex().upper().encode()
    if not secret.isascii():
        yield secret.encode("gb18030")
        yield secret.encode("utf-16-le")
        yield json.dumps(secret)[1:-1].encode()
    for shift in range(3):  # in base64 a text shows in three ways, by where it begins
        inner = base64.b64encode(b"\0" * shift + raw)[4 if shift else 0 :]
        yield inner[: len(inner) // 4 * 4 - 4]
    for name in ("md5", "sha1", "sha256"):
        digest = hashlib.new(name, raw)
        yield digest.digest()
        yield digest.hexdigest().encode()


def _inside(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Files as they lie there, and state and snapshots as they read (on disk they may be compressed)."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    for file in files:
        yield str(file), file.read_bytes()
        if file.suffix == ".parquet":
            yield f"{file} read", repr(duckdb.sql(f"FROM '{file}'").fetchall()).encode()
    for state in (file.parent for file in files if file.name == "CURRENT"):  # opening it changes its files
        database = Rdict(str(state), Options(raw_mode=True))
        yield f"{state} read", b"\0".join(part for pair in database.items() for part in pair)
        database.close()


def _on_topics(town: Town) -> Iterator[tuple[str, bytes]]:
    for record in town.records(*(spec.name for spec in topic_specs(town.catalog))):
        headers = b"\0".join(name.encode() + value for name, value in record.headers)
        yield record.place, b"\0".join((record.key or b"", record.value, headers))


def _journey(town: Town) -> Iterator[tuple[str, bytes]]:
    """A full run; what its commands print where the department's key is not at hand."""
    workers = [town.start("--http", "127.0.0.1:0"), town.start("--http", "127.0.0.1:0", "--logs", "json")]
    numbers = range(PEOPLE)
    bad = ("UBCANARY9999", BAD_ID, "金丝雀甲9999", "2008-05", AMOUNT)
    town.tell(CLAIMS, *map(_claim, numbers), bad)
    town.tell(SPELLS, *map(_spell, numbers))
    town.tell(WAGES, *map(_wage, numbers))
    town.tell(FIRMS, *map(_firm, numbers))
    moved = (_claim(0)[0], person(PEOPLE), *_claim(0)[2:])
    town.tell(CLAIMS, ("upsert", *moved), ("delete", _claim(1)[0], "", "", "", ""), mode="changes")
    alerts = town.alerts()
    assert {a["key"] for a in alerts} == {_claim(i)[0] for i in numbers}
    alert = next(a for a in alerts if a["state"] == "open")["alert_id"]
    elsewhere = town.folder / "elsewhere"
    elsewhere.mkdir()
    for name in ("linkage-1", "tax", "market"):
        (elsewhere / f"{name}.key").write_bytes((town.keys / f"{name}.key").read_bytes())
    for words in (
        ("decide", alert, "confirmed", "--reason", "employed", "--json"),
        ("alerts", "-d", "hrss"),
        ("alerts", "-d", "hrss", "--json"),
        ("results", "-d", "hrss"),
        ("results", "-d", "hrss", "--json"),
        ("explain", alert),
        ("snapshot",),
        ("sql", "FROM alerts"),
    ):
        done = town.cli(*words, CROSSCHECK_KEYS=str(elsewhere))
        assert done.returncode == 0, (words, done.stderr.decode())
        if words[0] in ("alerts", "results") and "--json" in words:
            assert {json.loads(line)["key"] for line in done.stdout.splitlines()} == {None}
        yield " ".join(words), done.stdout + done.stderr
    for number, worker in enumerate(workers):
        for page in ("/metrics", "/healthz", "/readyz"):
            yield f"worker {number} {page}", worker.get(page)[1]
        worker.stop()
        yield f"worker {number}", worker.text.encode()


def test_no_raw_value_leaves_its_department(town: Town, capfd: pytest.CaptureFixture[str]) -> None:
    places = dict(_journey(town))
    places |= dict(_on_topics(town))
    places |= dict(_inside(town.data))
    places |= {str(file): file.read_bytes() for file in town.folder.glob("*.refused.csv")}
    places["this process"] = "".join(capfd.readouterr()).encode()
    needles = {needle: secret for secret in _secrets() for needle in _needles(secret) if len(needle) >= 8}
    text = {place: content for place, content in places.items() if content}
    assert len(text) > 50, "the run left traces to search"
    found = [
        (place, secret, needle)
        for place, content in text.items()
        for needle, secret in needles.items()
        if needle in content
    ]
    assert found == []


def test_the_search_would_find_them(tmp_path: Path) -> None:
    """The canary can die: each way of writing a value is found where it is put."""
    for secret in (person(1), "金丝雀甲0001", AMOUNT):
        encoded = base64.b64encode(b"xy" + secret.encode() + b"zw")
        for hidden in (secret.encode(), secret.encode().hex().encode(), encoded):
            (tmp_path / "file").write_bytes(b"before" + hidden + b"after")
            ((_, content),) = _inside(tmp_path)
            assert any(needle in content for needle in _needles(secret)), (secret, hidden)
