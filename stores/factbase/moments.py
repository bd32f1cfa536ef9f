"""When to look at a subject: at rest (where the log ends), or wherever something may have changed.

Rules: a rule's query reads the table `moments`; what it says of every moment goes into `outcomes`, and a check's
revision is the position at which its present outcome came to be. A moment without an outcome, between two with
the same one, makes the second a new one: the check was withdrawn in between.
Must not know: rules' queries, how they are made.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from stores.factbase.database import FactBase
from stores.factbase.rows import Checked, Standing

_AT_REST = """
CREATE OR REPLACE TEMP TABLE moments AS
SELECT DISTINCT v.bucket, v.subject, e.position, coalesce($day, d.day, 0)::INTEGER AS day
FROM versions v JOIN ends e ON e.bucket = v.bucket
LEFT JOIN (SELECT bucket, max(day) AS day FROM days GROUP BY bucket) d ON d.bucket = v.bucket
WHERE v.source = $anchor AND v.live AND v.until IS NULL
"""

_SPANS = """
CREATE OR REPLACE TEMP TABLE spans AS
SELECT unnest($bucket)::INTEGER AS bucket, unnest($since)::BIGINT AS since, unnest($until)::BIGINT AS until,
    unnest($form)::INTEGER AS form
"""

_THROUGH_TIME = """
CREATE OR REPLACE TEMP TABLE through_time AS
WITH asked AS (SELECT DISTINCT bucket, subject FROM versions WHERE list_contains($anchors, source)),
     marks AS (
         SELECT bucket, since AS position FROM spans
         UNION SELECT bucket, position FROM days WHERE $by_day
         UNION SELECT bucket, since FROM delivered WHERE $by_delivery),
     places AS (
         SELECT bucket, subject, position FROM asked JOIN marks USING (bucket)
         UNION SELECT bucket, subject, since FROM versions SEMI JOIN asked USING (bucket, subject)
         WHERE list_contains($sources, source))
SELECT p.bucket, p.subject, p.position, s.form, coalesce(d.day, 0) AS day,
    lag(p.position) OVER (PARTITION BY p.bucket, p.subject ORDER BY p.position) AS before
FROM places p
JOIN spans s ON s.bucket = p.bucket AND s.since <= p.position AND (s.until IS NULL OR p.position < s.until)
ASOF LEFT JOIN days d ON d.bucket = p.bucket AND d.position <= p.position
"""

_OF_FORM = """
CREATE OR REPLACE TEMP TABLE moments AS
SELECT bucket, subject, position, day FROM through_time WHERE form = $form
"""

_OUTCOMES = (
    "CREATE OR REPLACE TEMP TABLE outcomes AS SELECT {form} AS form, {version} AS version, * FROM ({query})"
)
_MORE_OUTCOMES = "INSERT INTO outcomes SELECT {form}, {version}, * FROM ({query})"

_STANDING = """
WITH looked AS (
         SELECT *, max(position) OVER (PARTITION BY bucket, subject) AS newest FROM through_time),
     said AS (
         SELECT o.*, l.before, l.newest, if(state = 0, NULL, {
             'anchor': [first, last, epoch, seq],
             'evidence': list_transform(evidence, lambda p: [
                 p.resource, p.handle, p.exculpation, p.code, p.absent::VARCHAR, p.epoch::VARCHAR, p.seq::VARCHAR]),
             'speaks': list_transform(speaks, lambda p: [
                 p.resource, p.handle, p.epoch::VARCHAR, p.seq::VARCHAR])}) AS words
         FROM outcomes o JOIN looked l USING (bucket, subject, position)),
     turned AS (
         SELECT *, lag(position) OVER so_far IS DISTINCT FROM before
             OR lag({'version': version, 'state': state, 'words': words}) OVER so_far
                 IS DISTINCT FROM {'version': version, 'state': state, 'words': words} AS new
         FROM said WINDOW so_far AS (PARTITION BY bucket, check_id ORDER BY position))
SELECT * EXCLUDE (form, version, before, newest, words, new), version,
    max(position) FILTER (new) OVER (PARTITION BY bucket, check_id) AS revision
FROM turned QUALIFY position = newest
"""


class Span(NamedTuple):
    """A stretch of a partition in which a rule was in force in one form; `until` None: to the end."""

    bucket: int
    since: int
    until: int | None
    form: int


def at_rest(base: FactBase, anchor: str, day: int | None = None) -> None:
    """Look at every subject that has a record of the anchor's source, where the log ends, or on another day."""
    base.query(_AT_REST, {"anchor": anchor, "day": day})


def through_time(
    base: FactBase,
    spans: Sequence[Span],
    anchors: Collection[str],
    sources: Collection[str],
    *,
    by_day: bool,
    by_delivery: bool,
) -> None:
    """Look at subjects wherever facts of some sources changed or a span began; if told, a day or a delivery too."""
    columns = zip(*spans, strict=True)
    base.query(_SPANS, dict(zip(Span._fields, map(list, columns), strict=True)))
    names = {"anchors": sorted(anchors), "sources": sorted(sources)}
    base.query(_THROUGH_TIME, {**names, "by_day": by_day, "by_delivery": by_delivery})


def hear(base: FactBase, query: str, form: int, version: int, *, first: bool) -> None:
    """What a rule's query says of the moments at which the rule was in force in one form."""
    base.query(_OF_FORM, {"form": form})
    text = _OUTCOMES if first else _MORE_OUTCOMES
    base.query(text.format(form=form, version=version, query=query))


def standing(base: FactBase, *, trial: bool) -> list[Standing]:
    """Every check as it stands, after all forms were heard."""
    return [
        Standing(Checked.of(row), revision, version, trial)
        for *row, version, revision in base.query(_STANDING)
    ]
