"""asgiref, which runs Django's database calls in a thread: on whose behalf is handed over."""

from __future__ import annotations

from contextvars import Token
from typing import Any

from ..call_site import find_call_site, leave_call_site, use_call_site
from ..complaint import complain


def watch_threads(module: Any) -> None:
    """Let what `sync_to_async` runs in its thread know the line that awaits it."""
    call = module.SyncToAsync.__call__

    async def __call__(self: Any, *arguments: Any, **options: Any) -> Any:
        token = _use_caller()
        try:
            return await call(self, *arguments, **options)
        finally:
            if token is not None:
                leave_call_site(token)

    __call__.__doc__ = call.__doc__
    module.SyncToAsync.__call__ = __call__


def _use_caller() -> Token[tuple[str, int] | None] | None:
    try:
        return use_call_site(find_call_site())
    except Exception as error:  # noqa: BLE001 - the application must not feel it
        complain("the caller of a statement is not known", error)
        return None
