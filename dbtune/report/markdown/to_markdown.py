"""A page as GitHub Flavored Markdown that fits a comment on a pull request."""

from __future__ import annotations

from dataclasses import dataclass

from dbtune.model.page import Action, Page, Section
from dbtune.report.markdown.blocks import draw_blocks, draw_code, draw_fact
from dbtune.report.markdown.escape import prose

# GitHub refuses a comment of more than 65,536 characters; the rest is for what stands around it.
COMMENT_ROOM = 65_000
# What is said of what was left out.
_WORDS_ROOM = 400
# No title or verdict is longer, unless a name in it is.
_LONGEST = 1_000


@dataclass(frozen=True)
class _Part:
    """A section's heading and its parts, each whole in itself."""

    title: str
    texts: tuple[str, ...]

    @property
    def length(self) -> int:
        """Characters with what parts them."""
        return len(_heading(self.title)) + sum(len(text) + 2 for text in self.texts) + 2


def to_markdown(page: Page, room: int = COMMENT_ROOM) -> str:
    """Return a page in at most `room` characters; it says what was left out for that.

    Verdict, figures and actions are always there. Of what follows, a section may take half of the
    room that is left, so that a long one leaves some for those behind it.
    """
    head, foot = _head(page), _foot(page)
    parts = tuple(part for part in map(_part, page.sections) if part.texts)
    free = room - len(head) - len(foot) - 4
    if sum(part.length for part in parts) <= free:
        drawn = ["\n\n".join((_heading(part.title), *part.texts)) for part in parts]
    else:
        drawn = _fitting(parts, free - _WORDS_ROOM)
    return "\n\n".join(text for text in (head, *drawn, foot) if text) + "\n"


def _head(page: Page) -> str:
    parts = [f"## {prose(_cut(page.title))}", f"**{prose(_cut(page.verdict))}**"]
    if page.figures:
        parts.append("\n".join(f"- {draw_fact(fact)}" for fact in page.figures))
    if page.actions:
        parts.append("### First")
        parts += (_action(number, action) for number, action in enumerate(page.actions, 1))
    return "\n\n".join(parts)


def _action(number: int, action: Action) -> str:
    said = f"{number}\\. {prose(_cut(action.text))}"
    return f"{said}\n\n{draw_code(action.command, 'shell')}" if action.command else said


def _foot(page: Page) -> str:
    return f"*{' · '.join(map(prose, page.footer))}*" if page.footer else ""


def _part(section: Section) -> _Part:
    return _Part(section.title, tuple(draw_blocks(section.blocks)))


def _heading(title: str) -> str:
    return f"### {prose(title)}"


def _fitting(parts: tuple[_Part, ...], room: int) -> list[str]:
    drawn: list[str] = []
    whole: list[str] = []
    for place, part in enumerate(parts):
        rest = sum(later.length for later in parts[place:])
        text = _section_within(part, room if rest <= room else room // 2)
        if text is None:
            whole.append(part.title)
        else:
            drawn.append(text)
            room -= len(text) + 2
    if whole:
        drawn.append(_left_out(whole))
    return drawn


def _section_within(part: _Part, room: int) -> str | None:
    """Return a section's heading and those of its parts that fit; None where none does."""
    text, shown = _heading(part.title), 0
    for own in part.texts:
        if len(text) + len(own) + 2 + _WORDS_ROOM // 2 > room:
            continue
        text += f"\n\n{own}"
        shown += 1
    left = len(part.texts) - shown
    if left and not shown:
        return None
    if left:
        text += f"\n\n*{left:,} of {len(part.texts):,} left out for the length of a comment.*"
    return text


def _left_out(titles: list[str]) -> str:
    named = ", ".join(titles)[: _WORDS_ROOM // 2]
    return f"*Left out for the length of a comment: {prose(named)}.*"


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
