-- Income of the whole months of the quarter, each amount cut down to its band, against the band declared, 400 yuan to spare.
WITH earned AS (
    SELECT person_id, month, kind,
        lower_edge(income, [0, 1000, 2000, 3000, 4000, 5000, 6000, 8000, 10000, 15000, 20000, 30000]) AS amount
    FROM tax_income_month),
graced AS (
    SELECT DISTINCT review_no FROM civil_low_income_review r JOIN civil_work_grace g
        ON g.person_id = r.person_id AND g.from_on <= r.quarter_end AND g.to_on >= r.quarter_start),
sums AS (
    SELECT review_no,
        upper_edge(any_value(declared_income), [0, 600, 1200, 2400, 3600, 4800, 6000, 9000, 12000]) + 400 AS line,
        sum(amount) AS total, sum(amount) FILTER (kind <> 'severance') AS kept
    FROM civil_low_income_review r JOIN earned e
        ON e.person_id = r.person_id AND e.month >= r.quarter_start AND month_end(e.month) <= r.quarter_end
    GROUP BY review_no)
SELECT review_no AS key, state(total >= line, coalesce(kept, 0) >= line AND graced.review_no IS NULL) AS state
FROM civil_low_income_review LEFT JOIN sums USING (review_no) LEFT JOIN graced USING (review_no)
