-- Purpose: campaign_applications: popular campaigns draw most of them.
-- Parameters: :users, :campaigns (rows in the end). Reads the temporary tables of create_draws.sql.
-- Returns nothing. Lowest version: SQLite 3.8.
INSERT INTO campaign_applications (
    id, campaign_id, user_id, message, sns_link, follower_count, status, created_at
)
SELECT
    n,
    -- Most apply to what is new, so high ids are the likely ones here.
    1 + CAST(:campaigns * grown * (1 - warm) * 0.999999 AS INTEGER),
    users.id,
    voices.opening || ' ' || words.dish || '. ' || voices.closing,
    'https://' || words.platform || '.example.com/' || lower(voices.given_ascii) || users.id,
    CAST(40 / (even + 0.0002) AS INTEGER),
    CASE WHEN grown > 0.97 THEN CASE WHEN c % 4 = 0 THEN 'selected' ELSE 'pending' END
        WHEN c % 100 < 68 THEN 'rejected' WHEN c % 100 < 98 THEN 'selected'
        ELSE 'pending' END,
    at
FROM draws
JOIN users ON users.id = 1 + CAST(:users * grown * hot AS INTEGER)
JOIN voices ON voices.locale = users.locale AND voices.position = a & 63
JOIN words ON words.position = b & 63;
