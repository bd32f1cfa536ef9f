-- A marriage registered while an earlier one ran for two days or more.
WITH earlier AS (
    SELECT l.party_no, e.status <> 'void' AS counts
    FROM civil_marriage l JOIN civil_marriage e USING (person_id)
    WHERE e.registered_on < l.registered_on
        AND common(l.registered_on, until(l.ended_on), e.registered_on, until(e.ended_on)) >= 2)
SELECT m.party_no AS key, state(count(e.party_no) > 0, bool_or(e.counts) AND NOT EXISTS (
    FROM court_divorce d WHERE d.person_id = any_value(m.person_id)
        AND d.effective_on <= any_value(m.registered_on))) AS state
FROM civil_marriage m LEFT JOIN earlier e USING (party_no)
WHERE m.status <> 'void'
GROUP BY m.party_no
