"""The Python text that changes the journal mode in a revision, whatever env.py runs it.

op.execute("PRAGMA journal_mode=WAL") is not enough: after DML the old mode comes back without an
error, inside a transaction it fails or does nothing, and the revision is stamped as done all the
same. So the text leaves SQLAlchemy's transaction, then the driver's, and compares what came back.
"""

from __future__ import annotations

from collections.abc import Iterable

_INDENT = "    "


def upgrade_to_wal_body(page_size_bytes: int | None = None) -> str:
    """Return the statements of upgrade(); with a page size, VACUUM rebuilds the file first."""
    if page_size_bytes is None:
        return _body([_pragma("journal_mode", "wal")])
    # A WAL database keeps its page size whatever VACUUM is told.
    return _body(
        [
            _pragma("journal_mode", "delete"),
            (f"PRAGMA page_size={page_size_bytes}", ()),
            ("VACUUM", _check("page_size", "PRAGMA page_size", str(page_size_bytes))),
            _pragma("journal_mode", "wal"),
        ]
    )


def downgrade_from_wal_body() -> str:
    """Return the statements of downgrade(): back to a rollback journal."""
    return _body([_pragma("journal_mode", "delete")])


# A statement, and the lines that check what it did, which may run it themselves.
_Step = tuple[str, "tuple[str, ...]"]


def _pragma(name: str, value: str) -> _Step:
    statement = f"PRAGMA {name}={value}"
    return statement, _check(name, statement, repr(value))


def _check(name: str, statement: str, expected: str) -> tuple[str, ...]:
    return (
        f"{name} = connection.execute({statement!r}).fetchone()[0]",
        f"if {name} != {expected}:",
        f"{_INDENT}raise RuntimeError(f'{name} is {{{name}}} after {statement}')",
    )


def _body(steps: Iterable[_Step]) -> str:
    offline: list[str] = []
    online: list[str] = []
    for statement, check in steps:
        offline.append(f"op.execute({statement!r})")
        if statement not in "".join(check):
            online.append(f"connection.execute({statement!r})")
        online.extend(check)
    lines = [
        "context = op.get_context()",
        "if context.as_sql:",
        *(_INDENT + line for line in offline),
        "else:",
        f"{_INDENT}with context.autocommit_block():",
        f"{_INDENT * 2}connection = op.get_bind().connection.driver_connection",
        f"{_INDENT * 2}if connection.in_transaction:",
        f"{_INDENT * 3}connection.commit()",
        *(_INDENT * 2 + line for line in online),
    ]
    return f"\n{_INDENT}".join(lines)
