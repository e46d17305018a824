"""A QueryDigest as a person reads it in a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from dbtune.model.digest import Names, QueryDigest
from dbtune.report.plain_text import printable, wrap_text
from dbtune.report.quantities import format_duration, format_ratio, format_span
from dbtune.report.terminal.cache_text import cache_lines
from dbtune.report.terminal.colors import Colors
from dbtune.report.terminal.command_text import command_lines
from dbtune.report.terminal.low_screen import with_first_again
from dbtune.report.terminal.queries_table import query_table
from dbtune.report.terminal.query_details import detail_lines, latency_text, wrap_figures
from dbtune.report.wording.counted import counted
from dbtune.report.wording.digest import analyze_command, not_read, summary

# Prose wider than this is hard to follow from one line to the next; tables use the whole width.
_PROSE_WIDTH = 100
_MIN_WIDTH = 40
# More is a book; the table names the others, and --json has all of all.
_DETAILED = 5


def queries_to_terminal(
    digest: QueryDigest, *, width: int, color: bool, height: int | None = None
) -> str:
    """Return the digest as text of `width` columns, 40 at least, ending in a line break.

    Without `color` it holds no escape sequence, and never one that came from the recording.
    On a screen of `height` lines that is too low for it, its first lines come again at the end.
    """
    width = max(width, _MIN_WIDTH)
    prose = min(width, _PROSE_WIDTH)
    colors = Colors(color)
    summary_lines = _summary(digest, prose, colors)
    sections = [
        summary_lines,
        query_table(digest, width, colors),
        *(
            detail_lines(place, query, prose, colors)
            for place, query in enumerate(digest.queries[:_DETAILED], start=1)
        ),
        _database_lines(digest, prose, colors),
        cache_lines(digest.cache, width, prose, colors),
        _bullets("Not read", not_read(digest), prose, colors),
        _bullets("Notes", iter(digest.notes), prose, colors),
        _next_lines(digest, prose, colors),
    ]
    text = "\n\n".join("\n".join(lines) for lines in sections if lines) + "\n"
    return with_first_again(text, summary_lines, height)


def _summary(digest: QueryDigest, width: int, colors: Colors) -> list[str]:
    filters = [f"route {digest.route}"] if digest.route is not None else []
    filters += [f"database {digest.database}"] if digest.database is not None else []
    filters += [f"since {digest.since}"] if digest.since is not None else []
    lines = [colors.bold(line) for line in wrap_text(summary(digest), width)]
    if filters:
        kept = f"only {' and '.join(filters)}: {digest.kept:,} of {digest.statements:,} statements"
        lines += wrap_text(kept, width)
    if digest.started_at is not None:
        lines += wrap_text(format_span(digest.started_at, digest.ended_at), width)
    if digest.latency is not None and digest.is_timed:
        total = format_duration(digest.latency.total_ns)
        lines += wrap_figures(f"total {total} · {latency_text(digest.latency)}", width)
    return lines


def _database_lines(digest: QueryDigest, width: int, colors: Colors) -> list[str]:
    """Return the databases where there are several: what one needs is not what another does."""
    if digest.databases.distinct < 2:
        return []
    lines = []
    for database in digest.databases.top:
        share = format_ratio(database.count / (digest.calls or 1))
        said = f"{counted(database.count, 'call')} ({share}) to {database.name}"
        lines += wrap_text(said, width, "  ", "    ")
    return [colors.bold("Databases"), *lines, *_more(digest.databases, colors)]


def _more(names: Names, colors: Colors) -> list[str]:
    more = names.distinct - len(names.top)
    return [colors.dim(f"  and {more:,} more")] if more > 0 else []


def _next_lines(digest: QueryDigest, width: int, colors: Colors) -> list[str]:
    command = analyze_command(digest)
    if not command:
        return []
    return [
        colors.bold("Next: which indexes would help, and what mends an N+1"),
        *(colors.command(line) for line in command_lines(command, width, "  ")),
    ]


def _bullets(title: str, items: Iterator[str], width: int, colors: Colors) -> list[str]:
    lines = [
        line for item in items for line in wrap_text(f"- {printable(item)}", width, "  ", "    ")
    ]
    return [colors.bold(title), *lines] if lines else []
