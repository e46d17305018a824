CREATE INDEX ix_bookings_user_id_created_at ON bookings (user_id, created_at DESC);
CREATE INDEX ix_chefs_cuisine_type_rating_partial ON chefs (cuisine_type COLLATE NOCASE, rating DESC) WHERE is_active = 1;
CREATE INDEX ix_order_group_ordered_at_partial ON "order" ("group", ordered_at) WHERE shipped_at IS NULL;
CREATE INDEX ix_sns_posts_lower_title ON sns_posts (lower(title));
-- not writable on one line, use dbtune apply-indexes: CREATE INDEX "ix_evil\n_name" ON "evil\x1b[2J""\n-- name" (a);
DROP INDEX idx_users_bio;
