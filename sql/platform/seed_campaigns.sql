-- Purpose: campaigns that brands run with reviewers; most have ended.
-- Parameters: :users (rows in the end), :now (Unix seconds). Reads the temporary tables of
--          create_draws.sql.
-- Returns nothing. Lowest version: SQLite 3.8.
INSERT INTO campaigns (
    id, creator_id, title, category, description, reward_value, max_reviewers, deadline, status,
    created_at
)
SELECT
    n,
    1 + CAST(:users * grown * warm AS INTEGER),
    upper(substr(thing.article, 1, 1)) || substr(thing.article, 2) || ' × ' || place.location,
    place.campaign,
    voices.opening || ' ' || thing.dish || '. ' || voices.closing || ' #' || thing.hashtag,
    1000 * (1 + CAST(50 * hot AS INTEGER)),
    5 + b % 40,
    datetime(ends, 'unixepoch') || '.000000',
    CASE WHEN ends >= :now THEN CASE WHEN c % 10 = 0 THEN 'draft' ELSE 'active' END
        WHEN c % 20 = 0 THEN 'canceled' ELSE 'completed' END,
    at
FROM (SELECT draws.*, (t + 864000 + d % 3888000) / 3600 * 3600 AS ends FROM draws) AS draw
JOIN words AS thing ON thing.position = a & 63
JOIN words AS place ON place.position = f & 63
JOIN voices
    ON voices.locale = CASE WHEN e % 4 = 0 THEN 'en' ELSE 'ja' END AND voices.position = e & 63;
