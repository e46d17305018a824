-- Purpose: subscriptions to the platform's own services (the first eight products).
-- Parameters: :users (rows in the end), :now (Unix seconds). Reads the temporary tables of
--          create_draws.sql.
-- Returns nothing. Lowest version: SQLite 3.8.
INSERT INTO subscriptions (
    id, user_id, product_id, plan_type, status, amount, current_period_end, created_at
)
SELECT
    n,
    1 + CAST(:users * grown * even AS INTEGER),
    1 + d % 8,
    CASE WHEN b % 4 = 0 THEN 'annual' ELSE 'monthly' END,
    CASE WHEN c % 100 < 58 THEN 'active' WHEN c % 100 < 88 THEN 'canceled'
        WHEN c % 100 < 97 THEN 'expired' ELSE 'past_due' END,
    CASE d % 8 WHEN 0 THEN 9800 WHEN 1 THEN 2980 WHEN 2 THEN 1980 ELSE 980 END,
    datetime(
        CASE WHEN c % 100 < 58 THEN :now - 86400 + f % 2592000
            ELSE t + 2592000 + f % 5184000 END,
        'unixepoch'
    ) || '.000000',
    at
FROM draws;
