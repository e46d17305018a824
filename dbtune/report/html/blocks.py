"""The blocks of a page, each drawn by the module that knows its kind."""

from __future__ import annotations

from itertools import groupby

import htpy as h

from dbtune.model.page import (
    Block,
    Bullets,
    Code,
    Commands,
    Details,
    Facts,
    FindingList,
    Histogram,
    LineChart,
    ShareChart,
    Table,
    Text,
)
from dbtune.report.anchors import checked_anchor
from dbtune.report.html.commands import draw_code, draw_commands
from dbtune.report.html.facts import draw_bullets, draw_facts, draw_text
from dbtune.report.html.figures import draw_figure
from dbtune.report.html.findings import draw_findings
from dbtune.report.html.tables import draw_table
from dbtune.report.html.text import show

# Such charts stand side by side where there is room; bars and maps want the whole width.
_NARROW = (Histogram, LineChart, ShareChart)


def draw_blocks(blocks: tuple[Block, ...], place: str) -> list[h.Node]:
    """Return blocks in their order.

    `place` is where they stand, such as "s3-1": ids that nobody links to are made of it.
    """
    drawn: list[h.Node] = []
    for is_narrow, group in groupby(enumerate(blocks), lambda item: isinstance(item[1], _NARROW)):
        nodes = [_draw_block(block, f"{place}-{number}") for number, block in group]
        drawn += [h.div(".beside")[nodes]] if is_narrow and len(nodes) > 1 else nodes
    return drawn


def _draw_block(block: Block, place: str) -> h.Node:
    match block:
        case Text():
            return draw_text(block)
        case Bullets():
            return draw_bullets(block)
        case Facts():
            return draw_facts(block)
        case Table():
            return draw_table(block, place)
        case Code():
            return draw_code(block)
        case Commands():
            return draw_commands(block)
        case FindingList():
            return draw_findings(block, place)
        case Details():
            return _draw_details(block, place)
        case _:
            return draw_figure(block, place)


def _draw_details(details: Details, place: str) -> h.Element:
    anchor = checked_anchor(details.anchor) if details.anchor else None
    return h.details(".part", id=anchor)[
        h.summary[show(details.title)], h.div[draw_blocks(details.blocks, place)]
    ]
