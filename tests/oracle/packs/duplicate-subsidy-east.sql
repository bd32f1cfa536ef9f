-- The same subsidy for the same month from the other district.
SELECT mine.payment_no AS key, state(count(theirs.payment_no) > 0, bool_or(theirs.status = 'paid')) AS state
FROM eastcivil_disability_subsidy mine LEFT JOIN westcivil_disability_subsidy theirs USING (person_id, month, kind)
WHERE mine.status = 'paid'
GROUP BY mine.payment_no
