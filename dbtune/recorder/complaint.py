"""What goes wrong in the recorder: logged once for each kind, and never raised."""

from __future__ import annotations

_told: set[str] = set()


def complain(what: str, error: BaseException) -> None:
    """Log a warning to "dbtune.recorder", the first time that this went wrong."""
    if what in _told:
        return
    _told.add(what)
    import logging

    logging.getLogger("dbtune.recorder").warning(
        "recording: %s: %s: %s", what, type(error).__name__, error
    )
