-- Purpose: users, most of them Japanese; one in twelve has left.
-- Parameters: none. Reads the temporary tables of create_draws.sql.
-- Returns nothing. Lowest version: SQLite 3.8.
INSERT INTO users (
    id, email, password_hash, name, role, locale, is_active, settings, last_login_at, created_at
)
SELECT
    n,
    -- Early sign-up forms did not fold the case, which is why the login compares lower(email).
    CASE WHEN c % 7 = 0 THEN given.given_ascii ELSE lower(given.given_ascii) END
        || '.' || lower(family.family_ascii) || n
        || CASE d % 5 WHEN 0 THEN '@example.jp' WHEN 1 THEN '@mail.example.de'
            ELSE '@example.com' END,
    printf(
        'pbkdf2:sha256:600000$%08x$%08x%08x%08x%08x%08x%08x%08x%08x',
        a, b, c, d, e, f, a * 3 + b, c * 3 + d, e * 3 + f
    ),
    CASE WHEN voice.locale = 'ja' THEN family.family || ' ' || given.given
        ELSE given.given || ' ' || family.family END,
    CASE WHEN f % 400 = 0 THEN 'admin' WHEN f % 9 = 0 THEN 'creator' ELSE 'user' END,
    voice.locale,
    e % 12 <> 0,
    '{"language": "' || voice.locale || '", "newsletter": '
        || CASE WHEN d % 3 = 0 THEN 'true' ELSE 'false' END
        || ', "theme": "' || CASE WHEN b % 4 = 0 THEN 'dark' ELSE 'light' END
        || '", "start_page": "'
        || CASE a % 3 WHEN 0 THEN '/bookings' WHEN 1 THEN '/feed' ELSE '/chefs' END || '"}',
    datetime(t + CAST((:now - t) * (1 - warm) AS INTEGER), 'unixepoch')
        || printf('.%06d', d % 1000000),
    at
FROM (
    SELECT
        draws.*,
        CASE WHEN a % 100 < 62 THEN 'ja' WHEN a % 100 < 87 THEN 'en' ELSE 'de' END AS locale
    FROM draws
) AS voice
JOIN voices AS given ON given.locale = voice.locale AND given.position = b & 63
JOIN voices AS family
    ON family.locale = voice.locale AND family.position = CAST(64 * warm AS INTEGER);
