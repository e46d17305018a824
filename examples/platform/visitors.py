"""What visitors of the platform ask for: seeded, with the standard library only.

visit.py asks the application without a network, bench/http/locustfile.py over HTTP.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from random import Random
from typing import Any

# Pages by how often they come in a hundred visits; one in seven writes.
PAGES = {
    "/chefs": 24,
    "/chefs/<id>": 12,
    "/products": 16,
    "/users/<id>/bookings": 12,
    "/users/<id>/dashboard": 10,
    "/feed": 12,
    "book": 4,
    "review": 3,
    "like": 7,
}
CUISINES = ("japanese", "italian", "french", "korean", "chinese", "indian", "thai", "spanish")
CATEGORIES = ("meal-kit", "tableware", "knife", "seasoning", "tea", "sweets", "cookware", "apron")


@dataclass(frozen=True)
class Visit:
    """A request; `page` is its route, `body` the JSON that is sent along with a POST."""

    page: str
    path: str
    body: Mapping[str, Any] | None = None


def visits(sizes: Mapping[str, int], seed: str) -> Iterator[Visit]:
    """Yield requests without end; `sizes` is what the application's front page tells."""
    chance = Random(seed)
    pages, weights = tuple(PAGES), tuple(accumulate(PAGES.values()))
    while True:
        page = chance.choices(pages, cum_weights=weights)[0]
        yield _write(page, sizes, chance) if page in _WRITES else _read(page, sizes, chance)


def _read(page: str, sizes: Mapping[str, int], chance: Random) -> Visit:
    path = page
    if page.startswith("/users/"):
        path = page.replace("<id>", str(_popular(sizes["users"], chance)))
    elif page == "/chefs/<id>":
        path = page.replace("<id>", str(_popular(sizes["chefs"], chance)))
    elif page == "/chefs":
        path = f"/chefs?cuisine={chance.choice(CUISINES)}&page={chance.randrange(3)}"
    elif page == "/products":
        path = f"/products?category={chance.choice(CATEGORIES)}&page={chance.randrange(3)}"
    elif page == "/feed":
        path = f"/feed?page={chance.randrange(3)}"
    return Visit(page, path)


_WRITES = frozenset({"book", "review", "like"})


def _write(page: str, sizes: Mapping[str, int], chance: Random) -> Visit:
    if page == "like":
        return Visit("/posts/<id>/like", f"/posts/{_popular(sizes['sns_posts'], chance)}/like", {})
    chef, user = _popular(sizes["chefs"], chance), _popular(sizes["users"], chance)
    if page == "review":
        said = {"rating": chance.randint(3, 5), "comment": "また必ずお願いします。"}
        said |= {"user_id": user, "booking_id": _popular(sizes["bookings"], chance)}
        return Visit("/chefs/<id>/reviews", f"/chefs/{chef}/reviews", said)
    wish = {"user_id": user, "in_days": chance.randint(1, 40), "guests": chance.randint(2, 8)}
    wish |= {"order_number": chance.randrange(10**8, 10**9)}
    return Visit("/chefs/<id>/bookings", f"/chefs/{chef}/bookings", wish)


def _popular(most: int, chance: Random) -> int:
    """Return an id; low ones are more likely, as in the tables."""
    even = chance.random()
    return 1 + int(even * even * most)
