-- Days, periods and working days, for the oracle of the rule packs. Both ends of a period count.
-- Reads one variable: today (the business date).
CREATE MACRO day(t) AS CASE WHEN regexp_full_match(t, '[0-9]{4}-[0-9]{2}-[0-9]{2}') THEN try_cast(t AS DATE) END;
CREATE MACRO amount(t) AS CASE WHEN regexp_full_match(t, '-?[0-9]{1,15}([.][0-9]{1,4})?')
    THEN try_cast(t AS DECIMAL(19, 4)) END;
CREATE MACRO until(d) AS coalesce(d, DATE '9999-12-31');
CREATE MACRO month_end(d) AS last_day(d);
-- Days that [a, b] and [c, d] have in common.
CREATE MACRO common(a, b, c, d) AS greatest(0, least(b, d) - greatest(a, c) + 1);
-- The band that an amount falls in, counted from 1, and its edges: the lower one belongs to it, the upper one does not.
CREATE MACRO band(x, edges) AS len(list_filter(edges::INTEGER[], lambda e: e <= x));
CREATE MACRO lower_edge(x, edges) AS (edges::INTEGER[])[band(x, edges)];
CREATE MACRO upper_edge(x, edges) AS (edges::INTEGER[])[band(x, edges) + 1];
-- What follows where something was found: `excused` when all of it, or too much of it, is excused.
CREATE MACRO state(found, counts) AS CASE WHEN NOT coalesce(found, false) THEN 'clear'
    WHEN counts THEN 'open' ELSE 'explained' END;

-- Notices of the General Office of the State Council for 2023 to 2026: days off within the week, and weekend days worked.
CREATE TABLE day_off AS SELECT unnest([
    '2023-01-02', '2023-01-23', '2023-01-24', '2023-01-25', '2023-01-26', '2023-01-27', '2023-04-05', '2023-05-01',
    '2023-05-02', '2023-05-03', '2023-06-22', '2023-06-23', '2023-09-29', '2023-10-02', '2023-10-03', '2023-10-04',
    '2023-10-05', '2023-10-06',
    '2024-01-01', '2024-02-12', '2024-02-13', '2024-02-14', '2024-02-15', '2024-02-16', '2024-04-04', '2024-04-05',
    '2024-05-01', '2024-05-02', '2024-05-03', '2024-06-10', '2024-09-16', '2024-09-17', '2024-10-01', '2024-10-02',
    '2024-10-03', '2024-10-04', '2024-10-07',
    '2025-01-01', '2025-01-28', '2025-01-29', '2025-01-30', '2025-01-31', '2025-02-03', '2025-02-04', '2025-04-04',
    '2025-05-01', '2025-05-02', '2025-05-05', '2025-06-02', '2025-10-01', '2025-10-02', '2025-10-03', '2025-10-06',
    '2025-10-07', '2025-10-08',
    '2026-01-01', '2026-01-02']::DATE[]) AS d;
CREATE TABLE day_worked AS SELECT unnest([
    '2023-01-28', '2023-01-29', '2023-04-23', '2023-05-06', '2023-06-25', '2023-10-07', '2023-10-08',
    '2024-02-04', '2024-02-18', '2024-04-07', '2024-04-28', '2024-05-11', '2024-09-14', '2024-09-29', '2024-10-12',
    '2025-01-26', '2025-02-08', '2025-04-27', '2025-09-28', '2025-10-11',
    '2026-01-04']::DATE[]) AS d;
CREATE TABLE working AS
    SELECT d, row_number() OVER (ORDER BY d) AS n FROM (
        SELECT unnest(generate_series(DATE '2022-06-01', DATE '2026-02-10', INTERVAL 1 DAY))::DATE AS d)
    WHERE (isodow(d) < 6 AND d NOT IN (SELECT d FROM day_off)) OR d IN (SELECT d FROM day_worked);
-- The size-th working day after a day, and before it.
CREATE MACRO working_after(day, size) AS
    (SELECT w.d FROM working w WHERE w.n = (SELECT count(*) FROM working x WHERE x.d <= day) + size);
CREATE MACRO working_before(day, size) AS
    (SELECT w.d FROM working w WHERE w.n = (SELECT count(*) FROM working x WHERE x.d < day) + 1 - size);
