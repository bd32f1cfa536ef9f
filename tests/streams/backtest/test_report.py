"""The HTML page of a backtest: whole in itself, both languages, sums only, and safe whatever a title says."""

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from stores.factbase import FactBase
from streams.backtest import charts
from streams.backtest.count import backtest
from streams.backtest.report import Page, html
from streams.backtest.sums import Backtest, Month, Overlap, SourceTurn, Turn, periods
from tests.streams.steps.world import CATALOG
from topics.catalog import Rule, Text

AT = "2026-01-02 03:04 UTC"


def page(rule: Rule, figures: Backtest) -> str:
    return html(Page(rule, CATALOG, figures, AT))


@pytest.fixture
def figures(base: FactBase, rule: Rule) -> Backtest:
    return backtest(base, rule)


class Reader(HTMLParser):
    """Tags, attributes and text of a page; insists that what is opened is closed."""

    VOID = ("meta", "path", "use", "rect")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.said = ""
        self._open: list[str] = []
        self.feed(text)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.said += data + " "


def test_it_is_whole_in_itself(rule: Rule, figures: Backtest) -> None:
    """No script, no style sheet, no picture from anywhere; a browser is told to load nothing."""
    written = Reader(page(rule, figures))
    assert not {"script", "link", "img", "iframe", "object", "form"} & set(written.tags)
    named = [
        value for key, value in written.attributes if key in ("src", "href", "xlink:href", "action") and value
    ]
    assert [value for value in named if not value.startswith("#")] == []
    assert any("default-src 'none'" in (value or "") for _, value in written.attributes)
    assert not re.search(r"url\((?!['\"]?#)|@import", page(rule, figures))


def test_it_speaks_both_languages(rule: Rule, figures: Backtest) -> None:
    said = Reader(page(rule, figures)).said
    for words in (
        rule.title.zh,
        rule.title.en,
        "按月命中",
        "Hits by month",
        "核查工作量",
        "Load on officers",
    ):
        assert words in said
    for heading in ("按佐证来源", "与现行规则的重合", "与现行版本相比", "规则说明"):
        assert heading in said


def test_the_figures_are_there(rule: Rule, figures: Backtest) -> None:
    said = " ".join(Reader(page(rule, figures)).said.split())
    for words in ("2008-05", "33% of 3", "上限 cap 2,000", "back_payment", "Wage tax withholding", AT):
        assert words in said
    assert "Not delivered in full yet, so results may change: 税务局 · 工资薪金个人所得税扣缴" in said


def test_two_charts_with_their_figures_beside_them(rule: Rule, figures: Backtest) -> None:
    written = page(rule, figures)
    drawn = re.findall(r'role="img" aria-label="[^"]+">(<svg.*?</svg>)', written, re.DOTALL)
    assert len(drawn) == 2
    for svg in drawn:
        ET.fromstring(svg)
    assert ">2008-05<" in drawn[0]
    assert ">tax.wage_withholding<" in drawn[1]


def test_nobody_is_in_it(rule: Rule, figures: Backtest) -> None:
    written = page(rule, figures)
    for name in ("ann-may", "bob-may", "cat-july", "41414141"):
        assert name not in written


def test_what_a_title_says_is_text(rule: Rule, figures: Backtest) -> None:
    evil = replace(rule, title=Text("<script>alert(1)</script>", "a & b <img src=x>"))
    written = page(evil, figures)
    assert "<script>" not in written
    assert "&lt;script&gt;" in written
    assert "a &amp; b &lt;img" in written


def test_every_branch(rule: Rule, figures: Backtest) -> None:
    """Over the cap, overlapping, against a version in force that looked at what the catalog no longer has."""
    turns = (Turn("open", None, 3), Turn(None, "open", 1), Turn("open", "explained", 2))
    by_source = (
        SourceTurn("withdraws", "tax.gone", "person_id", 3),
        SourceTurn("opens", rule.anchor, "person_id", 1),
    )
    change = replace(figures.change, version=7, force="trial", turns=turns, by_source=by_source)
    overlaps = (Overlap("other", 3, "active", 1, 1),)
    load = figures.load._replace(cap=1)
    full = replace(figures, change=change, overlaps=overlaps, load=load, incomplete=(), day=None)
    said = " ".join(Reader(page(rule, full)).said.split())
    for words in (
        "More alerts would be open at once",
        "version 7",
        "tax.gone",
        "withdraws",
        "50%",
        "no alert",
    ):
        assert words in said
    assert "Not delivered" not in said


def test_nothing_hit(rule: Rule, figures: Backtest) -> None:
    change = replace(figures.change, turns=(), by_source=())
    none = replace(figures, open=0, explained=0, months=(), excuses=(), change=change)
    said = Reader(page(rule, none)).said
    for words in ("No hits.", "Nothing would change.", "No other rule in force"):
        assert words in said


def test_the_same_figures_give_the_same_page(rule: Rule, figures: Backtest) -> None:
    assert page(rule, figures) == page(rule, figures)


def test_a_long_span_is_shown_by_year(rule: Rule, figures: Backtest) -> None:
    months = [Month("", 1, 5, 5)]
    months += [Month(f"{year}-{month:02}", 9, 1, 2) for year in range(2000, 2005) for month in range(1, 13)]
    assert periods(months) == [*(Month(str(year), 108, 12, 24) for year in range(2000, 2005)), months[0]]
    assert periods(months[:13]) == [*months[1:13], months[0]]
    many = page(rule, replace(figures, months=tuple(months)))
    assert "summed up by year" in many
    assert ">2004<" in many
    assert "2004-01" not in many
    assert "unknown" in many


def test_nothing_to_draw() -> None:
    assert charts.columns([]).startswith("<svg")
    assert charts.rows([]).startswith("<svg")
