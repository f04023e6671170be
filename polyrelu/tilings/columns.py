"""The tiles of one restricted problem, column by column: signs, facets, and what is needed to rebuild each exactly.

A tile costs its packed signs and four bytes a facet. Its exact polyhedron is written down on demand from its facets'
numbers, which mean, in this order, rows of the domain, neurons, and rows of the target; no search is needed, because
the facets of a cell are irredundant at all times.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from types import NoneType
from typing import NamedTuple, TypeAlias

import numpy as np
from flint import fmpq_mat
from numpy.typing import NDArray

from polyrelu.arithmetic.exact import ExactVector, FloatArray, exact_vector, matrix_rows, read_only
from polyrelu.arithmetic.rounding import relu_with_bound
from polyrelu.networks.activation_pattern import SignVector, packed_keys, packed_signs, sign_rows, unpacked_signs
from polyrelu.networks.affine_outputs import Outputs, matrix_and_offset, signs_at
from polyrelu.networks.fixed_inputs import Folding
from polyrelu.networks.layer import Layer, neuron_places, neuron_starts
from polyrelu.networks.pattern_cells import sign_row
from polyrelu.networks.relevant_part import Restriction
from polyrelu.polyhedra.halfspace import Halfspace
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.tilings.chart import Chart, chart
from polyrelu.tilings.facet_matching import Matches, match_facets
from polyrelu.tilings.sections import Sections, joined, no_sections
from polyrelu.tilings.tile_source import Extents, TileData, TileSource

_CHUNK = 1 << 14
# To measure one tile exactly takes as long as to measure this many by cells, or longer.
_CELLS_PER_EXACT_TILE = 100


class Piece(NamedTuple):
    """Columns of some tiles in any order; what they mean is said under :class:`Columns`."""

    packed: NDArray[np.uint8]
    starts: NDArray[np.int64]
    facets: NDArray[np.int32]
    points: FloatArray


Arrange: TypeAlias = Callable[[Sequence[Piece]], tuple[NDArray[np.intp], Piece]]


@dataclass(frozen=True, eq=False)
class Columns(TileSource):
    """Tiles in the order of their patterns, and the problem they belong to. The arrays are read-only.

    Attributes:
        restriction, domain: the problem, with the domain in the space of x.
        chart: the domain's coordinates; its facets are what facet numbers from 0 on mean.
        packed: (n, bytes) the signs of the restricted layers' ReLU neurons, eight to a byte, the first one highest.
        starts, facets: tile i has the facets ``facets[starts[i]:starts[i + 1]]``.
        points: float points of the chart in the interior of the tiles, certified; NaN where none is known.
        flat: tiles of lower dimension, number to polyhedron; they have no facets in the columns.
        sections: more of these, by their facets.
        sizes: how large all tiles are, where that was found with them.
    """

    domain: Polyhedron
    chart: Chart
    packed: NDArray[np.uint8]
    starts: NDArray[np.int64]
    facets: NDArray[np.int32]
    points: FloatArray
    flat: dict[int, Polyhedron]
    sections: Sections = field(default_factory=no_sections)
    sizes: Extents | None = field(default_factory=NoneType)  # no class has it, so that late_columns.py hears of it

    def __post_init__(self) -> None:
        self._seal()

    def _seal(self) -> None:
        for name in Piece._fields:
            object.__setattr__(self, name, read_only(getattr(self, name).view()))
        object.__setattr__(self, "sections", self.sections.sealed())

    @classmethod
    def sorted_by_pattern(
        cls,
        restriction: Restriction,
        domain: Polyhedron,
        chart: Chart,
        pieces: Sequence[Piece],
        flat: Sequence[tuple[SignVector, Polyhedron]],
        sections: Sequence[tuple[NDArray[np.uint8], Sections]] = (),
        arrange: Arrange | None = None,
        sizes: Callable[[NDArray[np.intp]], Extents] | None = None,
    ) -> Columns:
        """Columns from tiles in any order; packed signs come with the sections. Cost: one copy of the pieces.

        ``arrange`` brings tiles into the order of their patterns; ``sizes`` are those of the tiles with some numbers,
        counted through the pieces, flat tiles and sections as they are given.
        """
        if flat or sections or not pieces:  # to put in order, or to say how wide empty columns are
            packed = packed_signs(sign_rows([signs for signs, _ in flat], restriction.neuron_count))
            pieces = [*pieces, *(_piece_of_signs(own, chart.dim) for own in (packed, *(own for own, _ in sections)))]
        order, tiles = (arrange or arranged)(pieces)
        extents = None if sizes is None else sizes(order)
        if not flat and not sections:
            return cls(restriction, domain, chart, *tiles, {}, sizes=extents)
        parts = joined([own for _, own in sections])
        first_section = len(order) - len(parts.dims)
        first_flat = first_section - len(flat)
        known = np.flatnonzero((order >= first_flat) & (order < first_section))
        polyhedra = {new: flat[order[new] - first_flat][1] for new in known.tolist()}
        numbers = np.flatnonzero(order >= first_section)
        parts = parts.chosen(order[numbers] - first_section, numbers)
        return cls(restriction, domain, chart, *tiles, polyhedra, parts, extents)

    def __len__(self) -> int:
        return len(self.packed)

    def candidates(self, point: ExactVector) -> list[int]:
        """The tiles whose pattern agrees with every neuron that is not zero at a point: all that may contain it."""
        return signs_at(self.restriction.layers, point).agreeing(self.packed)

    def only(self, index: int) -> Columns:
        """The columns of one tile alone."""
        first, after = self.starts[index : index + 2]
        place = self.sections.place(index)
        places: tuple[list[int], list[int]] = ([], []) if place < 0 else ([place], [0])
        return replace(
            self,
            packed=self.packed[index : index + 1],
            starts=self.starts[index : index + 2] - first,
            facets=self.facets[first:after],
            points=self.points[index : index + 1],
            flat={0: self.flat[index]} if index in self.flat else {},
            sections=self.sections.chosen(*(np.array(own, dtype=np.intp) for own in places)),
            sizes=None,
        )

    @cached_property
    def _starts(self) -> list[int]:
        return neuron_starts(self.restriction.layers)

    def bits(self, index: int) -> SignVector:
        """The signs of the restricted layers' ReLU neurons on a tile."""
        return SignVector.from_packed(self.packed[index], self._starts)

    def patterns(self, numbers: NDArray[np.intp]) -> list[str]:
        """The activation patterns of the chosen tiles."""
        chunks = np.split(numbers, range(_CHUNK, len(numbers), _CHUNK))
        signs = (unpacked_signs(self.packed[own], self._starts[-1]) for own in chunks)
        return [pattern for chunk in signs for pattern in self.restriction.patterns(chunk)]

    def inner_point(self, index: int) -> ExactVector:
        """An exact point of the relative interior of a tile; no search where the kernel found one."""
        known = self.points[index]
        if np.isnan(known).any():
            return self.polyhedron(index).relative_interior_point()
        u = exact_vector(known, "inner_point")
        pairs = zip(self.chart.basis, self.chart.origin, strict=True)
        return tuple(sum((b * v for b, v in zip(row, u, strict=True)), o) for row, o in pairs)

    def locate(self, points: FloatArray, place: NDArray[np.intp]) -> NDArray[np.intp]:
        """For each float point the least ``place[i]`` of a tile i that contains it, or -1. Exact.

        A point at which every neuron's sign is certain can only lie in the tile with those signs, which is looked up;
        the few others, among them all where something overflows, are compared with the tiles that agree with the signs
        of their exact values.
        """
        inside = self.domain.contains_floats(points)
        found = np.full(len(points), -1, dtype=np.intp)
        values, radius = points, np.zeros(points.shape)
        signs, certain = [], np.ones(len(points), dtype=np.bool_)
        for layer in self.restriction.layers:
            values, radius = layer.with_bound(values, radius)
            mask = np.array(layer.relu, dtype=np.bool_)
            certain &= ((np.abs(values) > radius) | ~mask).all(axis=1)  # not where a radius is infinite
            signs.append(values[:, mask] > 0)
            values, radius = relu_with_bound(values, radius, mask)
        holds, doubtful = self.restriction.target.contains_certified(values, radius)
        certain &= ~doubtful
        sure = np.flatnonzero(inside & certain & holds)
        numbers = self._numbers_of(packed_signs(np.concatenate(signs, axis=1))[sure])
        found[sure] = np.where(numbers >= 0, place[numbers], -1) if len(self) else -1
        for i in np.flatnonzero(inside & ~certain):
            point = exact_vector(points[i], "locate")
            candidates = sorted((place[k], k) for k in self.candidates(point) if place[k] >= 0)
            found[i] = next((at for at, k in candidates if self.polyhedron(k).contains(point)), -1)
        return found

    def _numbers_of(self, packed: NDArray[np.uint8]) -> NDArray[np.intp]:
        """The numbers of the tiles with these packed signs, or -1; found by halving."""
        if not len(self):
            return np.full(len(packed), -1, dtype=np.intp)
        (keys, order), wanted = self._by_pattern, packed_keys(packed)
        places = np.minimum(np.searchsorted(keys, wanted), len(self) - 1)
        return np.where(keys[places] == wanted, places if order is None else order[places], -1)

    @cached_property
    def _by_pattern(self) -> tuple[NDArray[np.bytes_], NDArray[np.intp] | None]:
        """The packed signs in their order, and whose they are where tiles are not in it, as in files of others."""
        keys = packed_keys(self.packed)
        if (keys[1:] >= keys[:-1]).all():
            return read_only(keys), None
        order = np.argsort(keys, kind="stable")
        return read_only(keys[order]), read_only(order)

    def polyhedron(self, index: int) -> Polyhedron:
        """A tile as an exact canonical polyhedron.

        Cost: one product of matrices for each layer, in the inputs that the domain leaves free; no search.
        """
        if index in self.flat:
            return self.flat[index]
        place = self.sections.place(index)
        if place >= 0:
            return self.flat_tile(self.bits(index), *self.sections.facets_of(place))
        numbers = self.facets[self.starts[index] : self.starts[index + 1]].tolist()
        tile = self._rows.polyhedron(self.bits(index), numbers, not np.isnan(self.points[index]).any())
        return tile if self._folding is None else self._folding.lift(tile)

    def stated_facets(self, index: int) -> tuple[tuple[int, Halfspace], ...] | None:
        """The facets by their numbers with the rows in x, where a tile is closed or open by its facets alone."""
        if self._folding is not None or index in self.flat or self.sections.place(index) >= 0:
            return None
        numbers = self.facets[self.starts[index] : self.starts[index + 1]].tolist()
        is_certified = not np.isnan(self.points[index]).any()
        return self._rows.stated(self.bits(index), numbers, is_certified)

    def flat_tile(self, signs: SignVector, containing: Sequence[int], touching: Sequence[int]) -> Polyhedron:
        """What lies on some facets of a cell, and inside others, canonical. Cost: one canonical form of these rows."""
        tile = self._rows.flat(signs, containing, touching)
        return tile if self._folding is None else self._folding.lift(tile)

    @cached_property
    def _folding(self) -> Folding | None:
        return Folding.of(self.domain)

    @cached_property
    def _rows(self) -> FacetRows:
        layers, target, folding = self.restriction.layers, self.restriction.target, self._folding
        if folding is None:
            return FacetRows(layers, target, self.domain, self.chart.facets)
        return FacetRows(folding.layers(layers), target, folding.domain, tuple(map(folding.row, self.chart.facets)))

    @property
    def facet_rows(self) -> FacetRows:
        """What the numbers of facets mean, in the inputs that the domain leaves free."""
        return self._rows

    def dims(self, numbers: NDArray[np.intp]) -> NDArray[np.intp]:
        """The dimensions of the chosen tiles."""
        dims = np.full(len(numbers), self.domain.dim, dtype=np.intp)
        for k in np.flatnonzero(self._are_flat(numbers)).tolist():
            number = int(numbers[k])
            dims[k] = self.flat[number].dim if number in self.flat else self.sections.dims[self.sections.place(number)]
        return dims

    def _are_flat(self, numbers: NDArray[np.intp]) -> NDArray[np.bool_]:
        return np.isin(numbers, list(self.flat)) | np.isin(numbers, self.sections.numbers)

    def _flat_or_none(self, number: int) -> Polyhedron | None:
        return self.polyhedron(number) if self._are_flat(np.array([number]))[0] else None

    @property
    def meets_in_neurons(self) -> bool:
        """True; :mod:`polyrelu.tilings.neuron_facets` has the proof."""
        return True

    def match_facets(self, numbers: NDArray[np.intp], of_target: bool) -> Matches:
        """Which facets the chosen tiles share, by the patterns across them."""
        return match_facets(self, numbers, of_target)

    def at_seams(self, numbers: NDArray[np.intp], domain: Polyhedron) -> NDArray[np.int64]:
        """Positions of tiles with facets of the columns' own domain beyond which a larger domain may go on."""
        if domain is self.domain or domain == self.domain:
            return super().at_seams(numbers, domain)
        ends = set(chart(domain, self.restriction.moving).facets)
        seams = [k for k, row in enumerate(self.chart.facets) if row not in ends]
        counts = np.diff(self.starts)[numbers]
        owner = np.repeat(np.arange(len(numbers)), counts)
        within = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
        return np.unique(owner[np.isin(self.facets[self.starts[:-1][numbers][owner] + within], seams)])

    def facet_counts(self, numbers: NDArray[np.intp]) -> NDArray[np.int64]:
        """How many facets each tile has."""
        return np.diff(self.starts)[numbers]

    def extents(self, numbers: NDArray[np.intp], along: int, by_cells: Callable[[Columns], Extents]) -> Extents | None:
        """What ``by_cells`` certifies of all tiles, unless the wanted ones are measured faster exactly.

        Where they were measured when they were found, nobody is asked.
        """
        full = int(np.count_nonzero(~self._are_flat(numbers)))
        if not full or max(full, along) * _CELLS_PER_EXACT_TILE <= len(self):
            return None
        return self.once(by_cells) if self.sizes is None else self.sizes

    def data(self, numbers: NDArray[np.intp]) -> TileData:
        """What to write down of the chosen tiles: their columns, and flat ones exactly."""
        starts, counts = self.starts[:-1][numbers], np.diff(self.starts)[numbers]
        ends = np.cumsum(counts)
        gather = np.arange(counts.sum()) + np.repeat(starts - (ends - counts), counts)
        return TileData(
            self.packed[numbers],
            counts.astype(np.int32),
            self.facets[gather].astype(np.int32),
            self.points[numbers],
            map(self._flat_or_none, numbers.tolist()),
            self.chart,
        )


