-- benefit-while-employed, answered from the raw files alone. Independent of all our Python code.
-- Reads two variables: folder (text) and with_corrections (boolean). Leaves the tables `verdicts` and `refusals`.
-- A row with any bad identifier is refused; of the rest the last one told of a key counts.

-- 1. Identifiers: full-width to half-width, no white space, upper case.
CREATE TEMP MACRO folded(t) AS upper(regexp_replace(translate(t,
    '０１２３４５６７８９ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ　',
    '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz '), '\s+', '', 'g'));

CREATE TEMP MACRO digit(t, i) AS ascii(substr(t, i, 1)) - 48;
-- GB 11643-1999: weighted sum of 17 digits modulo 11.
CREATE TEMP MACRO person_check(t) AS substr('10X98765432', 1 + (
      7 * digit(t, 1) + 9 * digit(t, 2) + 10 * digit(t, 3) + 5 * digit(t, 4) + 8 * digit(t, 5) + 4 * digit(t, 6)
    + 2 * digit(t, 7) + 1 * digit(t, 8) + 6 * digit(t, 9) + 3 * digit(t, 10) + 7 * digit(t, 11)
    + 9 * digit(t, 12) + 10 * digit(t, 13) + 5 * digit(t, 14) + 8 * digit(t, 15) + 4 * digit(t, 16)
    + 2 * digit(t, 17)) % 11, 1);
CREATE TEMP MACRO upgraded(t) AS CASE WHEN regexp_full_match(t, '[0-9]{15}')
    THEN substr(t, 1, 6) || '19' || substr(t, 7) || person_check(substr(t, 1, 6) || '19' || substr(t, 7))
    ELSE t END;
CREATE TEMP MACRO person(t) AS CASE WHEN regexp_full_match(t, '[0-9]{17}[0-9X]')
    AND try_cast(substr(t, 7, 4) || '-' || substr(t, 11, 2) || '-' || substr(t, 13, 2) AS DATE) IS NOT NULL
    AND person_check(t) = substr(t, 18, 1) THEN t END;

CREATE TEMP MACRO letter(t, i) AS strpos('0123456789ABCDEFGHJKLMNPQRTUWXY', substr(t, i, 1)) - 1;
-- GB 32100-2015: the weights are the powers of 3 modulo 31.
CREATE TEMP MACRO code(t) AS CASE WHEN regexp_full_match(t, '[0-9A-HJ-NPQRTUWXY]{18}') AND (
      1 * letter(t, 1) + 3 * letter(t, 2) + 9 * letter(t, 3) + 27 * letter(t, 4) + 19 * letter(t, 5)
    + 26 * letter(t, 6) + 16 * letter(t, 7) + 17 * letter(t, 8) + 20 * letter(t, 9) + 29 * letter(t, 10)
    + 25 * letter(t, 11) + 13 * letter(t, 12) + 8 * letter(t, 13) + 24 * letter(t, 14) + 10 * letter(t, 15)
    + 30 * letter(t, 16) + 28 * letter(t, 17) + letter(t, 18)) % 31 = 0 THEN t END;

-- 2. Files, in the order they were written: base first, then corrections.
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

-- 3. Every line told: resource, key, order, operation, whom it names, and what it says of which days.
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

-- 4. What counts: the last accepted line of each key, unless it is a deletion.
CREATE TEMP TABLE facts AS
SELECT * FROM (
    SELECT * FROM told WHERE NOT refused
    QUALIFY row_number() OVER (PARTITION BY resource, key ORDER BY part DESC, line DESC) = 1)
WHERE op = 'upsert';

-- 5. The rule: at least one common day, both ends inclusive.
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
