"""The relationship whose lazy load sends the next statement of this context."""

from __future__ import annotations

from contextlib import suppress
from contextvars import ContextVar
from functools import wraps
from importlib import import_module
from typing import Any, Iterator
from weakref import WeakKeyDictionary

from .complaint import complain
from .on_import import on_import

STEP = " > "
# A list that holds one name. A statement that runs in another thread has a copy of the context,
# and must be able to say that the name was used.
_current: ContextVar[list[str] | None] = ContextVar("dbtune_relationship", default=None)
_watching = False

# Returns what is true where a relationship is about to be loaded; each statement asks.
waiting_relationship = _current.get


def watch() -> None:
    """Follow the lazy loads of all sessions of SQLAlchemy, once the application imports its ORM."""
    global _watching
    if not _watching:
        _watching = True
        on_import("sqlalchemy.orm", _listen)


def current_relationship() -> str | None:
    """Return "Chef.bookings" where SQLAlchemy is about to load that relationship lazily.

    Where the chef was itself loaded through a relationship, that comes before it:
    "Product.chef > Chef.bookings". "Employee > Manager.cars" is a relationship of a class derived
    from what the query selects, "aliased(Chef).bookings" one of an alias, and a tree is
    "Node.children > Node.children" from the second level on.
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
    strategies: Any = import_module("sqlalchemy.orm.strategies")
    for name in ("_LazyLoader", "LazyLoader"):  # 2.1 and before
        loader: Any = getattr(strategies, name, None)
        if hasattr(loader, "_emit_lazyload"):
            loader._emit_lazyload = _followed(loader._emit_lazyload)
            return
    from sqlalchemy import event

    event.listen(orm.Session, "do_orm_execute", _follow)


def _followed(emit: Any) -> Any:
    """Return what sends a lazy load, and says so before.

    The event that SQLAlchemy has for it makes each query of a session slower, by more than all
    else that is recorded of it.
    """

    @wraps(emit)
    def emit_lazyload(self: Any, session: Any, state: Any, *arguments: Any, **options: Any) -> Any:
        before = _current.set(_named(session, state, self.parent_property))
        try:
            return emit(self, session, state, *arguments, **options)
        finally:
            with suppress(ValueError, RuntimeError):  # it ended in another context
                _current.reset(before)

    return emit_lazyload


def _named(session: Any, owner: Any, relationship: Any) -> list[str] | None:
    try:
        return [_path(owner, relationship, _ways.setdefault(session, {}))]
    except Exception as error:  # noqa: BLE001 - the application must not feel it
        complain("a lazy load could not be followed", error)
        return None


def _follow(state: Any) -> None:
    """Remember what a session is about to load.

    Only lazy loads name the object that they are loaded from; selectinload and subqueryload are
    relationship loads without one.
    """
    try:
        name = None
        if state.is_relationship_load and state.lazy_loaded_from is not None:
            ways = _ways.setdefault(state.session, {})
            name = _path(state.lazy_loaded_from, state.loader_strategy_path[-1], ways)
        if name is not None or _current.get():
            _current.set([name] if name else None)
    except Exception as error:  # noqa: BLE001 - the application must not feel it
        complain("a lazy load could not be followed", error)


# For each relationship that a session loaded lazily, the latest way to it. Without options in the
# query, an object that was loaded lazily itself knows the last step to it only.
_ways: WeakKeyDictionary[Any, dict[str, tuple[str, ...]]] = WeakKeyDictionary()


def _path(owner: Any, relationship: Any, ways: dict[str, tuple[str, ...]]) -> str:
    """Return a relationship with those that lead to it from the query of the list.

    SQLAlchemy takes an option for it only with the whole way from what the query selects. A way
    that meets a relationship twice goes through a tree: each level is the same N+1.
    """
    path = owner.load_path.path
    way: list[str] = []
    entity = path[0]
    for step in (*path[1:], relationship):
        if getattr(step, "is_property", False):
            way += _names(entity, step)
        else:
            entity = step
    if len(path) > 1 and not owner.load_options:
        known = ways.get(_name(path[1]))
        way = [*known, *way[1:]] if known is not None else way
    last = way[-1]
    if last in way[:-1]:
        way = [last, last]
    ways[_name(relationship)] = tuple(way)
    return STEP.join(way)


def _names(entity: Any, relationship: Any) -> Iterator[str]:
    """Yield a relationship as an option names it: of an alias, or behind the class it is not of."""
    if entity.is_aliased_class:
        yield f"aliased({entity.class_.__name__}).{relationship.key}"
        return
    if relationship.parent is not entity.mapper and relationship.parent.isa(entity.mapper):
        yield str(entity.class_.__name__)
    yield _name(relationship)


def _name(relationship: Any) -> str:
    return f"{relationship.parent.class_.__name__}.{relationship.key}"
