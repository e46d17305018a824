"""What a screen is too low for: its first lines come again at the end."""

from __future__ import annotations

from collections.abc import Sequence


def with_first_again(text: str, first: Sequence[str], height: int | None) -> str:
    """Return text that ends with its first lines again where it is longer than the screen.

    `height` is None where nothing scrolls away, as in a file. Lines that would not fit either
    are not repeated.
    """
    if height is None or text.count("\n") < height or not 0 < len(first) < height - 1:
        return text
    return "\n".join([text, *first, ""])
