"""A line of an application, as a recording has it, found below the working directory."""

from __future__ import annotations

import posixpath
import re
from urllib.parse import quote

_SITE = re.compile(r"(?P<file>.+):(?P<line>[0-9]{1,9})", re.DOTALL)
_DRIVE = re.compile(r"[A-Za-z]:/")


def parse_call_site(site: str, folder: str) -> tuple[str, int] | None:
    """Return the file and the line of "app/views.py:40", or None for what is no such thing.

    A file below `folder`, an absolute path with slashes, is told relative to it, any other by its
    absolute path.
    """
    match = _SITE.fullmatch(site)
    if match is None or int(match["line"]) == 0:
        return None
    return relative_path(match["file"], folder), int(match["line"])


def relative_path(path: str, folder: str) -> str:
    """Return a path relative to a folder where it lies below it, else absolute; with slashes."""
    path = with_slashes(path)
    if _DRIVE.match(path):
        return posixpath.normpath(path)
    whole = posixpath.normpath(posixpath.join(folder, path))
    prefix = folder.rstrip("/") + "/"
    return whole[len(prefix) :] if whole.startswith(prefix) else whole


def with_slashes(path: str) -> str:
    """Return a path of Windows with slashes; on other systems a backslash is part of a name."""
    is_windows = "\\" in path and ("/" not in path or path[1:3] == ":\\")
    return path.replace("\\", "/") if is_windows else path


def is_absolute(path: str) -> bool:
    """Tell whether a path with slashes is absolute."""
    return path.startswith("/") or _DRIVE.match(path) is not None


def to_uri(path: str) -> str:
    """Return a path with slashes as a URI reference, relative where it is (RFC 3986)."""
    if _DRIVE.match(path):
        return f"file:///{path[:2]}{_quoted(path[2:])}"
    return f"file://{_quoted(path)}" if path.startswith("/") else _quoted(path)


def _quoted(path: str) -> str:
    try:
        return quote(path.encode("utf-8", "surrogateescape"), safe="/")
    except UnicodeEncodeError:  # no path of this system: half of a character, as JSON may hold it
        return quote(path.encode("utf-8", "replace"), safe="/")
