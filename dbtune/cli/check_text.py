"""What `dbtune check` prints: the verdict, each drift with its mend, and what is in place."""

from __future__ import annotations

from pathlib import Path

from dbtune.journeys.check import CheckResult
from dbtune.report.plain_text import printable, wrap_words
from dbtune.report.terminal.colors import Colors
from dbtune.report.terminal.low_screen import with_first_again


def check_text(
    database: Path, result: CheckResult, *, width: int, height: int | None, color: bool
) -> str:
    """Return lines of `width` columns; commands stay whole, since they are there to be copied.

    On a screen of `height` lines that is too low the verdict comes again at the end.
    """
    colors = Colors(color)
    first = _verdict(database, result, width, colors)
    lines = list(first)
    for drift in result.drifts:
        lines += wrap_words(f"drift:    {drift.message}", width, hanging=" " * 10)
        lines.append(f"  mend:   {colors.command(printable(drift.command))}")
    for item in result.in_place:
        lines += wrap_words(f"in place: {item}", width, hanging=" " * 10)
    return with_first_again("\n".join([*lines, ""]), first, height)


def _verdict(database: Path, result: CheckResult, width: int, colors: Colors) -> list[str]:
    checked = len(result.drifts) + len(result.in_place)
    said = f"{database}: {checked} checked, {len(result.drifts)} drifted"
    if not result.drifts:
        return [colors.good(line) for line in wrap_words(said, width)]
    lines = [colors.severity("high", line) for line in wrap_words(said, width)]
    if result.all_indexes is not None:
        lines.append(f"  all indexes at once: {colors.command(printable(result.all_indexes))}")
    return lines
