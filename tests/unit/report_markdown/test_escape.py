"""Texts within Markdown stay what they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbtune.report.markdown.escape import code, code_block, code_cell, in_html, prose
from dbtune.report.markdown.pipe_table import folded, pipe_table
from dbtune.report.plain_text import one_line
from tests.unit.report_markdown.rendered import (
    foreign_tags,
    inline_tokens,
    references,
    shown,
    tokens,
)

TEXTS = [
    "plain words",
    "1.5 s -> 3.4 ms (45 %)",
    "1. no list",
    "- no item",
    "+ no item",
    "# no heading",
    "> no quote",
    "=== no rule",
    "---",
    "*a* **b** _c_ __d__ ~~e~~ sns_posts.user_id",
    "`code` ``more`` [link](http://example.com) ![image](x)",
    "<b>bold</b> <script>alert(1)</script> <!-- gone --> &amp; &#64; &lt;",
    "a | b || c \\| d \\\\| e \\",
    "@team/admins and mail@example.com, #123, GH-7, owner/repo#9, see www.example.com",
    "https://example.com/?q=1 http://a.b ftp://c.d mailto:x@y.z",
    "$HOME and $$x$$ and $1",
    "</summary></details>",
    "\u65e5\u672c\u8a9e \U0001f468\u200d\U0001f469",
]


@pytest.mark.parametrize("text", TEXTS)
def test_prose_reads_as_it_was(text: str) -> None:
    """Nothing in it becomes markup, a tag, a link or a mention."""
    markdown = prose(text)
    assert shown(markdown) == text
    assert references(markdown) == [] and foreign_tags(markdown) == []
    assert [token.type for token in tokens(markdown)] == [
        "paragraph_open",
        "inline",
        "paragraph_close",
    ]


@pytest.mark.parametrize("text", [*TEXTS, "`", "``a`", "a`", " ", "a  b"])
def test_code_reads_as_it_was(text: str) -> None:
    """Back-ticks too; white space is one space."""
    spans = [token for token in inline_tokens(code(text)) if token.type == "code_inline"]
    assert [span.content for span in spans] == ([one_line(text)] if text.strip() else [])


@pytest.mark.parametrize("text", TEXTS)
def test_a_cell_is_not_ended_by_its_text(text: str) -> None:
    """Neither in prose nor in code."""
    table = pipe_table(["a", "b"], [[prose(text), code_cell(text)]])
    cells = [token for token in tokens(table) if token.type == "inline"]
    assert len(cells) == 4
    words = ["".join(child.content for child in cell.children or ()) for cell in cells[2:]]
    assert words == [word.replace("\0", "") for word in (_kept(text), text)]
    assert references(table) == [] and foreign_tags(table) == []


def _kept(text: str) -> str:
    """What the tokens of a cell of prose hold: its text, and the comments that part it."""
    return "".join(child.content for child in inline_tokens(prose(text)))


@pytest.mark.parametrize("text", TEXTS)
def test_a_summary_is_not_ended_by_its_text(text: str) -> None:
    """It is HTML, where other characters are of meaning."""
    markdown = folded(text, "inside")
    assert foreign_tags(markdown) == [] and references(markdown) == []
    assert shown(markdown) == "inside"


def test_control_characters_are_shown_as_escapes() -> None:
    """And line breaks are spaces, so that no text begins a block of its own."""
    assert prose("a\x1b[2J\n\n# b\u202e") == r"a\\x1b\[2J # b\\u202e"
    assert in_html("a\n\nb\x00") == r"a b\x00"
    assert code("a\n\nb") == "`a b`"


@pytest.mark.parametrize("text", ["SELECT 1", "```\nSELECT 1\n```", "~~~", "a\n\n````b````"])
def test_a_block_of_code_is_not_ended_by_its_text(text: str) -> None:
    """Its fence is longer than any run of back-ticks in it."""
    blocks = tokens(code_block(text, "sql"))
    assert [(block.type, block.content, block.info) for block in blocks] == [
        ("fence", f"{text}\n", "sql")
    ]


@given(st.text())
def test_any_text_stays_a_text(text: str) -> None:
    """No reference, no tag, and one paragraph at most."""
    markdown = prose(text)
    assert references(markdown) == [] and foreign_tags(markdown) == []
    assert len(tokens(markdown)) in {0, 3}
    assert shown(markdown) == one_line(text)
