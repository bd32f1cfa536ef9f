-- A month of unemployment benefit in which the person was insured, had wages taxed, or represented an enterprise.
WITH work AS (
    SELECT person_id, period_start AS first, until(period_end) AS last, kind <> 'back_payment' AS counts
    FROM hrss_social_insurance
    UNION ALL SELECT person_id, month, month_end(month), true FROM tax_wage_withholding
    UNION ALL SELECT legal_rep_id, registered_on, until(cancelled_on), status = 'active' FROM market_enterprise)
SELECT claim_no AS key, state(count(work.first) > 0, bool_or(work.counts)) AS state
FROM hrss_unemployment_benefit c
LEFT JOIN work ON work.person_id = c.person_id AND work.first <= month_end(c.month) AND work.last >= c.month
GROUP BY claim_no
