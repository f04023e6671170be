"""Tiles that are written down when they are asked for: signs, and the neurons that divided the domain."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from polyrelu.arithmetic.exact import ExactVector, FloatArray, read_only
from polyrelu.engines.branch.exact import ExactCells, exact_point, splits_of
from polyrelu.engines.branch.facets import canonical
from polyrelu.networks.activation_pattern import SignVector, packed_signs, unpacked_signs
from polyrelu.networks.affine_outputs import signs_at
from polyrelu.networks.fixed_inputs import Folding
from polyrelu.networks.relevant_part import Restriction
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.limits import Limit, Stop, check, unlimited
from polyrelu.tilings import columns as tilings
from polyrelu.tilings.chart import chart
from polyrelu.tilings.tile_source import Extents, Numbers, TileSource

_FEW_INPUTS = 7


class Columns(NamedTuple):
    """Tiles in columns: two bits a neuron and d floats each.

    Attributes:
        signs: of all neurons, packed, (n, bytes).
        splits: whether each neuron divided the domain, packed, (n, bytes).
        points: strictly inside; NaN where none is known, (n, d).
    """

    signs: NDArray[np.uint8]
    splits: NDArray[np.uint8]
    points: FloatArray

    def chosen(self, places: Numbers) -> Columns:
        """Some of the tiles."""
        return Columns(self.signs[places], self.splits[places], self.points[places])

    def in_order(self) -> Columns:
        """The tiles in the order of their patterns, each once."""
        if not self.signs.shape[1]:
            return self.chosen(np.arange(min(len(self.signs), 1)))
        order = np.lexsort(self.signs.T[::-1])
        signs = self.signs[order]
        is_new = np.ones(len(order), dtype=np.bool_)
        is_new[1:] = (signs[1:] != signs[:-1]).any(axis=1)
        return self.chosen(order[is_new])


class PackedCells:
    """Tiles of full dimension, piece by piece as they are found.

    Args:
        neurons: how many signs each has.
        dim: of their points.
    """

    def __init__(self, neurons: int, dim: int) -> None:
        width = (neurons + 7) // 8
        empty = np.empty((0, width), dtype=np.uint8)
        self._pieces, self._count = [Columns(empty, empty, np.empty((0, dim)))], 0

    def __len__(self) -> int:
        return self._count

    def append(self, signs: NDArray[np.bool_], splits: NDArray[np.bool_], points: FloatArray) -> None:
        """Some more tiles, with a row of truth values each."""
        self.extend(Columns(packed_signs(signs), packed_signs(splits), points))

    def extend(self, columns: Columns) -> None:
        """Some more tiles."""
        if len(columns.points):
            self._pieces.append(columns)
            self._count += len(columns.points)

    def columns(self) -> Columns:
        """All of them."""
        self._pieces = [Columns(*map(np.concatenate, zip(*self._pieces, strict=True)))]
        return self._pieces[0]


class FlatTile(NamedTuple):
    """What the target leaves of a cell, where that is not of full dimension: truth values of neurons, and the set."""

    signs: NDArray[np.bool_]
    splits: NDArray[np.bool_]
    tile: Polyhedron


@dataclass(frozen=True, eq=False)
class BranchTiles(TileSource):
    """Tiles in the order of their patterns, whose canonical rows are found when they are asked for.

    Attributes:
        exact: writes them down, in the inputs that the domain leaves free.
        columns: the tiles.
        folding: how these inputs lie among all inputs.
    """

    exact: ExactCells
    columns: Columns
    folding: Folding | None

    @classmethod
    def of(
        cls,
        restriction: Restriction,
        exact: ExactCells,
        full: PackedCells,
        flat: Sequence[FlatTile],
        folding: Folding | None,
        at_most: Limit | None = None,
    ) -> BranchTiles:
        """The full tiles, and of the flat ones those that no other tile contains; of equal ones the first pattern's.

        At a limit those that were not compared by then stay.
        """
        kept = PackedCells(restriction.neuron_count, exact.domain.ambient_dim)
        kept.extend(full.columns())
        nowhere = np.full((1, exact.domain.ambient_dim), np.nan)
        waiting = deque(sorted(flat, key=lambda own: (-own.tile.dim, own.signs.tolist())))

        def settle() -> None:
            while waiting:
                check()
                signs, splits, tile = waiting[0]
                known = cls(restriction, exact, kept.columns(), folding)
                point = tile.relative_interior_point()
                there = signs_at(restriction.layers if folding is None else exact.layers, point)
                around = (known.uncanonical(i) for i in there.agreeing(known.columns.signs))
                if not any(other.contains(point) and tile.is_subset(other) for other in around):
                    kept.append(signs[None], splits[None], nowhere)
                waiting.popleft()

        if at_most is None:
            settle()
        else:
            with unlimited(), at_most.kept(), suppress(Stop):
                settle()
        for signs, splits, _ in waiting:
            kept.append(signs[None], splits[None], nowhere)
        return cls(restriction, exact, kept.columns().in_order(), folding)

    def __post_init__(self) -> None:
        signs, splits, points = self.columns
        sealed = Columns(read_only(signs.view()), read_only(splits.view()), read_only(points.view()))
        object.__setattr__(self, "columns", sealed)

    def __len__(self) -> int:
        return len(self.columns.signs)

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *accumulate(layer.neuron_count for layer in self.restriction.layers)]

    def extents(self, numbers: Numbers, along: int, by_cells: Callable[[tilings.Columns], Extents]) -> Extents | None:
        """What ``by_cells`` certifies of all tiles by their rows, where they have few inputs and so few vertices."""
        if self.exact.domain.ambient_dim > _FEW_INPUTS:
            return None
        return self._rows.extents(numbers, along, by_cells)

    @cached_property
    def _rows(self) -> tilings.Columns:
        """The tiles by rows of which some may be redundant: no canonical form is looked for."""
        whole = self.exact.domain if self.folding is None else self.folding.whole
        own = chart(whole, self.restriction.moving)
        splits = unpacked_signs(self.columns.splits, self._starts[-1])
        ends = (
            np.ones((len(self), count), dtype=np.bool_)
            for count in (len(own.facets), len(self.exact.target.halfspaces))
        )
        first, last = ends
        rows = np.concatenate([first, splits, last], axis=1)
        flat = {i: tile for i, tile in self._in_doubt() if tile.dim < whole.dim}
        rows[list(flat)] = False
        starts = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(rows.sum(axis=1))])
        facets = np.nonzero(rows)[1].astype(np.int32)
        signs, points = self.columns.signs, self.columns.points
        return tilings.Columns(self.restriction, whole, own, signs, starts, facets, points, flat)

    def _in_doubt(self) -> Iterator[tuple[int, Polyhedron]]:
        """Tiles that may be flat: those in which no point is known."""
        for i in np.flatnonzero(np.isnan(self.columns.points).any(axis=1)).tolist():
            check()
            yield i, self.polyhedron(i)

    @cached_property
    def _canonical(self) -> dict[int, Polyhedron]:
        return {}

    def bits(self, index: int) -> SignVector:
        """The signs of the restricted layers' ReLU neurons on a tile."""
        return SignVector.from_packed(self.columns.signs[index], self._starts)

    def uncanonical(self, index: int) -> Polyhedron:
        """A tile in the inputs that the domain leaves free, by rows of which some may be redundant."""
        signs, splits = (unpacked_signs(own[index], self._starts[-1]) for own in self.columns[:2])
        point = self.columns.points[index]
        inside = None if np.isnan(point).any() else exact_point(point.tolist())
        return self.exact.tile(splits_of(self.exact.layers, splits, signs), self.bits(index), inside)

    def polyhedron(self, index: int) -> Polyhedron:
        """A tile as an exact canonical polyhedron. Cost: a linear program a row, in floats."""
        if index not in self._canonical:
            tile = canonical(self.uncanonical(index), self.columns.points[index])
            self._canonical[index] = tile if self.folding is None else self.folding.lift(tile)
        return self._canonical[index]

    def inner_point(self, index: int) -> ExactVector:
        """An exact point of the relative interior of a tile."""
        point = self.columns.points[index]
        if np.isnan(point).any():
            return super().inner_point(index)
        exact = exact_point(point.tolist())
        return exact if self.folding is None else self.folding.sides.lift(exact)
