-- Found operating; ten working days on, no licence in force and no filing that covers the day.
SELECT inspection_no AS key, state(
    working_after(inspected_on, 10) < getvariable('today')
        AND NOT EXISTS (FROM permits_food_licence l WHERE l.uscc = i.uscc AND l.status = 'valid'
            AND i.inspected_on BETWEEN l.valid_from AND l.valid_to)
        AND NOT EXISTS (FROM permits_food_filing f WHERE f.uscc = i.uscc
            AND i.inspected_on BETWEEN f.filed_on AND until(f.ended_on)),
    NOT EXISTS (FROM permits_licence_renewal r WHERE r.uscc = i.uscc
        AND i.inspected_on BETWEEN r.filed_on AND until(r.decided_on))
        AND NOT EXISTS (FROM permits_food_licence l WHERE l.uscc = i.uscc AND l.status <> 'valid'
            AND i.inspected_on BETWEEN l.valid_from AND l.valid_to)) AS state
FROM market_food_inspection i WHERE found = 'operating' AND trade IN ('catering', 'retail')
