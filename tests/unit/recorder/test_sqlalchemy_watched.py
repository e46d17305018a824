"""What only SQLAlchemy knows: which relationship is loaded lazily, and how long its pool waited."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.recorder.programs import hear

MODELS = """
import sqlalchemy as sa
from sqlalchemy import orm

class Base(orm.DeclarativeBase):
    pass

class Chef(Base):
    __tablename__ = "chefs"
    id = orm.mapped_column(sa.Integer, primary_key=True)
    bookings = orm.relationship("Booking", back_populates="chef")

class Booking(Base):
    __tablename__ = "bookings"
    id = orm.mapped_column(sa.Integer, primary_key=True)
    chef_id = orm.mapped_column(sa.ForeignKey("chefs.id"))
    chef = orm.relationship(Chef, back_populates="bookings")

engine = sa.create_engine("sqlite:///app.db")
sa.event.listen(engine, "connect", lambda raw, entry: raw.execute("PRAGMA foreign_keys = ON"))
Base.metadata.create_all(engine)
with orm.Session(engine) as session:
    session.add_all([Chef(id=n, bookings=[Booking(), Booking()]) for n in (1, 2, 3)])
    session.commit()
heard.clear()
"""


LOADS = {
    "[chef.bookings for chef in session.scalars(sa.select(Chef))]":
        [None] + ["Chef.bookings"] * 3,
    "[booking.chef for booking in session.scalars(sa.select(Booking))]":
        [None] + ["Booking.chef"] * 3,
    "[c.bookings for c in session.scalars(sa.select(Chef).options("
    "orm.selectinload(Chef.bookings)))]": [None, None],
    "[c.bookings for c in session.scalars(sa.select(Chef).options("
    "orm.subqueryload(Chef.bookings)))]": [None, None],
    "[c.bookings for c in session.scalars(sa.select(Chef).options("
    "orm.joinedload(Chef.bookings))).unique()]": [None],
    "session.get(Chef, 1).bookings; session.execute(sa.text('SELECT 1'))":
        [None, "Chef.bookings", None],
    "session.expire(session.get(Chef, 1)); session.get(Chef, 1).id": [None, None],
}  # fmt: skip


def test_lazy_loads_name_their_relationship(tmp_path: Path) -> None:
    """Loads that were asked for name none, and neither does what follows a lazy load."""
    program = MODELS
    for number, load in enumerate(LOADS):
        program += f"ask('SELECT {number}')\nwith orm.Session(engine) as session:\n    {load}\n"
    heard = hear(program, tmp_path)
    found: list[list[str | None]] = []
    for sent in heard:
        if sent.text == f"SELECT {len(found)}":
            found.append([])
        else:
            found[-1].append(sent.relationship)
    assert dict(zip(LOADS, found, strict=True)) == LOADS
    assert {sent.file_path for sent in heard if "FROM" in sent.text} == {"app.py"}


def test_a_lazy_load_that_opens_a_connection_names_its_own_statement(tmp_path: Path) -> None:
    """PRAGMAs that a new connection is given first are not the load."""
    program = f"""{MODELS}
with orm.Session(engine) as session:
    chef = session.get(Chef, 1)
    session.commit()
    chef.id
    session.connection().invalidate()
    session.rollback()
    chef.id
    session.rollback()
    session.expire_on_commit = False
    chef = session.get(Chef, 1)
    session.commit()
    engine.dispose()
    heard.clear()
    chef.bookings
"""
    heard = hear(program, tmp_path)
    assert [(sent.text[:6], sent.relationship) for sent in heard] == [
        ("PRAGMA", None),
        ("SELECT", "Chef.bookings"),
    ]


def test_lazy_loads_of_async_sessions_are_named(tmp_path: Path) -> None:
    """They run in a thread of aiosqlite, with the context of the session."""
    pytest.importorskip("aiosqlite")
    program = f"""{MODELS}
import asyncio
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

async def main():
    asynchronous = create_async_engine("sqlite+aiosqlite:///app.db")
    async with AsyncSession(asynchronous) as session:
        chef = await session.get(Chef, 1)
        await session.run_sync(lambda sync: chef.bookings)
        await session.execute(sa.text("SELECT 1"))
    await asynchronous.dispose()
asyncio.run(main())
"""
    heard = [sent for sent in hear(program, tmp_path) if sent.text.startswith("SELECT")]
    assert [sent.relationship for sent in heard] == [None, "Chef.bookings", None]
    assert {sent.file_path for sent in heard} == {"app.py"}


def test_waits_for_a_connection_are_told(tmp_path: Path) -> None:
    """To the first statement of the connection that was waited for, and to no other."""
    program = """
import threading
import sqlalchemy as sa

engine = sa.create_engine("sqlite:///app.db", pool_size=1, max_overflow=0, pool_timeout=30)
holding = threading.Event()

def hold():
    with engine.connect() as connection:
        holding.set()
        # Until the other thread waits for this connection.
        while not engine.pool._pool.not_empty._waiters:
            pass

thread = threading.Thread(target=hold)
thread.start()
holding.wait()
with engine.connect() as connection:
    connection.execute(sa.text("SELECT 1"))
    connection.execute(sa.text("SELECT 2"))
thread.join()
with engine.connect() as connection:
    connection.execute(sa.text("SELECT 3"))
engine.dispose()
"""
    waited = {sent.text: sent.wait_ns for sent in hear(program, tmp_path) if "SELECT" in sent.text}
    assert (waited["SELECT 1"] or 0) > 0
    assert (waited["SELECT 2"], waited["SELECT 3"]) == (None, None)
