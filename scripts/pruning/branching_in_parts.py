"""Branching that halves inputs for its bounds alone: a cell is bounded part by part of its box, and stays one cell.

So tiles are those of the engine, and nothing has to be joined. A target is out of reach of a cell where it is out of
reach of each part that meets it, and a neuron has a sign where it has that sign on all of these. What it saves, and
what it costs, is measured by ``branching.py``; the engine does without.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyrelu.bounds.linear import Bounds
from polyrelu.bounds.reach import certain_signs, misses
from polyrelu.engines.branch.engine import BranchEngine
from polyrelu.engines.branch.library import Batch


class BranchInParts(BranchEngine):
    """The engine, with boxes in parts.

    Args:
        times: how often boxes are halved, each along the input that moves the row that is nearest to being proved most.

    Attributes:
        parts: how many parts were bounded.
    """

    def __init__(self, *arguments: Any, times: int, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.times, self.parts = times, 0

    def _bounded(self, batch: Batch) -> tuple[NDArray[np.bool_], NDArray[np.int8]]:
        self.stats.bounded += len(batch.low)
        depth, target = batch.depth, self.restriction.target
        whole = self._bounds.over(batch.low, batch.high, self._with_signs(batch))
        self._known[depth] = whole.layers
        cells = np.flatnonzero(~misses(target, whole.layers[-1]))
        low, high, found = batch.low[cells], batch.high[cells], _chosen(whole, cells)
        for _ in range(self.times):
            low, high, parents = _halves(low, high, found)
            self.parts += len(low)
            found = self._bounds.over(low, high, tuple(own.chosen(parents) for own in found.layers))
            apart = misses(target, found.layers[-1])
            for own in found.layers[:depth]:  # what a neuron's sign on the cell says no part of it has
                apart |= (own.low > own.high).any(axis=1)
            left = np.flatnonzero(~apart)
            cells, low, high, found = cells[parents[left]], low[left], high[left], _chosen(found, left)
        signs = np.ascontiguousarray(certain_signs(self.layers[depth], whole.layers[depth]))
        of_parts = certain_signs(self.layers[depth], found.layers[depth])
        for cell in np.unique(cells):
            own = of_parts[cells == cell]
            signs[cell] = np.where(signs[cell] == 0, np.where((own == own[0]).all(axis=0), own[0], 0), signs[cell])
        missed = np.ones(len(batch.low), dtype=np.bool_)
        missed[cells] = False
        return missed, signs


def _chosen(bounds: Bounds, places: NDArray[np.intp]) -> Bounds:
    return Bounds(tuple(own.chosen(places) for own in bounds.layers), bounds.slopes[places])


def _halves(low: Any, high: Any, found: Bounds) -> tuple[Any, Any, NDArray[np.intp]]:
    """The halves of boxes, two after another from each, and of which box each is."""
    boxes = np.arange(len(low))
    with np.errstate(all="ignore"):
        moves = np.abs(found.slopes[boxes, np.argmax(found.layers[-1].low, axis=1)]) * (high - low)
    middles = 0.5 * low + 0.5 * high
    along = np.argmax(np.where(np.isfinite(moves) & (low < middles) & (middles < high), moves, -1.0), axis=1)
    low, high = np.repeat(low, 2, axis=0), np.repeat(high, 2, axis=0)
    high[2 * boxes, along] = low[2 * boxes + 1, along] = middles[boxes, along]
    return low, high, np.repeat(boxes, 2)
