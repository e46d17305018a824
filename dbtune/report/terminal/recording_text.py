"""What a recording is made of and good for, as a person reads it in a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dbtune.model.recording import NamedCount, RecordingProcess, RecordingSummary, WrittenRecording
from dbtune.report.plain_text import display_width, printable, wrap_text
from dbtune.report.quantities import (
    format_count,
    format_duration,
    format_moment,
    format_ratio,
    format_size,
    format_span,
)
from dbtune.report.terminal.colors import Colors
from dbtune.report.terminal.text_table import draw_table
from dbtune.report.wording.counted import counted

_MIN_WIDTH = 40
_PROSE_WIDTH = 100
_FORMS = {
    "jsonl": "recording",
    "sql": "SQL statements",
    "opentelemetry": "OpenTelemetry spans",
    "sqlalchemy-echo": "SQLAlchemy's echo",
    "django-log": "Django's log",
}
_KEYS = (
    ("values", "values"),
    ("masked", "masked values"),
    ("digests", "digests of values"),
    ("timestamps", "time"),
    ("durations", "duration"),
    ("rows", "rows"),
    ("requests", "request"),
    ("routes", "route"),
    ("call_sites", "call site"),
    ("transactions", "transaction"),
    ("databases", "database"),
    ("waits", "pool wait"),
    ("relationships", "ORM relationship"),
    ("errors", "error"),
)


def recording_to_terminal(summary: RecordingSummary, *, width: int, color: bool) -> str:
    """Return the summary as text of `width` columns, 40 at least, ending in a line break."""
    width = max(width, _MIN_WIDTH)
    prose = min(width, _PROSE_WIDTH)
    colors = Colors(color)
    sections = (
        list(_head(summary, prose, colors)),
        _files(summary, width, colors),
        _section("What its statements say", _keys(summary), colors),
        _section("Good for", _uses(summary, prose), colors),
        _names("Databases", summary.databases, summary.database_count, width, colors),
        _names("Routes", summary.routes, summary.route_count, width, colors),
        _section("Processes", _processes(summary, prose), colors),
        _section("Notes", _notes(summary, prose), colors),
    )
    return "\n\n".join("\n".join(lines) for lines in sections if lines) + "\n"


def written_to_terminal(written: WrittenRecording, *, redacted: bool) -> str:
    """Return what was written, in a line or two."""
    name = printable(written.path)
    what = f"{counted(written.statements, 'statement')} of {counted(written.shapes, 'query shape')}"
    lines = [f"{name}: {what}, {format_size(written.size_bytes)}, read back"]
    if redacted:
        lines[0] += "; no value is left in it"
    if written.without_values:
        lines.append(f"placeholders stay where no values are known: {written.without_values:,}")
    if written.left_out:
        lines.append(f"statements left out that a file of SQL cannot hold: {written.left_out:,}")
    if written.broken_count:
        lines.append(f"broken lines left out: {written.broken_count:,}")
    return "\n".join(lines) + "\n"


def _head(summary: RecordingSummary, width: int, colors: Colors) -> Iterator[str]:
    shapes = counted(summary.shapes, "query shape")
    statements = f"{counted(summary.statements, 'statement')} of {shapes}"
    if round(summary.executions) != summary.statements:
        statements += f", which stand for {format_count(round(summary.executions))} calls"
    yield from (colors.bold(line) for line in wrap_text(statements, width))
    if summary.started_at is not None:
        yield from wrap_text(format_span(summary.started_at, summary.ended_at), width)
    if summary.requests:
        routes = f" on {counted(summary.route_count, 'route')}" if summary.route_count else ""
        yield from wrap_text(f"{counted(summary.requests, 'request')}{routes}", width)


def _files(summary: RecordingSummary, width: int, colors: Colors) -> list[str]:
    rows = [
        (
            f"{file.statements:,}",
            "-" if file.size_bytes is None else format_size(file.size_bytes),
            _FORMS.get(file.form, file.form),
        )
        for file in summary.files
    ]
    names = [printable(file.name) for file in summary.files]
    headers = ("statements", "size", "form", "file")
    return draw_table(headers, rows, names, width, colors, left=("form",))


def _section(title: str, lines: Iterator[str], colors: Colors) -> list[str]:
    found = list(lines)
    return [colors.bold(title), *found] if found else []


def _keys(summary: RecordingSummary) -> Iterator[str]:
    total = summary.statements
    named = [(label, getattr(summary.keys, key)) for key, label in _KEYS]
    longest = max(display_width(label) for label, _ in named)
    for label, count in named:
        if count and total:
            yield f"  {label:<{longest}}  {format_ratio(count / total):>6}"


def _uses(summary: RecordingSummary, width: int) -> Iterator[str]:
    for use in summary.uses:
        mark = "yes" if use.is_possible else "no "
        reason = f": {use.reason}" if use.reason else ""
        first, *rest = wrap_text(f"{use.name}{reason}", width - 7)
        yield f"  {mark}  {first}"
        yield from (f"       {line}" for line in rest)


def _names(
    title: str, names: Sequence[NamedCount], count: int, width: int, colors: Colors
) -> list[str]:
    if not names:
        return []
    rows = [(f"{name.statements:,}",) for name in names]
    texts = [printable(name.name) for name in names]
    table = draw_table(("statements", title.lower()), rows, texts, width, colors)
    more = [f"and {count - len(names):,} more"] if count > len(names) else []
    return [*table, *more]


def _processes(summary: RecordingSummary, width: int) -> Iterator[str]:
    for process in summary.processes:
        yield from wrap_text(_process(process), width, "  ", "    ")
    if summary.process_count > len(summary.processes):
        yield f"  and {summary.process_count - len(summary.processes):,} more"


def _process(process: RecordingProcess) -> str:
    parts = (
        format_moment(process.started_at) if process.started_at else None,
        None if process.pid is None else f"process {process.pid}",
        None if process.python_version is None else f"Python {process.python_version}",
        None if process.sqlite_version is None else f"SQLite {process.sqlite_version}",
        None if process.sample_rate == 1 else f"{format_ratio(process.sample_rate)} sampled",
        None if process.generator is None else f"by {process.generator}",
    )
    return " · ".join(part for part in parts if part) or "a header"


def _notes(summary: RecordingSummary, width: int) -> Iterator[str]:
    for note in _note_texts(summary):
        first, *rest = wrap_text(printable(note), width - 4)
        yield f"  - {first}"
        yield from (f"    {line}" for line in rest)


def _note_texts(summary: RecordingSummary) -> Iterator[str]:
    if summary.lost_statements:
        yield (
            "statements that the recorder left out, since its queue or its file was full: "
            f"{summary.lost_statements:,}"
        )
    if summary.clock_back_seconds:
        back = format_duration(summary.clock_back_seconds * 1e9)
        yield f"the clock goes back by {back}; times are the earliest and the latest"
    if summary.keys.values:
        yield "it holds values; dbtune recording redact makes one without"
    for broken in summary.broken:
        yield f"{broken.source} line {broken.line}: {broken.reason}"
    if summary.broken_count > len(summary.broken):
        yield f"{summary.broken_count - len(summary.broken):,} more broken lines"
