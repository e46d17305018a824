-- Purpose: statements of the social pages (posts, campaigns, AI employees).
--          Each is sent as SQLAlchemy does: an indented line goes on with the line before it.
--          `at` is the line of the application that sends it. `takes` is how long it takes without
--          any index to help, in microseconds: what stays, and what grows with the scale; measured
--          once at scales 1 and 0.1 with a warm cache, SQLite 3.40, two cores.
-- Parameters: positional, given by the pages in dbtune/demo/pages_social.py.
-- Columns returned: as named in each. Lowest version: SQLite 3.9 (json_extract).

-- name: list_accounts
-- at: app/sns/accounts.py:16
-- takes: 15 + 360
SELECT sns_accounts.id AS sns_accounts_id, sns_accounts.user_id AS sns_accounts_user_id,
    sns_accounts.platform AS sns_accounts_platform,
    sns_accounts.account_name AS sns_accounts_account_name,
    sns_accounts.followers_count AS sns_accounts_followers_count,
    sns_accounts.is_active AS sns_accounts_is_active,
    sns_accounts.permissions AS sns_accounts_permissions,
    sns_accounts.created_at AS sns_accounts_created_at
FROM sns_accounts
WHERE sns_accounts.user_id = ?

-- name: get_account
-- at: app/sns/feed.py:39
-- takes: 10 + 0
SELECT sns_accounts.id AS sns_accounts_id, sns_accounts.user_id AS sns_accounts_user_id,
    sns_accounts.platform AS sns_accounts_platform,
    sns_accounts.account_name AS sns_accounts_account_name,
    sns_accounts.followers_count AS sns_accounts_followers_count,
    sns_accounts.is_active AS sns_accounts_is_active,
    sns_accounts.permissions AS sns_accounts_permissions,
    sns_accounts.created_at AS sns_accounts_created_at
FROM sns_accounts
WHERE sns_accounts.id = ?

-- name: user_posts
-- at: app/sns/feed.py:31
-- takes: 15 + 9400
SELECT sns_posts.id AS sns_posts_id, sns_posts.user_id AS sns_posts_user_id,
    sns_posts.account_id AS sns_posts_account_id, sns_posts.campaign_id AS sns_posts_campaign_id,
    sns_posts.platform AS sns_posts_platform, sns_posts.content AS sns_posts_content,
    sns_posts.hashtags AS sns_posts_hashtags, sns_posts.status AS sns_posts_status,
    sns_posts.likes_count AS sns_posts_likes_count,
    sns_posts.comments_count AS sns_posts_comments_count,
    sns_posts.scheduled_at AS sns_posts_scheduled_at,
    sns_posts.published_at AS sns_posts_published_at, sns_posts.created_at AS sns_posts_created_at
FROM sns_posts
WHERE sns_posts.user_id = ?
ORDER BY sns_posts.created_at DESC
LIMIT ? OFFSET ?

-- name: followed_posts
-- at: app/sns/feed.py:57
-- takes: 15 + 13000
SELECT sns_posts.id AS sns_posts_id, sns_posts.user_id AS sns_posts_user_id,
    sns_posts.account_id AS sns_posts_account_id, sns_posts.campaign_id AS sns_posts_campaign_id,
    sns_posts.platform AS sns_posts_platform, sns_posts.content AS sns_posts_content,
    sns_posts.hashtags AS sns_posts_hashtags, sns_posts.status AS sns_posts_status,
    sns_posts.likes_count AS sns_posts_likes_count,
    sns_posts.comments_count AS sns_posts_comments_count,
    sns_posts.scheduled_at AS sns_posts_scheduled_at,
    sns_posts.published_at AS sns_posts_published_at, sns_posts.created_at AS sns_posts_created_at
FROM sns_posts
WHERE sns_posts.account_id IN (?, ?, ?, ?, ?) AND sns_posts.status = ?
ORDER BY sns_posts.created_at DESC
LIMIT ? OFFSET ?

-- name: account_posts
-- at: app/sns/accounts.py:41
-- takes: 15 + 9000
SELECT sns_posts.id AS sns_posts_id, sns_posts.user_id AS sns_posts_user_id,
    sns_posts.account_id AS sns_posts_account_id, sns_posts.campaign_id AS sns_posts_campaign_id,
    sns_posts.platform AS sns_posts_platform, sns_posts.content AS sns_posts_content,
    sns_posts.hashtags AS sns_posts_hashtags, sns_posts.status AS sns_posts_status,
    sns_posts.likes_count AS sns_posts_likes_count,
    sns_posts.comments_count AS sns_posts_comments_count,
    sns_posts.scheduled_at AS sns_posts_scheduled_at,
    sns_posts.published_at AS sns_posts_published_at, sns_posts.created_at AS sns_posts_created_at
