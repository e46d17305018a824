"""Python source that an application's developer pastes into models."""

from __future__ import annotations


def string_literal(text: str) -> str:
    """Return a string literal, in double quotes where that needs no escape."""
    literal = repr(text) if text.isprintable() else ascii(text)
    if literal.startswith("'") and '"' not in literal and "\\" not in literal:
        return f'"{literal[1:-1]}"'
    return literal


def used_imports(body: str, imports: tuple[tuple[str, tuple[str, ...]], ...]) -> str:
    """Return the import lines, of (module, names), with just the names that the body calls."""
    lines = ""
    for module, names in imports:
        used = [name for name in names if f"{name}(" in body or f"{name}." in body]
        if used:
            lines += f"from {module} import {', '.join(used)}\n"
    return lines
