-- The declared price more than one band below the contract's.
WITH edges AS (SELECT [0, 500000, 1000000, 1500000, 2000000, 3000000, 5000000, 8000000] AS list),
differs AS (
    SELECT declaration_no, pricing <> 'assessed' AS counts
    FROM tax_deed_tax t JOIN housing_sale_contract c USING (property_no), edges
    WHERE c.status = 'filed' AND t.paid_on - c.signed_on BETWEEN 0 AND 365
        AND band(c.price, list) - band(t.price, list) > 1)
SELECT declaration_no AS key, state(count(d.declaration_no) > 0, bool_or(d.counts)) AS state
FROM tax_deed_tax LEFT JOIN differs d USING (declaration_no)
GROUP BY declaration_no
