"""The line of the application that sends a statement: the first frame outside of libraries."""

from __future__ import annotations

import os
import site
import sys
import sysconfig
from contextlib import suppress
from contextvars import ContextVar, Token
from types import CodeType, FrameType

_LIBRARY_FOLDERS = ("site-packages", "dist-packages")
# Files whose paths were generated (templates, eval) would fill memory in a long life.
_MOST_FILES = 20_000
_MOST_SITES = 20_000

# For each file the path to show, or None where it is no part of the application.
_shown: dict[str, str | None] = {}
# For each place in a piece of code its site. Python counts lines from the start of a function: in
# the sixtieth of one that takes longer than all else that is recorded. The code itself would be a
# slow key; it is kept, so that no other gets its id.
_sites: dict[tuple[int, int], tuple[str, int]] = {}
_codes: list[CodeType] = []
_elsewhere: ContextVar[tuple[str, int] | None] = ContextVar("dbtune_call_site", default=None)


def find_call_site(skipped: int = 1) -> tuple[str, int] | None:
    """Return file and line of the application's innermost frame, None where there is none.

    So many frames are passed over, of which this function's is the first.
    The path is relative to the working directory where it is below that. Files of the standard
    library, of installed packages, of dbtune and generated code are no part of the application.
    """
    try:
        frame = sys._getframe(skipped)
    except ValueError:  # nobody of Python's called, as where a thread is started with execute()
        return _elsewhere.get()
    while frame is not None:
        name = frame.f_code.co_filename
        try:
            shown = _shown[name]
        except KeyError:
            shown = _remember(name)
        if shown is not None:
            code, place = frame.f_code, frame.f_lasti
            return _sites.get((id(code), place)) or _remember_site(code, place, shown, frame)
        frame = frame.f_back  # type: ignore[assignment]
    return _elsewhere.get()


def _remember_site(code: CodeType, place: int, shown: str, frame: FrameType) -> tuple[str, int]:
    if len(_sites) >= _MOST_SITES:
        _sites.clear()
        _codes.clear()
    site = _sites[id(code), place] = shown, frame.f_lineno
    _codes.append(code)
    return site


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
