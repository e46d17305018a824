-- Purpose: sns_accounts: followers follow a power law.
-- Parameters: :users (rows in the end). Reads the temporary tables of create_draws.sql.
-- Returns nothing. Lowest version: SQLite 3.8.
INSERT INTO sns_accounts (
    id, user_id, platform, account_name, followers_count, is_active, permissions, created_at
)
SELECT
    n,
    users.id,
    words.platform,
    lower(voices.given_ascii) || '_' || lower(replace(words.article, ' ', '_')) || '_' || n,
    CAST(40 / (even + 0.0002) AS INTEGER),
    c % 8 <> 0,
    '{"read": true, "write": ' || CASE WHEN d % 4 = 0 THEN 'false' ELSE 'true' END || '}',
    at
FROM draws
JOIN users ON users.id = 1 + CAST(:users * grown * warm AS INTEGER)
JOIN voices ON voices.locale = users.locale AND voices.position = a & 63
JOIN words ON words.position = b & 63;
