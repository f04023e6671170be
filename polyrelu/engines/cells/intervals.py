r"""Intervals of patterns: sets of tiles that are named without geometry.

The patterns of n neurons are the binary numbers of n digits, the first neuron's the highest. Every tile has one, so an
interval of numbers is a set of tiles, and disjoint intervals share none. A search that splits by the neurons in their
order, and goes on with the silent side, meets patterns in their order: whenever it stops, what is left of its interval
is an interval.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from polyrelu.arithmetic.exact import FloatArray
from polyrelu.engines.cells.problem import UNDECIDED, Cells
from polyrelu.networks.pattern_cells import Placed


class Interval(NamedTuple):
    """The patterns from ``first`` to ``last``, both included, as numbers of so many digits."""

    first: int
    last: int
    digits: int

    @classmethod
    def whole(cls, digits: int) -> Interval:
        """All patterns."""
        return cls(0, (1 << digits) - 1, digits)

    @classmethod
    def beginning(cls, signs: Sequence[bool], digits: int) -> Interval:
        """The patterns that begin with these signs."""
        number = int("".join("01"[sign] for sign in signs) or "0", 2)
        free = digits - len(signs)
        return cls(number << free, (number + 1 << free) - 1, digits)

    @property
    def prefix(self) -> list[bool]:
        """The signs that all its patterns begin with."""
        free = (self.first ^ self.last).bit_length()
        return [bool(self.first >> place & 1) for place in range(self.digits - 1, free - 1, -1)]

    @property
    def packed(self) -> tuple[bytes, bytes]:
        """Its ends, eight digits to a byte."""
        width, more = (self.digits + 7) // 8, -self.digits % 8
        return (self.first << more).to_bytes(width, "big"), (self.last << more).to_bytes(width, "big")

    def meets(self, other: Interval) -> bool:
        """Whether a pattern lies in both."""
        return self.first <= other.last and other.first <= self.last

    def cut(self, firsts: Sequence[int]) -> list[Interval]:
        """The intervals that begin at these numbers, which ascend and lie in it; the last one ends where it does."""
        ends = [*(first - 1 for first in firsts[1:]), *[self.last] * bool(firsts)]
        return [Interval(first, end, self.digits) for first, end in zip(firsts, ends, strict=True)]


def patterns_in(placed: Placed, digits: int) -> Interval:
    """The patterns that the tiles in a cell may have, as far as its first neuron without a sign says."""
    known = [sign for layer in placed.signs for sign in layer]
    for sign in placed.begun:
        if not sign:
            break
        known.append(sign > 0)
    return Interval.beginning(known, digits)


def first_patterns(cells: Cells, within: Interval) -> tuple[list[int], NDArray[np.intp]]:
    """For each cell that may have a tile in an interval, the first pattern there that it may have; and which these are.

    Cells that a stopped run leaves share no pattern. They come in the order of their patterns.
    """
    digits = within.digits
    signs = cells.signs[:, :digits]
    known = np.minimum.accumulate(signs != UNDECIDED, axis=1)
    least = np.packbits((signs == 1) & known, axis=1)
    most = np.packbits((signs == 1) | ~known, axis=1)
    low, high = (_numbers(ends, digits) for ends in (least, most))
    met = [k for k in range(len(low)) if low[k] <= within.last and within.first <= high[k]]
    met.sort(key=low.__getitem__)
    return [max(low[k], within.first) for k in met], np.array(met, dtype=np.intp)


def _numbers(packed: NDArray[np.uint8], digits: int) -> list[int]:
    more = -digits % 8
    return [int.from_bytes(row.tobytes(), "big") >> more for row in packed]


def dealt_out(firsts: Sequence[int], weights: FloatArray, most: int) -> list[list[int]]:
    """The numbers of cells in their order, in at most so many groups of about the same weight."""
    total = weights.sum()
    if not 0.0 < total < np.inf:
        weights, total = np.ones(len(firsts)), float(len(firsts))
    middles = (np.cumsum(weights) - weights / 2) / total
    groups = np.minimum((middles * most).astype(np.intp), most - 1)
    return [np.flatnonzero(groups == group).tolist() for group in np.unique(groups)]
