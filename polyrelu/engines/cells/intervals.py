r"""Intervals of patterns, and the tiles of one: what a task with a budget splits.

The patterns of n neurons are the binary numbers of n digits, the first neuron's the highest. Every tile has one, so an
interval of numbers is a set of tiles; intervals that are disjoint share none, and no geometry is needed to say so. A
search that splits by the neurons in their order, and always goes on with the silent side, meets patterns in their
order: whenever it stops, what is left of its interval is an interval.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from polyrelu.engines.cells.engine import CellEngine
from polyrelu.networks import pattern_cells
from polyrelu.networks.activation_pattern import SignVector
from polyrelu.networks.affine_outputs import outputs_before
from polyrelu.networks.layer import Layer
from polyrelu.networks.pattern_cells import Placed
from polyrelu.networks.relevant_part import Restriction
from polyrelu.arithmetic.exact import primitive
from polyrelu.polyhedra.cell import split
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.tilings.columns import Columns


class Interval(NamedTuple):
    """The patterns from ``first`` to ``last``, both included, as numbers of so many digits."""

    first: int
    last: int
    digits: int

    @classmethod
    def whole(cls, digits: int) -> Interval:
        """All patterns."""
        return cls(0, (1 << digits) - 1, digits)

    @property
    def prefix(self) -> list[bool]:
        """The digits that all its patterns have in front."""
        free = (self.first ^ self.last).bit_length()
        return [bool(self.first >> place & 1) for place in range(self.digits - 1, free - 1, -1)]

    def meets(self, other: Interval) -> bool:
        """Whether a pattern lies in both."""
        return self.first <= other.last and other.first <= self.last

    def cut(self, firsts: Sequence[int]) -> list[Interval]:
        """The intervals that begin at these numbers, which ascend from its own first one."""
        ends = [*(first - 1 for first in firsts[1:]), *[self.last] * bool(firsts)]
        return [Interval(first, end, self.digits) for first, end in zip(firsts, ends, strict=True)]


def reach(placed: Placed, digits: int) -> Interval:
    """The patterns that a cell's tiles may have, as far as its first neuron without a sign says."""
    known = [sign for layer in placed.signs for sign in layer]
    for sign in placed.begun:
        if not sign:
            break
        known.append(sign > 0)
    number = int("".join("01"[sign] for sign in known) or "0", 2)
    free = digits - len(known)
    return Interval(number << free, (number + 1 << free) - 1, digits)


class IntervalCells(CellEngine):
    """Splits the part of a domain in which patterns lie in an interval, in their order, until a budget is used up.

    Args:
        restriction, domain: the problem; the domain is not empty.
        sector: which of the domain's pointed parts; there is one, unless the domain contains lines.
        interval: the patterns.
    """

    def __init__(self, restriction: Restriction, domain: Polyhedron, sector: int, interval: Interval) -> None:
        super().__init__(restriction, domain, None)
        self.interval, self.sector = interval, sector

    def run_interval(self, cuts: int) -> list[Interval]:
        """Split until there were so many cuts; the intervals that are left, in their order."""
        start = _with_prefix(sectors(self)[self.sector], self.layers, self.first_facets, self.interval.prefix)
        self._waiting = [] if start is None or not self._reach(start).meets(self.interval) else [start]
        firsts = self._firsts()
        while self._waiting and (self.stats.cuts < cuts or firsts == [self.interval.first]):
            self._step()
            firsts = self._firsts()
        return self.interval.cut(firsts)

    def _firsts(self) -> list[int]:
        """Where the patterns of the cells that wait begin."""
        return sorted({max(self._reach(placed).first, self.interval.first) for placed in self._waiting})

    def found(self) -> Columns:
        """The tiles."""
        self._settle(lambda: None)
        return self._columns(self.needed)

    def _reach(self, placed: Placed) -> Interval:
        return reach(placed, self.restriction.neuron_count)

    def _step(self) -> None:
        placed = self._waiting.pop()
        if placed.depth == len(self.layers):
            self._finish(placed)
        else:
            parts = (part for part in self._refine(placed, False) if self._reach(part).meets(self.interval))
            self._waiting += reversed(list(parts))


def sectors(engine: CellEngine) -> list[Placed]:
    """The parts of a domain that contain no lines, and those that do and are through all layers, in canonical order."""
    waiting, found = [Placed(engine.chart.start)], list[Placed]()
    while waiting:
        placed = waiting.pop()
        if placed.depth == len(engine.layers) or not placed.cell.lines:
            found.append(placed)
        else:
            first_facet = engine.first_facets[placed.depth]
            parts = pattern_cells.refine(placed, engine.layers, first_facet, lambda _: None, True)
            waiting += reversed(list(parts))
    return found


def _with_prefix(
    placed: Placed | None, layers: Sequence[Layer], first_facets: Sequence[int], prefix: Sequence[bool]
) -> Placed | None:
    """The part of a cell on which the first neurons have these signs; None if it is not full-dimensional."""
    left = list(prefix)
    while placed is not None and left and placed.depth < len(layers):
        own, left = left[: layers[placed.depth].neuron_count], left[layers[placed.depth].neuron_count :]
        placed = _with_signs(placed, layers, first_facets[placed.depth], own)
    return placed


def _with_signs(placed: Placed, layers: Sequence[Layer], first_facet: int, signs: Sequence[bool]) -> Placed | None:
    layer, cell = layers[placed.depth], placed.cell
    rows, _ = layer.after(outputs_before(layers, placed.signs)).numer_denom()
    begun = [*placed.begun, *[0] * (layer.neuron_count - len(placed.begun))]
    for k, (sign, before) in enumerate(zip(signs, begun, strict=False)):
        if before:
            if sign != (before > 0):
                return None
            continue
        i = layer.neurons[k]
        half = split(cell, primitive([int(rows[i, j]) for j in range(rows.ncols())]), first_facet + k)[sign]
        if half is None:
            return None
        cell, begun[k] = half, 1 if sign else -1
    if all(begun):
        return Placed(cell, placed.signs.then(sign > 0 for sign in begun))
    return Placed(cell, placed.signs, tuple(begun))
