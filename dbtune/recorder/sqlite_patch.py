"""Python's sqlite3, so that every connection made from now on records what it sends.

Connections and cursors are of subclasses, which derive from the application's own where it has
any: `factory=` and `cursor(factory=...)` keep their meaning. The recording class stands behind the
application's in the order of methods, and so sees the statements as SQLite gets them.
"""

from __future__ import annotations

import sqlite3
import sqlite3.dbapi2
from typing import Any, Callable

from .complaint import complain
from .open_statements import Listener, finish_open, listen
from .recording_class import recording_class
from .recording_connection import RecordingConnection
from .recording_cursor import RecordingCursor

_MODULES = (sqlite3, sqlite3.dbapi2)
_PLAIN_CONNECT = sqlite3.connect
_PLAIN = {"Connection": sqlite3.Connection, "Cursor": sqlite3.Cursor}
_RECORDING = {"Connection": RecordingConnection, "Cursor": RecordingCursor}
# Where `factory` stands among the positional arguments of connect().
_FACTORY_POSITION = 5

_installed = 0


def install(listener: Listener, types_too: bool = False) -> Callable[[], None]:
    """Let a listener hear of every statement of connections made from now on; returns the undo.

    With `types_too` the names sqlite3.Connection and sqlite3.Cursor mean the recording classes.
    That reaches applications that call `sqlite3.Cursor.execute(self, ...)` or
    `sqlite3.Connection(path)`, and is right only before the first connection was made: older ones
    would not be instances of sqlite3.Connection any more.
    """
    global _installed
    forget = listen(listener)
    _installed += 1
    if _installed == 1:
        _replace({"connect": connect})
    if types_too:
        _replace(_RECORDING)

    def undo() -> None:
        global _installed
        finish_open()
        forget()
        _installed -= 1
        if not _installed:
            _put_back({"connect": (connect, _PLAIN_CONNECT)})
            _put_back({name: (_RECORDING[name], plain) for name, plain in _PLAIN.items()})

    return undo


def connect(*arguments: Any, **options: Any) -> Any:
    """Open a database as sqlite3.connect does, through a connection that records."""
    try:
        arguments, options = _with_recording_factory(arguments, options)
    except Exception as error:  # noqa: BLE001 - the application must not feel it
        complain("a connection is not recorded", error)
    return _PLAIN_CONNECT(*arguments, **options)


def _with_recording_factory(
    arguments: tuple[Any, ...], options: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    if len(arguments) > _FACTORY_POSITION:
        place = _FACTORY_POSITION
        factory = recording_class(arguments[place], RecordingConnection)
        return (*arguments[:place], factory, *arguments[place + 1 :]), options
    given = options.get("factory", RecordingConnection)
    return arguments, {**options, "factory": recording_class(given, RecordingConnection)}


def _replace(names: dict[str, Any]) -> None:
    for module in _MODULES:
        for name, value in names.items():
            setattr(module, name, value)


def _put_back(names: dict[str, tuple[Any, Any]]) -> None:
    # Others may have wrapped the name since: theirs stays, and reaches sqlite3 through ours.
    for module in _MODULES:
        for name, (ours, plain) in names.items():
            if getattr(module, name) is ours:
                setattr(module, name, plain)
