-- dbtune demo: the indexes a developer would write by hand for the SoftFactory platform.
-- Purpose: to be judged with dbtune analyze DB --queries FILE --consider hand_written_indexes.sql
-- Parameters: none. Returns nothing. Lowest version: SQLite 3.8.
CREATE INDEX idx_chefs_is_active ON chefs (is_active);
CREATE INDEX idx_chefs_cuisine_type ON chefs (cuisine_type);
CREATE INDEX idx_chefs_location ON chefs (location);
CREATE INDEX idx_bookings_user_id ON bookings (user_id);
CREATE INDEX idx_bookings_chef_id ON bookings (chef_id);
CREATE INDEX idx_bookings_status ON bookings (status);
CREATE INDEX idx_sns_accounts_user_id ON sns_accounts (user_id);
CREATE INDEX idx_sns_posts_status ON sns_posts (status);
CREATE INDEX idx_sns_posts_account_id ON sns_posts (account_id);
CREATE INDEX idx_campaigns_status ON campaigns (status);
CREATE INDEX idx_campaign_applications_status ON campaign_applications (status);
CREATE INDEX idx_ai_employees_user_id ON ai_employees (user_id);
CREATE INDEX idx_scenarios_category ON scenarios (category);
CREATE INDEX idx_users_email_is_active ON users (email, is_active);
CREATE INDEX idx_bookings_user_id_status ON bookings (user_id, status);
CREATE INDEX idx_sns_posts_user_id_created_at ON sns_posts (user_id, created_at);
CREATE INDEX idx_subscriptions_user_id_status ON subscriptions (user_id, status);
