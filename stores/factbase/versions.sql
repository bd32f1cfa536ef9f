-- From rows as told to versions: the newest version of (source, handle, subject) wins, whatever came first.

-- A subject that is full takes no new handle; what it holds may still change.
CREATE OR REPLACE TEMP TABLE refused AS
WITH full_up AS (SELECT bucket, subject FROM told GROUP BY ALL HAVING count(*) > getvariable('most')),
     held AS (
         SELECT bucket, subject, resource, field, handle, min((position, number)) AS arrived
         FROM told SEMI JOIN full_up USING (bucket, subject) GROUP BY ALL)
SELECT bucket, subject, resource, field, handle FROM held
QUALIFY row_number() OVER (PARTITION BY bucket, subject ORDER BY arrived) > getvariable('most');

INSERT INTO versions
WITH taken AS (FROM told ANTI JOIN refused USING (bucket, subject, resource, field, handle)),
     accepted AS (
         FROM taken
         WINDOW earlier AS (
             PARTITION BY bucket, subject, resource, field, handle ORDER BY position, number
             ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
         QUALIFY version > coalesce(max(version) OVER earlier, 0)),
     -- A delete carries no period of its own; it keeps that of what it ends.
     chained AS (
         SELECT *, op <> 'd' AS live,
             coalesce(last_value(if(op = 'd', NULL, {'first': first, 'last': last}) IGNORE NULLS) OVER so_far,
                 {'first': 1, 'last': 0}) AS period,
             lead(position) OVER so_far AS until
         FROM accepted
         WINDOW so_far AS (PARTITION BY bucket, subject, resource, field, handle ORDER BY position, number)),
     -- Of several versions in one batch only the last was ever looked at.
     seen AS (FROM chained WHERE until IS NULL OR until > position),
     ended AS (
         SELECT s.bucket, s.subject, s.resource, s.field, s.handle, s.position,
             min({'position': r.position, 'epoch': r.epoch, 'seq': r.seq}) AS at_end
         FROM seen s JOIN replaced r ON r.bucket = s.bucket AND r.resource = s.resource AND r.epoch > s.epoch
             AND r.position > s.position AND (s.until IS NULL OR r.position < s.until)
         WHERE s.live GROUP BY ALL),
     marked AS (FROM seen LEFT JOIN ended USING (bucket, subject, resource, field, handle, position))
SELECT bucket, resource || '.' || field, subject, handle, period.first, period.last,
    if(live, codes, MAP {}), epoch, seq, live, position, coalesce(at_end.position, until)
FROM marked
UNION ALL
SELECT bucket, resource || '.' || field, subject, handle, period.first, period.last,
    MAP {}, at_end.epoch, at_end.seq, false, at_end.position, until
FROM marked WHERE at_end IS NOT NULL;

TRUNCATE told;

INSERT INTO finished SELECT coalesce(sum(position + 1), 0) FROM ends;
