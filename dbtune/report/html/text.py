"""Text on its way into HTML: made visible where it could mislead; htpy escapes the markup."""

from __future__ import annotations

import re

from dbtune.report.plain_text import one_line, printable

_NO_BREAK = "\u00a0"
_UNITS = "ns|\u00b5s|ms|s|min|h|bytes|kB|MB|GB|TB|%|requests/s|transactions/s|statements/s"
_QUANTITY = rf"\d[\d,.]*(?: (?:{_UNITS})(?!\w))?"
# A number that a name or a parameter ends with is none: in SQL, -> takes a part of JSON.
_CHANGE = re.compile(rf"(?<![\w?:@$.])({_QUANTITY}) -> ({_QUANTITY})")


def show(text: str) -> str:
    """Return text on one line; control characters and direction overrides become escapes."""
    return one_line(text)


def show_figures(text: str) -> str:
    """Return text as `show`, with an arrow that no line ends within, from figure to figure."""
    return _CHANGE.sub(_arrow, show(text))


def _arrow(match: re.Match[str]) -> str:
    before, after = (figure.replace(" ", _NO_BREAK) for figure in match.groups())
    return f"{before}{_NO_BREAK}\u2192 {after}"


def show_code(text: str) -> str:
    """Return code with its line breaks and indentation, else as `show`."""
    lines = text.expandtabs(4).replace("\r\n", "\n").split("\n")
    return "\n".join(printable(line) for line in lines).strip("\n")