FROM sns_posts
WHERE sns_posts.account_id = ? AND sns_posts.status = ?
ORDER BY sns_posts.created_at DESC
LIMIT ? OFFSET ?

-- name: count_posts_by_status
-- at: app/sns/dashboard.py:22
-- takes: 15 + 8500
SELECT sns_posts.status AS sns_posts_status, count(sns_posts.id) AS count_1
FROM sns_posts
WHERE sns_posts.user_id = ?
GROUP BY sns_posts.status

-- name: account_engagement
-- at: app/sns/accounts.py:53
-- takes: 15 + 8400
SELECT sum(sns_posts.likes_count) AS sum_1, sum(sns_posts.comments_count) AS sum_2,
    max(sns_posts.published_at) AS max_1
FROM sns_posts
WHERE sns_posts.account_id = ? AND sns_posts.created_at >= ?

-- name: top_posts
-- at: app/sns/dashboard.py:48
-- takes: 15 + 14000
SELECT sns_posts.id AS sns_posts_id, sns_posts.user_id AS sns_posts_user_id,
    sns_posts.account_id AS sns_posts_account_id, sns_posts.campaign_id AS sns_posts_campaign_id,
    sns_posts.platform AS sns_posts_platform, sns_posts.content AS sns_posts_content,
    sns_posts.hashtags AS sns_posts_hashtags, sns_posts.status AS sns_posts_status,
    sns_posts.likes_count AS sns_posts_likes_count,
    sns_posts.comments_count AS sns_posts_comments_count,
    sns_posts.scheduled_at AS sns_posts_scheduled_at,
    sns_posts.published_at AS sns_posts_published_at, sns_posts.created_at AS sns_posts_created_at
FROM sns_posts
WHERE sns_posts.status = 'published' AND sns_posts.created_at >= ?
ORDER BY sns_posts.likes_count DESC
LIMIT ? OFFSET ?

-- name: search_posts
-- at: app/sns/search.py:17
-- takes: 15 + 58000
SELECT sns_posts.id AS sns_posts_id, sns_posts.user_id AS sns_posts_user_id,
    sns_posts.account_id AS sns_posts_account_id, sns_posts.campaign_id AS sns_posts_campaign_id,
    sns_posts.platform AS sns_posts_platform, sns_posts.content AS sns_posts_content,
    sns_posts.hashtags AS sns_posts_hashtags, sns_posts.status AS sns_posts_status,
    sns_posts.likes_count AS sns_posts_likes_count,
    sns_posts.comments_count AS sns_posts_comments_count,
    sns_posts.scheduled_at AS sns_posts_scheduled_at,
    sns_posts.published_at AS sns_posts_published_at, sns_posts.created_at AS sns_posts_created_at
FROM sns_posts
WHERE sns_posts.content LIKE ? AND sns_posts.status = ?
ORDER BY sns_posts.created_at DESC
LIMIT ? OFFSET ?

-- name: due_posts
-- at: app/sns/scheduler.py:29
-- takes: 15 + 9800
SELECT sns_posts.id AS sns_posts_id, sns_posts.user_id AS sns_posts_user_id,
    sns_posts.account_id AS sns_posts_account_id, sns_posts.campaign_id AS sns_posts_campaign_id,
    sns_posts.platform AS sns_posts_platform, sns_posts.content AS sns_posts_content,
    sns_posts.hashtags AS sns_posts_hashtags, sns_posts.status AS sns_posts_status,
    sns_posts.likes_count AS sns_posts_likes_count,
    sns_posts.comments_count AS sns_posts_comments_count,
    sns_posts.scheduled_at AS sns_posts_scheduled_at,
    sns_posts.published_at AS sns_posts_published_at, sns_posts.created_at AS sns_posts_created_at
FROM sns_posts
WHERE sns_posts.status = 'scheduled' AND sns_posts.scheduled_at <= ?
ORDER BY sns_posts.scheduled_at
LIMIT ? OFFSET ?

