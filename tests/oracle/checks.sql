-- benefit-while-employed, answered from the raw files alone. Independent of all our Python code.
-- Reads two variables: folder (text) and with_corrections (boolean). Leaves the tables `verdicts` and `refusals`.
-- Runs after identifiers.sql. A row with any bad identifier is refused; of the rest the last one told of a key counts.

-- 1. Files, in the order they were written: base first, then corrections.
CREATE TEMP MACRO file(name) AS getvariable('folder') || '/' || name || '.csv';

CREATE TEMP TABLE claim_base AS FROM read_csv(file('hrss.unemployment_benefit'), header = true, delim = ',',
    quote = '"', auto_detect = false, columns = {'claim_no': 'VARCHAR', 'person_id': 'VARCHAR',
    'name': 'VARCHAR', 'month': 'VARCHAR', 'amount': 'VARCHAR'});
CREATE TEMP TABLE claim_late AS FROM read_csv(file('corrections/hrss.unemployment_benefit'), header = true,
    delim = ',', quote = '"', auto_detect = false, columns = {'op': 'VARCHAR', 'claim_no': 'VARCHAR',
    'person_id': 'VARCHAR', 'name': 'VARCHAR', 'month': 'VARCHAR', 'amount': 'VARCHAR'});

CREATE TEMP TABLE spell_base AS FROM read_csv(file('hrss.social_insurance'), header = true, delim = ',',
    quote = '"', auto_detect = false, columns = {'record_no': 'VARCHAR', 'person_id': 'VARCHAR',
    'name': 'VARCHAR', 'employer_uscc': 'VARCHAR', 'period_start': 'VARCHAR', 'period_end': 'VARCHAR',
    'kind': 'VARCHAR', 'paid_on': 'VARCHAR'});
CREATE TEMP TABLE spell_late AS FROM read_csv(file('corrections/hrss.social_insurance'), header = true,
    delim = ',', quote = '"', auto_detect = false, columns = {'op': 'VARCHAR', 'record_no': 'VARCHAR',
    'person_id': 'VARCHAR', 'name': 'VARCHAR', 'employer_uscc': 'VARCHAR', 'period_start': 'VARCHAR',
    'period_end': 'VARCHAR', 'kind': 'VARCHAR', 'paid_on': 'VARCHAR'});

CREATE TEMP TABLE wage_base AS FROM read_csv(file('tax.wage_withholding'), header = true, delim = ',',
    quote = '"', auto_detect = false, columns = {'record_no': 'VARCHAR', 'person_id': 'VARCHAR',
    'name': 'VARCHAR', 'employer_uscc': 'VARCHAR', 'month': 'VARCHAR', 'income': 'VARCHAR'});
CREATE TEMP TABLE wage_late AS FROM read_csv(file('corrections/tax.wage_withholding'), header = true,
    delim = ',', quote = '"', auto_detect = false, columns = {'op': 'VARCHAR', 'record_no': 'VARCHAR',
    'person_id': 'VARCHAR', 'name': 'VARCHAR', 'employer_uscc': 'VARCHAR', 'month': 'VARCHAR',
    'income': 'VARCHAR'});

CREATE TEMP TABLE enterprise_base AS FROM read_csv(file('market.enterprise'), header = true, delim = ',',
    quote = '"', auto_detect = false, columns = {'uscc': 'VARCHAR', 'name': 'VARCHAR',
    'legal_rep_id': 'VARCHAR', 'legal_rep_name': 'VARCHAR', 'status': 'VARCHAR', 'registered_on': 'VARCHAR',
    'cancelled_on': 'VARCHAR'});
CREATE TEMP TABLE enterprise_late AS FROM read_csv(file('corrections/market.enterprise'), header = true,
    delim = ',', quote = '"', auto_detect = false, columns = {'op': 'VARCHAR', 'uscc': 'VARCHAR',
    'name': 'VARCHAR', 'legal_rep_id': 'VARCHAR', 'legal_rep_name': 'VARCHAR', 'status': 'VARCHAR',
    'registered_on': 'VARCHAR', 'cancelled_on': 'VARCHAR'});

