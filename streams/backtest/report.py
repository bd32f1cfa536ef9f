"""A backtest as one HTML page: complete in itself, readable offline and on paper, in Chinese and English.

Rules: everything is escaped; no script, no request to anywhere; figures only, as in sums. Must not know: the log.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matchers.rules.words import words
from streams.backtest import charts
from streams.backtest.sums import Backtest, SourceHits, periods
from topics.catalog import Catalog, Rule, Text
from topics.vocabulary import STATES

TEMPLATE = "report.html.j2"
_NONE = Text("无预警", "no alert")


@dataclass(frozen=True, slots=True)
class Page:
    """What the page is about: a rule as declared, what came of it, and when."""

    rule: Rule
    catalog: Catalog
    figures: Backtest
    made_at: str


def html(page: Page) -> str:
    """The page."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    loader = FileSystemLoader(Path(__file__).parent)
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"number": _number, "share": _share}
    return environment.get_template(TEMPLATE).render(_content(page))


def _content(page: Page) -> dict[str, Any]:
    figures, names = page.figures, _Names(page.catalog)
    shown = periods(figures.months)
    return {
        "rule": page.rule,
        "owner": page.catalog.department(page.rule.department).title,
        "f": figures,
        "made_at": page.made_at,
        "words": words(page.rule, page.catalog),
        "month_chart": _safe(
            charts.columns([charts.Bar(m.month, m.open, m.explained) for m in shown if m.month])
        ),
        "source_chart": _safe(charts.rows(list(_bars(figures.sources)))),
        "months": [m for m in shown if m.open or m.explained],
        "by_year": any(len(m.month) == len("2008") for m in shown),
        "source": names.source,
        "state": lambda state: STATES[state] if state else _NONE,
        "incomplete": [names.resource(r) for r in figures.incomplete],
        "colours": {"open": charts.OPEN, "explained": charts.EXPLAINED},
    }


def _bars(sources: Iterable[SourceHits]) -> Iterable[charts.Bar]:
    found = list(sources)
    for s in found:
        several = sum(s.resource == other.resource for other in found) > 1
        yield charts.Bar(f"{s.resource} ({s.field})" if several else s.resource, s.open, s.explained)


def _safe(svg: str) -> Any:
    from markupsafe import Markup

    return Markup(svg)  # noqa: S704 drawn here; matplotlib escapes the labels


@dataclass(frozen=True, slots=True)
class _Names:
    """Titles of what the figures name."""

    catalog: Catalog

    def resource(self, resource_id: str) -> Text:
        """Department and title."""
        resource = self.catalog.resource(resource_id)
        owner = self.catalog.department(resource.department).title
        return Text(f"{owner.zh} · {resource.title.zh}", f"{owner.en} · {resource.title.en}")

    def source(self, resource_id: str, field: str) -> Text:
        """A resource of the catalog, or the bare id of one that only an older version looked at."""
        if resource_id not in self.catalog.resources:
            return Text(resource_id, f"{resource_id} {field}")
        return self.resource(resource_id)


def _number(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() or abs(value) >= 100 else f"{value:,.1f}"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.0%}"
