-- Purpose: scenarios: the small catalogue of what an AI employee can do.
-- Parameters: none. Reads the temporary tables of create_draws.sql.
-- Returns nothing. Lowest version: SQLite 3.8.
INSERT INTO scenarios (
    id, name, category, description, estimated_savings, is_premium, created_at
)
SELECT
    n,
    upper(substr(job.task, 1, 1)) || substr(job.task, 2) || ' for ' || kind.category
        || ' no. ' || n,
    job.task,
    voices.biography || ' ' || voices.closing,
    1000 * (5 + c % 200),
    d % 4 = 0,
    at
FROM draws
JOIN words AS job ON job.position = a & 63
JOIN words AS kind ON kind.position = b & 63
JOIN voices ON voices.locale = 'en' AND voices.position = e & 63;
