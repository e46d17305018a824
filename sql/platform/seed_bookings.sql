-- Purpose: bookings: a few users book all the time, a few chefs are always busy.
-- Parameters: :users, :chefs (rows in the end), :now (Unix seconds). Reads the temporary tables
--          of create_draws.sql.
-- Returns nothing. Lowest version: SQLite 3.8.
INSERT INTO bookings (
    id, order_number, user_id, chef_id, booking_date, duration_hours, guests, status, total_price,
    special_requests, created_at, updated_at
)
SELECT
    n,
    20000000 + n,
    users.id,
    chefs.id,
    datetime(booked / 1800 * 1800, 'unixepoch') || '.000000',
    2 + d % 3,
    2 + a % 9,
    CASE
        WHEN booked >= :now THEN CASE WHEN c % 100 < 55 THEN 'confirmed' WHEN c % 100 < 88
            THEN 'pending' ELSE 'canceled' END
        WHEN c % 100 < 81 THEN 'completed'
        WHEN c % 100 < 97 THEN 'canceled'
        ELSE 'no_show'
    END,
    chefs.price_per_session * (2 + d % 3) / 2,
    CASE WHEN e % 3 = 0 THEN voices.request END,
    at,
    datetime(min(booked, :now), 'unixepoch') || '.000000'
FROM (SELECT draws.*, t + 86400 + CAST(warm * 5184000 AS INTEGER) AS booked FROM draws) AS draw
JOIN users ON users.id = 1 + CAST(:users * grown * hot AS INTEGER)
JOIN chefs
    ON chefs.id = 1 + CAST(
        :chefs * grown * CASE WHEN b % 3 = 0 THEN even * even ELSE even END AS INTEGER
    )
JOIN voices ON voices.locale = users.locale AND voices.position = f & 63;
