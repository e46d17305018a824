"""A digest of a recording in words: what it is of, what it lacks, and the command that goes on."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from dbtune.model.digest import Names, QueryDigest, QueryRepeats
from dbtune.report.quantities import format_count
from dbtune.report.wording.counted import counted

_SHOWN_NAMES = 3
# What a recording from there is called.
_STDIN = "stdin"
# How SQLite names databases in memory, and URIs, which may be of one.
_NO_FILE = (":", "file:")


def summary(digest: QueryDigest) -> str:
    """Return how many calls of how many shapes there are, in which recordings."""
    calls, shapes = counted(digest.calls, "call"), counted(digest.shapes, "query shape")
    text = f"{calls} of {shapes} in {_sources(digest.sources)}"
    return f"{text}; {counted(digest.error_calls, 'call')} failed" if digest.error_calls else text


def named(names: Names) -> str:
    """Return the names with the most calls, and how many more there are."""
    shown = [f"{name.name} ({format_count(name.count)})" for name in names.top[:_SHOWN_NAMES]]
    more = names.distinct - len(shown)
    return ", ".join(shown) + (f" and {more:,} more" if more > 0 else "")


def repeated(repeats: QueryRepeats) -> str:
    """Return how often one request sent a query."""
    return (
        f"up to {repeats.worst:,} calls in one request; dbtune analyze names the line and the fix"
    )


def not_read(digest: QueryDigest) -> Iterator[str]:
    """Yield the lines of the recording that were left out, and why."""
    for broken in digest.broken:
        yield f"{broken.source} line {broken.line}: {broken.reason}; the line was left out"
    more = digest.broken_count - len(digest.broken)
    if more:
        yield f"{more:,} more broken lines were left out"


def analyze_command(digest: QueryDigest) -> str:
    """Return the command that tells what would help, "" where nothing can be read again."""
    if not digest.calls or _STDIN in digest.sources:
        return ""
    files = (name.name for name in digest.databases.top)
    database = next((name for name in files if not name.startswith(_NO_FILE)), None)
    words = ["dbtune", "analyze", "DB" if database is None else shlex.quote(database)]
    # A recording is read with its parts: app.jsonl stands for app.jsonl.1, too.
    whole = (source for source in digest.sources if source.rpartition(".")[0] not in digest.sources)
    words += [f"--queries {shlex.quote(source)}" for source in whole]
    return " ".join(words)


def _sources(sources: tuple[str, ...]) -> str:
    if len(sources) <= 3:
        return ", ".join(sources)
    return f"{', '.join(sources[:2])} and {len(sources) - 2} more"
