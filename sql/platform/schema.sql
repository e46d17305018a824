-- Purpose: the tables of the SoftFactory platform, as its SQLAlchemy models created them, and the
--          indexes that gathered over the years, good and bad.
-- Parameters: none. Returns nothing. Lowest version: SQLite 3.8.
CREATE TABLE users (
    id INTEGER NOT NULL,
    email VARCHAR(120) NOT NULL,
    password_hash VARCHAR(255) NOT NULL,
    name VARCHAR(120) NOT NULL,
    role VARCHAR(20) NOT NULL,
    locale VARCHAR(5) NOT NULL,
    is_active BOOLEAN NOT NULL,
    settings JSON,
    last_login_at DATETIME,
    created_at DATETIME NOT NULL,
    PRIMARY KEY (id)
);

CREATE TABLE chefs (
    id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    name VARCHAR(120) NOT NULL,
    bio TEXT,
    cuisine_type VARCHAR(50) NOT NULL,
    location VARCHAR(200) NOT NULL,
    price_per_session INTEGER NOT NULL,
    rating FLOAT NOT NULL,
    rating_count INTEGER NOT NULL,
    is_active BOOLEAN NOT NULL,
    created_at DATETIME NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(user_id) REFERENCES users (id)
);

CREATE TABLE products (
    id INTEGER NOT NULL,
    chef_id INTEGER,
    slug VARCHAR(80) NOT NULL,
    name VARCHAR(120) NOT NULL,
    category VARCHAR(50) NOT NULL,
    description TEXT,
    price INTEGER NOT NULL,
    stock INTEGER NOT NULL,
    is_active BOOLEAN NOT NULL,
    created_at DATETIME NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(chef_id) REFERENCES chefs (id),
    UNIQUE (slug)
);

CREATE TABLE subscriptions (
    id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    product_id INTEGER NOT NULL,
    plan_type VARCHAR(20) NOT NULL,
    status VARCHAR(20) NOT NULL,
    amount INTEGER NOT NULL,
    current_period_end DATETIME,
    created_at DATETIME NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(user_id) REFERENCES users (id),
    FOREIGN KEY(product_id) REFERENCES products (id)
);

CREATE TABLE bookings (
    id INTEGER NOT NULL,
    order_number INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    chef_id INTEGER NOT NULL,
    booking_date DATETIME NOT NULL,
    duration_hours INTEGER NOT NULL,
    guests INTEGER NOT NULL,
    status VARCHAR(20) NOT NULL,
    total_price INTEGER NOT NULL,
    special_requests TEXT,
    created_at DATETIME NOT NULL,
    updated_at DATETIME,
    PRIMARY KEY (id),
    FOREIGN KEY(user_id) REFERENCES users (id),
    FOREIGN KEY(chef_id) REFERENCES chefs (id)
);

-- order_number is a number in bookings and a text here: the two were written a year apart.
CREATE TABLE payments (
    id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    booking_id INTEGER,
    subscription_id INTEGER,
    order_number VARCHAR(32) NOT NULL,
    amount INTEGER NOT NULL,
    currency VARCHAR(3) NOT NULL,
    status VARCHAR(20) NOT NULL,
    provider VARCHAR(20) NOT NULL,
    provider_reference VARCHAR(64),
    created_at DATETIME NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(user_id) REFERENCES users (id),
    FOREIGN KEY(booking_id) REFERENCES bookings (id),
    FOREIGN KEY(subscription_id) REFERENCES subscriptions (id)
);

CREATE TABLE reviews (
    id INTEGER NOT NULL,
    booking_id INTEGER NOT NULL,
    chef_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    rating INTEGER NOT NULL,
    comment TEXT,
    is_hidden BOOLEAN NOT NULL,
    created_at DATETIME NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(booking_id) REFERENCES bookings (id),
    FOREIGN KEY(chef_id) REFERENCES chefs (id),
    FOREIGN KEY(user_id) REFERENCES users (id)
);

