"""A page as GitHub Flavored Markdown that fits a comment on a pull request."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

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
    """A section's heading and its parts, each whole in itself, and the group it stands in."""

    group: str
    title: str
    texts: tuple[str, ...]

    @property
    def length(self) -> int:
        """Characters with what parts them."""
        return len(_heading(self)) + sum(len(text) + 2 for text in self.texts) + 2


def to_markdown(page: Page, room: int = COMMENT_ROOM) -> str:
    """Return a page in at most `room` characters; it says what was left out for that.

    Verdict, figures and actions are always there. Of what follows, a section may take half of the
    room that is left, so that a long one leaves some for those behind it.
    """
    head, foot = _head(page), _foot(page)
    parts = tuple(part for part in map(_part, page.sections) if part.texts)
    groups = dict.fromkeys(part.group for part in parts)
    free = room - len(head) - len(foot) - 4 - sum(len(_group(name)) + 2 for name in groups)
    if sum(part.length for part in parts) <= free:
        drawn = _under_groups((p.group, "\n\n".join((_heading(p), *p.texts))) for p in parts)
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
    return _Part(section.group, section.title, tuple(draw_blocks(section.blocks)))


def _heading(part: _Part) -> str:
    return f"{'####' if part.group else '###'} {prose(part.title)}"


def _group(name: str) -> str:
    return f"### {prose(_cut(name))}" if name else ""


def _under_groups(drawn: Iterable[tuple[str, str]]) -> list[str]:
    """Return drawn sections, those of a group under its heading; each comes with its group."""
    texts = []
    for group, sections in groupby(drawn, lambda pair: pair[0]):
        texts += [_group(group), *(text for _, text in sections)]
    return texts


def _fitting(parts: tuple[_Part, ...], room: int) -> list[str]:
    drawn: list[tuple[str, str]] = []
    whole: list[str] = []
    for place, part in enumerate(parts):
        rest = sum(later.length for later in parts[place:])
        text = _section_within(part, room if rest <= room else room // 2)
        if text is None:
            whole.append(f"{part.title} ({part.group})" if part.group else part.title)
        else:
            drawn.append((part.group, text))
            room -= len(text) + 2
    return [*_under_groups(drawn), *([_left_out(whole)] if whole else [])]


def _section_within(part: _Part, room: int) -> str | None:
    """Return a section's heading and those of its parts that fit; None where none does."""
    text, shown = _heading(part), 0
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
