"""Files that a shell offers where a database, a recording or a report is asked for."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import click
from click.shell_completion import CompletionItem

_DATABASES = (".db", ".sqlite", ".sqlite3", ".db3")
_RECORDINGS = (".jsonl", ".sql", ".log")
_REPORTS = (".json",)
# What no shell has to quote; the scripts hand over names as they are.
_PLAIN = re.compile(r"[\w./+@%-]*\Z")

Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def _files(endings: tuple[str, ...]) -> Complete:
    def complete(
        ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        return matching_files(incomplete, endings)

    return complete


def matching_files(incomplete: str, endings: tuple[str, ...]) -> list[CompletionItem]:
    """Return the files of these endings, or leave it to the shell, which knows all of them.

    To the shell it is left where there is none, where a folder may be meant, and where a name
    would have to be quoted.
    """
    by_shell = [CompletionItem(incomplete, type="file")]
    folder, beginning = os.path.split(incomplete)
    try:
        found = [path for path in Path(folder or ".").iterdir() if path.name.startswith(beginning)]
    except OSError:
        return by_shell
    fitting = sorted(os.path.join(folder, path.name) for path in found if path.suffix in endings)
    folders = any(path.is_dir() and not _is_left_out(path.name) for path in found)
    if not fitting or folders or not all(map(_PLAIN.match, fitting)):
        return by_shell
    return [CompletionItem(name) for name in fitting]


def _is_left_out(folder: str) -> bool:
    """Return whether nobody looks for a file in it: hidden, or dbtune's own beside a database."""
    return folder.startswith(".") or folder.endswith(".dbtune")


complete_databases = _files(_DATABASES)
complete_recordings = _files(_RECORDINGS)
complete_reports = _files(_REPORTS)


def any_file(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Leave it to the shell, where click would offer nothing."""
    return [CompletionItem(incomplete, type="file")]
