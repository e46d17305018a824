"""aiosqlite, whose statements run in a thread of the connection: on whose behalf is handed over."""

from __future__ import annotations

from contextvars import Context, copy_context
from functools import partial
from typing import Any

from ..call_site import find_call_site, use_call_site
from ..complaint import complain


def watch_connections(module: Any) -> None:
    """Let the functions that a connection's thread runs see the context of their caller."""
    execute = module.Connection._execute

    async def _execute(self: Any, function: Any, *arguments: Any, **options: Any) -> Any:
        context = _context_of_caller()
        if context is not None:
            function = partial(context.run, function)
        return await execute(self, function, *arguments, **options)

    module.Connection._execute = _execute


def _context_of_caller() -> Context | None:
    try:
        context = copy_context()
        context.run(use_call_site, find_call_site())
    except Exception as error:  # noqa: BLE001 - the application must not feel it
        complain("the caller of a statement is not known", error)
        return None
    return context
