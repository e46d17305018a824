"""The cooking pages: signing in, finding a chef, booking, paying, reviewing, the shop."""

from __future__ import annotations

import sqlite3

from dbtune.demo.page import Page
from dbtune.demo.visit import Visit
from dbtune.demo.words import vocabulary


def sign_on(visit: Visit) -> int:
    """Load the user of the session, as every page does, and return the id."""
    user_id = visit.chance.hot(visit.population.users)
    visit.rows("current_user", user_id)
    return user_id


def _log_in(visit: Visit) -> None:
    user = visit.rows("current_user", visit.chance.hot(visit.population.users))[0]
    visit.rows("find_login", user["users_email"].lower(), 1, 0)
    visit.write("record_login", visit.timestamp(), user["users_id"])
    visit.commit()


def _find_chefs(visit: Visit) -> None:
    visit.rows("active_subscription", sign_on(visit), "active", 1, 0)
    cuisine = visit.chance.first_of(vocabulary("cuisine"))
    visit.rows("count_chefs", cuisine)
    page = visit.chance.hot(6) - 1
    for chef in visit.rows("list_chefs", cuisine, 12, 12 * page):
        visit.rows("chef_rating", chef["chefs_id"])


def _find_chefs_nearby(visit: Visit) -> None:
    visit.rows("active_subscription", sign_on(visit), "active", 1, 0)
    most = 4000 + 1000 * visit.chance.up_to(12)
    visit.rows("list_chefs_nearby", visit.chance.first_of(vocabulary("location")), most, 12, 0)


def _see_chef(visit: Visit) -> None:
    sign_on(visit)
    chef = _some_chef(visit)
    chef_id = chef["chefs_id"]
    for review in visit.rows("chef_reviews", chef_id, 10, 0):
        visit.rows("get_author", review["reviews_user_id"])
    visit.rows(
        "chef_calendar",
        chef_id,
        visit.timestamp(),
        visit.timestamp(days=30),
        "pending",
        "confirmed",
    )
    visit.rows("products_of_chef", chef_id, 6, 0)
    visit.rows("similar_chefs", chef["chefs_cuisine_type"], chef["chefs_location"], chef_id, 4, 0)


def _search_chefs(visit: Visit) -> None:
    sign_on(visit)
    word = f"%{visit.chance.one_of(vocabulary('dish'))}%"
    visit.rows("search_chefs", word, word, 20, 0)


def _see_bookings(visit: Visit) -> None:
    """Play the bookings page, the worst of all: two more statements for each booking shown."""
    user_id = sign_on(visit)
    visit.rows("active_subscription", user_id, "active", 1, 0)
    visit.rows("upcoming_bookings", user_id, "confirmed", visit.timestamp())
    visit.rows("count_bookings", user_id)
    for booking in visit.rows("list_bookings", user_id, 20, 0):
        visit.rows("get_chef", booking["bookings_chef_id"])
        visit.rows("payment_of_booking", booking["bookings_id"], 1, 0)


def _book(visit: Visit) -> None:
    user_id = sign_on(visit)
    chef = _some_chef(visit)
    day = visit.timestamp(days=visit.chance.up_to(40))[:10] + " 18:00:00.000000"
    visit.rows("slots_taken", chef["chefs_id"], day, "canceled")
    order_number = 30_000_000 + visit.number
    price = 2 * chef["chefs_price_per_session"]
    now = visit.timestamp()
    booking_id = visit.write(
        "add_booking",
        order_number,
        user_id,
        chef["chefs_id"],
        day,
        4,
        2 + visit.chance.up_to(6),
        "pending",
        price,
        None,
        now,
        now,
    )
    _pay(visit, user_id, booking_id, order_number, price)
    visit.write("set_booking_status", "confirmed", visit.timestamp(), booking_id)
    visit.commit()
    visit.rows("receipt", booking_id)


def _pay(visit: Visit, user_id: int, booking_id: int, order_number: int, price: int) -> None:
    reference = f"pi_{visit.chance.up_to(2**31):08x}"
    visit.write(
        "add_payment",
        user_id,
        booking_id,
        None,
        str(order_number),
        price,
        "JPY",
        "succeeded",
        "stripe",
        reference,
        visit.timestamp(),
    )


def _see_receipt(visit: Visit) -> None:
    user_id = sign_on(visit)
    for booking in visit.rows("list_bookings", user_id, 1, 0):
        visit.rows("receipt", booking["bookings_id"])


def _see_payments(visit: Visit) -> None:
    visit.rows("payments_of_user", sign_on(visit), 20, 0)


def _review(visit: Visit) -> None:
    user_id = sign_on(visit)
    booking = visit.first("get_booking", visit.chance.up_to(visit.population.bookings))
    if booking is None:
        return
    chef_id = booking["bookings_chef_id"]
    visit.write(
        "add_review",
        booking["bookings_id"],
        chef_id,
        user_id,
        3 + visit.chance.up_to(2),
        "Sehr gut! また必ずお願いします。",
        0,
        visit.timestamp(),
    )
    average, count = visit.rows("chef_rating", chef_id)[0]
    visit.write("set_chef_rating", round(average, 1), count, chef_id)
    visit.commit()


def _see_shop(visit: Visit) -> None:
    sign_on(visit)
    category = visit.chance.first_of(vocabulary("category"))
    page = visit.chance.hot(4) - 1
    found = visit.rows("list_products", category, 24, 24 * page)
    if found and visit.chance.happens(0.6):
        _see_product(visit, visit.chance.one_of(found))


def _see_product(visit: Visit, product: sqlite3.Row) -> None:
    visit.rows("get_product", product["products_slug"], 1, 0)
    visit.rows("products_of_chef", product["products_chef_id"], 6, 0)
    if visit.chance.happens(0.3):
        visit.write("take_from_stock", 1, product["products_id"])
        visit.commit()


def _search_shop(visit: Visit) -> None:
    sign_on(visit)
    visit.rows("search_products", f"%{visit.chance.one_of(vocabulary('dish'))}%", 0, 24, 0)


def _some_chef(visit: Visit) -> sqlite3.Row:
    return visit.rows("get_chef", visit.chance.hot(visit.population.chefs))[0]


PAGES = (
    Page("POST /login", 60, _log_in),
    Page("GET /chefs", 60, _find_chefs),
    Page("GET /chefs/nearby", 40, _find_chefs_nearby),
    Page("GET /chefs/<id>", 55, _see_chef),
    Page("GET /chefs/search", 10, _search_chefs),
    Page("GET /bookings", 60, _see_bookings),
    Page("POST /bookings", 35, _book),
    Page("GET /bookings/<id>/receipt", 12, _see_receipt),
    Page("GET /payments", 20, _see_payments),
    Page("POST /reviews", 20, _review),
    Page("GET /shop", 40, _see_shop),
    Page("GET /shop/search", 12, _search_shop),
)
