-- One certificate with a company while an earlier registration with another ran for 31 days or more.
WITH earlier AS (
    SELECT l.registration_no, e.status <> 'transfer_pending' AS counts
    FROM housing_engineer_registration l JOIN housing_engineer_registration e USING (certificate_no)
    WHERE e.from_on < l.from_on AND e.employer_uscc <> l.employer_uscc
        AND common(l.from_on, until(l.to_on), e.from_on, until(e.to_on)) >= 31)
SELECT r.registration_no AS key, state(count(e.registration_no) > 0, bool_or(e.counts)) AS state
FROM housing_engineer_registration r LEFT JOIN earlier e USING (registration_no)
GROUP BY r.registration_no
