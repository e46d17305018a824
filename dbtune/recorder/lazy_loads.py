"""The relationship whose lazy load sends the next statement of this context."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

from .complaint import complain
from .on_import import on_import

# A list that holds one name. A statement that runs in another thread has a copy of the context,
# and must be able to say that the name was used.
_current: ContextVar[list[str] | None] = ContextVar("dbtune_relationship", default=None)
_watching = False


def watch() -> None:
    """Follow the lazy loads of all sessions of SQLAlchemy, once the application imports its ORM."""
    global _watching
    if not _watching:
        _watching = True
        on_import("sqlalchemy.orm", _listen)


def current_relationship() -> str | None:
    """Return "Chef.bookings" where SQLAlchemy is about to load that relationship lazily.

    Where the chef was itself loaded through a relationship, that comes before it:
    "Product.chef > Chef.bookings".
    """
    waiting = _current.get()
    return waiting[0] if waiting else None


def take_relationship(text: str) -> str | None:
    """Return the relationship that this statement loads, so that no other statement gets it.

    Statements that a pool or a listener sends on the way (PRAGMA, BEGIN, SAVEPOINT) are passed by.
    """
    waiting = _current.get()
    if not waiting or not text[:6].upper().startswith(("SELECT", "WITH")):
        return None
    return waiting.pop()


def _listen(orm: Any) -> None:
    from sqlalchemy import event

    event.listen(orm.Session, "do_orm_execute", _follow)


def _follow(state: Any) -> None:
    """Remember what a session is about to load.

    Only lazy loads name the object that they are loaded from; selectinload and subqueryload are
    relationship loads without one (SQLAlchemy 1.4, 2.0 and 2.1).
    """
    try:
        name = None
        if state.is_relationship_load and state.lazy_loaded_from is not None:
            name = _path(state.lazy_loaded_from.load_path, state.loader_strategy_path[-1])
        if name is not None or _current.get():
            _current.set([name] if name else None)
    except Exception as error:  # noqa: BLE001 - the application must not feel it
        complain("a lazy load could not be followed", error)


def _path(loaded_by: Any, relationship: Any) -> str:
    """Return a relationship with those that lead to it from the query of the list.

    SQLAlchemy takes an option for it only with the whole way from what the query selects. A way
    that meets a relationship twice goes through a tree: each level is the same N+1.
    """
    last = _name(relationship)
    way = [_name(step) for step in loaded_by.path if getattr(step, "is_property", False)]
    return " > ".join([*way, last]) if len({*way, last}) == len(way) + 1 else last


def _name(relationship: Any) -> str:
    return f"{relationship.parent.class_.__name__}.{relationship.key}"
