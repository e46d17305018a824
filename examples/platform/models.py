"""The tables of the platform that its pages use, and how they belong together.

Every relationship is loaded lazily, which is SQLAlchemy's default: a query is sent when it is first
looked at.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

# The platform's data ends on this day, so this is what the application takes for today.
NOW = datetime(2026, 6, 1)


class Base(DeclarativeBase):
    """All tables have a whole number as their key."""

    id: Mapped[int] = mapped_column(primary_key=True)


class User(Base):
    """Who signs in: customers, chefs and creators."""

    __tablename__ = "users"
    email: Mapped[str] = mapped_column(String(120))
    password_hash: Mapped[str] = mapped_column(String(255))
    name: Mapped[str] = mapped_column(String(120))
    role: Mapped[str] = mapped_column(String(20))
    locale: Mapped[str] = mapped_column(String(5))
    is_active: Mapped[bool]
    settings: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    last_login_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    accounts: Mapped[list[SnsAccount]] = relationship(
        back_populates="user", order_by="SnsAccount.id"
    )
    bookings: Mapped[list[Booking]] = relationship()


class Chef(Base):
    """A user who cooks for others."""

    __tablename__ = "chefs"
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    name: Mapped[str] = mapped_column(String(120))
    bio: Mapped[str | None]
    cuisine_type: Mapped[str] = mapped_column(String(50))
    location: Mapped[str] = mapped_column(String(200))
    price_per_session: Mapped[int]
    rating: Mapped[float]
    rating_count: Mapped[int]
    is_active: Mapped[bool]
    created_at: Mapped[datetime]

    bookings: Mapped[list[Booking]] = relationship(back_populates="chef")
    reviews: Mapped[list[Review]] = relationship()


class Product(Base):
    """What a chef sells; the platform's own services are of no chef, and on no page."""

    __tablename__ = "products"
    chef_id: Mapped[int | None] = mapped_column(ForeignKey("chefs.id"))
    slug: Mapped[str] = mapped_column(String(80))
    name: Mapped[str] = mapped_column(String(120))
    category: Mapped[str] = mapped_column(String(50))
    description: Mapped[str | None]
    price: Mapped[int]
    stock: Mapped[int]
    is_active: Mapped[bool]
    created_at: Mapped[datetime]

    chef: Mapped[Chef] = relationship()


class Booking(Base):
    """An evening with a chef."""

    __tablename__ = "bookings"
    order_number: Mapped[int]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    chef_id: Mapped[int] = mapped_column(ForeignKey("chefs.id"))
    booking_date: Mapped[datetime]
    duration_hours: Mapped[int]
    guests: Mapped[int]
    status: Mapped[str] = mapped_column(String(20))
    total_price: Mapped[int]
    special_requests: Mapped[str | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime | None]

    chef: Mapped[Chef] = relationship(back_populates="bookings")
    payments: Mapped[list[Payment]] = relationship()


class Payment(Base):
    """Money for a booking or a subscription."""

    __tablename__ = "payments"
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    booking_id: Mapped[int | None] = mapped_column(ForeignKey("bookings.id"))
    order_number: Mapped[str] = mapped_column(String(32))
    amount: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    status: Mapped[str] = mapped_column(String(20))
    provider: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[datetime]


class Review(Base):
    """What a guest says of a chef."""

    __tablename__ = "reviews"
    booking_id: Mapped[int] = mapped_column(ForeignKey("bookings.id"))
    chef_id: Mapped[int] = mapped_column(ForeignKey("chefs.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    rating: Mapped[int]
    comment: Mapped[str | None]
    is_hidden: Mapped[bool]
    created_at: Mapped[datetime]

    user: Mapped[User] = relationship()


class SnsAccount(Base):
    """A user's account on a social network."""

    __tablename__ = "sns_accounts"
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    platform: Mapped[str] = mapped_column(String(50))
    account_name: Mapped[str] = mapped_column(String(120))
    followers_count: Mapped[int]
    is_active: Mapped[bool]
    created_at: Mapped[datetime]

    user: Mapped[User] = relationship(back_populates="accounts")
    posts: Mapped[list[SnsPost]] = relationship(back_populates="account")


class SnsPost(Base):
    """A post of an account."""

    __tablename__ = "sns_posts"
    account_id: Mapped[int] = mapped_column(ForeignKey("sns_accounts.id"))
    content: Mapped[str]
    status: Mapped[str] = mapped_column(String(20))
    likes_count: Mapped[int]
    comments_count: Mapped[int]
    published_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    account: Mapped[SnsAccount] = relationship(back_populates="posts")