-- name: failed_posts
-- at: app/sns/dashboard.py:33
-- takes: 15 + 7600
SELECT sns_posts.id AS sns_posts_id, sns_posts.user_id AS sns_posts_user_id,
    sns_posts.account_id AS sns_posts_account_id, sns_posts.campaign_id AS sns_posts_campaign_id,
    sns_posts.platform AS sns_posts_platform, sns_posts.content AS sns_posts_content,
    sns_posts.hashtags AS sns_posts_hashtags, sns_posts.status AS sns_posts_status,
    sns_posts.likes_count AS sns_posts_likes_count,
    sns_posts.comments_count AS sns_posts_comments_count,
    sns_posts.scheduled_at AS sns_posts_scheduled_at,
    sns_posts.published_at AS sns_posts_published_at, sns_posts.created_at AS sns_posts_created_at
FROM sns_posts
WHERE sns_posts.user_id = ? AND sns_posts.status = 'failed'
ORDER BY sns_posts.id DESC
LIMIT ? OFFSET ?

-- name: publish_post
-- at: app/sns/scheduler.py:44
-- takes: 56 + 0
UPDATE sns_posts SET status=?, published_at=? WHERE sns_posts.id = ?

-- name: like_post
-- at: app/sns/api.py:61
-- takes: 54 + 0
UPDATE sns_posts SET likes_count=(sns_posts.likes_count + ?) WHERE sns_posts.id = ?

-- name: add_post
-- at: app/sns/posts.py:38
-- takes: 71 + 0
INSERT INTO sns_posts (user_id, account_id, campaign_id, platform, content, hashtags, status,
    likes_count, comments_count, scheduled_at, published_at, created_at) VALUES (?, ?, ?, ?, ?, ?,
    ?, ?, ?, ?, ?, ?)

-- name: delete_old_drafts
-- at: app/sns/scheduler.py:72
-- takes: 15 + 11000
DELETE FROM sns_posts WHERE sns_posts.status = ? AND sns_posts.created_at < ?

-- name: list_campaigns
-- at: app/campaigns/views.py:21
-- takes: 25 + 85
SELECT campaigns.id AS campaigns_id, campaigns.creator_id AS campaigns_creator_id,
    campaigns.title AS campaigns_title, campaigns.category AS campaigns_category,
    campaigns.description AS campaigns_description,
    campaigns.reward_value AS campaigns_reward_value,
    campaigns.max_reviewers AS campaigns_max_reviewers, campaigns.deadline AS campaigns_deadline,
    campaigns.status AS campaigns_status, campaigns.created_at AS campaigns_created_at
FROM campaigns
WHERE campaigns.status = ? AND campaigns.deadline >= ?
ORDER BY campaigns.created_at DESC
LIMIT ? OFFSET ?

-- name: count_applications
-- at: app/campaigns/views.py:29
-- takes: 15 + 1500
SELECT count(campaign_applications.id) AS count_1
FROM campaign_applications
WHERE campaign_applications.campaign_id = ?

-- name: get_campaign
-- at: app/campaigns/views.py:46
-- takes: 11 + 0
SELECT campaigns.id AS campaigns_id, campaigns.creator_id AS campaigns_creator_id,
    campaigns.title AS campaigns_title, campaigns.category AS campaigns_category,
    campaigns.description AS campaigns_description,
    campaigns.reward_value AS campaigns_reward_value,
    campaigns.max_reviewers AS campaigns_max_reviewers, campaigns.deadline AS campaigns_deadline,
    campaigns.status AS campaigns_status, campaigns.created_at AS campaigns_created_at
FROM campaigns
WHERE campaigns.id = ?

-- name: campaign_applicants
-- at: app/campaigns/views.py:52
-- takes: 15 + 1800
SELECT campaign_applications.id AS campaign_applications_id,
    campaign_applications.follower_count AS campaign_applications_follower_count,
    campaign_applications.message AS campaign_applications_message, users.name AS users_name
FROM campaign_applications JOIN users ON users.id = campaign_applications.user_id
WHERE campaign_applications.campaign_id = ? AND campaign_applications.status = ?
ORDER BY campaign_applications.follower_count DESC
LIMIT ? OFFSET ?

-- name: campaign_posts
-- at: app/campaigns/views.py:64
-- takes: 15 + 9100
SELECT sns_posts.id AS sns_posts_id, sns_posts.user_id AS sns_posts_user_id,
    sns_posts.account_id AS sns_posts_account_id, sns_posts.campaign_id AS sns_posts_campaign_id,
    sns_posts.platform AS sns_posts_platform, sns_posts.content AS sns_posts_content,
    sns_posts.hashtags AS sns_posts_hashtags, sns_posts.status AS sns_posts_status,
    sns_posts.likes_count AS sns_posts_likes_count,
    sns_posts.comments_count AS sns_posts_comments_count,
    sns_posts.scheduled_at AS sns_posts_scheduled_at,
    sns_posts.published_at AS sns_posts_published_at, sns_posts.created_at AS sns_posts_created_at
