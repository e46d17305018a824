"""The office's pages: dashboards, long lists, searches; and the jobs that run by themselves."""

from __future__ import annotations

from dbtune.demo.page import Page
from dbtune.demo.visit import Visit

_ADMIN_ID = 1


def _see_dashboard(visit: Visit) -> None:
    visit.rows("current_user", _ADMIN_ID)
    month_ago = visit.timestamp(days=-30)
    visit.rows("bookings_per_status", month_ago)
    visit.rows("revenue_per_day", "succeeded", month_ago)
    visit.rows("top_chefs", "completed", month_ago, 10, 0)
    visit.rows("signups_per_locale", month_ago)
    visit.rows("revenue_per_plan")


def _prepare_newsletter(visit: Visit) -> None:
    visit.rows("current_user", _ADMIN_ID)
    visit.rows("newsletter_readers")
    visit.rows("idle_chefs", visit.timestamp(days=-60), 50, 0)
    visit.rows("biggest_accounts", visit.chance.one_of(("instagram", "tiktok", "x")), 50, 0)


def _see_day(visit: Visit) -> None:
    visit.rows("current_user", _ADMIN_ID)
    visit.rows("bookings_on_day", visit.timestamp(days=visit.chance.up_to(14) - 7)[:10])


def _leaf_through_users(visit: Visit) -> None:
    visit.rows("current_user", _ADMIN_ID)
    visit.rows("page_users", 50, _offset(visit, visit.population.users))


def _leaf_through_bookings(visit: Visit) -> None:
    visit.rows("current_user", _ADMIN_ID)
    status = visit.chance.one_of(("pending", "confirmed", "canceled", "no_show"))
    visit.rows("page_bookings", status, 50, _offset(visit, visit.population.bookings // 40))


def _leaf_through_payments(visit: Visit) -> None:
    visit.rows("current_user", _ADMIN_ID)
    status = visit.chance.one_of(("failed", "refunded", "succeeded"))
    visit.rows("page_payments", status, 50, _offset(visit, visit.population.payments // 40))


def _moderate(visit: Visit) -> None:
    visit.rows("current_user", _ADMIN_ID)
    visit.rows("hidden_reviews", 50, 0)


def _search_users(visit: Visit) -> None:
    visit.rows("current_user", _ADMIN_ID)
    if visit.chance.happens(0.6):
        visit.rows("users_by_email_prefix", f"{visit.chance.one_of(_PREFIXES)}%", 20, 0)
    else:
        visit.rows("users_by_name", f"%{visit.chance.one_of(_NAMES)}%", 20, 0)


def _invite(visit: Visit) -> None:
    user = visit.rows("current_user", visit.chance.hot(visit.population.users))[0]
    visit.rows("user_by_any_case", user["users_email"].upper(), 1, 0)


def _publish_due(visit: Visit) -> None:
    for post in visit.rows("due_posts", visit.timestamp(), 20, 0):
        visit.write("publish_post", "published", visit.timestamp(), post["sns_posts_id"])
    visit.commit()


def _poll_due(visit: Visit) -> None:
    visit.rows("due_posts", visit.timestamp(days=-2), 20, 0)


def _renew(visit: Visit) -> None:
    """Play the nightly renewals, which commit every payment on its own."""
    for due in visit.rows("renewals_due", visit.timestamp(), 80, 0):
        visit.write(
            "add_payment",
            due["subscriptions_user_id"],
            None,
            due["subscriptions_id"],
            f"REN-{visit.timestamp()[:10]}-{due['subscriptions_id']}",
            due["subscriptions_amount"],
            "JPY",
            "succeeded",
            "stripe",
            f"pi_{visit.chance.up_to(2**31):08x}",
            visit.timestamp(),
        )
        visit.commit()
        later = visit.timestamp(days=30)
        visit.write("extend_subscription", later, due["subscriptions_id"])
        visit.commit()


def _reconcile(visit: Visit) -> None:
    for payment in visit.rows("pending_payments", visit.timestamp(days=-1), 10, 0):
        visit.write("settle_payment", "succeeded", payment["payments_id"])
    visit.commit()


def _clear_drafts(visit: Visit) -> None:
    visit.write("delete_old_drafts", "draft", visit.timestamp(days=-720))
    visit.commit()


def _offset(visit: Visit, most: int) -> int:
    return 50 * (visit.chance.hot(max(1, most // 50)) - 1)


_PREFIXES = ("tanaka", "hina.", "sophie.m", "yui.sato", "liam.", "misaki.suzuki")
_NAMES = ("田中", "Müller", "Smith", "葵", "O'Brien")

PAGES = (
    Page("GET /office", 12, _see_dashboard),
    Page("GET /office/newsletter", 5, _prepare_newsletter),
    Page("GET /office/calendar", 15, _see_day),
    Page("GET /office/users", 15, _leaf_through_users),
    Page("GET /office/bookings", 20, _leaf_through_bookings),
    Page("GET /office/payments", 15, _leaf_through_payments),
    Page("GET /office/reviews", 8, _moderate),
    Page("GET /office/users/search", 25, _search_users),
    Page("POST /office/invite", 10, _invite),
    Page("job publish", 20, _publish_due),
    Page("job publish", 12, _poll_due, summed=60),
    Page("job renewals", 4, _renew),
    Page("job reconcile", 5, _reconcile),
    Page("job clear drafts", 2, _clear_drafts),
)
