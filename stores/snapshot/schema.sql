-- Tables of a snapshot, as analysts see them (`crosscheck sql` without a query lists them with these words).
-- Columns in the order of stores/snapshot/rows.py. What the hub itself says is NOT NULL; times and numbers
-- that departments state may be NULL where what they stated is none.

CREATE TABLE meta (
    made_at TIMESTAMPTZ NOT NULL,
    catalog VARCHAR NOT NULL,
    crosscheck VARCHAR NOT NULL,
    log VARCHAR NOT NULL,
    positions STRUCT(topic VARCHAR, "partition" BIGINT, "next" BIGINT)[] NOT NULL
);
COMMENT ON TABLE meta IS 'what this snapshot was made of, and when';
COMMENT ON COLUMN meta.crosscheck IS 'version of Crosscheck';
COMMENT ON COLUMN meta.log IS 'identity of the log';
COMMENT ON COLUMN meta.positions IS 'next offset of every topic: what stands before it is in this snapshot';

CREATE TABLE alerts (
    alert_id VARCHAR NOT NULL,
    rule VARCHAR NOT NULL,
    rule_version BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    state VARCHAR NOT NULL,
    department VARCHAR NOT NULL,
    owned BOOLEAN NOT NULL,
    resource VARCHAR NOT NULL,
    handle VARCHAR NOT NULL,
    period VARCHAR NOT NULL,
    pieces BIGINT NOT NULL,
    exculpations STRUCT(code VARCHAR, resource VARCHAR, holds BOOLEAN)[] NOT NULL,
    sources STRUCT(resource VARCHAR, complete BOOLEAN, as_of TIMESTAMPTZ)[],
    batches VARCHAR[] NOT NULL,
    bucket BIGINT NOT NULL,
    complete_then BOOLEAN NOT NULL,
    complete BOOLEAN NOT NULL,
    updated_at TIMESTAMPTZ
);
COMMENT ON TABLE alerts IS 'current revision of every alert (核查预警), once for each department that is told';
COMMENT ON COLUMN alerts.state IS 'open | explained | withdrawn';
COMMENT ON COLUMN alerts.department IS 'department that is told: the owner of the rule, or another it names';
COMMENT ON COLUMN alerts.owned IS 'the rule is that department''s; to count each alert once: WHERE owned';
COMMENT ON COLUMN alerts.resource IS 'resource of the record asked about';
COMMENT ON COLUMN alerts.handle IS 'opaque handle of that record: only its department can open it; empty where another department is told';
COMMENT ON COLUMN alerts.period IS 'months: 2008-05, 2008-03/2008-07 or 2008-03/..';
COMMENT ON COLUMN alerts.pieces IS 'rows in evidence';
COMMENT ON COLUMN alerts.exculpations IS 'exculpations (排除情形) asked about; holds: some evidence falls to it';
COMMENT ON COLUMN alerts.sources IS 'how far each source was delivered when this revision was made';
COMMENT ON COLUMN alerts.complete_then IS 'every source was delivered in full when this revision was made';
COMMENT ON COLUMN alerts.complete IS 'every source of the rule is delivered in full by this snapshot';

CREATE TABLE evidence (
    alert_id VARCHAR NOT NULL,
    piece BIGINT NOT NULL,
    told VARCHAR NOT NULL,
    department VARCHAR NOT NULL,
    resource VARCHAR NOT NULL,
    code VARCHAR,
    period VARCHAR NOT NULL,
    exculpation VARCHAR,
    absent BOOLEAN NOT NULL
);
COMMENT ON TABLE evidence IS 'one row per piece of evidence (佐证) of a current alert';
COMMENT ON COLUMN evidence.told IS 'the department of alerts.department: join on both';
COMMENT ON COLUMN evidence.department IS 'department that holds the evidence';
COMMENT ON COLUMN evidence.code IS 'the disclosed code or band';
COMMENT ON COLUMN evidence.period IS 'months; empty where they are not disclosed, or nothing is there';
COMMENT ON COLUMN evidence.absent IS 'the fact that should be there is not';
COMMENT ON COLUMN evidence.piece IS '1, 2, ... within the alert';
COMMENT ON COLUMN evidence.exculpation IS 'the exculpation this piece falls to; NULL: none';

