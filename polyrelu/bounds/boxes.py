r"""Splitting a box until bounds decide its parts: which of them certainly miss a target, and which are left.

A part is dropped where some row of the target certainly holds nowhere on it; it is *ripe* where few neurons may switch,
so that an exact method can take it from there; otherwise it is halved, along an input that moves the bound of the row
that is nearest to being proved the most. Parts wait in batches, because bounds of many boxes cost little more than
those of one; the most recent batch comes first, so that few wait, and in it the parts that are hardest to prove come
first, because a counterexample is likely to be there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from polyrelu.arithmetic.exact import FloatArray
from polyrelu.bounds.linear import Bounds, Enclosure, LinearBounds, Places
from polyrelu.bounds.reach import certain_signs, misses, rows_of
from polyrelu.networks.layer import Layer
from polyrelu.polyhedra.polyhedron import Polyhedron

_AT_ONCE = 32  # boxes, whose halves are bounded together


@dataclass(frozen=True, eq=False)
class Boxes:
    """k boxes that bounds do not decide.

    Attributes:
        low, high: their ends, (k, d).
        known: enclosures of all layers on them.
        slopes: of the linear functions that bound the target's rows from below, (k, rows, d).
        doubtful: how many neurons may switch, (k,).
    """

    low: FloatArray
    high: FloatArray
    known: tuple[Enclosure, ...]
    slopes: FloatArray
    doubtful: NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.low)

    def chosen(self, places: Places) -> Boxes:
        """Some of them."""
        known = tuple(own.chosen(places) for own in self.known)
        return Boxes(self.low[places], self.high[places], known, self.slopes[places], self.doubtful[places])

    def corners(self) -> FloatArray:
        """The corners at which bounds say that the row that is nearest to being proved may hold, (k, d)."""
        return np.asarray(np.where(self._hardest() > 0, self.low, self.high))

    def middles(self) -> FloatArray:
        """Their middles, (k, d)."""
        middles: FloatArray = 0.5 * self.low + 0.5 * self.high
        return middles

    def _hardest(self) -> FloatArray:
        """The slopes of the row with the largest lower bound, (k, d)."""
        if not self.slopes.shape[1]:
            return np.zeros_like(self.low)
        row = np.argmax(self.known[-1].low, axis=1)
        slopes: FloatArray = self.slopes[np.arange(len(self)), row]
        return slopes

    def can_be_cut(self) -> NDArray[np.bool_]:
        """Along which inputs they have floats between their ends, (k, d)."""
        middles = self.middles()
        return (self.low < middles) & (middles < self.high)

    def halves(self) -> tuple[FloatArray, FloatArray, Places]:
        """Their halves, two after another from each, and of which box each is."""
        with np.errstate(all="ignore"):
            moves = np.abs(self._hardest()) * (self.high - self.low)
        middles = self.middles()
        can_be_cut = self.can_be_cut()
        longest = np.where(np.isfinite(moves) & can_be_cut, moves, np.where(can_be_cut, 0.0, -1.0))
        along, boxes = np.argmax(longest, axis=1), np.arange(len(self))
        low, high = np.repeat(self.low, 2, axis=0), np.repeat(self.high, 2, axis=0)
        high[2 * boxes, along] = middles[boxes, along]
        low[2 * boxes + 1, along] = middles[boxes, along]
        return low, high, np.repeat(boxes, 2)


@dataclass
class BoxSearch:
    """Splits a box; what it hands out is not decided, and covers all of the box that may be mapped into the target.

    Args:
        layers: a chain of layers.
        target: in the space of what the last one returns.
        low: where the box begins, finite, (d,).
        high: where it ends.
        ripe: with so many neurons that may switch, or fewer, a part is not split any more.

    Attributes:
        excluded: how many parts bounds have excluded.
        bounded: how many parts were bounded.
        waiting: the batches that wait.
    """

    layers: Sequence[Layer]
    target: Polyhedron
    low: FloatArray
    high: FloatArray
    ripe: int
    excluded: int = 0
    bounded: int = 0
    waiting: list[Boxes] = field(default_factory=list)

    @cached_property
    def _chain(self) -> LinearBounds:
        return LinearBounds([*self.layers, rows_of(self.target)])

    def step(self) -> Boxes | None:
        """The next parts that bounds do not exclude; None when there are no more. Those that are ripe are not kept."""
        if not self.bounded:
            left = self._bounded(self.low[None], self.high[None], None)
        elif self.waiting:
            batch = self.waiting.pop()
            low, high, parents = batch.halves()
            left = self._bounded(low, high, tuple(own.chosen(parents) for own in batch.known))
        else:
            return None
        self._keep(left.chosen(np.flatnonzero(~self.are_ripe(left))))
        return left

    def are_ripe(self, boxes: Boxes) -> NDArray[np.bool_]:
        """Which boxes are not split any more: few neurons may switch there, or there is nothing to split, (k,)."""
        return np.asarray((boxes.doubtful <= self.ripe) | ~boxes.can_be_cut().any(axis=1))

    def _bounded(self, low: FloatArray, high: FloatArray, known: tuple[Enclosure, ...] | None) -> Boxes:
        """Those of some boxes that are not excluded."""
        bounds = self._chain.over(low, high, known)
        left = np.flatnonzero(~misses(self.target, bounds.layers[-1]))
        self.bounded += len(low)
        self.excluded += len(low) - len(left)
        return Boxes(low, high, bounds.layers, bounds.slopes, self._doubtful(bounds)).chosen(left)

    def _doubtful(self, bounds: Bounds) -> NDArray[np.intp]:
        counts = np.zeros(len(bounds.slopes), dtype=np.intp)
        for layer, own in zip(self.layers, bounds.layers, strict=False):
            counts += np.count_nonzero(certain_signs(layer, own) == 0, axis=1)
        return counts

    def _keep(self, rest: Boxes) -> None:
        """Keep boxes to be split, the hardest last, so that they come first."""
        order = np.argsort(-rest.known[-1].low.max(axis=1, initial=-np.inf))
        for first in range(0, len(order), _AT_ONCE):
            self.waiting.append(rest.chosen(order[first : first + _AT_ONCE]))
