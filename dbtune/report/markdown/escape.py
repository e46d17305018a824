"""Texts made harmless within Markdown: whatever a name holds, it stays a text.

GitHub turns @name, #123, GH-123 and bare addresses into mentions and links after it has rendered
the Markdown, so that no backslash keeps it from that. An empty comment within them does: the parts
are then two texts. In code nothing is linked.
Source: https://github.github.com/gfm/ sections 6.1 (backslashes), 6.9 (autolinks), 6.10 (HTML).
"""

from __future__ import annotations

import html
import re

from dbtune.report.plain_text import one_line, printable

_APART = "<!-- -->"
# Where a line begins so, it would be a list, a heading, a quote or the rule under a heading.
_LINE_START = re.compile(r"^(?:([0-9]{1,9})([.)])(?=\s|$)|((?:[-+](?=[-+\s]|$)|[=#>])))")
_SPECIAL = re.compile(r"[\\`*\[\]<|~$]|&(?=#|\w+;)")
# Within a word an underscore marks nothing.
_UNDERSCORE = re.compile(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
_LINKED = re.compile(
    r"(?P<mention>@)(?=\w)"
    r"|(?P<number>#)(?=[0-9])"
    r"|(?P<short>\bGH)(?=-[0-9])"
    r"|(?P<address>\b(?:https?|ftp|mailto|xmpp))(?=:)"
    r"|(?P<host>\bwww)(?=\.)",
    re.IGNORECASE,
)
_BACKTICKS = re.compile(r"`+")


def prose(text: str) -> str:
    """Return a text on one line that Markdown shows as it is."""
    line = _SPECIAL.sub(r"\\\g<0>", one_line(text))
    line = _UNDERSCORE.sub(r"\\_", line)
    line = _LINE_START.sub(_escaped_start, line)
    return _unlinked(line)


def code(text: str) -> str:
    """Return a text on one line as a span of code, which shows it as it is."""
    line = one_line(text)
    if not line:
        return ""
    fence = "`" * (_longest_run(line) + 1)
    # One space on each side is taken off again, unless there is nothing but spaces.
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def code_cell(text: str) -> str:
    """Return a span of code as it stands in a cell of a table, where each | would end it.

    Prose has its own escaped already.
    """
    return code(text).replace("|", "\\|")


def in_html(text: str) -> str:
    """Return a text on one line as it stands within HTML tags."""
    return _unlinked(html.escape(one_line(text), quote=True))


def code_block(text: str, language: str) -> str:
    """Return a text as a fenced block, line by line as it is."""
    lines = [printable(line) for line in text.rstrip("\n").split("\n")]
    fence = "`" * max(3, max(map(_longest_run, lines)) + 1)
    return "\n".join((f"{fence}{language}", *lines, fence))


def _longest_run(line: str) -> int:
    return max(map(len, _BACKTICKS.findall(line)), default=0)


def _escaped_start(match: re.Match[str]) -> str:
    if match[1]:
        return f"{match[1]}\\{match[2]}"
    return f"\\{match[3]}"


def _unlinked(line: str) -> str:
    return _LINKED.sub(rf"\g<0>{_APART}", line)
