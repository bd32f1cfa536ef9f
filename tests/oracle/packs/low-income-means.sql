-- A month of support with a car (15 days or more), business premises, an enterprise, or after a death.
WITH means AS (
    SELECT p.payment_no, v.status = 'normal' AS counts
    FROM civil_low_income_payment p JOIN police_vehicle v ON v.owner_id = p.person_id
    WHERE v.kind IN ('car', 'van', 'truck')
        AND common(p.month, month_end(p.month), v.registered_on, until(v.deregistered_on)) >= 15
    UNION ALL
    SELECT p.payment_no, o.share <> 'inherited'
    FROM civil_low_income_payment p JOIN naturalres_ownership o ON o.owner_id = p.person_id
    WHERE o.use <> 'residential' AND common(p.month, month_end(p.month), o.registered_on, until(o.ended_on)) >= 1
    UNION ALL
    SELECT p.payment_no, e.status = 'active'
    FROM civil_low_income_payment p JOIN market_enterprise e ON e.legal_rep_id = p.person_id
    WHERE common(p.month, month_end(p.month), e.registered_on, until(e.cancelled_on)) >= 1
    UNION ALL
    SELECT p.payment_no, d.kind <> 'revoked'
    FROM civil_low_income_payment p JOIN police_death_registration d USING (person_id)
    WHERE d.died_on < p.month)
SELECT p.payment_no AS key, state(count(m.payment_no) > 0, bool_or(m.counts)) AS state
FROM civil_low_income_payment p LEFT JOIN means m USING (payment_no)
GROUP BY p.payment_no
