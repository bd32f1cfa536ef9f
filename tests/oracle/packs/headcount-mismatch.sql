-- Insured and declared headcount of one month, two bands apart or more.
WITH edges AS (SELECT [0, 1, 3, 5, 10, 20, 50, 100, 300] AS list),
differs AS (
    SELECT i.record_no, d.kind = 'regular' AS counts
    FROM hrss_employer_headcount i JOIN tax_withholding_headcount d USING (uscc, month), edges
    WHERE abs(band(i.insured, list) - band(d.paid, list)) > 1)
SELECT i.record_no AS key, state(count(d.record_no) > 0, bool_or(d.counts)) AS state
FROM hrss_employer_headcount i LEFT JOIN differs d ON d.record_no = i.record_no
GROUP BY i.record_no
