-- Active for more than thirty days, and one of the two other registers never heard of it.
SELECT uscc AS key, state(
    registered_on + 30 < getvariable('today') AND NOT (
        EXISTS (FROM tax_taxpayer t WHERE t.uscc = r.uscc
            AND common(r.registered_on, until(r.cancelled_on), t.registered_on, until(t.deregistered_on)) > 0)
        AND EXISTS (FROM quality_organisation o WHERE o.uscc = r.uscc
            AND common(r.registered_on, until(r.cancelled_on), o.issued_on, until(o.voided_on)) > 0)),
    NOT EXISTS (FROM market_simple_cancellation c WHERE c.uscc = r.uscc
        AND common(r.registered_on, until(r.cancelled_on), c.announced_on, until(c.closed_on)) > 0)) AS state
FROM market_registration r WHERE status = 'active'
