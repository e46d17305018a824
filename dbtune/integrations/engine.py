"""`dbtune.install(engine)`: what a SQLAlchemy engine needs so that WAL pays and writes do not fail.

Measured by bench/hook.py. Works with SQLAlchemy 2.0 and 2.1 on Python's own sqlite3 driver.
"""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, event
from sqlalchemy.pool import QueuePool

from dbtune.errors import ConfigurationError
from dbtune.integrations.engine_hook import EngineHook, note_begin
from dbtune.sqlite.file.hook_settings import HookSettings, Synchronous

_hooks: WeakKeyDictionary[Engine, EngineHook] = WeakKeyDictionary()


def install(
    engine: Engine,
    *,
    synchronous: Synchronous = "NORMAL",
    busy_timeout_ms: int = 5000,
    query_time_limit_ms: int | None = None,
    pool_size: int | None = None,
) -> Engine:
    """Set up every connection of an engine, and begin work that may write with BEGIN IMMEDIATE.

    Work known to read only begins with a plain BEGIN: what has
    `execution_options(dbtune_read_only=True)`, runs inside `dbtune.read_only()`, or serves a GET
    or HEAD request of `dbtune.flask(app)`. Nothing is begun under AUTOCOMMIT, nor in memory,
    where nobody else waits. `pool_size` bounds the connections, with no overflow. Installing
    again only changes the settings. Returns the engine. Raises ConfigurationError for another
    database or driver, or a value out of range.
    """
    root = _root(_require_pysqlite(engine))
    settings = HookSettings(synchronous, busy_timeout_ms, query_time_limit_ms)
    if pool_size is not None:
        _bound_pool(root, pool_size)
    hook = _hooks.get(root)
    if hook is None:
        _hooks[root] = hook = EngineHook(settings, root.dialect.do_begin)
        # BEGIN is not sent by a "begin" listener: SQLAlchemy takes a connection whose listener
        # raised (a lock beyond busy_timeout) for begun, and loses what is then written on it.
        root.dialect.do_begin = hook.do_begin  # type: ignore[method-assign]
    hook.settings = settings
    for target, name, listener in ((Engine, "begin", note_begin), *hook.listeners(root)):
        if not event.contains(target, name, listener):
            # Without retval SQLAlchemy wraps the listener in one more call a statement.
            event.listen(target, name, listener, retval=name == "before_cursor_execute")
    return engine


def _require_pysqlite(engine: Any) -> Engine:
    if hasattr(engine, "sync_engine"):
        raise ConfigurationError(
            "dbtune.install does not support asynchronous engines (aiosqlite)",
            hint="use a sqlite:/// engine with threads; SQLite runs one writer at a time anyway",
        )
    if not isinstance(engine, Engine):
        raise ConfigurationError(
            f"dbtune.install needs an Engine of SQLAlchemy, not {type(engine).__name__}",
            hint="for Flask-SQLAlchemy pass db.engine, for a connection by path use dbtune.connect",
        )
    found = f"{engine.dialect.name}+{engine.dialect.driver}"
    if found != "sqlite+pysqlite":
        raise ConfigurationError(
            f"dbtune.install is for SQLite through Python's sqlite3, and this engine is {found}",
            hint="create it with a sqlite:/// URL",
        )
    return engine


def _root(engine: Engine) -> Engine:
    """Return the engine behind those that engine.execution_options() makes, which share it."""
    while True:
        behind = getattr(engine, "_proxied", None)
        if behind is None:
            return engine
        engine = behind


def _bound_pool(engine: Engine, pool_size: int) -> None:
    """Let the engine hold `pool_size` connections and no more; those that are idle are closed."""
    pool = engine.pool
    if not isinstance(pool_size, int) or isinstance(pool_size, bool) or pool_size < 1:
        raise ConfigurationError(f"pool_size is {pool_size!r}; expected a whole number from 1 on")
    if type(pool) is not QueuePool or "memory" in str(engine.url):
        raise ConfigurationError(
            f"pool_size needs a database in a file and SQLAlchemy's QueuePool, and this engine "
            f"({engine.url.database or ':memory:'}) has {type(pool).__name__}",
            hint="leave pool_size out, or create the engine without poolclass",
        )
    if (pool.size(), pool._max_overflow) == (pool_size, 0):
        return
    bounded = pool.recreate()
    # What QueuePool.__init__ makes of pool_size=N, max_overflow=0; recreate() takes neither.
    bounded._pool.maxsize = pool_size
    bounded._max_overflow = 0
    bounded._overflow = -pool_size
    pool.dispose()
    engine.pool = bounded
