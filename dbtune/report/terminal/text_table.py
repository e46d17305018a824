"""A table as text: numbers in columns, and one text that takes the room they leave."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from tabulate import tabulate

from dbtune.report.plain_text import display_width, shorten
from dbtune.report.terminal.colors import Colors

_GAP = "  "
_MIN_TEXT = 12


def draw_table(
    headers: Sequence[str],
    rows: Sequence[Sequence[str]],
    texts: Sequence[str],
    width: int,
    colors: Colors,
    *,
    left: Collection[str] = ("id",),
) -> list[str]:
    """Return the lines of a table, its header first.

    `texts` are the cells of the last column, shortened to what room the others leave of the width.
    Numbers stand to the right; the columns named in `left` do not. Cells are printable text.
    """
    columns = list(zip(headers[:-1], *rows, strict=True))
    widths = [max(map(display_width, column)) for column in columns]
    room = max(width - sum(widths) - len(_GAP) * len(widths), _MIN_TEXT)
    cells = [[*row, shorten(text, room)] for row, text in zip(rows, texts, strict=True)]
    drawn = tabulate(
        # As a header it would be padded by two columns that a narrow terminal has not got.
        [headers, *cells],
        tablefmt="plain",
        colalign=["left" if name in left else "right" for name in headers[:-1]] + ["left"],
        disable_numparse=True,
    )
    header, *lines = (line.rstrip() for line in drawn.splitlines())
    rule = _GAP.join(
        "-" * size
        for size in (*widths, max(map(display_width, (row[-1] for row in [headers, *cells]))))
    )
    return [header, colors.dim(rule), *lines]
