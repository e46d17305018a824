"""What the documents say, taken apart: headings, links, code, and Python files to copy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# The pages of the site; what is built of them lies in their midst.
PAGES = tuple(path for path in sorted((ROOT / "docs").rglob("*.md")) if "_build" not in path.parts)
DOCUMENTS = (ROOT / "README.md", ROOT / "CHANGELOG.md", *PAGES)


@dataclass(frozen=True)
class Block:
    """A fenced block of a document; `line` is that of its first line of code."""

    language: str
    code: str
    line: int


_FENCE = re.compile(r"^```([^\n`]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INDENTED = re.compile(r"(?:^ {4,}\S.*\n|^\n(?= {4}))+", re.MULTILINE)
_SPAN = re.compile(r"`([^`\n]+)`")
_HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)
_LINK = re.compile(r"\]\(([^)\s]+)\)")


def read(path: Path) -> str:
    """Return a document's text."""
    return path.read_text(encoding="utf-8")


def prose(text: str) -> str:
    """Return a document without its blocks of code; spans of code stay."""
    return _INDENTED.sub("\n", _FENCE.sub("", text))


def anchors(text: str) -> frozenset[str]:
    """Return what a link to a place in a document may name, as GitHub derives it from headings."""
    found: dict[str, None] = {}
    for heading in _HEADING.findall(prose(text)):
        slug = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        while slug in found:
            slug += "-1"
        found[slug] = None
    return frozenset(found)


def links(text: str) -> tuple[str, ...]:
    """Return the targets of a document's links."""
    return tuple(_LINK.findall(_SPAN.sub("", prose(text))))


def spans(text: str) -> tuple[str, ...]:
    """Return the spans of code in a document's prose."""
    return tuple(_SPAN.findall(prose(text)))


def blocks(text: str) -> tuple[Block, ...]:
    """Return the fenced blocks of a document, in order."""
    return tuple(
        Block(fence[1], fence[2], text.count("\n", 0, fence.start(2)) + 1)
        for fence in _FENCE.finditer(text)
    )


def indented_blocks(text: str) -> tuple[str, ...]:
    """Return the blocks of a document that are marked by blanks alone, as README's are."""
    return tuple(_INDENTED.findall(_FENCE.sub("", text)))


def code_lines(text: str) -> Iterator[str]:
    """Yield the lines of code in a document, in blocks and spans; continued lines as one.

    A block that is marked as text is what a program prints.
    """
    blocks = [code for language, code in _FENCE.findall(text) if language != "text"]
    blocks += indented_blocks(text)
    for block in blocks:
        yield from block.replace("\\\n", " ").splitlines()
    yield from spans(text)
