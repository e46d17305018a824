-- Purpose: statements of the cooking pages (chefs, bookings, payments, shop).
--          Each is sent as SQLAlchemy does: an indented line goes on with the line before it.
--          `at` is the line of the application that sends it. `takes` is how long it takes without
--          any index to help, in microseconds: what stays, and what grows with the scale; measured
--          once at scales 1 and 0.1 with a warm cache, SQLite 3.40, two cores.
-- Parameters: positional, given by the pages in dbtune/demo/pages_cooking.py.
-- Columns returned: as named in each. Lowest version: SQLite 3.9 (json_extract).

-- name: current_user
-- at: app/auth.py:27
-- takes: 11 + 0
SELECT users.id AS users_id, users.email AS users_email,
    users.password_hash AS users_password_hash, users.name AS users_name, users.role AS users_role,
    users.locale AS users_locale, users.is_active AS users_is_active,
    users.settings AS users_settings, users.last_login_at AS users_last_login_at,
    users.created_at AS users_created_at
FROM users
WHERE users.id = ?

-- name: find_login
-- at: app/auth.py:44
-- takes: 15 + 920
SELECT users.id AS users_id, users.email AS users_email,
    users.password_hash AS users_password_hash, users.name AS users_name, users.role AS users_role,
    users.locale AS users_locale, users.is_active AS users_is_active,
    users.settings AS users_settings, users.last_login_at AS users_last_login_at,
    users.created_at AS users_created_at
FROM users
WHERE lower(users.email) = ? AND users.is_active = 1
LIMIT ? OFFSET ?

-- name: record_login
-- at: app/auth.py:52
-- takes: 69 + 0
UPDATE users SET last_login_at=? WHERE users.id = ?

-- name: active_subscription
-- at: app/billing/access.py:18
-- takes: 15 + 130
SELECT subscriptions.id AS subscriptions_id, subscriptions.user_id AS subscriptions_user_id,
    subscriptions.product_id AS subscriptions_product_id,
    subscriptions.plan_type AS subscriptions_plan_type,
    subscriptions.status AS subscriptions_status, subscriptions.amount AS subscriptions_amount,
    subscriptions.current_period_end AS subscriptions_current_period_end,
    subscriptions.created_at AS subscriptions_created_at
FROM subscriptions
WHERE subscriptions.user_id = ? AND subscriptions.status = ?
LIMIT ? OFFSET ?

-- name: count_chefs
-- at: app/cooking/chefs.py:38
-- takes: 15 + 110
SELECT count(*) AS count_1
FROM (SELECT chefs.id AS chefs_id, chefs.user_id AS chefs_user_id, chefs.name AS chefs_name,
    chefs.bio AS chefs_bio, chefs.cuisine_type AS chefs_cuisine_type,
    chefs.location AS chefs_location, chefs.price_per_session AS chefs_price_per_session,
    chefs.rating AS chefs_rating, chefs.rating_count AS chefs_rating_count,
    chefs.is_active AS chefs_is_active, chefs.created_at AS chefs_created_at
FROM chefs
WHERE chefs.is_active = 1 AND chefs.cuisine_type = ?) AS anon_1

-- name: list_chefs
-- at: app/cooking/chefs.py:41
-- takes: 15 + 160
SELECT chefs.id AS chefs_id, chefs.user_id AS chefs_user_id, chefs.name AS chefs_name,
    chefs.bio AS chefs_bio, chefs.cuisine_type AS chefs_cuisine_type,
    chefs.location AS chefs_location, chefs.price_per_session AS chefs_price_per_session,
    chefs.rating AS chefs_rating, chefs.rating_count AS chefs_rating_count,
    chefs.is_active AS chefs_is_active, chefs.created_at AS chefs_created_at
FROM chefs
WHERE chefs.is_active = 1 AND chefs.cuisine_type = ?
ORDER BY chefs.rating DESC
LIMIT ? OFFSET ?

-- name: list_chefs_nearby
-- at: app/cooking/chefs.py:58
-- takes: 20 + 130
SELECT chefs.id AS chefs_id, chefs.user_id AS chefs_user_id, chefs.name AS chefs_name,
    chefs.bio AS chefs_bio, chefs.cuisine_type AS chefs_cuisine_type,
    chefs.location AS chefs_location, chefs.price_per_session AS chefs_price_per_session,
    chefs.rating AS chefs_rating, chefs.rating_count AS chefs_rating_count,
    chefs.is_active AS chefs_is_active, chefs.created_at AS chefs_created_at
