-- Purpose: sns_posts: a few accounts post all day; nine in ten posts are out.
-- Parameters: :sns_accounts, :campaigns (rows in the end), :now (Unix seconds). Reads the
--          temporary tables of create_draws.sql.
-- Returns nothing. Lowest version: SQLite 3.8.
INSERT INTO sns_posts (
    id, user_id, account_id, campaign_id, platform, content, hashtags, status, likes_count,
    comments_count, scheduled_at, published_at, created_at
)
SELECT
    n,
    sns_accounts.user_id,
    sns_accounts.id,
    CASE WHEN b % 4 = 0 THEN 1 + CAST(:campaigns * grown * warm AS INTEGER) END,
    sns_accounts.platform,
    voices.opening || ' ' || dish.dish || ' & ' || place.dish || ' — ' || place.location || '. '
        || voices.closing || ' ' || voices.praise,
    '["' || dish.hashtag || '", "' || place.hashtag || '", "' || dish.cuisine || '"]',
    status,
    CASE WHEN status = 'published' THEN CAST(8 / (even + 0.0003) AS INTEGER) ELSE 0 END,
    CASE WHEN status = 'published' THEN CAST(1 / (even + 0.01) AS INTEGER) ELSE 0 END,
    CASE WHEN status = 'scheduled' THEN datetime(:now + f % 1209600 - 86400, 'unixepoch')
        || '.000000' WHEN d % 3 = 0 THEN datetime(t + f % 172800, 'unixepoch') || '.000000' END,
    CASE WHEN status = 'published' THEN datetime(t + f % 172800, 'unixepoch') || '.000000' END,
    at
FROM (
    SELECT
        draws.*,
        CASE WHEN c % 1000 < CASE WHEN grown > 0.97 THEN 250 ELSE 2 END THEN 'scheduled'
            WHEN c % 100 < 92 THEN 'published' WHEN c % 100 < 99 THEN 'draft'
            ELSE 'failed' END AS status
    FROM draws
) AS draw
JOIN sns_accounts ON sns_accounts.id = 1 + CAST(:sns_accounts * grown * hot AS INTEGER)
JOIN words AS dish ON dish.position = d & 63
JOIN words AS place ON place.position = a & 63
JOIN users ON users.id = sns_accounts.user_id
JOIN voices ON voices.locale = users.locale AND voices.position = f & 63;
