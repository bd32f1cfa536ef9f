-- What each register says of one enterprise, word against word.
WITH differs AS (
    SELECT r.uscc, t.status <> 'clearing' AS counts
    FROM market_registration r JOIN tax_taxpayer t USING (uscc)
    WHERE common(r.registered_on, until(r.cancelled_on), t.registered_on, until(t.deregistered_on)) > 0
        AND NOT CASE r.status WHEN 'active' THEN t.status = 'normal'
            WHEN 'dormant' THEN t.status IN ('normal', 'suspended')
            WHEN 'revoked' THEN t.status IN ('abnormal', 'deregistered')
            ELSE t.status = 'deregistered' END
    UNION ALL
    SELECT r.uscc, o.status <> 'unverified'
    FROM market_registration r JOIN quality_organisation o USING (uscc)
    WHERE common(r.registered_on, until(r.cancelled_on), o.issued_on, until(o.voided_on)) > 0
        AND NOT CASE WHEN r.status IN ('active', 'dormant') THEN o.status = 'valid'
            WHEN r.status = 'revoked' THEN o.status IN ('valid', 'void')
            ELSE o.status = 'void' END)
SELECT r.uscc AS key, state(count(d.uscc) > 0, bool_or(d.counts)) AS state
FROM market_registration r LEFT JOIN differs d USING (uscc)
GROUP BY r.uscc