CREATE TABLE sns_accounts (
    id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    platform VARCHAR(50) NOT NULL,
    account_name VARCHAR(120) NOT NULL,
    followers_count INTEGER NOT NULL,
    is_active BOOLEAN NOT NULL,
    permissions JSON,
    created_at DATETIME NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(user_id) REFERENCES users (id)
);

CREATE TABLE campaigns (
    id INTEGER NOT NULL,
    creator_id INTEGER NOT NULL,
    title VARCHAR(200) NOT NULL,
    category VARCHAR(50) NOT NULL,
    description TEXT,
    reward_value INTEGER NOT NULL,
    max_reviewers INTEGER NOT NULL,
    deadline DATETIME NOT NULL,
    status VARCHAR(20) NOT NULL,
    created_at DATETIME NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(creator_id) REFERENCES users (id)
);

CREATE TABLE sns_posts (
    id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    campaign_id INTEGER,
    platform VARCHAR(50) NOT NULL,
    content TEXT NOT NULL,
    hashtags JSON,
    status VARCHAR(20) NOT NULL,
    likes_count INTEGER NOT NULL,
    comments_count INTEGER NOT NULL,
    scheduled_at DATETIME,
    published_at DATETIME,
    created_at DATETIME NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(user_id) REFERENCES users (id),
    FOREIGN KEY(account_id) REFERENCES sns_accounts (id),
    FOREIGN KEY(campaign_id) REFERENCES campaigns (id)
);

CREATE TABLE campaign_applications (
    id INTEGER NOT NULL,
    campaign_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    message TEXT,
    sns_link VARCHAR(500),
    follower_count INTEGER NOT NULL,
    status VARCHAR(20) NOT NULL,
    created_at DATETIME NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(campaign_id) REFERENCES campaigns (id),
    FOREIGN KEY(user_id) REFERENCES users (id)
);

CREATE TABLE scenarios (
    id INTEGER NOT NULL,
    name VARCHAR(120) NOT NULL,
    category VARCHAR(50) NOT NULL,
    description TEXT,
    estimated_savings INTEGER NOT NULL,
    is_premium BOOLEAN NOT NULL,
    created_at DATETIME NOT NULL,
    PRIMARY KEY (id)
);

CREATE TABLE ai_employees (
    id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    scenario_id INTEGER NOT NULL,
    name VARCHAR(120) NOT NULL,
    status VARCHAR(20) NOT NULL,
    config JSON,
    monthly_savings INTEGER NOT NULL,
    created_at DATETIME NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(user_id) REFERENCES users (id),
    FOREIGN KEY(scenario_id) REFERENCES scenarios (id)
);

-- Page views moved to another service; the table is dropped at the end and leaves free pages.
CREATE TABLE page_views (
    id INTEGER NOT NULL,
    user_id INTEGER,
    path VARCHAR(200) NOT NULL,
    created_at DATETIME NOT NULL,
    PRIMARY KEY (id)
);

CREATE VIEW booking_overview AS
SELECT
    bookings.id AS id,
    bookings.order_number AS order_number,
    bookings.status AS status,
    bookings.booking_date AS booking_date,
    bookings.total_price AS total_price,
    bookings.created_at AS created_at,
    users.name AS customer_name,
    chefs.name AS chef_name
FROM bookings
JOIN users ON users.id = bookings.user_id
JOIN chefs ON chefs.id = bookings.chef_id;

CREATE UNIQUE INDEX ix_users_email ON users (email);
CREATE UNIQUE INDEX ix_payments_order_number ON payments (order_number);
-- No query reads by it, and every login writes it.
CREATE INDEX idx_users_last_login ON users (last_login_at);
-- One from the model (index=True), one by hand on a slow day: the same index twice.
CREATE INDEX ix_payments_user_id ON payments (user_id);
CREATE INDEX payments_user_idx ON payments (user_id);
-- The first is a prefix of the second.
CREATE INDEX idx_reviews_chef ON reviews (chef_id);
CREATE INDEX idx_reviews_chef_created ON reviews (chef_id, created_at);
-- Four values in the whole table, asked for by nobody.
CREATE INDEX ix_sns_posts_platform ON sns_posts (platform);
