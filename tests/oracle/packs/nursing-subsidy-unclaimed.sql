-- Level one or two for sixty days, no nursing subsidy for any month of the certificate, and nothing that excludes it.
WITH drawn AS (
    SELECT person_id, month FROM eastcivil_disability_subsidy WHERE kind = 'nursing'
    UNION ALL SELECT person_id, month FROM westcivil_disability_subsidy WHERE kind = 'nursing'),
supported AS (
    SELECT person_id, from_on, until(to_on) AS last FROM civil_institution_care
    UNION ALL SELECT person_id, from_on, until(to_on) FROM hrss_injury_care)
SELECT certificate_no AS key, state(
    issued_on + 60 < getvariable('today') AND NOT EXISTS (
        FROM drawn d WHERE d.person_id = c.person_id AND d.month <= until(c.expires_on)
            AND month_end(d.month) >= c.issued_on),
    NOT EXISTS (FROM supported s WHERE s.person_id = c.person_id AND s.from_on <= until(c.expires_on)
        AND s.last >= c.issued_on)) AS state
FROM disabled_disability_certificate c WHERE level IN ('one', 'two')
