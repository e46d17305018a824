-- Purpose: indexes for the throw-away copy on which the demo's pages are played, so that recording
--          takes seconds; platform.db itself never gets them.
-- Parameters: none. Returns nothing. Lowest version: SQLite 3.9 (index on an expression).
CREATE INDEX play_chefs_cuisine ON chefs (cuisine_type);
CREATE INDEX play_bookings_user ON bookings (user_id, booking_date);
CREATE INDEX play_bookings_chef ON bookings (chef_id, booking_date);
CREATE INDEX play_bookings_created ON bookings (created_at);
CREATE INDEX play_payments_booking ON payments (booking_id);
CREATE INDEX play_payments_created ON payments (created_at);
CREATE INDEX play_subscriptions_user ON subscriptions (user_id);
CREATE INDEX play_accounts_user ON sns_accounts (user_id);
CREATE INDEX play_posts_account ON sns_posts (account_id, created_at);
CREATE INDEX play_posts_user ON sns_posts (user_id, created_at);
CREATE INDEX play_posts_campaign ON sns_posts (campaign_id);
CREATE INDEX play_posts_status ON sns_posts (status, created_at);
CREATE INDEX play_applications_campaign ON campaign_applications (campaign_id);
CREATE INDEX play_applications_user ON campaign_applications (user_id);
CREATE INDEX play_ai_employees_user ON ai_employees (user_id);
CREATE INDEX play_users_email ON users (lower(email));
CREATE INDEX play_users_created ON users (created_at);
ANALYZE;
