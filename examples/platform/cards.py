"""What the pages show. Both variants of the queries fill in the same cards."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ChefCard:
    """A line of the list of chefs."""

    id: int
    name: str
    cuisine: str
    location: str
    price: int
    rating: float
    reviews: int
    bookings: int


@dataclass(frozen=True)
class ReviewCard:
    """A review on a chef's page."""

    author: str
    rating: int
    comment: str | None


@dataclass(frozen=True)
class ChefPage:
    """A chef's own page."""

    name: str
    bio: str | None
    reviews: tuple[ReviewCard, ...]
    products: tuple[str, ...]


@dataclass(frozen=True)
class ProductCard:
    """A line of the shop."""

    slug: str
    name: str
    price: int
    chef: str
    chef_reviews: int


@dataclass(frozen=True)
class BookingCard:
    """A line of a user's bookings."""

    day: str
    status: str
    price: int
    chef: str
    paid: int


@dataclass(frozen=True)
class PostCard:
    """A post in the feed."""

    id: int
    content: str
    likes: int
    account: str
    author: str


@dataclass(frozen=True)
class AccountCard:
    """An account on the dashboard."""

    name: str
    posts: int
    likes: int


@dataclass(frozen=True)
class Dashboard:
    """What a user sees after signing in."""

    name: str
    bookings: int
    spent: int
    accounts: tuple[AccountCard, ...]