CREATE TABLE results (
    check_id VARCHAR NOT NULL,
    rule VARCHAR NOT NULL,
    rule_version BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    verdict VARCHAR NOT NULL,
    department VARCHAR NOT NULL,
    resource VARCHAR NOT NULL,
    handle VARCHAR NOT NULL,
    bucket BIGINT NOT NULL,
    complete BOOLEAN NOT NULL,
    updated_at TIMESTAMPTZ
);
COMMENT ON TABLE results IS 'current result of every check (比对结果), clear ones included';
COMMENT ON COLUMN results.check_id IS 'the alert_id, where there is an alert';
COMMENT ON COLUMN results.verdict IS 'clear | discrepancy | explained | withdrawn';
COMMENT ON COLUMN results.department IS 'owner of the record asked about';
COMMENT ON COLUMN results.complete IS 'every source of the rule is delivered in full by this snapshot';

CREATE TABLE dispositions (
    department VARCHAR NOT NULL,
    alert_id VARCHAR NOT NULL,
    rule VARCHAR NOT NULL,
    rule_version BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    decision VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    officer VARCHAR NOT NULL,
    decided_at TIMESTAMPTZ
);
COMMENT ON TABLE dispositions IS 'last decision on each alert (处置)';
COMMENT ON COLUMN dispositions.rule_version IS 'the version of the rule the officer had before them; 0: not stated';
COMMENT ON COLUMN dispositions.revision IS 'the revision the officer had before them';

CREATE TABLE receipts (
    batch VARCHAR,
    department VARCHAR NOT NULL,
    resource VARCHAR NOT NULL,
    run VARCHAR,
    bucket BIGINT,
    status VARCHAR NOT NULL,
    sent_insert BIGINT,
    sent_update BIGINT,
    sent_delete BIGINT,
    received_insert BIGINT,
    received_update BIGINT,
    received_delete BIGINT,
    applied BIGINT NOT NULL,
    duplicate BIGINT NOT NULL,
    refused BIGINT,
    reasons MAP(VARCHAR, BIGINT),
    position VARCHAR NOT NULL,
    "at" TIMESTAMPTZ
);
COMMENT ON TABLE receipts IS 'first receipt of each batch (回执): applied + duplicate + refused = received';
COMMENT ON COLUMN receipts.batch IS 'NULL: the message was not a batch';
COMMENT ON COLUMN receipts.reasons IS 'rows refused, by reason';

CREATE TABLE reconciliation (
    department VARCHAR NOT NULL,
    resource VARCHAR NOT NULL,
    run VARCHAR,
    batches BIGINT NOT NULL,
    sent_insert BIGINT,
    sent_update BIGINT,
    sent_delete BIGINT,
    received_insert BIGINT,
    received_update BIGINT,
    received_delete BIGINT,
    applied BIGINT NOT NULL,
    duplicate BIGINT NOT NULL,
    refused BIGINT,
    unreadable BIGINT,
    missing BIGINT,
    reconciled BOOLEAN NOT NULL
);
COMMENT ON TABLE reconciliation IS 'sent against received (对账), per publish run and per resource';
COMMENT ON COLUMN reconciliation.run IS 'NULL: all runs of the resource';
COMMENT ON COLUMN reconciliation.unreadable IS 'messages that were no batch at all; all runs only';
COMMENT ON COLUMN reconciliation.missing IS 'numbered batches that never came; all runs only';
COMMENT ON COLUMN reconciliation.reconciled IS 'every row is accounted for and no batch is missing';

CREATE TABLE rule_precision (
    rule VARCHAR NOT NULL,
    version BIGINT NOT NULL,
    department VARCHAR NOT NULL,
    "open" BIGINT NOT NULL,
    explained BIGINT NOT NULL,
    withdrawn BIGINT NOT NULL,
    confirmed BIGINT NOT NULL,
    dismissed BIGINT NOT NULL,
    "precision" DOUBLE,
    wilson_low DOUBLE,
    wilson_high DOUBLE
);
COMMENT ON TABLE rule_precision IS 'alerts and decisions per version of a rule (查实率)';
COMMENT ON COLUMN rule_precision.confirmed IS 'last decisions by officers who had this version before them';
COMMENT ON COLUMN rule_precision.precision IS 'confirmed / decided; NULL: nothing decided yet';
COMMENT ON COLUMN rule_precision.wilson_low IS '95 % Wilson interval of precision';

CREATE TABLE completeness (
    department VARCHAR NOT NULL,
    resource VARCHAR NOT NULL,
    bucket BIGINT NOT NULL,
    epoch BIGINT,
    complete BOOLEAN NOT NULL,
    as_of TIMESTAMPTZ,
    missing BIGINT[],
    position BIGINT NOT NULL
);
COMMENT ON TABLE completeness IS 'how far each resource is delivered, per bucket';
COMMENT ON COLUMN completeness.as_of IS 'end of the last full publish run';
COMMENT ON COLUMN completeness.missing IS 'numbers of batches that never came';
