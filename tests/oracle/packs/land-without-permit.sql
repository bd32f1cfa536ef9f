-- A year past the agreed start, no permit for the parcel, and no delay approved within a year of it.
SELECT contract_no AS key, state(
    agreed_start_on + 365 < getvariable('today')
        AND NOT EXISTS (FROM housing_construction_permit p WHERE p.property_no = l.property_no),
    NOT EXISTS (FROM naturalres_delay_approval d WHERE d.property_no = l.property_no
        AND abs(d.approved_on - l.agreed_start_on) <= 365)) AS state
FROM naturalres_land_transfer l
