-- A tenant for more than thirty days' time, and no lease filed for any day of the stay.
SELECT registration_no AS key, state(
    moved_in + 30 < getvariable('today') AND NOT EXISTS (
        FROM housing_lease_filing l WHERE l.property_no = t.property_no
            AND common(t.moved_in, until(t.moved_out), l.from_on, l.to_on) > 0),
    NOT EXISTS (FROM housing_public_rental p WHERE p.property_no = t.property_no
        AND common(t.moved_in, until(t.moved_out), p.from_on, until(p.to_on)) > 0)) AS state
FROM police_tenancy t WHERE kind = 'private_rental'
