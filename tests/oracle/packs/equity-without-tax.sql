-- Equity sold; fifteen working days on, no tax on equity of that company within a year of working days either way.
SELECT record_no AS key, state(
    working_after(registered_on, 15) < getvariable('today') AND NOT EXISTS (
        FROM tax_equity_tax t WHERE t.person_id = e.transferor_id AND t.company_uscc = e.company_uscc
            AND t.paid_on BETWEEN working_before(e.registered_on, 250) AND until(working_after(e.registered_on, 250))),
    NOT EXISTS (FROM tax_equity_filing f WHERE f.person_id = e.transferor_id
        AND abs(f.filed_on - e.registered_on) <= 60)) AS state
FROM market_equity_transfer e WHERE kind = 'sale'
