-- Purpose: chefs, each of them a user; ratings bunch between 4 and 5.
-- Parameters: :users, :chefs (rows in the end). Reads the temporary tables of create_draws.sql.
-- Returns nothing. Lowest version: SQLite 3.8.
INSERT INTO chefs (
    id, user_id, name, bio, cuisine_type, location, price_per_session, rating, rating_count,
    is_active, created_at
)
SELECT
    n,
    users.id,
    users.name,
    voices.biography || ' ' || cuisine.cuisine || ', ' || cuisine.dish || ', ' || place.dish || '. '
        || second.biography,
    cuisine.cuisine,
    place.location,
    4000 + 500 * CAST(40 * hot AS INTEGER) + 500 * (d % 12),
    round(5 - 2.4 * (even * even), 1),
    CAST(400 * grown * hot AS INTEGER) + c % 7,
    e % 11 <> 0,
    at
FROM draws
JOIN users ON users.id = 1 + CAST((n - 1) * 1.0 * :users / :chefs AS INTEGER)
JOIN voices ON voices.locale = users.locale AND voices.position = a & 63
JOIN voices AS second ON second.locale = users.locale AND second.position = f & 63
JOIN words AS cuisine ON cuisine.position = CAST(64 * warm AS INTEGER)
JOIN words AS place ON place.position = CAST(64 * hot AS INTEGER);
