"""Children that will not be recorded, told from how they are started."""

from __future__ import annotations

import os
import re
import sys
from typing import Any, Callable, Mapping, Sequence

from .processes import ProcessLog

# What sitecustomize lies in; a child that has it on PYTHONPATH finds it.
HOOK_FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "on_path")
PATH_VARIABLE = "PYTHONPATH"

ENVIRONMENT = "environment"

_PYTHON = re.compile(r"(python|pypy)[\d.]*[a-z]?(-dbg)?$")
_SHELLS = frozenset(("sh", "bash", "dash", "zsh", "ksh", "ash"))
_HIDING_IN_SHELL = re.compile(r"\b(?:python|pypy)[\d.]*\s+(?:-[a-zA-Z]+\s+)*-[a-zA-Z]*([IES])")
_CLEARED_IN_SHELL = re.compile(r"\benv\s+(?:-i|-|--ignore-environment)\s.*\b(?:python|pypy)")


def is_python(program: str) -> bool:
    """Return whether a path is that of a Python interpreter."""
    return _PYTHON.match(os.path.basename(program)) is not None


def hiding_reason(command: Sequence[str], environ: Mapping[str, str]) -> str | None:
    """Return what hides a command from the recorder: -I, -E, -S or "environment".

    None where nothing does, or where it is no Python.
    """
    if not command:
        return None
    name = os.path.basename(command[0])
    if name == "env":
        return _behind_env(command, environ)
    if name in _SHELLS and len(command) > 2 and command[1] == "-c":
        return _in_shell(command[2])
    if not is_python(command[0]):
        return None
    return _hiding_flag(command) or (None if _leads_here(environ) else ENVIRONMENT)


def watch_children(log: ProcessLog, before_exec: Callable[[], None]) -> None:
    """Log each child that starts hidden, and call `before_exec` before this program is replaced."""

    def audit(event: str, arguments: tuple[Any, ...]) -> None:
        if event not in _STARTS:
            return
        try:
            command, environ = _STARTS[event](arguments)
            reason = hiding_reason(command, environ)
            if reason is not None:
                log.hidden(tuple(command), reason)
            if event == "os.exec":
                before_exec()
        except Exception as error:  # noqa: BLE001 - it would stop the application's own call
            log.failed(f"{event}: {type(error).__name__}: {error}")

    sys.addaudithook(audit)


def _hiding_flag(command: Sequence[str]) -> str | None:
    arguments = iter(command[1:])
    for argument in arguments:
        if not argument.startswith("-") or argument in ("-", "--"):
            return None
        if argument.startswith("--"):
            continue
        for place, letter in enumerate(argument[1:], 1):
            if letter in "IES":
                return "-" + letter
            if letter in "cm":
                return None
            if letter in "WX":
                if place == len(argument) - 1:
                    next(arguments, None)
                break
    return None


def _leads_here(environ: Mapping[str, str]) -> bool:
    entries = environ.get(PATH_VARIABLE, "").split(os.pathsep)
    return HOOK_FOLDER in entries and "DBTUNE_RECORD_PATH" in environ


def _behind_env(command: Sequence[str], environ: Mapping[str, str]) -> str | None:
    """Return what hides the command that env(1) starts: it may clear the environment."""
    cleared = any(word in ("-i", "-", "--ignore-environment") for word in command[1:3])
    rest = list(command[1:])
    while rest and (rest[0].startswith("-") or "=" in rest[0]):
        rest.pop(0)
    return hiding_reason(rest, {} if cleared else environ)


def _in_shell(text: str) -> str | None:
    flag = _HIDING_IN_SHELL.search(text)
    if flag is not None:
        return "-" + flag[1]
    return ENVIRONMENT if _CLEARED_IN_SHELL.search(text) else None


def _words(command: Any) -> list[str]:
    if isinstance(command, (str, bytes, os.PathLike)):
        return [os.fsdecode(command)]
    return [os.fsdecode(word) for word in command]


def _environ(environ: Any) -> Mapping[str, str]:
    if environ is None:
        return os.environ
    return {os.fsdecode(name): os.fsdecode(value) for name, value in environ.items()}


def _popen(arguments: tuple[Any, ...]) -> tuple[list[str], Mapping[str, str]]:
    executable, command, _, environ = arguments
    words = _words(command)
    # Popen's `executable` replaces the program; the first word is only its name then.
    return [os.fsdecode(executable or words[0]), *words[1:]], _environ(environ)


def _exec(arguments: tuple[Any, ...]) -> tuple[list[str], Mapping[str, str]]:
    path, command, environ = arguments
    return [os.fsdecode(path), *_words(command)[1:]], _environ(environ)


def _system(arguments: tuple[Any, ...]) -> tuple[list[str], Mapping[str, str]]:
    return ["sh", "-c", os.fsdecode(arguments[0])], os.environ


# https://docs.python.org/3/library/audit_events.html
_STARTS: dict[str, Callable[[tuple[Any, ...]], tuple[list[str], Mapping[str, str]]]] = {
    "subprocess.Popen": _popen,
    "os.exec": _exec,
    "os.posix_spawn": _exec,
    "os.system": _system,
}
