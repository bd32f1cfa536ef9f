"""`crosscheck explain`: one alert in words, Chinese and English."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import typer

from matchers.explain import Explanation, Known, Language, lines_of
from matchers.explain import explain as in_words
from streams.cli.screen import Broker, CatalogFolder, Data, Json, out, printable, run, write_json
from streams.publisher.keys import KeyRing
from streams.readers import current
from streams.readers.current import Deliveries
from streams.readers.own import KeyBook, OwnView
from streams.settings import Settings
from streams.transport.port import connect
from topics.alerts import Alert, SourceStatus
from topics.catalog import Catalog, Rule, load_catalog

LANGUAGES: tuple[Language, ...] = ("zh", "en")


def explain(
    alert_id: Annotated[str, typer.Argument(help="id of an alert, or an unambiguous beginning of it")],
    lang: Annotated[Literal["zh", "en", "both"], typer.Option(help="language")] = "both",
    broker: Broker = None,
    data: Data = None,
    catalog: CatalogFolder = None,
    json: Json = False,
) -> None:
    """Explain an alert: evidence, what speaks for the person, what it stands on (预警说明)."""
    settings = Settings.resolve(broker, data, catalog)
    found = run(_find(settings, load_catalog(settings.catalog), alert_id))
    languages = LANGUAGES if lang == "both" else (lang,)
    if json:
        write_json(as_json(found, languages))
    else:
        say(found.explanation, languages)


@dataclass(frozen=True, slots=True)
class Found:
    """An alert as its reader sees it, and its explanation."""

    alert: dict[str, Any]
    explanation: Explanation


async def _find(settings: Settings, catalog: Catalog, alert_id: str) -> Found:
    async with connect(settings.broker) as log:
        alert = await current.find_alert(log, catalog, alert_id, trial=True)
        deliveries = await current.deliveries(log)
        decided = (await current.dispositions(log, alert.department)).get(alert.alert_id)
        rule = await current.rule_of(log, catalog, alert)
    keys = KeyRing.at(settings.data, generate=False)
    own = OwnView(catalog, KeyBook(keys), deliveries).alert(alert, decided)
    known = Known(own["key"], delivered_now(alert, rule, deliveries), decided)
    return Found(own, in_words(alert, rule, catalog, known))


def delivered_now(alert: Alert, rule: Rule, deliveries: Deliveries) -> list[SourceStatus]:
    """How far the rule's sources are delivered by now in the alert's bucket."""
    statuses = ((name, deliveries.newest.get((name, alert.bucket))) for name in rule.resources)
    return [
        SourceStatus(name, status is not None and status.complete, status.as_of if status else None)
        for name, status in statuses
    ]


def as_json(found: Found, languages: Iterable[Language]) -> dict[str, Any]:
    """The alert as `crosscheck alerts --json` gives it, with `explanation` by language."""
    return {**found.alert, "explanation": in_sections(found.explanation, languages)}


def in_sections(explanation: Explanation, languages: Iterable[Language]) -> dict[str, Any]:
    """Title and sections by language."""
    return {
        language: {
            "title": getattr(explanation.title, language),
            "sections": [
                {
                    "heading": getattr(section.heading, language),
                    "lines": [getattr(line, language) for line in section.lines],
                }
                for section in explanation.sections
            ],
        }
        for language in languages
    }


def say(explanation: Explanation, languages: Iterable[Language]) -> None:
    """Plain text on the screen, one language after the other."""
    for number, language in enumerate(languages):
        if number:
            out.rule()
        for line in lines_of(explanation, language):
            heading = line and not line.startswith(" ")
            out.print(printable(line), style="bold" if heading else None)
