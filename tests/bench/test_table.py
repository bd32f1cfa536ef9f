"""Figures are kept row by row, and the tables say when and where each was measured."""

from pathlib import Path

from tests.bench.figures import load, record
from tests.bench.table import BEGIN, END, render, rewrite


def test_a_partial_run_replaces_its_own_rows_only(tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    record("kafka", "floor", {"rows": 100, "seconds": [1.0]}, path)
    record("kafka", "ours", {"rows": 100, "seconds": [2.0, 4.0, 3.0]}, path)
    record("kafka", "floor", {"rows": 100, "seconds": [2.0]}, path)
    found = load(path)["kafka"]
    assert list(found) == ["floor", "ours"]
    assert found["floor"]["seconds"] == [2.0]
    assert found["ours"]["when"]
    assert found["ours"]["machine"]


def test_medians_ranges_and_ratios() -> None:
    where = {"when": "2026-01-01", "machine": "a machine"}
    rows = {
        "floor: x": {"rows": 1_000_000, "seconds": [1.0], **where},
        "ours": {
            "rows": 1_000_000,
            "seconds": [8.0, 2.0, 4.0],
            "cpu": [3.0, 5.0, 4.0],
            "peak_mb": 120,
            **where,
        },
    }
    text = render({"kafka": rows})
    assert "2026-01-01, a machine. 1 or 3 run(s) each." in text
    assert "| ours | 250,000 | 125,000-500,000 | 0.25 | 4.0 |  | 120 |" in text
    assert "| floor: x | 1,000,000 | one run | 1.00 |" in text


def test_only_what_stands_between_the_markers_is_rewritten(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n", encoding="utf-8")
    rewrite({}, readme)
    assert readme.read_text(encoding="utf-8") == f"before\n{BEGIN}\n\n{END}\nafter\n"
