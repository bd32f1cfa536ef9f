-- Both other registers name somebody else, and no change is being registered.
SELECT uscc AS key, state(
    EXISTS (FROM tax_taxpayer t WHERE t.uscc = r.uscc AND t.status = 'normal' AND t.legal_rep_id <> r.legal_rep_id
        AND common(r.registered_on, until(r.cancelled_on), t.registered_on, until(t.deregistered_on)) > 0)
    AND EXISTS (FROM quality_organisation o WHERE o.uscc = r.uscc AND o.status = 'valid'
        AND o.legal_rep_id <> r.legal_rep_id
        AND common(r.registered_on, until(r.cancelled_on), o.issued_on, until(o.voided_on)) > 0),
    NOT EXISTS (FROM market_pending_change p WHERE p.uscc = r.uscc AND p.status = 'pending'
        AND p.filed_on >= r.registered_on)) AS state
FROM market_registration r WHERE status = 'active'
