"""Which file a mistyped path may stand for."""

from __future__ import annotations

import difflib
import os
from pathlib import Path


def missing_hint(path: Path, otherwise: str) -> str:
    """Return the hint for a file that does not exist: the one in its folder that is called alike.

    `otherwise` is the hint where there is none. Reads the names in the folder alone.
    """
    try:
        with os.scandir(path.parent) as entries:
            names = [entry.name for entry in entries if entry.is_file()]
    except OSError:
        return f"there is no folder {path.parent} either"
    close = difflib.get_close_matches(path.name, names, n=1)
    return f"did you mean {path.parent / close[0]}?" if close else otherwise
