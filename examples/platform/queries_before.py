"""The pages' queries as they were first written: 6 to 26 of them a page.

Nothing here looks wrong. Each relationship that is looked at in a loop sends a query a turn (N+1).
queries_after.py has the same functions without.
"""

from __future__ import annotations

from cards import (
    AccountCard,
    BookingCard,
    ChefCard,
    ChefPage,
    Dashboard,
    PostCard,
    ProductCard,
    ReviewCard,
)
from models import Booking, Chef, Product, Review, SnsPost, User
from sqlalchemy import select
from sqlalchemy.orm import Session


def list_chefs(session: Session, cuisine: str, page: int) -> tuple[ChefCard, ...]:
    """Return a page of chefs, the best first."""
    chefs = session.scalars(
        select(Chef)
        .where(Chef.is_active, Chef.cuisine_type == cuisine)
        .order_by(Chef.rating.desc(), Chef.id)
        .limit(12)
        .offset(12 * page)
    )
    return tuple(
        ChefCard(
            id=chef.id,
            name=chef.name,
            cuisine=chef.cuisine_type,
            location=chef.location,
            price=chef.price_per_session,
            rating=chef.rating,
            reviews=len(chef.reviews),
            bookings=len(chef.bookings),
        )
        for chef in chefs
    )


def show_chef(session: Session, chef_id: int) -> ChefPage | None:
    """Return a chef's page, None where there is no such chef."""
    chef = session.get(Chef, chef_id)
    if chef is None:
        return None
    reviews = session.scalars(
        select(Review)
        .where(Review.chef_id == chef_id, Review.is_hidden.is_(False))
        .order_by(Review.created_at.desc(), Review.id)
        .limit(10)
    )
    products = session.scalars(
        select(Product)
        .where(Product.chef_id == chef_id, Product.is_active)
        .order_by(Product.created_at.desc(), Product.id)
        .limit(6)
    )
    return ChefPage(
        name=chef.name,
        bio=chef.bio,
        reviews=tuple(
            ReviewCard(review.user.name, review.rating, review.comment) for review in reviews
        ),
        products=tuple(product.name for product in products),
    )


def list_products(session: Session, category: str, page: int) -> tuple[ProductCard, ...]:
    """Return a page of the shop, the cheapest first."""
    products = session.scalars(
        select(Product)
        .where(Product.is_active, Product.category == category)
        .order_by(Product.price, Product.id)
        .limit(12)
        .offset(12 * page)
    )
    return tuple(
        ProductCard(
            slug=product.slug,
            name=product.name,
            price=product.price,
            chef=product.chef.name,
            chef_reviews=len(product.chef.reviews),
        )
        for product in products
    )


def list_bookings(session: Session, user_id: int) -> tuple[BookingCard, ...]:
    """Return a user's latest bookings."""
    bookings = session.scalars(
        select(Booking)
        .where(Booking.user_id == user_id)
        .order_by(Booking.booking_date.desc(), Booking.id)
        .limit(12)
    )
    return tuple(
        BookingCard(
            day=f"{booking.booking_date:%Y-%m-%d}",
            status=booking.status,
            price=booking.total_price,
            chef=booking.chef.name,
            paid=sum(payment.amount for payment in booking.payments),
        )
        for booking in bookings
    )


def show_feed(session: Session, page: int) -> tuple[PostCard, ...]:
    """Return the newest posts of everybody."""
    posts = session.scalars(
        select(SnsPost)
        .where(SnsPost.status == "published")
        .order_by(SnsPost.created_at.desc(), SnsPost.id)
        .limit(10)
        .offset(10 * page)
    )
    return tuple(
        PostCard(
            id=post.id,
            content=post.content,
            likes=post.likes_count,
            account=post.account.account_name,
            author=post.account.user.name,
        )
        for post in posts
    )


def show_dashboard(session: Session, user_id: int) -> Dashboard | None:
    """Return a user's dashboard, None where there is no such user."""
    user = session.get(User, user_id)
    if user is None:
        return None
    return Dashboard(
        name=user.name,
        bookings=len(user.bookings),
        spent=sum(booking.total_price for booking in user.bookings),
        accounts=tuple(
            AccountCard(
                name=account.account_name,
                posts=len(account.posts),
                likes=sum(post.likes_count for post in account.posts),
            )
            for account in user.accounts
        ),
    )
