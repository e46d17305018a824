"""Tables and folded parts of GitHub Flavored Markdown.

Source: https://github.github.com/gfm/#tables-extension-
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from dbtune.report.markdown.escape import in_html

Align = Literal["left", "right"]
_RULES: dict[Align, str] = {"left": "---", "right": "--:"}
# More rows nobody reads in a comment.
_MOST_ROWS = 25


def pipe_table(
    headers: Sequence[str], rows: Sequence[Sequence[str]], align: Sequence[Align] = ()
) -> str:
    """Return a table of cells in which each | is escaped, and says how many rows it leaves out.

    Columns are left-aligned where `align` does not say.
    """
    rules = [_RULES[side] for side in align]
    rules += [_RULES["left"]] * (len(headers) - len(rules))
    lines = [_line(headers), _line(rules)]
    lines += (_line(row) for row in rows[:_MOST_ROWS])
    table = "\n".join(lines)
    left = len(rows) - _MOST_ROWS
    return f"{table}\n\n*and {left:,} more*" if left > 0 else table


def folded(title: str, markdown: str, *, is_open: bool = False) -> str:
    """Return Markdown behind a line that one opens."""
    return folded_under(in_html(title), markdown, is_open=is_open)


def folded_under(summary: str, markdown: str, *, is_open: bool = False) -> str:
    """Return the same behind a summary that is HTML already, on one line."""
    opened = " open" if is_open else ""
    return f"<details{opened}>\n<summary>{summary}</summary>\n\n{markdown}\n\n</details>"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
