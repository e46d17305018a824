"""Seeded chance for the pages: which user comes, which chef is looked at, what is searched for."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")


class Chance:
    """A stream of choices; the same seed gives the same choices with every version of Python.

    Only `Random.random` is used: it is the one method whose sequence Python promises to keep.
    """

    def __init__(self, seed: str) -> None:
        self._random = Random(seed)

    def fraction(self) -> float:
        """Return a number from 0 up to, but not including, 1."""
        return self._random.random()

    def up_to(self, most: int) -> int:
        """Return a whole number from 1 to `most`, each as likely."""
        return 1 + int(self.fraction() * most)

    def hot(self, most: int) -> int:
        """Return an id from 1 to `most`; low ones are far more likely, as in the tables."""
        even = self.fraction()
        return 1 + int(even * even * (0.2 + 0.8 * even) * most)

    def one_of(self, choices: Sequence[T]) -> T:
        """Return one of the choices, each as likely."""
        return choices[int(self.fraction() * len(choices))]

    def first_of(self, choices: Sequence[T]) -> T:
        """Return one of the choices; the first ones are more likely."""
        even = self.fraction()
        return choices[int(even * (0.25 + 0.75 * even) * len(choices))]

    def happens(self, share: float) -> bool:
        """Return True in that share of the cases."""
        return self.fraction() < share
