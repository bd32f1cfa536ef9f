-- Rated A within 365 days of a penalty (beyond a warning) or of a recall of level one or two.
WITH blots AS (
    SELECT uscc, decided_on AS d, status = 'effective' AS counts FROM enforce_penalty WHERE severity <> 'warning'
    UNION ALL SELECT uscc, announced_on, origin = 'ordered' FROM market_food_recall WHERE level IN ('one', 'two'))
SELECT rating_no AS key, state(count(b.uscc) > 0, bool_or(b.counts)) AS state
FROM market_food_rating r LEFT JOIN blots b ON b.uscc = r.uscc AND r.valid_from - b.d BETWEEN 0 AND 365
WHERE grade = 'a'
GROUP BY rating_no