-- 2. Every line told: resource, key, order, operation, whom it names, and what it says of which days.
CREATE TEMP TABLE lines AS
WITH claims AS (
    SELECT 0 AS part, rowid AS line, 'upsert' AS op, * FROM claim_base
    UNION ALL SELECT 1, rowid, * FROM claim_late),
spells AS (
    SELECT 0 AS part, rowid AS line, 'upsert' AS op, * FROM spell_base
    UNION ALL SELECT 1, rowid, * FROM spell_late),
wages AS (
    SELECT 0 AS part, rowid AS line, 'upsert' AS op, * FROM wage_base
    UNION ALL SELECT 1, rowid, * FROM wage_late),
enterprises AS (
    SELECT 0 AS part, rowid AS line, 'upsert' AS op, * FROM enterprise_base
    UNION ALL SELECT 1, rowid, * FROM enterprise_late),
every_line AS (
    SELECT 'hrss.unemployment_benefit' AS resource, claim_no AS key, part, line, op,
        person_id AS person_raw, NULL AS code_raw, false AS has_code,
        (month || '-01')::DATE AS first_day, last_day((month || '-01')::DATE) AS last_day,
        false AS exculpated FROM claims
    UNION ALL
    SELECT 'hrss.social_insurance', record_no, part, line, op, person_id, employer_uscc, true,
        period_start::DATE, coalesce(period_end::DATE, DATE '9999-12-31'), kind = 'back_payment' FROM spells
    UNION ALL
    SELECT 'tax.wage_withholding', record_no, part, line, op, person_id, employer_uscc, true,
        (month || '-01')::DATE, last_day((month || '-01')::DATE), false FROM wages
    UNION ALL
    SELECT 'market.enterprise', uscc, part, line, op, legal_rep_id, uscc, true,
        registered_on::DATE, coalesce(cancelled_on::DATE, DATE '9999-12-31'),
        status IN ('dormant', 'revoked', 'cancelled') FROM enterprises)
FROM every_line WHERE part = 0 OR getvariable('with_corrections');

-- Stage by stage: a macro repeats its argument, so nesting them would fold each number dozens of times.
CREATE TEMP TABLE people AS
WITH plain AS MATERIALIZED (SELECT DISTINCT person_raw, folded(person_raw) AS t FROM lines),
long AS MATERIALIZED (SELECT person_raw, upgraded(t) AS t FROM plain)
SELECT person_raw, person(t) AS subject FROM long;
CREATE TEMP TABLE codes AS
WITH plain AS MATERIALIZED (SELECT DISTINCT code_raw, folded(code_raw) AS t FROM lines)
SELECT code_raw, code(t) AS code FROM plain;

CREATE TEMP TABLE told AS
SELECT lines.*, subject, op = 'upsert' AND (subject IS NULL OR (has_code AND code IS NULL)) AS refused
FROM lines LEFT JOIN people USING (person_raw) LEFT JOIN codes USING (code_raw);

CREATE TEMP TABLE refusals AS SELECT resource, count(*) AS refused_lines FROM told WHERE refused GROUP BY resource;

-- 3. What counts: the last accepted line of each key, unless it is a deletion.
CREATE TEMP TABLE facts AS
SELECT * FROM (
    SELECT * FROM told WHERE NOT refused
    QUALIFY row_number() OVER (PARTITION BY resource, key ORDER BY part DESC, line DESC) = 1)
WHERE op = 'upsert';

-- 4. The rule: at least one common day, both ends inclusive.
CREATE TEMP TABLE hits AS
SELECT c.key AS claim_no, e.resource, e.key, e.exculpated
FROM facts c JOIN facts e
    ON e.subject = c.subject AND e.first_day <= c.last_day AND e.last_day >= c.first_day
WHERE c.resource = 'hrss.unemployment_benefit' AND e.resource <> 'hrss.unemployment_benefit';

CREATE TEMP TABLE verdicts AS
SELECT c.key AS claim_no,
    CASE WHEN count(h.key) = 0 THEN 'clear' WHEN bool_and(h.exculpated) THEN 'explained' ELSE 'open' END AS state,
    list({'resource': h.resource, 'key': h.key}) FILTER (h.key IS NOT NULL) AS evidence
FROM facts c LEFT JOIN hits h ON h.claim_no = c.key
WHERE c.resource = 'hrss.unemployment_benefit'
GROUP BY c.key;
