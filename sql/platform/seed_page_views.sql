-- Purpose: page_views, the table that is dropped in the end.
-- Parameters: :users (rows in the end). Reads the temporary tables of create_draws.sql.
-- Returns nothing. Lowest version: SQLite 3.8.
INSERT INTO page_views (id, user_id, path, created_at)
SELECT
    n,
    1 + CAST(:users * grown * hot AS INTEGER),
    CASE a % 4 WHEN 0 THEN '/chefs/' || (b % 1000) WHEN 1 THEN '/feed?page=' || (c % 20)
        WHEN 2 THEN '/bookings' ELSE '/search?q=' || words.dish END,
    at
FROM draws
JOIN words ON words.position = d & 63;
