-- Tables of a fact base: the hub's own `facts` log, as queries read it. Days are ordinals (1 is 1 January of the
-- year 1), positions are offsets in a partition of `facts`; a bucket is a partition. What a rule's query reads
-- (matchers/rules/sql.py) is versions, delivered, moments and working_days.

CREATE TABLE told (
    bucket INTEGER NOT NULL,
    position BIGINT NOT NULL,
    number INTEGER NOT NULL,
    resource VARCHAR NOT NULL,
    epoch BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    op VARCHAR NOT NULL,
    handle VARCHAR NOT NULL,
    version BIGINT NOT NULL,
    field VARCHAR NOT NULL,
    subject BLOB NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    codes MAP(VARCHAR, VARCHAR) NOT NULL
);
COMMENT ON TABLE told IS 'every row of every batch that was new, as it was told; empty once versions are made';
COMMENT ON COLUMN told.number IS 'place of the row in its batch';
COMMENT ON COLUMN told.op IS 'i | u | d';

CREATE TABLE versions (
    bucket INTEGER NOT NULL,
    source VARCHAR NOT NULL,
    subject BLOB NOT NULL,
    handle VARCHAR NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    codes MAP(VARCHAR, VARCHAR) NOT NULL,
    epoch BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    live BOOLEAN NOT NULL,
    since BIGINT NOT NULL,
    until BIGINT
);
COMMENT ON TABLE versions IS 'every version of every fact, and where in the log it was the newest';
COMMENT ON COLUMN versions.source IS 'department.resource.field';
COMMENT ON COLUMN versions.first IS 'first day that counts; after last: the period is unknown';
COMMENT ON COLUMN versions.last IS 'last day that counts; 3652059: still running';
COMMENT ON COLUMN versions.epoch IS 'epoch and seq: the batch that brought it';
COMMENT ON COLUMN versions.live IS 'false: deleted, or not sent again in a new epoch; first and last are what it ended';
COMMENT ON COLUMN versions.since IS 'position of the batch that made it the newest';
COMMENT ON COLUMN versions.until IS 'position at which it no longer was (excluded); NULL: it still is';

CREATE TABLE delivered (bucket INTEGER NOT NULL, resource VARCHAR NOT NULL, since BIGINT NOT NULL);
COMMENT ON TABLE delivered IS 'from which position on a resource counts as delivered in full';

CREATE TABLE replaced (
    bucket INTEGER NOT NULL,
    resource VARCHAR NOT NULL,
    epoch BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    position BIGINT NOT NULL
);
COMMENT ON TABLE replaced IS 'where a full run in a new epoch had arrived whole, so that older facts ended';

CREATE TABLE days (bucket INTEGER NOT NULL, position BIGINT NOT NULL, day INTEGER NOT NULL);
COMMENT ON TABLE days IS 'from which position on it was which business date; before the first it is 0';

CREATE TABLE terms (
    bucket INTEGER NOT NULL,
    rule VARCHAR NOT NULL,
    since BIGINT NOT NULL,
    until BIGINT,
    change VARCHAR NOT NULL
);
COMMENT ON TABLE terms IS 'the last word on each rule from position since to until (excluded; NULL: still)';
COMMENT ON COLUMN terms.change IS 'topics.control.RuleChange as JSON, force suspended included';

CREATE TABLE ends (bucket INTEGER NOT NULL, position BIGINT NOT NULL);
COMMENT ON TABLE ends IS 'the last position of each partition that was read; none: nothing was there';

CREATE TABLE finished (positions BIGINT NOT NULL);
COMMENT ON TABLE finished IS 'one row once the fact base is whole';