@dataclass(frozen=True, eq=False)
class FacetRows:
    """The rows behind facet numbers.

    Attributes:
        layers, target: the problem.
        domain, facets: the domain, and the rows of its facets.
    """

    layers: tuple[Layer, ...]
    target: Polyhedron
    domain: Polyhedron
    facets: tuple[Halfspace, ...]

    def polyhedron(self, signs: SignVector, numbers: Sequence[int], is_certified: bool) -> Polyhedron:
        """The tile with these signs and facets, canonical; the kernel is sure of those for which it knows a point."""
        dim = self.domain.ambient_dim
        target_rows = cache(lambda: self._target_rows(signs))
        halfspaces = [self._facet(number, signs, target_rows) for number in numbers]
        strict = self._strict_rows(target_rows, is_certified)
        if not strict and not self._equalities:
            return Polyhedron.from_canonical((), sorted(halfspaces), dim)
        return Polyhedron.from_halfspaces([*self._equalities, *halfspaces, *strict], dim).canonical()

    def open_cell(self, signs: SignVector, numbers: Sequence[int]) -> Polyhedron:
        """The cell with these facets, canonical, before the target's rows; signs are there as far as needed."""
        dim = self.domain.ambient_dim
        halfspaces = [self._facet(number, signs, tuple) for number in numbers]
        strict = [h for h in self.domain.halfspaces if h.relation == "<"]
        if not strict and not self._equalities:
            return Polyhedron.from_canonical((), sorted(halfspaces), dim)
        return Polyhedron.from_halfspaces([*self._equalities, *halfspaces, *strict], dim).canonical()

    def stated(
        self, signs: SignVector, numbers: Sequence[int], is_certified: bool
    ) -> tuple[tuple[int, Halfspace], ...] | None:
        """The facets of a tile, if it has no other rows."""
        target_rows = cache(lambda: self._target_rows(signs))
        if self._equalities or self._strict_rows(target_rows, is_certified):
            return None
        return tuple((number, self._facet(number, signs, target_rows)) for number in numbers)

    def say_all(self, certified: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which tiles of full dimension have no rows but those of their facets, by whether an inner point is known."""
        if self._equalities:
            return np.zeros_like(certified)
        if all(h.relation != "<" for h in (*self.domain.halfspaces, *self.target.halfspaces)):
            return np.ones_like(certified)
        return certified & self._rows_of_one_kind

    def _strict_rows(self, target_rows: Callable[[], Sequence[Halfspace]], is_certified: bool) -> list[Halfspace]:
        """The strict rows that may do more to a tile than to make its facets strict."""
        if is_certified and self._rows_of_one_kind:
            return []
        return [h for h in (*self.domain.halfspaces, *target_rows()) if h.relation == "<"]

    def flat(self, signs: SignVector, containing: Sequence[int], touching: Sequence[int]) -> Polyhedron:
        """What lies on some facets and inside others, and satisfies the strict rows, canonical."""
        target_rows = cache(lambda: self._target_rows(signs))
        on = [self._facet(number, signs, target_rows) for number in containing]
        halfspaces = [self._facet(number, signs, target_rows) for number in touching]
        strict = [h for h in (*self.domain.halfspaces, *target_rows()) if h.relation == "<"]
        equal = [Halfspace.of(h.normal, h.offset, "==") for h in on]
        rows = [*self._equalities, *equal, *halfspaces, *strict]
        return Polyhedron.from_halfspaces(rows, self.domain.ambient_dim).canonical()

    @cached_property
    def _equalities(self) -> list[Halfspace]:
        return [h for h in self.domain.canonical().halfspaces if h.relation == "=="]

    @cached_property
    def _rows_of_one_kind(self) -> bool:
        """Whether strict rows do no more to a certified tile than to make facets strict.

        A tile that the kernel found knows an inner point: a row that is no facet is certain to hold strictly on every
        generator, or its facet was cut off by a later row, in whose facet all that is left of it lies. With target rows
        of one kind, and no strict rows of the domain, that facet is strict too.
        """
        relations = {h.relation for h in self.target.halfspaces}
        return len(relations) < 2 and all(h.relation != "<" for h in self.domain.halfspaces)

    def _facet(self, number: int, signs: SignVector, target_rows: Callable[[], Sequence[Halfspace]]) -> Halfspace:
        if number < len(self.facets):
            return self.facets[number]
        number -= len(self.facets)
        if number >= len(self._neurons):
            return target_rows()[number - len(self._neurons)]
        depth, i = self._neurons[number]
        (form,) = matrix_rows(self._weight_rows[depth][i] * self._outputs.before(signs.before(depth)))
        return sign_row(form, signs[depth][number - self._first_neurons[depth]])

    def _target_rows(self, signs: SignVector) -> Sequence[Halfspace]:
        """The target's rows as rows in x."""
        matrix, offset = matrix_and_offset(self._outputs.before(signs))
        return self.target.affine_preimage(matrix, offset, self.domain.ambient_dim).halfspaces

    @cached_property
    def _neurons(self) -> list[tuple[int, int]]:
        return neuron_places(self.layers)

    @cached_property
    def _weight_rows(self) -> list[list[fmpq_mat]]:
        tables = [layer.augmented.table() for layer in self.layers]
        return [[fmpq_mat(1, len(row), row) for row in table] for table in tables]

    @cached_property
    def _first_neurons(self) -> list[int]:
        return neuron_starts(self.layers)

    @cached_property
    def _outputs(self) -> Outputs:
        return Outputs(self.layers)


def _piece_of_signs(packed: NDArray[np.uint8], dim: int) -> Piece:
    """Tiles of which nothing but the signs is in the columns."""
    count = len(packed)
    starts, points = np.zeros(count + 1, dtype=np.int64), np.full((count, dim), np.nan)
    return Piece(packed, starts, np.empty(0, np.int32), points)


def arranged(pieces: Sequence[Piece]) -> tuple[NDArray[np.intp], Piece]:
    """The tiles of all pieces in the order of their patterns, and the number that each had, counted through."""
    tiles = _joined(pieces)
    packed = tiles.packed
    if not packed.shape[1]:
        return np.arange(len(packed)), tiles
    order = np.argsort(np.ascontiguousarray(packed).view(f"S{packed.shape[1]}").ravel(), kind="stable")
    begin, counts = tiles.starts[:-1][order], np.diff(tiles.starts)[order]
    ends = np.cumsum(counts)
    gather = np.arange(len(tiles.facets)) + np.repeat(begin - (ends - counts), counts)
    starts = np.concatenate([np.zeros(1, np.int64), ends])
    return order, Piece(packed[order], starts, tiles.facets[gather], tiles.points[order])


def _joined(pieces: Sequence[Piece]) -> Piece:
    """Pieces one after the other, as one that shares no memory with them."""
    counts = np.concatenate([np.diff(piece.starts) for piece in pieces])
    return Piece(
        np.concatenate([piece.packed for piece in pieces]),
        np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)]),
        np.concatenate([piece.facets for piece in pieces]),
        np.concatenate([piece.points for piece in pieces]),
    )
