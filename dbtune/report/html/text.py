"""Text on its way into HTML: made visible where it could mislead; htpy escapes the markup."""

from __future__ import annotations

import re

from dbtune.report.terminal.text import one_line, printable

_ANCHOR = re.compile(r"[a-z0-9][a-z0-9-]*")


def show(text: str) -> str:
    """Return text on one line; control characters and direction overrides become escapes."""
    return one_line(text)


def show_code(text: str) -> str:
    """Return code with its line breaks and indentation, else as `show`."""
    lines = text.expandtabs(4).replace("\r\n", "\n").split("\n")
    return "\n".join(printable(line) for line in lines).strip("\n")


def checked_anchor(anchor: str) -> str:
    """Return an anchor that is safe in an id, a link and a stylesheet.

    Raises ValueError for any other, which is a bug of who made the page.
    """
    if not _ANCHOR.fullmatch(anchor):
        raise ValueError(f'anchor "{printable(anchor)}" has more than a-z, 0-9 and dashes')
    return anchor
