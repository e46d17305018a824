"""Code to read and commands to copy: one click selects a command whole."""

from __future__ import annotations

import htpy as h

from dbtune.model.page import Code, Command, Commands
from dbtune.report.html.text import show, show_code


def draw_code(code: Code) -> h.Element:
    """Return a statement or lines of a program."""
    return h.pre(class_=code.language)[h.code[show_code(code.text)]]


def draw_command(text: str, language: str = "shell") -> h.Element:
    """Return a command that is selected whole and that the script gives a button to copy."""
    return h.pre(class_=f"{language} copy")[h.code[show_code(text)]]


def draw_commands(commands: Commands) -> h.Element:
    """Return commands in their order, each with what for and what takes it back."""
    return h.ol(".commands")[(h.li[_draw_item(command)] for command in commands.items)]


def _draw_item(command: Command) -> list[h.Node]:
    undo = command.undo and [h.p(".undo")["To undo:"], draw_command(command.undo, command.language)]
    return [
        h.p[show(command.purpose)],
        draw_command(command.text, command.language),
        undo or None,
    ]
