"""Whether the user asked for results and errors only."""

from __future__ import annotations

import click


def is_quiet() -> bool:
    """Return whether -q was given to the command that runs."""
    context = click.get_current_context(silent=True)
    return bool(context is not None and (context.obj or {}).get("quiet"))
