"""Page -> one HTML file: it opens from disk, offline, and loads nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

import htpy as h
from markupsafe import Markup

from dbtune.model.page import Action, Block, Details, FindingList, Page, Section
from dbtune.report.anchors import checked_anchor
from dbtune.report.html.assets import script, security_policy, stylesheet
from dbtune.report.html.blocks import draw_blocks
from dbtune.report.html.commands import draw_command
from dbtune.report.html.facts import draw_fact_list
from dbtune.report.html.findings import codes_of, filter_rules
from dbtune.report.html.links import draw_trail
from dbtune.report.html.text import show


def to_html(page: Page) -> str:
    """Return a page as a whole HTML document.

    Raises ValueError if an anchor of the page is not made of a-z, 0-9 and dashes.
    """
    document = h.html(lang="en")[
        _draw_head(page),
        h.body[
            h.a(".skip", href="#sections")["Skip to the sections"],
            h.main[
                _draw_summary(page),
                _draw_contents(page) if page.sections else None,
                h.div("#sections", tabindex="-1")[_draw_sections(page.sections)],
            ],
            h.footer[(h.p[show(line)] for line in page.footer)],
            h.script[Markup(script())],
        ],
    ]
    return f"{document}\n"


def policy_of(page: Page) -> str:
    """Return the Content-Security-Policy of a page's document, for a server that sends it too."""
    return security_policy(_style(page), script())


def _style(page: Page) -> str:
    return stylesheet() + filter_rules(_most_codes(page))


def _draw_head(page: Page) -> h.Element:
    return h.head[
        h.meta(charset="utf-8"),
        # Before all that it governs.
        h.meta(http_equiv="Content-Security-Policy", content=policy_of(page)),
        h.meta(name="viewport", content="width=device-width, initial-scale=1"),
        h.meta(name="color-scheme", content="light dark"),
        h.meta(name="referrer", content="no-referrer"),
        h.title[show(page.title)],
        h.style[Markup(_style(page))],
    ]


def _draw_summary(page: Page) -> h.Element:
    return h.header[
        draw_trail(page.trail) if page.trail else None,
        h.h1[show(page.title)],
        _draw_verdict(page),
        draw_fact_list(page.figures, "figures") if page.figures else None,
        _draw_actions(page.actions) if page.actions else None,
        h.p(".on-paper")["What is closed on the screen is not printed: open it before printing."],
    ]


def _draw_verdict(page: Page) -> h.Element:
    # The first sentence is what one came for.
    first, *others = re.split(r"(?<=\.) (?=[A-Z0-9])", show(page.verdict), maxsplit=1)
    return h.p(class_=f"verdict {page.tone}")[
        h.strong[first], (h.span[" ", text] for text in others)
    ]


def _draw_actions(actions: tuple[Action, ...]) -> h.Element:
    return h.section(".actions", aria_labelledby="actions")[
        h.h2("#actions")["What to do first"],
        h.ol[
            (
                h.li[h.p[show(action.text)], action.command and draw_command(action.command)]
                for action in actions
            )
        ],
    ]


def _draw_contents(page: Page) -> h.Element:
    groups = groupby(page.sections, lambda section: section.group)
    return h.nav(aria_label="Contents")[
        h.ol[(_draw_entries(group, list(sections)) for group, sections in groups)]
    ]


def _draw_entries(group: str, sections: list[Section]) -> h.Node:
    entries = [
        h.li[h.a(href=f"#{checked_anchor(section.anchor)}")[show(section.title)]]
        for section in sections
    ]
    return h.li(".group")[h.span[show(group)], h.ol[entries]] if group else entries


def _draw_sections(sections: tuple[Section, ...]) -> Iterator[h.Element]:
    for number, section in enumerate(sections):
        begins = number == 0 or section.group != sections[number - 1].group
        yield _draw_section(section, f"s{number}", section.group if begins else "")


def _draw_section(section: Section, place: str, group: str) -> h.Element:
    return h.section(id=checked_anchor(section.anchor), aria_labelledby=f"{place}-title")[
        h.h2(id=f"{place}-title")[
            group and h.span(".group")[show(group), " "],
            show(section.title),
        ],
        draw_blocks(section.blocks, place),
    ]


def _most_codes(page: Page) -> int:
    blocks = (block for section in page.sections for block in _every_block(section.blocks))
    lists = (block for block in blocks if isinstance(block, FindingList))
    return max((len(codes_of(findings)) for findings in lists), default=0)


def _every_block(blocks: tuple[Block, ...]) -> Iterator[Block]:
    for block in blocks:
        yield block
        if isinstance(block, Details):
            yield from _every_block(block.blocks)
