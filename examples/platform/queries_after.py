"""The pages' queries without N+1: one to three of them a page, and the same cards.

Rows that belong to one row are joined (joinedload), counts and sums are left to the database.
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
from models import (
    Booking,
    Chef,
    Product,
    Review,
    SnsAccount,
    SnsPost,
    User,
)
from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute, Session, joinedload, load_only, selectinload


def _count_by_chef(
    session: Session, of_chef: InstrumentedAttribute[int], chef_ids: list[int]
) -> dict[int, int]:
    """Return how many rows of a table each of the chefs has."""
    counted = session.execute(
        select(of_chef, func.count()).where(of_chef.in_(chef_ids)).group_by(of_chef)
    )
    return {chef_id: int(count) for chef_id, count in counted}


def list_chefs(session: Session, cuisine: str, page: int) -> tuple[ChefCard, ...]:
    """Return a page of chefs, the best first."""
    chefs = session.scalars(
        select(Chef)
        .where(Chef.is_active, Chef.cuisine_type == cuisine)
        .order_by(Chef.rating.desc(), Chef.id)
        .limit(12)
        .offset(12 * page)
    ).all()
    shown = [chef.id for chef in chefs]
    reviews = _count_by_chef(session, Review.chef_id, shown)
    bookings = _count_by_chef(session, Booking.chef_id, shown)
    return tuple(
        ChefCard(
            id=chef.id,
            name=chef.name,
            cuisine=chef.cuisine_type,
            location=chef.location,
            price=chef.price_per_session,
            rating=chef.rating,
            reviews=reviews.get(chef.id, 0),
            bookings=bookings.get(chef.id, 0),
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
        .options(joinedload(Review.user).load_only(User.name))
    )
    products = session.scalars(
        select(Product.name)
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
        products=tuple(products),
    )


def list_products(session: Session, category: str, page: int) -> tuple[ProductCard, ...]:
    """Return a page of the shop, the cheapest first."""
    products = session.execute(
        select(Product.slug, Product.name, Product.price, Chef.id, Chef.name)
        .join(Product.chef)
        .where(Product.is_active, Product.category == category)
        .order_by(Product.price, Product.id)
        .limit(12)
        .offset(12 * page)
    ).all()
    reviews = _count_by_chef(session, Review.chef_id, [product[3] for product in products])
    return tuple(
        ProductCard(slug, name, price, chef, reviews.get(chef_id, 0))
        for slug, name, price, chef_id, chef in products
    )


def list_bookings(session: Session, user_id: int) -> tuple[BookingCard, ...]:
    """Return a user's latest bookings."""
    bookings = session.scalars(
        select(Booking)
        .where(Booking.user_id == user_id)
        .order_by(Booking.booking_date.desc(), Booking.id)
        .limit(12)
        .options(
            joinedload(Booking.chef).load_only(Chef.name),
            selectinload(Booking.payments),
        )
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
    # Joined, SQLite would join every post before it takes the newest ten.
    account = selectinload(SnsPost.account)
    posts = session.scalars(
        select(SnsPost)
        .where(SnsPost.status == "published")
        .order_by(SnsPost.created_at.desc(), SnsPost.id)
        .limit(10)
        .offset(10 * page)
        .options(
            load_only(SnsPost.content, SnsPost.likes_count),
            account.load_only(SnsAccount.account_name),
            account.joinedload(SnsAccount.user).load_only(User.name),
        )
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
    user = session.execute(
        select(User.name, func.count(Booking.id), func.coalesce(func.sum(Booking.total_price), 0))
        .outerjoin(User.bookings)
        .where(User.id == user_id)
        .group_by(User.id, User.name)
    ).first()
    if user is None:
        return None
    accounts = session.execute(
        select(
            SnsAccount.account_name,
            func.count(SnsPost.id),
            func.coalesce(func.sum(SnsPost.likes_count), 0),
        )
        .outerjoin(SnsAccount.posts)
        .where(SnsAccount.user_id == user_id)
        .group_by(SnsAccount.id, SnsAccount.account_name)
        .order_by(SnsAccount.id)
    )
    name, bookings, spent = user
    return Dashboard(
        name=name,
        bookings=bookings,
        spent=int(spent),
        accounts=tuple(AccountCard(name, posts, int(likes)) for name, posts, likes in accounts),
    )
