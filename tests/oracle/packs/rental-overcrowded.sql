-- Seven people or more who each stayed thirty days of a lease.
WITH stays AS (
    SELECT filing_no, t.kind
    FROM housing_lease_filing l JOIN police_tenancy t USING (property_no)
    WHERE common(l.from_on, l.to_on, t.moved_in, until(t.moved_out)) >= 30)
SELECT filing_no AS key, state(count(s.kind) >= 7, count(s.kind) FILTER (s.kind = 'private_rental') >= 7) AS state
FROM housing_lease_filing LEFT JOIN stays s USING (filing_no)
GROUP BY filing_no
