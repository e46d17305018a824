"""What the pages write, the same in both variants, and the size of the platform."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from models import NOW, Booking, Chef, Review, SnsPost, User
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session


def count_rows(session: Session) -> dict[str, int]:
    """Return the number of rows that visitors may ask for, by table."""
    tables = (User, Chef, Booking, SnsPost)
    return {
        table.__tablename__: session.scalars(select(func.max(table.id))).one() for table in tables
    }


def book(session: Session, chef_id: int, wish: dict[str, Any]) -> dict[str, int] | None:
    """Book a chef where the evening is free; None where there is no such chef."""
    chef = session.get(Chef, chef_id)
    if chef is None:
        return None
    evening = NOW + timedelta(days=wish["in_days"], hours=18)
    taken = session.scalar(
        select(func.count(Booking.id)).where(
            Booking.chef_id == chef_id,
            Booking.booking_date == evening,
            Booking.status != "canceled",
        )
    )
    booking = Booking(
        order_number=wish["order_number"],
        user_id=wish["user_id"],
        chef_id=chef_id,
        booking_date=evening,
        duration_hours=4,
        guests=wish["guests"],
        status="waiting" if taken else "confirmed",
        total_price=2 * chef.price_per_session,
        created_at=NOW,
    )
    session.add(booking)
    session.flush()
    return {"id": booking.id}


def review(session: Session, chef_id: int, said: dict[str, Any]) -> dict[str, int] | None:
    """Add a review, and its rating to the chef's; None where there is no such chef."""
    chef = session.get(Chef, chef_id)
    if chef is None:
        return None
    added = Review(
        booking_id=said["booking_id"],
        chef_id=chef_id,
        user_id=said["user_id"],
        rating=said["rating"],
        comment=said["comment"],
        is_hidden=False,
        created_at=NOW,
    )
    session.add(added)
    chef.rating = (chef.rating * chef.rating_count + said["rating"]) / (chef.rating_count + 1)
    chef.rating_count += 1
    session.flush()
    return {"id": added.id}


def like(session: Session, post_id: int) -> dict[str, int] | None:
    """Like a post, and return its likes; None where there is no such post."""
    likes = session.scalar(
        update(SnsPost)
        .where(SnsPost.id == post_id)
        .values(likes_count=SnsPost.likes_count + 1)
        .returning(SnsPost.likes_count)
    )
    return None if likes is None else {"likes": likes}
