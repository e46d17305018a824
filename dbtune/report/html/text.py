"""Text on its way into HTML: made visible where it could mislead; htpy escapes the markup."""

from __future__ import annotations

from dbtune.report.plain_text import one_line, printable


def show(text: str) -> str:
    """Return text on one line; control characters and direction overrides become escapes."""
    return one_line(text)


def show_code(text: str) -> str:
    """Return code with its line breaks and indentation, else as `show`."""
    lines = text.expandtabs(4).replace("\r\n", "\n").split("\n")
    return "\n".join(printable(line) for line in lines).strip("\n")
