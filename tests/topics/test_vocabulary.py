"""Each word exists once, in both languages, as DESIGN.md section 4 gives it."""

import pytest

from topics import vocabulary
from topics.errors import NotFound

TABLES = {
    name: table for name, table in vars(vocabulary).items() if name.isupper() and isinstance(table, dict)
}


def test_states_and_verdicts() -> None:
    zh = {
        word: text.zh for table in (vocabulary.STATES, vocabulary.DECISIONS) for word, text in table.items()
    }
    assert zh == {
        "open": "待核查",
        "explained": "已有解释",
        "withdrawn": "已撤回",
        "confirmed": "已确认",
        "dismissed": "已排除",
    }
    assert vocabulary.VERDICTS["clear"].zh == "未发现差异"
    assert vocabulary.VERDICTS["discrepancy"].zh == "存在差异"


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES.keys())
def test_both_languages_and_no_homonyms(table: dict[str, vocabulary.Text]) -> None:
    assert all(any(ord(char) > 0x2E80 for char in text.zh) and text.en.isascii() for text in table.values())
    assert len({text.zh for text in table.values()}) == len(table)
    assert len({text.en for text in table.values()}) == len(table)


def test_lookup() -> None:
    assert vocabulary.word("front_node").zh == "前置机"
    with pytest.raises(NotFound, match="did you mean 'exculpation'"):
        vocabulary.word("exculpaton")
