"""Which logged statements were committed together, as far as a log tells."""

from __future__ import annotations


class OpenTransaction:
    """Numbers transactions, until two are open at once: then no line tells which is its own."""

    def __init__(self, database: str = "") -> None:
        self._database = database
        self._number = 0
        self._is_open = False
        self._is_mixed = False

    @property
    def name(self) -> str | None:
        """What the open transaction is called; None outside, and where it cannot be told."""
        if not self._is_open or self._is_mixed:
            return None
        return f"{self._database}{self._number}"

    def begin(self) -> None:
        """Note that one begins."""
        self._is_mixed = self._is_mixed or self._is_open
        self._number += 1
        self._is_open = True

    def end(self) -> None:
        """Note that one was committed or rolled back."""
        self._is_open = False
