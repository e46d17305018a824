"""What goes wrong in the recorder: logged once for each kind, and never raised."""

from __future__ import annotations

from typing import Callable

_told: set[str] = set()
# Where it is told instead, by `dbtune record`, which says it once the application has ended.
_listener: Callable[[str], None] | None = None


def complain_to(listener: Callable[[str], None]) -> None:
    """Tell a listener what goes wrong from now on, and the log nothing."""
    global _listener
    _listener = listener


def complain(what: str, error: BaseException) -> None:
    """Log a warning to "dbtune.recorder", the first time that this went wrong."""
    if what in _told:
        return
    _told.add(what)
    if _listener is not None:
        _listener(f"{what}: {type(error).__name__}: {error}")
        return
    import logging

    logging.getLogger("dbtune.recorder").warning(
        "recording: %s: %s: %s", what, type(error).__name__, error
    )