FROM chefs
WHERE chefs.is_active = 1 AND chefs.location = ? AND chefs.price_per_session <= ?
ORDER BY chefs.price_per_session, chefs.rating DESC
LIMIT ? OFFSET ?

-- name: get_chef
-- at: app/cooking/chefs.py:77
-- takes: 11 + 0
SELECT chefs.id AS chefs_id, chefs.user_id AS chefs_user_id, chefs.name AS chefs_name,
    chefs.bio AS chefs_bio, chefs.cuisine_type AS chefs_cuisine_type,
    chefs.location AS chefs_location, chefs.price_per_session AS chefs_price_per_session,
    chefs.rating AS chefs_rating, chefs.rating_count AS chefs_rating_count,
    chefs.is_active AS chefs_is_active, chefs.created_at AS chefs_created_at
FROM chefs
WHERE chefs.id = ?

-- name: chef_reviews
-- at: app/cooking/chefs.py:83
-- takes: 24 + 0
SELECT reviews.id AS reviews_id, reviews.booking_id AS reviews_booking_id,
    reviews.chef_id AS reviews_chef_id, reviews.user_id AS reviews_user_id,
    reviews.rating AS reviews_rating, reviews.comment AS reviews_comment,
    reviews.is_hidden AS reviews_is_hidden, reviews.created_at AS reviews_created_at
FROM reviews
WHERE reviews.chef_id = ? AND reviews.is_hidden = 0
ORDER BY reviews.created_at DESC
LIMIT ? OFFSET ?

-- name: get_author
-- at: app/cooking/reviews.py:18
-- takes: 10 + 0
SELECT users.id AS users_id, users.email AS users_email,
    users.password_hash AS users_password_hash, users.name AS users_name, users.role AS users_role,
    users.locale AS users_locale, users.is_active AS users_is_active,
    users.settings AS users_settings, users.last_login_at AS users_last_login_at,
    users.created_at AS users_created_at
FROM users
WHERE users.id = ?

-- name: chef_rating
-- at: app/cooking/chefs.py:90
-- takes: 16 + 0
SELECT avg(reviews.rating) AS avg_1, count(reviews.id) AS count_1
FROM reviews
WHERE reviews.chef_id = ? AND reviews.is_hidden = 0

-- name: chef_calendar
-- at: app/cooking/chefs.py:97
-- takes: 15 + 4400
SELECT bookings.id AS bookings_id, bookings.order_number AS bookings_order_number,
    bookings.user_id AS bookings_user_id, bookings.chef_id AS bookings_chef_id,
    bookings.booking_date AS bookings_booking_date,
    bookings.duration_hours AS bookings_duration_hours, bookings.guests AS bookings_guests,
    bookings.status AS bookings_status, bookings.total_price AS bookings_total_price,
    bookings.special_requests AS bookings_special_requests,
    bookings.created_at AS bookings_created_at, bookings.updated_at AS bookings_updated_at
FROM bookings
WHERE bookings.chef_id = ? AND bookings.booking_date BETWEEN ? AND ? AND bookings.status IN (?, ?)
ORDER BY bookings.booking_date

-- name: similar_chefs
-- at: app/cooking/chefs.py:109
-- takes: 15 + 170
SELECT chefs.id AS chefs_id, chefs.user_id AS chefs_user_id, chefs.name AS chefs_name,
    chefs.bio AS chefs_bio, chefs.cuisine_type AS chefs_cuisine_type,
    chefs.location AS chefs_location, chefs.price_per_session AS chefs_price_per_session,
    chefs.rating AS chefs_rating, chefs.rating_count AS chefs_rating_count,
    chefs.is_active AS chefs_is_active, chefs.created_at AS chefs_created_at
FROM chefs
WHERE chefs.cuisine_type = ? AND chefs.location = ? AND chefs.id != ?
ORDER BY chefs.rating DESC
LIMIT ? OFFSET ?

-- name: search_chefs
-- at: app/cooking/chefs.py:131
-- takes: 80 + 130
SELECT chefs.id AS chefs_id, chefs.user_id AS chefs_user_id, chefs.name AS chefs_name,
    chefs.bio AS chefs_bio, chefs.cuisine_type AS chefs_cuisine_type,
    chefs.location AS chefs_location, chefs.price_per_session AS chefs_price_per_session,
    chefs.rating AS chefs_rating, chefs.rating_count AS chefs_rating_count,
    chefs.is_active AS chefs_is_active, chefs.created_at AS chefs_created_at
