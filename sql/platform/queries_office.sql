-- Purpose: statements of the office (dashboards, long lists, searches, jobs).
--          Each is sent as SQLAlchemy does: an indented line goes on with the line before it.
--          `at` is the line of the application that sends it. `takes` is how long it takes without
--          any index to help, in microseconds: what stays, and what grows with the scale; measured
--          once at scales 1 and 0.1 with a warm cache, SQLite 3.40, two cores.
-- Parameters: positional, given by the pages in dbtune/demo/pages_office.py.
-- Columns returned: as named in each. Lowest version: SQLite 3.9 (json_extract).

-- name: bookings_per_status
-- at: app/office/dashboard.py:25
-- takes: 15 + 8600
SELECT bookings.status AS bookings_status, count(bookings.id) AS count_1,
    sum(bookings.total_price) AS sum_1
FROM bookings
WHERE bookings.created_at >= ?
GROUP BY bookings.status

-- name: revenue_per_day
-- at: app/office/dashboard.py:34
-- takes: 15 + 8600
SELECT date(payments.created_at) AS date_1, sum(payments.amount) AS sum_1
FROM payments
WHERE payments.status = ? AND payments.created_at >= ?
GROUP BY date(payments.created_at)
ORDER BY date(payments.created_at)

-- name: top_chefs
-- at: app/office/dashboard.py:46
-- takes: 15 + 9500
SELECT chefs.id AS chefs_id, chefs.name AS chefs_name, sum(bookings.total_price) AS sum_1
FROM chefs JOIN bookings ON bookings.chef_id = chefs.id
WHERE bookings.status = ? AND bookings.booking_date >= ?
GROUP BY chefs.id, chefs.name
ORDER BY sum(bookings.total_price) DESC
LIMIT ? OFFSET ?

-- name: signups_per_locale
-- at: app/office/dashboard.py:59
-- takes: 15 + 2600
SELECT users.locale AS users_locale, count(users.id) AS count_1
FROM users
WHERE users.created_at >= ?
GROUP BY users.locale

-- name: revenue_per_plan
-- at: app/office/dashboard.py:68
-- takes: 15 + 2800
SELECT products.name AS products_name, subscriptions.plan_type AS subscriptions_plan_type,
    count(subscriptions.id) AS count_1, sum(subscriptions.amount) AS sum_1
FROM subscriptions JOIN products ON products.id = subscriptions.product_id
WHERE subscriptions.status = 'active'
GROUP BY products.name, subscriptions.plan_type

-- name: newsletter_readers
-- at: app/office/dashboard.py:81
-- takes: 15 + 5800
SELECT count(users.id) AS count_1
FROM users
WHERE json_extract(users.settings, '$.newsletter') = 1 AND users.is_active = 1

-- name: bookings_on_day
-- at: app/office/calendar.py:14
-- takes: 15 + 9100
SELECT bookings.id AS bookings_id, bookings.order_number AS bookings_order_number,
    bookings.user_id AS bookings_user_id, bookings.chef_id AS bookings_chef_id,
    bookings.booking_date AS bookings_booking_date,
    bookings.duration_hours AS bookings_duration_hours, bookings.guests AS bookings_guests,
    bookings.status AS bookings_status, bookings.total_price AS bookings_total_price,
    bookings.special_requests AS bookings_special_requests,
    bookings.created_at AS bookings_created_at, bookings.updated_at AS bookings_updated_at
FROM bookings
WHERE date(bookings.booking_date) = ?
ORDER BY bookings.booking_date

-- name: page_users
-- at: app/office/users.py:22
-- takes: 15 + 31000
SELECT users.id AS users_id, users.email AS users_email,
    users.password_hash AS users_password_hash, users.name AS users_name, users.role AS users_role,
    users.locale AS users_locale, users.is_active AS users_is_active,
    users.settings AS users_settings, users.last_login_at AS users_last_login_at,
    users.created_at AS users_created_at
FROM users
ORDER BY users.created_at DESC
LIMIT ? OFFSET ?

-- name: page_bookings
-- at: app/office/bookings.py:18
-- takes: 15 + 14000
SELECT booking_overview.id AS booking_overview_id,
    booking_overview.order_number AS booking_overview_order_number,
    booking_overview.booking_date AS booking_overview_booking_date,
    booking_overview.total_price AS booking_overview_total_price,
    booking_overview.customer_name AS booking_overview_customer_name,
    booking_overview.chef_name AS booking_overview_chef_name
FROM booking_overview
WHERE booking_overview.status = ?
ORDER BY booking_overview.created_at DESC
LIMIT ? OFFSET ?

