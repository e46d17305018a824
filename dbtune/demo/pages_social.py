"""The social pages: accounts, feeds, posts, campaigns, AI employees, and the API behind them."""

from __future__ import annotations

from dbtune.demo.page import Page
from dbtune.demo.pages_cooking import sign_on
from dbtune.demo.visit import Visit
from dbtune.demo.words import vocabulary


def _see_feed(visit: Visit) -> None:
    """Play a user's own posts, which loads the account of each post again."""
    user_id = sign_on(visit)
    visit.rows("list_accounts", user_id)
    for post in visit.rows("user_posts", user_id, 20, 0):
        visit.rows("get_account", post["sns_posts_account_id"])


def _see_followed(visit: Visit) -> None:
    sign_on(visit)
    followed = [visit.chance.hot(visit.population.sns_accounts) for _ in range(5)]
    visit.rows("followed_posts", *followed, "published", 20, 0)


def _see_account(visit: Visit) -> None:
    sign_on(visit)
    account_id = visit.chance.hot(visit.population.sns_accounts)
    visit.rows("get_account", account_id)
    visit.rows("account_posts", account_id, "published", 20, 20 * (visit.chance.hot(4) - 1))
    visit.rows("account_engagement", account_id, visit.timestamp(days=-90))


def _see_dashboard(visit: Visit) -> None:
    user_id = sign_on(visit)
    visit.rows("active_subscription", user_id, "active", 1, 0)
    visit.rows("count_posts_by_status", user_id)
    visit.rows("failed_posts", user_id, 10, 0)
    visit.rows("upcoming_bookings", user_id, "confirmed", visit.timestamp())
    visit.rows("ai_savings", user_id)
    visit.rows("top_posts", visit.timestamp(days=-7), 10, 0)


def _search_posts(visit: Visit) -> None:
    """Play a search; one in three finds nothing, and has looked at every post."""
    sign_on(visit)
    dishes = vocabulary("dish")
    menu = f"{visit.chance.one_of(dishes)} & {visit.chance.one_of(dishes)}"
    word = visit.chance.one_of(_UNKNOWN_DISHES) if visit.chance.happens(0.33) else menu
    visit.rows("search_posts", f"%{word}%", "published", 20, 0)


def _post(visit: Visit) -> None:
    user_id = sign_on(visit)
    visit.rows("active_subscription", user_id, "active", 1, 0)
    accounts = visit.rows("list_accounts", user_id)
    if not accounts:
        return
    account = visit.chance.one_of(accounts)
    now = visit.timestamp()
    later = visit.chance.happens(0.3)
    visit.write(
        "add_post",
        user_id,
        account["sns_accounts_id"],
        None,
        account["sns_accounts_platform"],
        f"Heute: {visit.chance.one_of(vocabulary('dish'))}! ご予約はプロフィールのリンクから。",
        '["foodie"]',
        "scheduled" if later else "published",
        0,
        0,
        visit.timestamp(days=1) if later else None,
        None if later else now,
        now,
    )
    visit.commit()


def _like(visit: Visit) -> None:
    post_id = visit.population.sns_posts + 1 - visit.chance.hot(visit.population.sns_posts)
    visit.write("like_post", 1, post_id)
    visit.commit()


def _poll_posts(visit: Visit) -> None:
    account_id = visit.chance.hot(visit.population.sns_accounts)
    visit.rows("account_posts", account_id, "published", 5, 0)


def _poll_subscription(visit: Visit) -> None:
    visit.rows("active_subscription", visit.chance.hot(visit.population.users), "active", 1, 0)


def _see_campaigns(visit: Visit) -> None:
    """Play the list of campaigns, which counts the applications of each one by one."""
    sign_on(visit)
    for campaign in visit.rows("list_campaigns", "active", visit.timestamp(), 12, 0):
        visit.rows("count_applications", campaign["campaigns_id"])


def _see_campaign(visit: Visit) -> None:
    sign_on(visit)
    campaign_id = visit.chance.up_to(visit.population.campaigns)
    visit.rows("get_campaign", campaign_id)
    visit.rows("campaign_applicants", campaign_id, "selected", 25, 0)
    visit.rows("campaign_posts", campaign_id, 10, 0)


def _apply(visit: Visit) -> None:
    user_id = sign_on(visit)
    campaign_id = visit.population.campaigns + 1 - visit.chance.up_to(30)
    if visit.first("find_application", campaign_id, user_id, 1, 0):
        return
    application_id = visit.write(
        "add_application",
        campaign_id,
        user_id,
        "いつも見ています。ぜひ参加させてください。",
        f"https://instagram.example.com/{user_id}",
        100 * visit.chance.up_to(500),
        "pending",
        visit.timestamp(),
    )
    visit.commit()
    if visit.chance.happens(0.4):
        visit.write("decide_application", "selected", application_id)
        visit.commit()


def _see_applications(visit: Visit) -> None:
    visit.rows("my_applications", sign_on(visit), 20, 0)


def _see_ai_employees(visit: Visit) -> None:
    user_id = visit.chance.hot(visit.population.users // 20)
    visit.rows("current_user", user_id)
    for employee in visit.rows("list_ai_employees", user_id, "retired"):
        visit.rows("get_scenario", employee["ai_employees_scenario_id"])
    visit.rows("ai_savings", user_id)


def _hire(visit: Visit) -> None:
    user_id = sign_on(visit)
    scenarios = visit.rows("list_scenarios", visit.chance.one_of(vocabulary("task")))
    visit.write(
        "add_ai_employee",
        user_id,
        visit.chance.one_of(scenarios)["scenarios_id"],
        "Aoi (support)",
        "active",
        '{"tone": "polite", "language": "ja"}',
        5000,
        visit.timestamp(),
    )
    visit.commit()


_UNKNOWN_DISHES = ("Glühwein", "ガレット", "haggis", "poutine")

PAGES = (
    Page("GET /feed", 50, _see_feed),
    Page("GET /feed/followed", 35, _see_followed),
    Page("GET /accounts/<id>", 40, _see_account),
    Page("GET /dashboard", 35, _see_dashboard),
    Page("GET /posts/search", 20, _search_posts),
    Page("POST /posts", 50, _post),
    Page("POST /api/posts/<id>/like", 150, _like),
    Page("POST /api/posts/<id>/like", 40, _like, summed=12),
    Page("GET /api/accounts/<id>/posts", 30, _poll_posts, summed=8),
    Page("GET /api/access", 40, _poll_subscription, summed=10),
    Page("GET /campaigns", 25, _see_campaigns),
    Page("GET /campaigns/<id>", 25, _see_campaign),
    Page("POST /campaigns/<id>/apply", 25, _apply),
    Page("GET /applications", 20, _see_applications),
    Page("GET /ai-employees", 25, _see_ai_employees),
    Page("POST /ai-employees", 10, _hire),
)
