-- Purpose: ai_employees that users have hired.
-- Parameters: :users, :scenarios (rows in the end). Reads the temporary tables of create_draws.sql.
-- Returns nothing. Lowest version: SQLite 3.8.
INSERT INTO ai_employees (
    id, user_id, scenario_id, name, status, config, monthly_savings, created_at
)
SELECT
    n,
    users.id,
    1 + CAST(:scenarios * grown * warm AS INTEGER),
    voices.given || ' (' || words.task || ')',
    CASE WHEN c % 10 < 6 THEN 'active' WHEN c % 10 < 8 THEN 'paused' ELSE 'retired' END,
    '{"tone": "' || CASE WHEN d % 2 = 0 THEN 'polite' ELSE 'casual' END || '", "language": "'
        || users.locale || '", "working_hours": [9, ' || (17 + e % 6) || '], "greeting": "'
        || voices.opening || '"}',
    500 * (a % 120),
    at
FROM draws
JOIN users ON users.id = 1 + CAST(:users * grown * warm AS INTEGER)
JOIN voices ON voices.locale = users.locale AND voices.position = b & 63
JOIN words ON words.position = f & 63;
