"""A QueryDigest as a person reads it in a terminal."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from dbtune.model.digest import Names, QueryDigest
from dbtune.report.quantities import format_duration, format_ratio
from dbtune.report.terminal.cache_text import cache_lines
from dbtune.report.terminal.colors import Colors
from dbtune.report.terminal.command_text import command_lines
from dbtune.report.terminal.queries_table import query_table
from dbtune.report.terminal.query_details import (
    calls_text,
    detail_lines,
    latency_text,
    wrap_figures,
)
from dbtune.report.terminal.text import printable, wrap_text

# Prose wider than this is hard to follow from one line to the next; tables use the whole width.
_PROSE_WIDTH = 100
_MIN_WIDTH = 40
# More is a book; the table names the others, and --json has all of all.
_DETAILED = 5
# What a recording from there is called.
_STDIN = "stdin"
# How SQLite names databases in memory, and URIs, which may be of one.
_NO_FILE = (":", "file:")


def queries_to_terminal(digest: QueryDigest, *, width: int, color: bool) -> str:
    """Return the digest as text of `width` columns, 40 at least, ending in a line break.

    Without `color` it holds no escape sequence, and never one that came from the recording.
    """
    width = max(width, _MIN_WIDTH)
    prose = min(width, _PROSE_WIDTH)
    colors = Colors(color)
    sections = [
        _summary(digest, prose, colors),
        query_table(digest, width, colors),
        *(
            detail_lines(place, query, prose, colors)
            for place, query in enumerate(digest.queries[:_DETAILED], start=1)
        ),
        _database_lines(digest, prose, colors),
        cache_lines(digest.cache, width, prose, colors),
        _bullets("Not read", _broken(digest), prose, colors),
        _bullets("Notes", iter(digest.notes), prose, colors),
        _next_lines(digest, prose, colors),
    ]
    return "\n\n".join("\n".join(lines) for lines in sections if lines) + "\n"


def _summary(digest: QueryDigest, width: int, colors: Colors) -> list[str]:
    shapes = "1 query shape" if digest.shapes == 1 else f"{digest.shapes:,} query shapes"
    first = f"{calls_text(digest.calls)} of {shapes} in {_sources(digest.sources)}"
    if digest.error_calls:
        first += f"; {calls_text(digest.error_calls)} failed"
    filters = [f"route {digest.route}"] if digest.route is not None else []
    filters += [f"database {digest.database}"] if digest.database is not None else []
    filters += [f"since {digest.since}"] if digest.since is not None else []
    lines = [colors.bold(line) for line in wrap_text(first, width)]
    if filters:
        kept = f"only {' and '.join(filters)}: {digest.kept:,} of {digest.statements:,} statements"
        lines += wrap_text(kept, width)
    if digest.started_at is not None:
        lines += wrap_text(f"{digest.started_at} to {digest.ended_at}", width)
    if digest.latency is not None and digest.is_timed:
        total = format_duration(digest.latency.total_ns)
        lines += wrap_figures(f"total {total} · {latency_text(digest.latency)}", width)
    return lines


def _sources(sources: tuple[str, ...]) -> str:
    if len(sources) <= 3:
        return ", ".join(sources)
    return f"{', '.join(sources[:2])} and {len(sources) - 2} more"


def _database_lines(digest: QueryDigest, width: int, colors: Colors) -> list[str]:
    """Return the databases where there are several: what one needs is not what another does."""
    if digest.databases.distinct < 2:
        return []
    lines = [
        line
        for database in digest.databases.top
        for line in wrap_text(
            f"{calls_text(database.count)} ({format_ratio(database.count / digest.calls)}) "
            f"to {database.name}",
            width,
            "  ",
            "    ",
        )
    ]
    return [colors.bold("Databases"), *lines, *_more(digest.databases, colors)]


def _more(names: Names, colors: Colors) -> list[str]:
    more = names.distinct - len(names.top)
    return [colors.dim(f"  and {more:,} more")] if more > 0 else []


def _next_lines(digest: QueryDigest, width: int, colors: Colors) -> list[str]:
    """Return the command that tells what would help; stdin cannot be read a second time."""
    if not digest.calls or _STDIN in digest.sources:
        return []
    files = (name.name for name in digest.databases.top)
    database = next((name for name in files if not name.startswith(_NO_FILE)), None)
    words = ["dbtune", "analyze", "DB" if database is None else shlex.quote(database)]
    # A recording is read with its parts: app.jsonl stands for app.jsonl.1, too.
    whole = (source for source in digest.sources if source.rpartition(".")[0] not in digest.sources)
    words += [f"--queries {shlex.quote(source)}" for source in whole]
    return [
        colors.bold("Next: which indexes would help, and what mends an N+1"),
        *(colors.command(line) for line in command_lines(" ".join(words), width, "  ")),
    ]


def _broken(digest: QueryDigest) -> Iterator[str]:
    for broken in digest.broken:
        yield f"{broken.source} line {broken.line}: {broken.reason}; the line was left out"
    more = digest.broken_count - len(digest.broken)
    if more:
        yield f"{more:,} more broken lines were left out"


def _bullets(title: str, items: Iterator[str], width: int, colors: Colors) -> list[str]:
    lines = [
        line for item in items for line in wrap_text(f"- {printable(item)}", width, "  ", "    ")
    ]
    return [colors.bold(title), *lines] if lines else []
