-- A tenant for more than ninety days' time, and no rent declared for any day of the stay.
SELECT registration_no AS key, state(
    moved_in + 90 < getvariable('today') AND NOT EXISTS (
        FROM tax_rental_tax r WHERE r.property_no = t.property_no
            AND common(t.moved_in, until(t.moved_out), r.rent_from, r.rent_to) > 0),
    NOT EXISTS (FROM housing_public_rental p WHERE p.property_no = t.property_no
        AND common(t.moved_in, until(t.moved_out), p.from_on, until(p.to_on)) > 0)) AS state
FROM police_tenancy t WHERE kind = 'private_rental'
