"""Lists that tiles have, such as their vertices and rows, as arrays: piece by piece, and in the order of the tiles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from polyrelu.arithmetic.exact import FloatArray, nearest_floats, read_only
from polyrelu.arithmetic.ieee import SMALLEST, SMALLEST_NORMAL, floats_are_sound
from polyrelu.arithmetic.rounding import gamma
from polyrelu.networks.fixed_inputs import Folding
from polyrelu.polyhedra.halfspace import Halfspace
from polyrelu.tilings.columns import Columns
from polyrelu.tilings.float_rows import float_facets
from polyrelu.tilings.neuron_facets import FacetReader, neuron_names
from polyrelu.tilings.tile import Tile
from polyrelu.tilings.tile_source import Numbers, TileSource

OF_DOMAIN, OF_TARGET, UNKNOWN = (-1, -1), (-2, -2), (-3, -3)

Numeric = NDArray[Any]
"""Floats, or Fractions where exact numbers were asked for."""


class Piece(NamedTuple):
    """Lists of some tiles.

    Attributes:
        places: the tiles, in any order.
        counts: how long the list of each is.
        columns: what the entries have, one tile after the other.
    """

    places: Numbers
    counts: NDArray[np.intp]
    columns: tuple[NDArray[Any], ...]

    @classmethod
    def of_tile(cls, place: int, *columns: NDArray[Any]) -> Piece:
        """The list of one tile."""
        return cls(np.array([place]), np.array([len(columns[0])]), columns)


def in_order(like: tuple[NDArray[Any], ...], pieces: Sequence[Piece], count: int) -> tuple[NDArray[Any], ...]:
    """All lists in the order of the tiles: where each begins, and the columns; read-only.

    Args:
        like: empty columns, which say what there is where there is nothing.
        pieces: lists of different tiles.
        count: how many tiles there are; those in no piece have empty lists.
    """
    none = np.empty(0, dtype=np.intp)
    places = np.concatenate([none, *(piece.places for piece in pieces)])
    counts = np.concatenate([none, *(piece.counts for piece in pieces)])
    columns = [np.concatenate(both) for both in zip(like, *(piece.columns for piece in pieces), strict=True)]
    order = np.argsort(places, kind="stable")
    begins, lengths = (np.cumsum(counts) - counts)[order], counts[order]
    ends = np.cumsum(lengths)
    gather = np.arange(int(lengths.sum())) + np.repeat(begins - (ends - lengths), lengths)
    all_counts = np.zeros(count + 1, dtype=np.intp)
    all_counts[places[order] + 1] = lengths
    return sealed((np.cumsum(all_counts), *(column[gather] for column in columns)))


def sealed(columns: Iterable[NDArray[Any]]) -> tuple[NDArray[Any], ...]:
    """The arrays, read-only."""
    return tuple(map(read_only, columns))


def rounded(values: Iterable[Fraction | int]) -> tuple[FloatArray, float]:
    """The nearest floats, and how far one of them may be off; infinite where one is, or floats are not sound."""
    floats = nearest_floats(values)
    largest = float(np.abs(floats).max(initial=0.0))
    return floats, gamma(2) * largest + SMALLEST if floats_are_sound() else np.inf


def points_of(place: int, points: Sequence[Sequence[Fraction]], dim: int, exact: bool) -> Piece:
    """Exact points of one tile, rounded unless they are to stay exact."""
    count = len(points)
    if exact:
        array = np.empty(count * dim, dtype=object)
        array[:] = list(chain.from_iterable(points))
        return Piece.of_tile(place, array.reshape(count, dim), np.zeros(count))
    both = list(map(rounded, points))
    floats = np.array([own for own, _ in both]).reshape(count, dim)
    return Piece.of_tile(place, floats, np.array([off for _, off in both], dtype=np.float64))


def no_points(dim: int, exact: bool) -> tuple[NDArray[Any], ...]:
    """The columns of no points."""
    return points_of(0, (), dim, exact).columns


def means(
    points: FloatArray, radius: FloatArray, starts: Numbers, counts: NDArray[np.intp]
) -> tuple[FloatArray, FloatArray]:
    """The means of lists of points, and how far a coordinate of each may be off."""
    owner = np.repeat(np.arange(len(counts)), counts)
    places = np.arange(len(owner)) + np.repeat(starts - (np.cumsum(counts) - counts), counts)
    begins = np.cumsum(counts) - counts
    own, off = points[places], np.maximum.reduceat(radius[places], begins)
    with np.errstate(over="ignore", invalid="ignore"):
        found = np.add.reduceat(own, begins, axis=0) / counts[:, None]
        largest = np.maximum.reduceat(np.abs(own).max(axis=1, initial=0.0), begins)
        factor = np.array([gamma(k) for k in range(int(counts.max(initial=0)) + 5)])[counts + 4]
        bound = (off + factor * (largest + off)) * (1.0 + gamma(8)) + SMALLEST_NORMAL
    return found, np.where(np.isfinite(found).all(axis=1) & np.isfinite(bound), bound, np.inf)


# -- rows ---------------------------------------------------------------------------------------------------------


def no_rows(dim: int, exact: bool) -> tuple[NDArray[Any], ...]:
    """The columns of no rows: normals, offsets, radius, relations, neurons."""
    kind = object if exact else np.float64
    return (
        np.empty((0, dim), dtype=kind),
        np.empty(0, dtype=kind),
        np.empty(0),
        np.empty(0, dtype="U2"),
        np.empty((0, 2), dtype=np.intp),
    )


@dataclass(frozen=True)
class ExactRows:
    """Writes down the rows of single tiles of one source.

    Attributes:
        source, reader: the tiles, and who reads their facets.
        dim: the domain's dimension.
        exact: whether numbers stay exact: then rows are primitive integers.
    """

    source: TileSource
    reader: FacetReader
    dim: int
    exact: bool

    def of(self, place: int, tile: Tile) -> Piece:
        """The rows of a tile."""
        rows, d = tile.polyhedron.halfspaces, tile.polyhedron.ambient_dim
        whose = dict[Any, tuple[int, int]]()
        if tile.dim == self.dim:
            names = neuron_names(self.source)
            for facet in self.reader.facets(tile.number):
                own = {"domain": OF_DOMAIN, "target": OF_TARGET}
                whose[facet.row] = own.get(facet.kind) or names[facet.neurons[0]]
        both = [self._numbers(row) for row in rows]
        table = np.array([own for own, _ in both], dtype=object if self.exact else np.float64).reshape(-1, d + 1)
        radius = np.array([off for _, off in both], dtype=np.float64)
        relations = np.array([row.relation for row in rows], dtype="U2")
        neurons = np.array([whose.get(row, UNKNOWN) for row in rows], dtype=np.intp).reshape(-1, 2)
        return Piece.of_tile(place, table[:, :-1], table[:, -1], radius, relations, neurons)

    def _numbers(self, row: Halfspace) -> tuple[Sequence[int] | FloatArray, float]:
        """A row's coefficients and offset, and how far one of them may be off."""
        numbers = (*row.normal, row.offset)
        return (numbers, 0.0) if self.exact else rounded(Fraction(v, _largest(row.normal)) for v in numbers)


