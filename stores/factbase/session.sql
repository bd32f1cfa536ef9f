-- What a query needs beside the fact base: made anew in every session, never stored.

CREATE TEMP TABLE working_days (calendar VARCHAR, day INTEGER, number INTEGER, works BOOLEAN);
COMMENT ON TABLE working_days IS 'every day from topics.calendar.FIRST to LAST, by calendar';
COMMENT ON COLUMN working_days.number IS 'working days up to this day, itself included';

CREATE TEMP TABLE moments (bucket INTEGER, subject BLOB, position BIGINT, day INTEGER);
COMMENT ON TABLE moments IS 'the positions at which to look at each subject, and the business date there';
