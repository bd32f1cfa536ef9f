-- Twenty working days after approval no premium waived for any day of support, and not insured as an employee.
SELECT approval_no AS key, state(
    working_after(approved_on, 20) < getvariable('today') AND NOT EXISTS (
        FROM medins_premium_waiver w WHERE w.person_id = a.person_id
            AND common(a.approved_on, until(a.ended_on), w.year_start, w.year_end) > 0),
    NOT EXISTS (FROM hrss_social_insurance s WHERE s.person_id = a.person_id AND s.kind = 'regular'
        AND common(a.approved_on, until(a.ended_on), s.period_start, until(s.period_end)) > 0)) AS state
FROM civil_low_income_approval a