def _largest(normal: Sequence[int]) -> int:
    return max((abs(v) for v in normal), default=0) or 1


@dataclass(frozen=True)
class FloatRows:
    """Writes down the rows of many tiles of columns.

    Attributes:
        columns: the tiles.
        relations, neurons: by number of facet, what there is in :class:`RowLists` beside numbers.
        constants: the rows ``x_j == c`` of inputs that the domain fixes: normals, offsets and their errors.
        free: the other inputs.
    """

    columns: Columns
    relations: NDArray[np.str_]
    neurons: NDArray[np.intp]
    constants: tuple[FloatArray, FloatArray, FloatArray]
    free: NDArray[np.intp]

    @classmethod
    def of(cls, columns: Columns) -> FloatRows:
        """Of columns whose tiles say all by their facets."""
        parts, names = columns.facet_rows, neuron_names(columns)
        target = parts.target.halfspaces
        relations = ["<="] * (len(parts.facets) + len(names)) + [row.relation for row in target]
        neurons = [OF_DOMAIN] * len(parts.facets) + names + [OF_TARGET] * len(target)
        dim, folding = columns.domain.ambient_dim, Folding.of(columns.domain)
        fixed = {} if folding is None else folding.sides.fixed
        free = [j for j in range(dim) if j not in fixed]
        both = [rounded([value]) for value in fixed.values()]
        constants = (
            np.eye(dim)[list(fixed)],
            np.array([float(own[0]) for own, _ in both]),
            np.array([off for _, off in both]),
        )
        sites = np.array(neurons, dtype=np.intp).reshape(-1, 2)
        return cls(columns, np.array(relations, dtype="U2"), sites, constants, np.array(free, dtype=np.intp))

    def rows(self, numbers: Numbers, places: Numbers) -> Piece:
        """The rows of those of the tiles of which floats are sure."""
        found = float_facets(self.columns, numbers)
        with np.errstate(all="ignore"):
            scale = np.abs(found.forms[:, :-1]).max(axis=1, initial=0.0)
            forms = found.forms / scale[:, None]
            spread = found.radius.max(axis=1, initial=0.0) / scale
            bound = spread * (1.0 + gamma(4)) + gamma(2) * np.abs(forms).max(axis=1, initial=0.0) + SMALLEST_NORMAL
            doubtful = ~(np.isfinite(forms).all(axis=1) & np.isfinite(bound))
        sure = np.bincount(found.owner, weights=doubtful, minlength=len(numbers)) == 0
        kept = sure[found.owner]
        own = Piece(
            places[sure], np.diff(found.starts)[sure], self._columns(forms[kept], bound[kept], found.number[kept])
        )
        return self._with_constants(own)

    def _columns(self, forms: FloatArray, bound: FloatArray, number: NDArray[np.int64]) -> tuple[NDArray[Any], ...]:
        normals = np.zeros((len(forms), self.columns.domain.ambient_dim))
        normals[:, self.free] = forms[:, :-1]
        return normals, -forms[:, -1], bound, self.relations[number], self.neurons[number]

    def _with_constants(self, own: Piece) -> Piece:
        """The rows of each tile with those of the constant inputs before them."""
        normals, offsets, radius = self.constants
        more = len(offsets)
        if not more:
            return own
        count = len(own.places)
        each = (normals, offsets, radius, np.full(more, "=="), np.full((more, 2), UNKNOWN[0]))
        columns = (np.tile(column, (count, *(1,) * (column.ndim - 1))) for column in each)
        return _side_by_side(Piece(own.places, np.full(count, more), tuple(columns)), own)


def _side_by_side(first: Piece, second: Piece) -> Piece:
    """Of the same tiles, in the same order, the lists of the one before those of the other."""
    before, after = (np.repeat(np.arange(len(own.places)), own.counts) for own in (first, second))
    order = np.argsort(np.concatenate([before, after]), kind="stable")
    columns = (np.concatenate(both)[order] for both in zip(first.columns, second.columns, strict=True))
    return Piece(first.places, first.counts + second.counts, tuple(columns))
