"""The steward's guide (topics/catalog/RULES.md): its commands are run as written, and its tables are kept true."""

import json
import re
from pathlib import Path

from tests.test_readme import run_script
from topics.catalog.rule import RuleKind
from topics.catalog.schema import key_table, rule_schema

ROOT = Path(__file__).parent.parent
GUIDE = ROOT / "topics" / "catalog" / "RULES.md"
TEXT = GUIDE.read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```([^\n]*)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


def test_every_block_is_run() -> None:
    assert {kind for kind, _ in BLOCKS} == {"sh"}


def test_the_table_of_keys_is_the_schema() -> None:
    """Rewrite it: crosscheck rules schema --keys."""
    assert TEXT.endswith("\n".join(key_table(rule_schema())))


def test_every_kind_is_there() -> None:
    kinds = re.findall(r"^\| (\w+) \| [^|]+ \| [^|]+ \|[^|]*\| [^|]+ \|$", TEXT, re.MULTILINE)
    assert kinds == ["kind", *RuleKind.__args__]


def test_from_an_empty_file_to_a_rule_that_is_suspended(tmp_path: Path) -> None:
    """The whole guide, on the embedded log, with one worker that is never restarted."""
    blocks = [body.replace("topics/catalog", str(ROOT / "topics" / "catalog")) for _, body in BLOCKS]
    output = run_script(blocks, tmp_path, {})
    assert "NOT reconciled" not in output
    assert "error" not in output.replace("no errors", "").replace("source_error", "")
    first, last = (output.split("against nothing in force", 1), output.rsplit("wages-on-benefit", 1)[1])
    assert "Rule wages-on-benefit, version 1: Wages in a month of unemployment benefit" in first[0]
    assert "wages-on-benefit v1 trial by" in output
    assert "wages-on-benefit v2 against v1 (active in the log)" in output
    assert output.count("8 of 8 partitions have taken it") == 4
    assert "by-hand: the wage file of June was wrong" in last
    (listed,) = (line for line in output.splitlines() if line.startswith('{"rule":"wages-on-benefit"'))
    row = json.loads(listed)
    assert (row["in_force"]["version"], row["in_force"]["force"], row["volume_cap"]) == (2, "active", 200)
    assert row["open"] > 0
    assert "<svg" in (tmp_path / "backtest.html").read_text(encoding="utf-8")
    assert json.loads((tmp_path / "rule.schema.json").read_text(encoding="utf-8"))["properties"]["anchor"][
        "enum"
    ]
