-- Purpose: payments: four in five for a booking, the others for a month of a subscription.
-- Parameters: :subscriptions (rows in the end). Reads the temporary tables of create_draws.sql.
-- Returns nothing. Lowest version: SQLite 3.8.
INSERT INTO payments (
    id, user_id, booking_id, subscription_id, order_number, amount, currency, status, provider,
    provider_reference, created_at
)
SELECT
    n,
    coalesce(bookings.user_id, subscriptions.user_id),
    bookings.id,
    CASE WHEN bookings.id IS NULL THEN subscriptions.id END,
    CASE WHEN bookings.id IS NULL THEN 'SUB-' || n ELSE bookings.order_number END,
    coalesce(bookings.total_price, subscriptions.amount),
    'JPY',
    CASE WHEN c % 100 < 90 THEN 'succeeded' WHEN c % 100 < 94 THEN 'refunded'
        WHEN c % 100 < 98 THEN 'failed' ELSE 'pending' END,
    CASE d % 5 WHEN 0 THEN 'paypay' WHEN 1 THEN 'konbini' ELSE 'stripe' END,
    printf('pi_%08x%08x', a, f),
    at
FROM draws
LEFT JOIN bookings ON bookings.id = CASE WHEN b % 5 <> 0 THEN n END
JOIN subscriptions ON subscriptions.id = 1 + CAST(:subscriptions * grown * warm AS INTEGER);
