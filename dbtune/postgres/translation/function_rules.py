"""What the tables of functions hold: how many arguments each takes, and its translation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dbtune.postgres.translation.terms import Term
from dbtune.postgres.translation.translator import Translator

Arguments = tuple[Term, ...]
FunctionHandler = Callable[[Translator, Arguments], Term]


@dataclass(frozen=True)
class FunctionRule:
    """A function of SQLite that translates: with `fewest` to `most` arguments."""

    fewest: int
    most: int
    translate: FunctionHandler
