"""What is made of tiles where they are found: counts, histograms and volumes; or what somebody's function says.

All sums are exact, those of certified bounds of volumes, too. So they do not depend on who found which tiles, or when.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from polyrelu.arithmetic.exact import FloatArray
from polyrelu.networks.layer import neuron_starts
from polyrelu.runs.tasks import Question, Root
from polyrelu.tilings.columns import Columns
from polyrelu.tilings.tiling import Tiling

T = TypeVar("T")

_HALF = 27  # a float's mantissa in two halves of so many bits at most
_LEAST_EXPONENT = 1074


@dataclass(frozen=True)
class Tally:
    """What some tiles of one target amount to.

    Attributes:
        tiles: how many there are.
        dims: how many of each dimension.
        facets: of those of full dimension, how many have so many facets.
        walls: how many of these facets lie in the domain's boundary, on neurons, and in the target's boundary.
        low, high: the sums of certified bounds of their volumes, in the domain's chart.
    """

    tiles: int = 0
    dims: Counter[int] = field(default_factory=Counter)
    facets: Counter[int] = field(default_factory=Counter)
    walls: tuple[int, int, int] = (0, 0, 0)
    low: Fraction = Fraction(0)
    high: Fraction = Fraction(0)

    def __add__(self, other: Tally) -> Tally:
        domain, neurons, target = (a + b for a, b in zip(self.walls, other.walls, strict=True))
        return Tally(
            self.tiles + other.tiles,
            self.dims + other.dims,
            self.facets + other.facets,
            (domain, neurons, target),
            self.low + other.low,
            self.high + other.high,
        )


class Count:
    """Counts tiles, for each target."""

    measures = False

    def start(self, root: Root) -> Counter[int]:
        """No tiles."""
        return Counter()

    def add(self, value: Counter[int], tiles: Columns, target_index: int) -> Counter[int]:
        """With more tiles."""
        return value + Counter({target_index: len(tiles)})

    def end(self, value: Counter[int]) -> Counter[int]:
        """The numbers."""
        return value

    def combine(self, one: Counter[int], other: Counter[int]) -> Counter[int]:
        """The sums."""
        return one + other


class Tallies:
    """Makes tallies, for each target.

    Args:
        measures: with volumes.
    """

    def __init__(self, measures: bool) -> None:
        self.measures = measures

    def start(self, root: Root) -> dict[int, Tally]:
        """No tiles."""
        return {}

    def add(self, value: dict[int, Tally], tiles: Columns, target_index: int) -> dict[int, Tally]:
        """With more tiles."""
        return self.combine(value, {target_index: tally(tiles, self.measures)})

    def end(self, value: dict[int, Tally]) -> dict[int, Tally]:
        """The tallies."""
        return value

    def combine(self, one: dict[int, Tally], other: dict[int, Tally]) -> dict[int, Tally]:
        """The sums."""
        return {index: one.get(index, Tally()) + other.get(index, Tally()) for index in sorted({*one, *other})}


def tally(tiles: Columns, measures: bool) -> Tally:
    """What some tiles amount to.

    Cost: nanoseconds a tile; those whose volume has no certificate are measured exactly, in milliseconds each.
    """
    dims = tiles.dims(np.arange(len(tiles)))
    full = dims == tiles.domain.dim
    counts = np.diff(tiles.starts)[full]
    first_neuron = len(tiles.chart.facets)
    ends = [first_neuron, first_neuron + neuron_starts(tiles.restriction.layers)[-1]]
    walls = np.bincount(np.searchsorted(ends, tiles.facets, side="right"), minlength=3)
    low, high = _volumes(tiles, full) if measures else (Fraction(0), Fraction(0))
    return Tally(len(tiles), _counted(dims), _counted(counts), (int(walls[0]), int(walls[1]), int(walls[2])), low, high)


def _counted(values: NDArray[np.integer[Any]]) -> Counter[int]:
    numbers = np.bincount(values) if len(values) else np.empty(0, np.int64)
    return Counter({int(k): int(numbers[k]) for k in np.flatnonzero(numbers)})


def _volumes(tiles: Columns, full: NDArray[np.bool_]) -> tuple[Fraction, Fraction]:
    """Between which numbers the volume of all lies, in the domain's chart."""
    assert tiles.sizes is not None
    low, high = tiles.sizes.volume_low, tiles.sizes.volume_high
    known = np.isfinite(low) & np.isfinite(high)
    exact = Fraction(0)
    for i in np.flatnonzero(full & ~known).tolist():
        exact += tiles.polyhedron(i).affine_preimage(tiles.chart.basis, tiles.chart.origin, tiles.chart.dim).volume()
    return exact + exact_sum(low[known]), exact + exact_sum(high[known])


def exact_sum(values: FloatArray) -> Fraction:
    """The sum of finite floats, none below zero, without rounding. Cost: some ten nanoseconds each.

    Mantissas are added up for each exponent, in two halves: fewer than 2^26 numbers of 27 bits each make a float.
    """
    mantissas, exponents = np.frexp(values)
    whole = np.ldexp(mantissas, 2 * _HALF).astype(np.int64)
    places = exponents + _LEAST_EXPONENT
    total = 0
    for half, shift in ((whole >> _HALF, _HALF), (whole & (1 << _HALF) - 1, 0)):
        sums = np.bincount(places, weights=half.astype(np.float64)) if len(values) else np.empty(0)
        for place in np.flatnonzero(sums).tolist():
            total += int(sums[place]) << place + shift
    return Fraction(total, 1 << _LEAST_EXPONENT + 2 * _HALF)


class Mapped(Generic[T]):
    """What a function says of batches of tiles, combined by another.

    Args:
        question: the tiles' question.
        function: of a tiling with some of the tiles, in the order of their patterns.
        combining: of two values, of which the first one's tiles come before the other's.
        measures: whether the function asks for sizes.
    """

    def __init__(
        self, question: Question, function: Callable[[Tiling], T], combining: Callable[[T, T], T], measures: bool
    ) -> None:
        self.measures = measures
        self._question, self._function, self._combining = question, function, combining

    def start(self, root: Root) -> tuple[T, ...]:
        """No value."""
        return ()

    def add(self, value: tuple[T, ...], tiles: Columns, target_index: int) -> tuple[T, ...]:
        """With the value of more tiles."""
        statement = self._question.statement
        targets = () if statement.targets is None else statement.targets
        part = Tiling(statement.network, targets, statement.domain, "cells", False, {}, ((target_index, tiles),))
        return self.combine(value, (self._function(part),))

    def end(self, value: tuple[T, ...]) -> tuple[T, ...]:
        """One value, or none."""
        return value

    def combine(self, one: tuple[T, ...], other: tuple[T, ...]) -> tuple[T, ...]:
        """One value of two, or the one there is."""
        return (self._combining(one[0], other[0]),) if one and other else one or other