FROM sns_posts
WHERE sns_posts.campaign_id = ? AND sns_posts.status = 'published'
ORDER BY sns_posts.likes_count DESC
LIMIT ? OFFSET ?

-- name: find_application
-- at: app/campaigns/apply.py:18
-- takes: 15 + 1500
SELECT campaign_applications.id AS campaign_applications_id,
    campaign_applications.campaign_id AS campaign_applications_campaign_id,
    campaign_applications.user_id AS campaign_applications_user_id,
    campaign_applications.message AS campaign_applications_message,
    campaign_applications.sns_link AS campaign_applications_sns_link,
    campaign_applications.follower_count AS campaign_applications_follower_count,
    campaign_applications.status AS campaign_applications_status,
    campaign_applications.created_at AS campaign_applications_created_at
FROM campaign_applications
WHERE campaign_applications.campaign_id = ? AND campaign_applications.user_id = ?
LIMIT ? OFFSET ?

-- name: add_application
-- at: app/campaigns/apply.py:31
-- takes: 56 + 0
INSERT INTO campaign_applications (campaign_id, user_id, message, sns_link, follower_count, status,
    created_at) VALUES (?, ?, ?, ?, ?, ?, ?)

-- name: decide_application
-- at: app/campaigns/apply.py:57
-- takes: 8 + 0
UPDATE campaign_applications SET status=? WHERE campaign_applications.id = ?

-- name: my_applications
-- at: app/campaigns/apply.py:72
-- takes: 15 + 1600
SELECT campaign_applications.id AS campaign_applications_id,
    campaign_applications.status AS campaign_applications_status,
    campaign_applications.created_at AS campaign_applications_created_at,
    campaigns.title AS campaigns_title, campaigns.deadline AS campaigns_deadline
FROM campaign_applications JOIN campaigns ON campaigns.id = campaign_applications.campaign_id
WHERE campaign_applications.user_id = ?
ORDER BY campaign_applications.created_at DESC
LIMIT ? OFFSET ?

-- name: list_ai_employees
-- at: app/ai/views.py:19
-- takes: 15 + 77
SELECT ai_employees.id AS ai_employees_id, ai_employees.user_id AS ai_employees_user_id,
    ai_employees.scenario_id AS ai_employees_scenario_id, ai_employees.name AS ai_employees_name,
    ai_employees.status AS ai_employees_status, ai_employees.config AS ai_employees_config,
    ai_employees.monthly_savings AS ai_employees_monthly_savings,
    ai_employees.created_at AS ai_employees_created_at
FROM ai_employees
WHERE ai_employees.user_id = ? AND ai_employees.status != ?
ORDER BY ai_employees.created_at

-- name: ai_savings
-- at: app/ai/views.py:27
-- takes: 15 + 77
SELECT sum(ai_employees.monthly_savings) AS sum_1
FROM ai_employees
WHERE ai_employees.user_id = ? AND ai_employees.status = 'active'

-- name: get_scenario
-- at: app/ai/views.py:24
-- takes: 9 + 0
SELECT scenarios.id AS scenarios_id, scenarios.name AS scenarios_name,
    scenarios.category AS scenarios_category, scenarios.description AS scenarios_description,
    scenarios.estimated_savings AS scenarios_estimated_savings,
    scenarios.is_premium AS scenarios_is_premium, scenarios.created_at AS scenarios_created_at
FROM scenarios
WHERE scenarios.id = ?

-- name: list_scenarios
-- at: app/ai/views.py:48
-- takes: 40 + 0
SELECT scenarios.id AS scenarios_id, scenarios.name AS scenarios_name,
    scenarios.category AS scenarios_category, scenarios.description AS scenarios_description,
    scenarios.estimated_savings AS scenarios_estimated_savings,
    scenarios.is_premium AS scenarios_is_premium, scenarios.created_at AS scenarios_created_at
FROM scenarios
WHERE scenarios.category = ?
ORDER BY scenarios.estimated_savings DESC

-- name: add_ai_employee
-- at: app/ai/views.py:66
-- takes: 54 + 0
INSERT INTO ai_employees (user_id, scenario_id, name, status, config, monthly_savings, created_at)
    VALUES (?, ?, ?, ?, ?, ?, ?)
