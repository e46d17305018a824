"""Keeping a few distinct statements of a shape, whatever their number, in flat memory."""

from __future__ import annotations

import random
from collections.abc import Mapping

from dbtune.model.workload import Parameters, Sample

SAMPLES_KEPT = 5
# These stay, so that a recording read again with more at its end keeps them; the rest is drawn
# anew now and then, so that what came late or seldom has a chance.
_FIRST_KEPT = 2
_DRAWN = SAMPLES_KEPT - _FIRST_KEPT

_Identity = tuple[object, ...]


class SampleRoom:
    """How many characters all samples of a workload may still take; below 0 it is overdrawn."""

    __slots__ = ("left",)

    def __init__(self, characters: int) -> None:
        self.left = characters


class SampleKeeper:
    """Up to five distinct samples: the first two, and three drawn from all that came later.

    The draw depends only on the seed and the order of what is offered, so that the same recording
    gives the same advice. `next_look` is the number of the statement that should be offered next:
    below it there is nothing to decide. The first is kept even where there is no room, since
    a shape without a sample says nothing.
    """

    __slots__ = ("_kept", "_room", "_seed", "next_look", "size")

    def __init__(self, seed: str, room: SampleRoom) -> None:
        self._kept: dict[_Identity, Sample] = {}
        self._room = room
        self._seed = seed
        self.next_look = 0
        self.size = 0

    @property
    def samples(self) -> tuple[Sample, ...]:
        """The samples, the first seen first."""
        return tuple(self._kept.values())

    def is_settled(self, text: str, parameters: Parameters) -> bool:
        """Tell whether offering the statement would change nothing."""
        return len(self._kept) < SAMPLES_KEPT and _identify(text, parameters) in self._kept

    def offer(self, text: str, parameters: Parameters, number: int) -> None:
        """Look at the statement of this number, which counts from 1 within the shape."""
        identity = _identify(text, parameters)
        if identity not in self._kept:
            size = _size(text, parameters)
            if not self._kept or size <= self._room.left:
                self._make_place(number)
                self._kept[identity] = Sample(text, parameters)
                self._resize(size)
        if len(self._kept) == SAMPLES_KEPT:
            # The chance to be drawn falls as _DRAWN / number, as in reservoir sampling: none of
            # the next is drawn up to m with probability (number / m) ** _DRAWN.
            chance = 1.0 - random.Random(f"{self._seed} {number}").random()
            self.next_look = int(number * chance ** (-1 / _DRAWN)) + 1

    def _make_place(self, number: int) -> None:
        if len(self._kept) < SAMPLES_KEPT:
            return
        position = random.Random(f"{number} {self._seed}").randrange(_FIRST_KEPT, SAMPLES_KEPT)
        forgotten = self._kept.pop(list(self._kept)[position])
        self._resize(-_size(forgotten.text, forgotten.parameters))

    def _resize(self, characters: int) -> None:
        self.size += characters
        self._room.left -= characters


def _identify(text: str, parameters: Parameters) -> _Identity:
    if isinstance(parameters, Mapping):
        return (text, *sorted(parameters.items(), key=lambda item: item[0]))
    return (text, parameters)


def _size(text: str, parameters: Parameters) -> int:
    values = parameters.values() if isinstance(parameters, Mapping) else parameters or ()
    return len(text) + sum(len(value) if isinstance(value, (str, bytes)) else 8 for value in values)
