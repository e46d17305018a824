"""The blocks of a page as parts of Markdown, each whole in itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dbtune.model.page import (
    Block,
    Bullets,
    Cell,
    Code,
    Column,
    Command,
    Commands,
    Details,
    Fact,
    Facts,
    FindingCard,
    FindingList,
    Table,
    Text,
)
from dbtune.report.markdown.escape import code_block, code_cell, in_html, prose
from dbtune.report.markdown.figures import draw_figure
from dbtune.report.markdown.pipe_table import Align, folded, folded_under, pipe_table

# More that is open hides the sections behind it.
_IN_FULL = 3
# A longer table hides what comes after it.
_ROWS_IN_SIGHT = 10
_MOST_CODE = 3_000


def draw_blocks(blocks: Sequence[Block]) -> Iterator[str]:
    """Yield the parts of blocks in order, none of which ends within another: findings are many."""
    for block in blocks:
        if isinstance(block, FindingList):
            for place, finding in enumerate(block.items):
                yield draw_finding(finding, in_full=place < _IN_FULL)
        else:
            drawn = _draw_block(block)
            if drawn:
                yield drawn


def draw_finding(finding: FindingCard, *, in_full: bool) -> str:
    """Return a finding behind its severity, code and subject; open where it is to be read."""
    summary = (
        f"<b>{finding.severity}</b> <code>{in_html(finding.code)}</code> {in_html(finding.subject)}"
    )
    if finding.call_site:
        summary += f" at <code>{in_html(finding.call_site)}</code>"
    parts = [prose(finding.message)]
    if finding.evidence:
        parts.append("\n".join(f"- {draw_fact(fact)}" for fact in finding.evidence))
    parts.append(prose(finding.help))
    if finding.command:
        parts.append(draw_code(finding.command, finding.language))
    body = "\n\n".join(part for part in parts if part)
    return folded_under(summary, body, is_open=in_full)


def draw_fact(fact: Fact) -> str:
    """Return a fact on one line: its name, its value, and what there is to say of it."""
    note = f" ({prose(fact.note)})" if fact.note else ""
    return f"{prose(fact.label)}: {_toned(prose(fact.value), fact.tone)}{note}"


def draw_command(command: Command) -> str:
    """Return what a command is for, its text to copy, and how to undo it."""
    drawn = f"{prose(command.purpose)}\n\n{code_block(command.text, command.language)}"
    if command.undo:
        drawn += f"\n\nTo undo it:\n\n{code_block(command.undo, command.language)}"
    return drawn


def draw_code(text: str, language: str) -> str:
    """Return code as a block, and how much is left out of a very long one."""
    if len(text) <= _MOST_CODE:
        return code_block(text, language)
    said = f"*and {len(text) - _MOST_CODE:,} characters more*"
    return f"{code_block(text[:_MOST_CODE], language)}\n\n{said}"


def _draw_block(block: Block) -> str:
    match block:
        case Text():
            return "\n\n".join(prose(paragraph) for paragraph in block.paragraphs)
        case Bullets():
            return "\n".join(f"- {prose(item)}" for item in block.items)
        case Facts():
            return "\n".join(f"- {draw_fact(fact)}" for fact in block.items)
        case Table():
            return _draw_table(block)
        case Code():
            return draw_code(block.text, "" if block.language == "text" else block.language)
        case Commands():
            return "\n\n".join(draw_command(command) for command in block.items)
        case FindingList():
            return "\n\n".join(draw_finding(each, in_full=False) for each in block.items)
        case Details():
            return folded(block.title, "\n\n".join(draw_blocks(block.blocks)))
        case _:
            return draw_figure(block)


def _draw_table(table: Table) -> str:
    if not table.rows:
        return ""
    headers = [prose(column.title) for column in table.columns]
    align: list[Align] = [
        "right" if column.kind == "number" else "left" for column in table.columns
    ]
    rows = [list(map(_draw_cell, row, table.columns)) for row in table.rows]
    drawn = pipe_table(headers, rows, align)
    caption = table.caption or "Table"
    if len(rows) > _ROWS_IN_SIGHT:
        return folded(f"{caption} ({len(rows):,})", drawn)
    return f"**{prose(caption)}**\n\n{drawn}" if table.caption else drawn


def _draw_cell(cell: Cell, column: Column) -> str:
    if column.kind == "code":
        return code_cell(cell.text)
    return _toned(prose(cell.text), cell.tone)


def _toned(text: str, tone: str) -> str:
    """What needs attention is bold; the words say what it is."""
    return f"**{text}**" if text and tone in {"bad", "warning"} else text