-- name: page_payments
-- at: app/office/payments.py:20
-- takes: 15 + 19000
SELECT payments.id AS payments_id, payments.user_id AS payments_user_id,
    payments.booking_id AS payments_booking_id,
    payments.subscription_id AS payments_subscription_id,
    payments.order_number AS payments_order_number, payments.amount AS payments_amount,
    payments.currency AS payments_currency, payments.status AS payments_status,
    payments.provider AS payments_provider,
    payments.provider_reference AS payments_provider_reference,
    payments.created_at AS payments_created_at
FROM payments
WHERE payments.status = ?
ORDER BY payments.created_at DESC
LIMIT ? OFFSET ?

-- name: hidden_reviews
-- at: app/office/reviews.py:15
-- takes: 15 + 3900
SELECT reviews.id AS reviews_id, reviews.booking_id AS reviews_booking_id,
    reviews.chef_id AS reviews_chef_id, reviews.user_id AS reviews_user_id,
    reviews.rating AS reviews_rating, reviews.comment AS reviews_comment,
    reviews.is_hidden AS reviews_is_hidden, reviews.created_at AS reviews_created_at
FROM reviews
WHERE reviews.is_hidden = 1
ORDER BY reviews.created_at DESC
LIMIT ? OFFSET ?

-- name: users_by_email_prefix
-- at: app/office/users.py:41
-- takes: 24 + 1100
SELECT users.id AS users_id, users.email AS users_email, users.name AS users_name
FROM users
WHERE users.email LIKE ?
ORDER BY users.email
LIMIT ? OFFSET ?

-- name: users_by_name
-- at: app/office/users.py:52
-- takes: 150 + 61
SELECT users.id AS users_id, users.email AS users_email, users.name AS users_name
FROM users
WHERE users.name LIKE ?
LIMIT ? OFFSET ?

-- name: user_by_any_case
-- at: app/office/users.py:66
-- takes: 15 + 300
SELECT users.id AS users_id, users.email AS users_email,
    users.password_hash AS users_password_hash, users.name AS users_name, users.role AS users_role,
    users.locale AS users_locale, users.is_active AS users_is_active,
    users.settings AS users_settings, users.last_login_at AS users_last_login_at,
    users.created_at AS users_created_at
FROM users
WHERE users.email COLLATE NOCASE = ?
LIMIT ? OFFSET ?

-- name: idle_chefs
-- at: app/office/chefs.py:27
-- takes: 15 + 14000
SELECT chefs.id AS chefs_id, chefs.name AS chefs_name, chefs.location AS chefs_location
FROM chefs
WHERE chefs.is_active = 1 AND NOT (EXISTS (SELECT 1
FROM bookings
WHERE bookings.chef_id = chefs.id AND bookings.created_at >= ?))
ORDER BY chefs.name
LIMIT ? OFFSET ?

-- name: biggest_accounts
-- at: app/office/reach.py:16
-- takes: 15 + 2500
SELECT sns_accounts.account_name AS sns_accounts_account_name,
    sns_accounts.followers_count AS sns_accounts_followers_count, users.name AS users_name
FROM sns_accounts JOIN users ON users.id = sns_accounts.user_id
WHERE sns_accounts.platform = ? AND sns_accounts.is_active = 1
ORDER BY sns_accounts.followers_count DESC
LIMIT ? OFFSET ?

-- name: renewals_due
-- at: app/billing/renewals.py:24
-- takes: 99 + 870
SELECT subscriptions.id AS subscriptions_id, subscriptions.user_id AS subscriptions_user_id,
    subscriptions.product_id AS subscriptions_product_id,
    subscriptions.plan_type AS subscriptions_plan_type,
    subscriptions.status AS subscriptions_status, subscriptions.amount AS subscriptions_amount,
    subscriptions.current_period_end AS subscriptions_current_period_end,
    subscriptions.created_at AS subscriptions_created_at
FROM subscriptions
WHERE subscriptions.status = 'active' AND subscriptions.current_period_end < ?
ORDER BY subscriptions.current_period_end
LIMIT ? OFFSET ?

-- name: extend_subscription
-- at: app/billing/renewals.py:41
-- takes: 110 + 0
UPDATE subscriptions SET current_period_end=? WHERE subscriptions.id = ?

-- name: pending_payments
-- at: app/billing/reconcile.py:19
-- takes: 15 + 4400
SELECT payments.id AS payments_id, payments.user_id AS payments_user_id,
    payments.booking_id AS payments_booking_id,
    payments.subscription_id AS payments_subscription_id,
    payments.order_number AS payments_order_number, payments.amount AS payments_amount,
    payments.currency AS payments_currency, payments.status AS payments_status,
    payments.provider AS payments_provider,
    payments.provider_reference AS payments_provider_reference,
    payments.created_at AS payments_created_at
FROM payments
WHERE payments.status = 'pending' AND payments.created_at < ?
ORDER BY payments.created_at
LIMIT ? OFFSET ?

-- name: settle_payment
-- at: app/billing/reconcile.py:36
-- takes: 68 + 0
UPDATE payments SET status=? WHERE payments.id = ?
