"""Sakila's DVD shops, twenty times their size: rentals, payments, customers, films, views.

The schema is that of sakila/sakila.db with its foreign keys' indexes, views and triggers; what
an owner of shops looks for beyond the foreign keys is left to win. Queries: sakila.sql.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from .recorded import Dice, Query, Row, Values, build_workload, insert, read_queries, read_schema

_NOW = datetime(2026, 3, 1)
_DAYS = 700
_RATINGS = {"PG-13": 0.25, "NC-17": 0.2, "R": 0.2, "PG": 0.2, "G": 0.15}
_CATEGORIES = (
    "Action Animation Children Classics Comedy Documentary Drama Family Foreign Games Horror Music"
    " New Sci-Fi Sports Travel"
).split()
_WORDS = (
    "ACADEMY BEAR CAUSE DOUBLE ENEMY FRIDA GRAFFITI HUNGER ISLAND JACKET KICK LOVER MOON NORTHWEST"
    " OCTOBER PELICAN QUEST RIVER STORM TITANS UPRISING VOYAGE WARDROBE YOUTH ZORRO"
).split()
_STAMP = "2026-02-15 04:34:33"


def build(work: Path, scale: float = 1.0) -> tuple[Path, Path]:
    """Return the database, some 60 MB at scale 1, and its recording."""

    def fill(connection: sqlite3.Connection, generator: random.Random) -> tuple[Query, ...]:
        chain = _Chain(Dice(generator, scale))
        chain.fill_places(connection)
        chain.fill_films(connection)
        chain.fill_rentals(connection)
        return read_queries("sakila", {**chain.about_rentals(), **chain.about_others()})

    return build_workload(work, "sakila", scale, fill, read_schema("sakila/sakila.db"))


class _Chain:
    """How much there is of everything, the rows, and values to ask for."""

    def __init__(self, dice: Dice) -> None:
        self.dice = dice
        self.stores, self.actors = 8, dice.rows(900)
        self.cities, self.customers = dice.rows(600), dice.rows(15_000)
        self.films, self.copies = dice.rows(6_000), dice.rows(40_000)
        self.rentals = dice.rows(320_000)

    def fill_places(self, connection: sqlite3.Connection) -> None:
        stamped = "last_update"
        countries = ((n, f"Country {n}", _STAMP) for n in range(1, 110))
        insert(connection, "country", f"country_id, country, {stamped}", countries)
        cities = ((n, f"City {n}", 1 + n % 109, _STAMP) for n in range(1, self.cities + 1))
        insert(connection, "city", f"city_id, city, country_id, {stamped}", cities)
        addresses = (
            (n, f"{n} Main Street", "District", self.dice.one_of(self.cities), f"{n:012}", _STAMP)
            for n in range(1, self.customers + self.stores + 1)
        )
        columns = f"address_id, address, district, city_id, phone, {stamped}"
        insert(connection, "address", columns, addresses)
        stores = ((n, n, self.customers + n, _STAMP) for n in range(1, self.stores + 1))
        insert(connection, "store", f"store_id, manager_staff_id, address_id, {stamped}", stores)
        staff = (
            (n, "Mike", f"Hillyer{n}", self.customers + n, n, f"mike{n}", _STAMP)
            for n in range(1, self.stores + 1)
        )
        columns = f"staff_id, first_name, last_name, address_id, store_id, username, {stamped}"
        insert(connection, "staff", columns, staff)
        customers = (
            (n, self._store(), self._word(), _last_name(n), _mail(n), n, int(n % 25 > 0),
             _day(_DAYS), _STAMP)
            for n in range(1, self.customers + 1)
        )  # fmt: skip
        columns = "customer_id, store_id, first_name, last_name, email, address_id, active"
        insert(connection, "customer", f"{columns}, create_date, {stamped}", customers)

    def fill_films(self, connection: sqlite3.Connection) -> None:
        languages = ((n, f"Language {n}", _STAMP) for n in range(1, 7))
        insert(connection, "language", "language_id, name, last_update", languages)
        categories = ((n, name, _STAMP) for n, name in enumerate(_CATEGORIES, 1))
        insert(connection, "category", "category_id, name, last_update", categories)
        actors = ((n, self._word(), _last_name(n), _STAMP) for n in range(1, self.actors + 1))
        insert(connection, "actor", "actor_id, first_name, last_name, last_update", actors)
        films = (
            (n, self._title(n), "A tale of a robot and a pilot who must fight a crocodile. " * 2,
             "2006", 1, n % 5 + 3, self._rate(), self.dice.random.randint(46, 185),
             self.dice.pick(_RATINGS), "Trailers", _STAMP)
            for n in range(1, self.films + 1)
        )  # fmt: skip
        columns = (
            "film_id, title, description, release_year, language_id, rental_duration,"
            " rental_rate, length, rating, special_features, last_update"
        )
        insert(connection, "film", columns, films)
        sorted_into = ((n, 1 + n % len(_CATEGORIES), _STAMP) for n in range(1, self.films + 1))
        insert(connection, "film_category", "film_id, category_id, last_update", sorted_into)
        cast = (
            (actor, film, _STAMP)
            for film in range(1, self.films + 1)
            for actor in sorted({self.dice.one_of(self.actors, 1.5) for _ in range(5)})
        )
        insert(connection, "film_actor", "actor_id, film_id, last_update", cast)
        copies = ((n, self._film(), self._store(), _STAMP) for n in range(1, self.copies + 1))
        insert(connection, "inventory", "inventory_id, film_id, store_id, last_update", copies)

    def fill_rentals(self, connection: sqlite3.Connection) -> None:
        columns = "rental_date, inventory_id, customer_id, return_date, staff_id, last_update"
        insert(connection, "rental", f"rental_id, {columns}", self._rentals())
        columns = "customer_id, staff_id, rental_id, amount, payment_date, last_update"
        insert(connection, "payment", columns, self._payments(connection))

    def _rentals(self) -> Iterator[Row]:
        for n in range(1, self.rentals + 1):
            ago = _DAYS * (1 - n / self.rentals)
            back = None if ago < 9 and self.dice.random.random() < 0.6 else _day(ago - 6)
            yield (n, _day(ago), self._copy(), self._customer(), back, self._store(), _STAMP)

    def _payments(self, connection: sqlite3.Connection) -> Iterator[Row]:
        rented = connection.execute("SELECT rental_id, customer_id, rental_date FROM rental")
        for rental, customer, day in rented:
            linked = None if rental % 2_000 == 0 else rental
            yield (customer, self._store(), linked, self._rate(), day, _STAMP)

    def about_rentals(self) -> dict[str, Values]:
        """Values for rentals and payments."""
        customer, dice = self._customer, self.dice
        return {
            "film_in_stock": lambda: (self._film(), self._store()),
            "film_not_in_stock": lambda: (self._film(), self._store()),
            "held_by_customer": lambda: (self._copy(),),
            "inventory_in_stock": lambda: (self._copy(),),
            "balance_fees": lambda: (_day(1), customer()),
            "balance_paid": lambda: (_day(1), customer()),
            "rewards": lambda: (_day(60)[:10], _day(30)[:10], 40, 7),
            "overdue": lambda: (_day(0),),
            "out_of_store": lambda: (self._store(),),
            "customer_rentals": lambda: (customer(),),
            "customer_open": lambda: (customer(),),
            "customer_payments": lambda: (customer(), 10 * dice.random.randrange(3)),
            "sales_of_day": lambda: (_day(ago := dice.one_of(90)), _day(ago - 1)),
            "payment_of_rental": lambda: (self._rental(),),
            "newest_rental": lambda: (customer(),),
            "newest_rentals_of_store": lambda: (self._store(), _last_name(dice.one_of(90))),
            "last_per_customer": lambda: (self._store(), _day(30)),
            "film_top": lambda: (_day(30),),
            "rental_insert": self._new_rental,
            "rental_upsert": self._new_rental,
            "payment_insert": lambda: (
                customer(), self._store(), self._rental(), 4.99, _day(0), _STAMP,
            ),
            "rental_return": lambda: (_day(0), self._copy()),
            "customers_sleep": lambda: (_day(5),),
            "payments_purge": lambda: (_day(_DAYS - 1), _day(_DAYS - 7)),
            "rental_cancel": lambda: (self._rental(),),
        }  # fmt: skip

    def about_others(self) -> dict[str, Values]:
        """Values for customers, films and actors."""
        dice = self.dice
        return {
            "customer_by_name": lambda: (_last_name(self._customer()).title(),),
            "customer_by_prefix": lambda: (f"{_last_name(self._customer())[:4]}%",),
            "customer_by_either": lambda: (_mail(n := self._customer()), _last_name(n)),
            "customer_by_mail": lambda: (_mail(self._customer()),),
            "customer_list_city": lambda: (f"City {(n := self._city())}", f"Country {1 + n % 109}"),
            "customer_list_store": lambda: (self._store(),),
            "film_list_category": lambda: (dice.random.choice(_CATEGORIES),),
            "film_list_one": lambda: (self._film(),),
            "film_by_title": lambda: (f"{self._word().title()} {self._word()[:2]}%",),
            "film_search": lambda: ("PG", "G", low := dice.random.randint(50, 120), low + 15),
            "film_rate": lambda: (self._rate(), dice.pick(_RATINGS)),
            "actor_films": lambda: (dice.one_of(self.actors, 1.5),),
            "actor_by_name": lambda: (_last_name(dice.one_of(self.actors)), self._word()),
            "customer_touch": lambda: (1, self._customer()),
        }

    def _new_rental(self) -> Row:
        soon = (_NOW + timedelta(seconds=self.dice.random.randint(1, 10**7))).isoformat(" ")
        return (soon, self._copy(), self._customer(), self._store(), _STAMP)

    def _title(self, number: int) -> str:
        return f"{self._word()} {self._word()} {number % 100}"

    def _word(self) -> str:
        return self.dice.random.choice(_WORDS)

    def _rate(self) -> float:
        return float(self.dice.pick({"0.99": 0.4, "2.99": 0.35, "4.99": 0.25}))

    def _store(self) -> int:
        return self.dice.one_of(self.stores, 1.3)

    def _city(self) -> int:
        return self.dice.one_of(self.cities)

    def _customer(self) -> int:
        return self.dice.one_of(self.customers, 1.5)

    def _film(self) -> int:
        return self.dice.one_of(self.films, 1.8)

    def _copy(self) -> int:
        return self.dice.one_of(self.copies, 1.3)

    def _rental(self) -> int:
        return self.dice.random.randint(1, self.rentals)


def _day(ago: float) -> str:
    return (_NOW - timedelta(days=ago)).strftime("%Y-%m-%d %H:%M:%S")


def _last_name(number: int) -> str:
    return f"{_WORDS[number % len(_WORDS)]}{_WORDS[number // 7 % len(_WORDS)][:3]}SON"


def _mail(number: int) -> str:
    return f"{_last_name(number).title()}.{number}@sakilacustomer.org"
