"""Markdown of the documentation as a terminal shows it."""

from __future__ import annotations

import io
import re
from typing import ClassVar

from rich.console import Console, ConsoleOptions, RenderResult
from rich.markdown import CodeBlock, Heading, Markdown
from rich.segment import Segment
from rich.style import Style
from rich.theme import Theme

# Prose wider than this is hard to follow from one line to the next.
_WIDEST = 100
# The library's own puts code on black, which a light terminal shows as a bar.
_THEME = Theme({"markdown.code": Style(color="cyan"), "markdown.link_url": Style(underline=True)})
# A link whose words are its address, which would be printed twice.
_AUTOLINK = re.compile(r"<(https?://[^>]+)>")


class _LeftHeading(Heading):
    """A heading in bold where its text begins; the library's own is centred, in a box."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        text = self.text.copy()
        text.stylize("bold underline" if self.tag == "h1" else "bold")
        yield text


class _PlainCode(CodeBlock):
    """Code as it is, to copy, in a colour of the terminal's own theme.

    The library's own has the background of a dark theme, and breaks long lines.
    """

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for line in str(self.text).rstrip().split("\n"):
            yield Segment(f"    {line}", Style(color="cyan"))
            yield Segment.line()


class _Page(Markdown):
    elements: ClassVar = {
        **Markdown.elements,
        "heading_open": _LeftHeading,
        "fence": _PlainCode,
        "code_block": _PlainCode,
    }


def draw_markdown(text: str, *, width: int, color: bool) -> str:
    """Return Markdown as lines of a terminal; without `color` with no escape sequence."""
    drawn = io.StringIO()
    console = Console(
        file=drawn,
        width=min(width, _WIDEST),
        force_terminal=color,
        color_system="standard" if color else None,
        legacy_windows=False,
    )
    with console.use_theme(_THEME):
        console.print(_Page(_AUTOLINK.sub(r"\1", text), hyperlinks=False), crop=False)
    lines = (line.rstrip() for line in drawn.getvalue().split("\n"))
    return "\n".join(lines).strip("\n") + "\n"
