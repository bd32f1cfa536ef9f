-- Sold and registered; five working days later still neither tax nor exemption in the five years up to that day.
WITH settled AS (
    SELECT property_no, paid_on AS d FROM tax_deed_tax
    UNION ALL SELECT property_no, granted_on FROM tax_deed_tax_exemption)
SELECT transfer_no AS key, state(
    working_after(registered_on, 5) < getvariable('today') AND NOT EXISTS (
        FROM settled s WHERE s.property_no = t.property_no AND t.registered_on - s.d BETWEEN 0 AND 1827),
    NOT EXISTS (FROM naturalres_title_correction c WHERE c.property_no = t.property_no
        AND c.corrected_on - t.registered_on BETWEEN 0 AND 180)) AS state
FROM naturalres_title_transfer t WHERE kind = 'sale'
