"""Markdown as GitHub reads it: what of it is text, code, a link, a tag."""

from __future__ import annotations

import re
from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.token import Token

# The tags that dbtune writes itself.
_OWN_TAG = re.compile(r"</?(?:details|details open|summary|b|code|br)>")
_COMMENT = "<!-- -->"
# What GitHub makes a mention or a link of, within one text of the page it has rendered.
_REFERENCE = re.compile(r"@\w|#[0-9]|\bGH-[0-9]|\bwww\.|\bhttps?://", re.IGNORECASE)


def tokens(markdown: str) -> list[Token]:
    """Return the blocks of a text in GitHub's kind of Markdown."""
    parser = MarkdownIt("gfm-like")
    # Unlike GitHub it would link a bare example.com; www. is looked for below.
    parser.linkify.set({"fuzzy_link": False})
    return parser.parse(markdown)


def inline_tokens(markdown: str) -> Iterator[Token]:
    """Yield all that stands within paragraphs, headings, items and cells."""
    for token in tokens(markdown):
        yield from token.children or ()


def shown(markdown: str) -> str:
    """Return what a reader sees of a line: texts and code, without tags."""
    return "".join(
        token.content for token in inline_tokens(markdown) if token.type in {"text", "code_inline"}
    )


def references(markdown: str) -> list[str]:
    """Return what would become a link or a mention."""
    found = [token.content for token in inline_tokens(markdown) if token.type == "link_open"]
    found += [
        token.content
        for token in inline_tokens(markdown)
        if token.type == "text" and _REFERENCE.search(token.content)
    ]
    for tag in _tags(markdown):
        text = re.sub(r"<code>.*?</code>", "", tag.replace(_COMMENT, "\0"))
        found += [part for part in re.split(r"<[^>]*>|\0", text) if _REFERENCE.search(part)]
    return found


def foreign_tags(markdown: str) -> list[str]:
    """Return the tags that dbtune did not write."""
    return [
        tag
        for text in _tags(markdown)
        for tag in re.findall(r"<[^>]*>", text)
        if tag != _COMMENT and _OWN_TAG.fullmatch(tag) is None
    ]


def unbalanced(markdown: str) -> int:
    """Return how many parts are opened and not closed."""
    text = "".join(_tags(markdown))
    return text.count("<details") - text.count("</details>")


def _tags(markdown: str) -> Iterator[str]:
    for token in tokens(markdown):
        if token.type == "html_block":
            yield token.content
        yield from (child.content for child in token.children or () if child.type == "html_inline")
