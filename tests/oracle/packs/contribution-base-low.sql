-- Bases under the ceiling's band. The year's wages from the same employer, each month cut down to its band, against the band of the base.
WITH paid AS (
    SELECT person_id, employer_uscc, month, kind,
        lower_edge(income, [0, 1000, 2000, 3000, 4000, 5000, 6000, 8000, 10000, 15000, 20000, 30000]) AS amount
    FROM tax_income_month WHERE kind IN ('wage', 'severance')),
sums AS (
    SELECT declaration_no, upper_edge(any_value(annual_base),
            [0, 24000, 36000, 48000, 60000, 84000, 120000, 180000, 240000, 360000]) + 12000 AS line,
        sum(amount) AS total, sum(amount) FILTER (kind = 'wage') AS wages
    FROM hrss_contribution_base b JOIN paid p USING (person_id, employer_uscc)
    WHERE p.month >= b.year_start AND month_end(p.month) <= b.year_end
    GROUP BY declaration_no)
SELECT declaration_no AS key, state(total >= line, coalesce(wages, 0) >= line AND NOT EXISTS (
    FROM hrss_base_adjustment a WHERE a.person_id = b.person_id
        AND a.year_start = b.year_start AND a.year_end = b.year_end)) AS state
FROM hrss_contribution_base b LEFT JOIN sums USING (declaration_no)
WHERE annual_base < 180000
