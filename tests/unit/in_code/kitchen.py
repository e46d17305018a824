"""A small platform of chefs and their bookings, and what a recording of it holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    mapped_column,
    relationship,
)


class Base(DeclarativeBase):
    """The models of a small platform."""


class Chef(Base):
    """A chef with bookings."""

    __tablename__ = "chefs"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    bookings: Mapped[list[Booking]] = relationship(back_populates="chef")


class Booking(Base):
    """A booking of a chef."""

    __tablename__ = "bookings"
    id: Mapped[int] = mapped_column(primary_key=True)
    chef_id: Mapped[int] = mapped_column(ForeignKey("chefs.id"))
    chef: Mapped[Chef] = relationship(back_populates="bookings")


def lines(path: Path) -> list[dict[str, Any]]:
    """Return the statements of a recording."""
    read = [json.loads(line) for line in path.read_text().splitlines()]
    return [line for line in read if "db.query.text" in line]


def texts(path: Path) -> list[str]:
    """Return the texts of a recording."""
    return [" ".join(line["db.query.text"].split()) for line in lines(path)]
