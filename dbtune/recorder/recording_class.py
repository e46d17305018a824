"""Classes of the application that record besides: derived from its own and from ours."""

from __future__ import annotations

import types
from typing import Any

from .complaint import complain

_classes: dict[tuple[type, type], Any] = {}


def recording_class(wanted: Any, recording: type) -> Any:
    """Return a class that records and else is the one wanted, the same each time.

    The recording class stands behind the wanted one. What is no class is returned as it is.
    """
    if not isinstance(wanted, type) or issubclass(wanted, recording):
        return wanted
    known = _classes.get((wanted, recording))
    if known is None:
        known = _classes[wanted, recording] = _derive(wanted, recording)
    return known


def _derive(wanted: type, recording: type) -> Any:
    if issubclass(recording, wanted):
        return recording
    names = {"__module__": wanted.__module__, "__qualname__": wanted.__qualname__}
    try:
        return types.new_class(
            wanted.__name__, (wanted, recording), {}, lambda body: body.update(names)
        )
    except Exception as error:  # noqa: BLE001 - a class that cannot be derived from still works
        complain(f"{wanted.__qualname__} is not recorded", error)
        return wanted