FROM chefs
WHERE chefs.name LIKE ? OR chefs.bio LIKE ?
LIMIT ? OFFSET ?

-- name: count_bookings
-- at: app/cooking/bookings.py:24
-- takes: 15 + 4500
SELECT count(*) AS count_1
FROM (SELECT bookings.id AS bookings_id, bookings.order_number AS bookings_order_number,
    bookings.user_id AS bookings_user_id, bookings.chef_id AS bookings_chef_id,
    bookings.booking_date AS bookings_booking_date,
    bookings.duration_hours AS bookings_duration_hours, bookings.guests AS bookings_guests,
    bookings.status AS bookings_status, bookings.total_price AS bookings_total_price,
    bookings.special_requests AS bookings_special_requests,
    bookings.created_at AS bookings_created_at, bookings.updated_at AS bookings_updated_at
FROM bookings
WHERE bookings.user_id = ?) AS anon_1

-- name: list_bookings
-- at: app/cooking/bookings.py:27
-- takes: 15 + 5000
SELECT bookings.id AS bookings_id, bookings.order_number AS bookings_order_number,
    bookings.user_id AS bookings_user_id, bookings.chef_id AS bookings_chef_id,
    bookings.booking_date AS bookings_booking_date,
    bookings.duration_hours AS bookings_duration_hours, bookings.guests AS bookings_guests,
    bookings.status AS bookings_status, bookings.total_price AS bookings_total_price,
    bookings.special_requests AS bookings_special_requests,
    bookings.created_at AS bookings_created_at, bookings.updated_at AS bookings_updated_at
FROM bookings
WHERE bookings.user_id = ?
ORDER BY bookings.booking_date DESC
LIMIT ? OFFSET ?

-- name: upcoming_bookings
-- at: app/cooking/bookings.py:46
-- takes: 15 + 4900
SELECT bookings.id AS bookings_id, bookings.order_number AS bookings_order_number,
    bookings.user_id AS bookings_user_id, bookings.chef_id AS bookings_chef_id,
    bookings.booking_date AS bookings_booking_date,
    bookings.duration_hours AS bookings_duration_hours, bookings.guests AS bookings_guests,
    bookings.status AS bookings_status, bookings.total_price AS bookings_total_price,
    bookings.special_requests AS bookings_special_requests,
    bookings.created_at AS bookings_created_at, bookings.updated_at AS bookings_updated_at
FROM bookings
WHERE bookings.user_id = ? AND bookings.status = ? AND bookings.booking_date >= ?
ORDER BY bookings.booking_date

-- name: payment_of_booking
-- at: app/cooking/bookings.py:35
-- takes: 15 + 2700
SELECT payments.id AS payments_id, payments.user_id AS payments_user_id,
    payments.booking_id AS payments_booking_id,
    payments.subscription_id AS payments_subscription_id,
    payments.order_number AS payments_order_number, payments.amount AS payments_amount,
    payments.currency AS payments_currency, payments.status AS payments_status,
    payments.provider AS payments_provider,
    payments.provider_reference AS payments_provider_reference,
    payments.created_at AS payments_created_at
FROM payments
WHERE payments.booking_id = ?
LIMIT ? OFFSET ?

-- name: slots_taken
-- at: app/cooking/bookings.py:71
-- takes: 15 + 4400
SELECT count(bookings.id) AS count_1
FROM bookings
WHERE bookings.chef_id = ? AND bookings.booking_date = ? AND bookings.status != ?

-- name: get_booking
-- at: app/cooking/bookings.py:101
-- takes: 11 + 0
SELECT bookings.id AS bookings_id, bookings.order_number AS bookings_order_number,
    bookings.user_id AS bookings_user_id, bookings.chef_id AS bookings_chef_id,
    bookings.booking_date AS bookings_booking_date,
    bookings.duration_hours AS bookings_duration_hours, bookings.guests AS bookings_guests,
    bookings.status AS bookings_status, bookings.total_price AS bookings_total_price,
    bookings.special_requests AS bookings_special_requests,
    bookings.created_at AS bookings_created_at, bookings.updated_at AS bookings_updated_at
FROM bookings
WHERE bookings.id = ?

