-- A pension for a month that began after two of three registers had the pensioner die, and was not paid back.
WITH knows AS (
    SELECT 'police' AS register, person_id, died_on, kind <> 'revoked' AS counts FROM police_death_registration
    UNION ALL SELECT 'health', person_id, died_on, true FROM health_death
    UNION ALL SELECT 'crematorium', person_id, died_on, true FROM civil_cremation),
paid AS (FROM hrss_pension_payment WHERE kind = 'pension'),
seen AS (
    SELECT payment_no, count(DISTINCT register) AS registers, count(DISTINCT register) FILTER (counts) AS counting
    FROM paid JOIN knows ON knows.person_id = paid.person_id AND knows.died_on < paid.month
    GROUP BY payment_no)
SELECT payment_no AS key, state(registers >= 2, counting >= 2 AND NOT EXISTS (
    FROM hrss_pension_repayment r WHERE r.person_id = paid.person_id AND r.month = paid.month)) AS state
FROM paid LEFT JOIN seen USING (payment_no)
