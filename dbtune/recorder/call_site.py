"""The line of the application that sends a statement: the first frame outside of libraries."""

from __future__ import annotations

import os
import site
import sys
import sysconfig
from contextlib import suppress
from contextvars import ContextVar, Token

_LIBRARY_FOLDERS = ("site-packages", "dist-packages")
# Files whose paths were generated (templates, eval) would fill memory in a long life.
_MOST_FILES = 20_000

# For each file the path to show, or None where it is no part of the application.
_shown: dict[str, str | None] = {}
_elsewhere: ContextVar[tuple[str, int] | None] = ContextVar("dbtune_call_site", default=None)


def find_call_site() -> tuple[str, int] | None:
    """Return file and line of the application's innermost frame, None where there is none.

    The path is relative to the working directory where it is below that. Files of the standard
    library, of installed packages, of dbtune and generated code are no part of the application.
    """
    frame = sys._getframe(1)
    while frame is not None:
        name = frame.f_code.co_filename
        try:
            shown = _shown[name]
        except KeyError:
            shown = _remember(name)
        if shown is not None:
            return shown, frame.f_lineno
        frame = frame.f_back  # type: ignore[assignment]
    return _elsewhere.get()


def use_call_site(call_site: tuple[str, int] | None) -> Token[tuple[str, int] | None]:
    """Say on whose behalf this context sends statements, where its own frames do not tell."""
    return _elsewhere.set(call_site)


def leave_call_site(token: Token[tuple[str, int] | None]) -> None:
    """Say that it does so no more; a token of another context leaves that alone."""
    with suppress(ValueError, RuntimeError):
        _elsewhere.reset(token)


def _remember(name: str) -> str | None:
    if len(_shown) >= _MOST_FILES:
        _shown.clear()
    shown = _shown[name] = _show(name)
    return shown


def _show(name: str) -> str | None:
    if name.startswith("<"):
        return None
    # Python up to 3.8 has the name as it was given, and the application may have gone elsewhere.
    path = os.path.normpath(os.path.join(_working_directory, name))
    if path.startswith(_NOT_THE_APPLICATION) or any(
        f"{os.sep}{folder}{os.sep}" in path for folder in _LIBRARY_FOLDERS
    ):
        return None
    below = _working_directory + os.sep
    return path[len(below) :] if path.startswith(below) else path


def _library_folders() -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    found = {paths.get(name) for name in ("stdlib", "platstdlib", "purelib", "platlib", "scripts")}
    found.add(os.path.dirname(os.__file__))
    found.add(os.path.dirname(sys.executable or ""))
    found.add(site.USER_SITE if isinstance(site.USER_SITE, str) else None)
    here = os.path.dirname(os.path.abspath(__file__))
    found.add(here)
    if os.path.basename(os.path.dirname(here)) == "dbtune":
        found.add(os.path.dirname(here))
    return tuple(
        sorted(os.path.abspath(folder) + os.sep for folder in found if folder and folder != os.sep)
    )


def _current_directory() -> str:
    try:
        return os.getcwd()
    except OSError:  # it was removed
        return os.sep


_NOT_THE_APPLICATION = _library_folders()
_working_directory = _current_directory()