-- name: add_booking
-- at: app/cooking/bookings.py:84
-- takes: 58 + 0
INSERT INTO bookings (order_number, user_id, chef_id, booking_date, duration_hours, guests, status,
    total_price, special_requests, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)

-- name: add_payment
-- at: app/billing/payments.py:33
-- takes: 85 + 0
INSERT INTO payments (user_id, booking_id, subscription_id, order_number, amount, currency, status,
    provider, provider_reference, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)

-- name: set_booking_status
-- at: app/cooking/bookings.py:118
-- takes: 9 + 0
UPDATE bookings SET status=?, updated_at=? WHERE bookings.id = ?

-- name: receipt
-- at: app/billing/receipts.py:22
-- takes: 15 + 2700
SELECT bookings.id AS bookings_id, bookings.order_number AS bookings_order_number,
    bookings.total_price AS bookings_total_price, payments.amount AS payments_amount,
    payments.status AS payments_status, payments.provider AS payments_provider
FROM bookings JOIN payments ON payments.order_number = bookings.order_number
WHERE bookings.id = ?

-- name: payments_of_user
-- at: app/billing/payments.py:58
-- takes: 15 + 130
SELECT payments.id AS payments_id, payments.user_id AS payments_user_id,
    payments.booking_id AS payments_booking_id,
    payments.subscription_id AS payments_subscription_id,
    payments.order_number AS payments_order_number, payments.amount AS payments_amount,
    payments.currency AS payments_currency, payments.status AS payments_status,
    payments.provider AS payments_provider,
    payments.provider_reference AS payments_provider_reference,
    payments.created_at AS payments_created_at
FROM payments
WHERE payments.user_id = ?
ORDER BY payments.created_at DESC
LIMIT ? OFFSET ?

-- name: add_review
-- at: app/cooking/reviews.py:31
-- takes: 70 + 0
INSERT INTO reviews (booking_id, chef_id, user_id, rating, comment, is_hidden, created_at) VALUES
    (?, ?, ?, ?, ?, ?, ?)

-- name: set_chef_rating
-- at: app/cooking/reviews.py:40
-- takes: 55 + 0
UPDATE chefs SET rating=?, rating_count=? WHERE chefs.id = ?

-- name: list_products
-- at: app/shop/views.py:19
-- takes: 34 + 270
SELECT products.id AS products_id, products.chef_id AS products_chef_id,
    products.slug AS products_slug, products.name AS products_name,
    products.category AS products_category, products.description AS products_description,
    products.price AS products_price, products.stock AS products_stock,
    products.is_active AS products_is_active, products.created_at AS products_created_at
FROM products
WHERE products.category = ? AND products.is_active = 1
ORDER BY products.price
LIMIT ? OFFSET ?

-- name: get_product
-- at: app/shop/views.py:36
-- takes: 11 + 0
SELECT products.id AS products_id, products.chef_id AS products_chef_id,
    products.slug AS products_slug, products.name AS products_name,
    products.category AS products_category, products.description AS products_description,
    products.price AS products_price, products.stock AS products_stock,
    products.is_active AS products_is_active, products.created_at AS products_created_at
FROM products
WHERE products.slug = ?
LIMIT ? OFFSET ?

-- name: products_of_chef
-- at: app/shop/views.py:47
-- takes: 15 + 160
SELECT products.id AS products_id, products.chef_id AS products_chef_id,
    products.slug AS products_slug, products.name AS products_name,
    products.category AS products_category, products.description AS products_description,
    products.price AS products_price, products.stock AS products_stock,
    products.is_active AS products_is_active, products.created_at AS products_created_at
FROM products
WHERE products.chef_id = ? AND products.is_active = 1
ORDER BY products.created_at DESC
LIMIT ? OFFSET ?

-- name: search_products
-- at: app/shop/views.py:63
-- takes: 70 + 320
SELECT products.id AS products_id, products.chef_id AS products_chef_id,
    products.slug AS products_slug, products.name AS products_name,
    products.category AS products_category, products.description AS products_description,
    products.price AS products_price, products.stock AS products_stock,
    products.is_active AS products_is_active, products.created_at AS products_created_at
FROM products
WHERE products.name LIKE ? AND products.stock > ?
ORDER BY products.name
LIMIT ? OFFSET ?

-- name: take_from_stock
-- at: app/shop/views.py:88
-- takes: 57 + 0
UPDATE products SET stock=(products.stock - ?) WHERE products.id = ?
