"""A digest of queries on its way out: to stdout, and to a file as JSON."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from dbtune.cli.report_output import (
    check_output,
    is_same_file,
    print_result,
    terminal_height,
    terminal_width,
    wants_color,
    write_text,
)
from dbtune.errors import RefusedError

if TYPE_CHECKING:
    from dbtune.model.digest import QueryDigest


def check_place(output: Path | None, recordings: tuple[str, ...]) -> None:
    """Refuse to write over a recording, a database, or what is no regular file.

    Raises RefusedError and ConfigurationError as `check_output` does.
    """
    if output is None:
        return
    for recording in map(Path, recordings):
        if is_same_file(output, recording):
            raise RefusedError(
                f"--output {output} is the recording, and the digest would overwrite it",
                hint="give another file",
            )
    check_output(output, None)


def print_digest(
    digest: QueryDigest, output: Path | None, *, as_json: bool, limit: int | None
) -> None:
    """Write the digest to stdout, at most `limit` shapes there, and all of it to `output`."""
    from dbtune.report.documents.queries_to_json import queries_to_json
    from dbtune.report.terminal.queries_text import queries_to_terminal

    if output is not None:
        check_place(output, digest.sources)
        write_text(queries_to_json(digest), output)
    if as_json:
        print_result(queries_to_json(digest))
        return
    shown = replace(digest, queries=digest.queries[:limit])
    width, height = terminal_width(), terminal_height()
    print_result(queries_to_terminal(shown, width=width, color=wants_color(), height=height))
