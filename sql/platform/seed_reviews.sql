-- Purpose: reviews of bookings; a rating of five is the commonest.
-- Parameters: :bookings, :reviews (rows in the end). Reads the temporary tables of
--          create_draws.sql.
-- Returns nothing. Lowest version: SQLite 3.8.
INSERT INTO reviews (
    id, booking_id, chef_id, user_id, rating, comment, is_hidden, created_at
)
SELECT
    n,
    bookings.id,
    bookings.chef_id,
    bookings.user_id,
    5 - CAST(5 * hot AS INTEGER),
    first.praise || CASE WHEN a % 2 = 0 THEN ' ' || second.praise ELSE '' END
        || CASE WHEN b % 3 = 0 THEN ' ' || words.dish || '!' ELSE '' END,
    c % 40 = 0,
    at
FROM draws
JOIN bookings ON bookings.id = 1 + CAST((n - 1) * 1.0 * :bookings / :reviews AS INTEGER)
JOIN users ON users.id = bookings.user_id
JOIN voices AS first ON first.locale = users.locale AND first.position = d & 63
JOIN voices AS second ON second.locale = users.locale AND second.position = e & 63
JOIN words ON words.position = f & 63;
