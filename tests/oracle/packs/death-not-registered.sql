-- Thirty-one days after a death the police hold no registration that stands, and the person had not moved away before.
SELECT certificate_no AS key, state(
    died_on + 31 < getvariable('today') AND NOT EXISTS (
        FROM police_death_registration r WHERE r.person_id = d.person_id AND r.kind <> 'revoked'),
    NOT EXISTS (FROM police_moved_away m WHERE m.person_id = d.person_id AND m.moved_on < d.died_on)) AS state
FROM health_death d
