r"""All tiles at once as NumPy arrays: vertices, rows, affine maps, centres and volumes, floats with proven bounds.

A tile's vertices and rows are lists of different lengths, so they stand one tile after the other, with the places at
which they begin, as in a sparse matrix. Every float comes with a bound on how far it is from the exact number.

Tiles found by cells are not written down for that: their volumes are those of :mod:`polyrelu.engines.cells.measured`,
their vertices come from a repetition of the run (:mod:`polyrelu.engines.cells.vertices`), rows and maps from products
of matrices for many tiles (:mod:`polyrelu.tilings.float_rows`). Other tiles, and those few of which floats are not sure
(flat ones, those with rays, those that strict rows cut further), are written down exactly and rounded.

**Centres** are the means of the vertices, inside their tiles. With k vertices :math:`\hat x` known within r, what is
computed is off by at most :math:`r + \gamma_{k+2} (\max |\hat x| + r)`, and :math:`\tau` for the underflow of the
quotient.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from polyrelu.analysis.measure import bar, enclosed
from polyrelu.analysis.tile_lists import (
    ExactRows,
    FloatRows,
    Numeric,
    Piece,
    in_order,
    means,
    no_points,
    no_rows,
    points_of,
    rounded,
    sealed,
)
from polyrelu.arithmetic.exact import FloatArray, read_only
from polyrelu.arithmetic.ieee import floats_are_sound
from polyrelu.errors import UnboundedError
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.carried import Carried
from polyrelu.tilings.columns import Columns
from polyrelu.tilings.float_rows import at_once, float_outputs
from polyrelu.tilings.neuron_facets import FacetReader
from polyrelu.tilings.open_cells import OpenCells
from polyrelu.tilings.tile_source import Numbers, TileSource
from polyrelu.tilings.tiling import Tiling

# To write down one tile exactly takes as long as to find this many again, or longer.
_CELLS_PER_EXACT_TILE = 100


class PointLists(NamedTuple):
    """Points, or directions, of each tile, one tile after the other.

    Attributes:
        starts: tile i has those from ``starts[i]`` to ``starts[i + 1]``, n + 1 places.
        points: (m, d).
        radius: (m), how far a coordinate of each may be off.
    """

    starts: NDArray[np.intp]
    points: Numeric
    radius: FloatArray

    def of(self, tile: int) -> Numeric:
        """Those of one tile."""
        return self.points[self.starts[tile] : self.starts[tile + 1]]


class RowLists(NamedTuple):
    """The rows ``normal . x <= offset`` of each tile, or with another relation, one tile after the other.

    Attributes:
        starts: tile i has those from ``starts[i]`` to ``starts[i + 1]``, n + 1 places.
        normals, offsets: (m, d) and (m); as floats a row is scaled so that its largest coefficient is about 1.
        radius: (m), how far a coefficient or the offset may be off.
        relations: (m), ``"<="``, ``"<"`` or ``"=="``.
        neurons: (m, 2), the layer and coordinate of a neuron that is zero on the facet; (-1, -1) of the domain,
            (-2, -2) of the target alone, (-3, -3) rows of flat tiles, and others that are no facets.
    """

    starts: NDArray[np.intp]
    normals: Numeric
    offsets: Numeric
    radius: FloatArray
    relations: NDArray[np.str_]
    neurons: NDArray[np.intp]

    def of(self, tile: int) -> tuple[Numeric, Numeric]:
        """``(A, b)`` of one tile."""
        own = slice(self.starts[tile], self.starts[tile + 1])
        return self.normals[own], self.offsets[own]


class MapArrays(NamedTuple):
    """The affine map of the network on each tile: the outputs are ``matrices[i] @ x + offsets[i]``.

    Attributes:
        matrices: (n, m, d), the Jacobians. NaN for outputs that the target does not see, or whose last ReLU may switch
            inside the tile.
        offsets: (n, m).
        radius: (n, m), how far a number of that output may be off.
    """

    matrices: Numeric
    offsets: Numeric
    radius: FloatArray


class Centres(NamedTuple):
    """The mean of each tile's vertices, inside it; a point of the relative interior where a tile is unbounded.

    Attributes:
        points: (n, d).
        radius: (n), how far a coordinate may be off.
    """

    points: Numeric
    radius: FloatArray


class Volumes(NamedTuple):
    """The volume of each tile lies between these: zero of flat tiles, infinite of unbounded ones, (n) each."""

    low: Numeric
    high: Numeric


def arrays(tiling: Tiling, exact: bool = False) -> TileArrays:
    """What there is to know of all tiles, as NumPy arrays; see :class:`TileArrays`.

    Args:
        tiling: any.
        exact: Fractions, in arrays of objects, instead of floats with bounds.

    Returns:
        A record whose parts are made when they are first looked at.

    Cost: for tiles found by cells some microseconds a tile for each part; exactly, milliseconds.

    Example:
        >>> import polyrelu as pr
        >>> net = pr.Network([([[1], [-1]], [0, 0]), ([[1, 2]], [0])])  # |x| for positive x, else 2 |x|
        >>> found = pr.linear_regions(net, ([-1], [3])).arrays()
        >>> found.maps.matrices.ravel().tolist(), found.centres.points.ravel().tolist()
        ([-2.0, 1.0], [-0.5, 1.5])
        >>> found.vertices.starts.tolist(), sorted(found.vertices.of(1).ravel().tolist())
        ([0, 2, 4], [0.0, 3.0])
    """
    return TileArrays(tiling, bool(exact))


@dataclass(frozen=True, eq=False)
class TileArrays(Carried):
    """The tiles of a tiling as arrays, tile i in place i; all read-only.

    Attributes:
        tiling: whose tiles they are.
        exact: whether numbers are Fractions.
    """

    tiling: Tiling
    exact: bool = False

    def __len__(self) -> int:
        return len(self.tiling)

    @cached_property
    def dims(self) -> NDArray[np.intp]:
        """The dimension of each tile."""
        found = np.empty(len(self), dtype=np.intp)
        for source, numbers, here in self.tiling.by_source():
            found[here] = source.dims(numbers)
        return read_only(found)

    @cached_property
    def targets(self) -> NDArray[np.intp]:
        """The first target of each tile."""
        indices = np.array([index for index, _ in self.tiling.parts], dtype=np.intp)
        return read_only(indices[self.tiling.places()[0]] if len(self) else np.empty(0, dtype=np.intp))

    @cached_property
    def vertices(self) -> PointLists:
        """The vertices of each tile's closure, where it has any."""
        return self._generators[0]

    @cached_property
    def rays(self) -> PointLists:
        """The directions in which each tile is unbounded: its extreme rays; of a line both directions."""
        return self._generators[1]

    @cached_property
    def rows(self) -> RowLists:
        """The rows of each tile, irredundant: its facets, the hull of a flat tile, and what strict rows leave out."""
        pieces = list(self._float_rows())
        writers = {
            index: ExactRows(source, FacetReader(source, self.tiling.domain), self.tiling.domain.dim, self.exact)
            for index, (_, source) in enumerate(self.tiling.parts)
        }
        part_of, _ = self.tiling.places()
        for i in bar(self._left(pieces).tolist()):
            pieces.append(writers[int(part_of[i])].of(i, self.tiling[i]))
        return RowLists(*in_order(no_rows(self._dim, self.exact), pieces, len(self)))

    @cached_property
    def maps(self) -> MapArrays:
        """The affine map on each tile."""
        shape = len(self), self.tiling.network.output_dim
        matrices, offsets = self._array(*shape, self._dim), self._array(*shape)
        radius = np.zeros(shape)
        for source, numbers, here in self.tiling.by_source():
            if self._columns(source, numbers) is None:
                for place in bar(here.tolist()):
                    outputs, matrix, offset = self.tiling[place].affine_map()
                    for i, row, c in zip(outputs, matrix, offset, strict=True):
                        numbers_, off = self._number([*row, c])
                        matrices[place, i], offsets[place, i], radius[place, i] = numbers_[:-1], numbers_[-1], off
            else:
                self._float_maps(source, numbers, here, matrices, offsets, radius)
        return MapArrays(*sealed((matrices, offsets, radius)))

    @cached_property
    def centres(self) -> Centres:
        """A point inside each tile."""
        starts, points, radius = self.vertices
        counts, rays = np.diff(starts), np.diff(self.rays.starts)
        bounded = np.flatnonzero((counts > 0) & (rays == 0))
        found, off = self._array(len(self), self._dim), np.zeros(len(self))
        if self.exact:
            for i in bounded.tolist():
                found[i] = points[starts[i] : starts[i + 1]].sum(axis=0) / Fraction(int(counts[i]))
        elif len(bounded):
            found[bounded], off[bounded] = means(points, radius, starts[bounded], counts[bounded])
        for i in np.setdiff1d(np.arange(len(self)), bounded).tolist():
            found[i], off[i] = self._number(self.tiling[i].inner_point())
        return Centres(*sealed((found, off)))

    @cached_property
    def volumes(self) -> Volumes:
        """The volume of each tile."""
        low, high = self._array(len(self)), self._array(len(self))
        low[:], high[:] = Fraction(0) if self.exact else 0.0, Fraction(0) if self.exact else 0.0
        if self.tiling.domain.is_full_dimensional():
            full = self.dims == self.tiling.domain.dim
            known = np.zeros(len(self), dtype=np.bool_)
            for below, above, here in self._sizes():
                sure = ~(np.isnan(below) | np.isnan(above))
                low[here[sure]], high[here[sure]] = below[sure], above[sure]
                known[here[sure]] = True
            for i in bar(np.flatnonzero(full & ~known).tolist()):
                low[i], high[i] = self._volume(self.tiling[i].polyhedron)
        return Volumes(*sealed((low, high)))

    # -- where they come from -----------------------------------------------------------------------------------------

    @property
    def _dim(self) -> int:
        return self.tiling.domain.ambient_dim

    def _array(self, *shape: int) -> Numeric:
        return np.full(shape, np.nan, dtype=object if self.exact else np.float64)

    def _columns(self, source: TileSource, numbers: Numbers) -> Columns | None:
        """The columns of a source, if many of its tiles are asked for in floats."""
        if self.exact or not isinstance(source, Columns) or isinstance(source, OpenCells) or not floats_are_sound():
            return None
        return source if len(numbers) * _CELLS_PER_EXACT_TILE > len(source) else None

    def _by_columns(self) -> Iterator[tuple[Columns, Numbers, Numbers]]:
        for source, numbers, here in self.tiling.by_source():
            columns = self._columns(source, numbers)
            if columns is not None and len(numbers):
                yield columns, numbers, here

    def _left(self, pieces: Sequence[Piece]) -> Numbers:
        """The tiles that are in no piece."""
        done = [own.places for own in pieces]
        return np.setdiff1d(np.arange(len(self)), np.concatenate([np.empty(0, dtype=np.intp), *done]))

    @cached_property
    def _vertices_by_cells(self) -> list[tuple[Any, Numbers]]:
        """What cells say of vertices, of the tiles that are here, and the places of these."""
        from polyrelu.engines.cells.vertices import tile_vertices  # the kernel is loaded where cells need it

        found = []
        for columns, numbers, here in self._by_columns():
            place = np.full(len(columns), -1, dtype=np.intp)
            place[numbers] = here
            own = columns.once(tile_vertices)
            kept = np.flatnonzero(place[own.numbers] >= 0)
            found.append((own.chosen(kept), place[own.numbers[kept]]))
        return found

    def _sizes(self) -> Iterator[tuple[FloatArray, FloatArray, Numbers]]:
        """Between which floats volumes of tiles found by cells lie, and the places of these."""
        from polyrelu.engines.cells.measured import measured  # the kernel is loaded where cells need it

        for columns, numbers, here in self._by_columns():
            sizes = columns.once(measured) if columns.sizes is None else columns.sizes
            yield sizes.volume_low[numbers], sizes.volume_high[numbers], here

    @cached_property
    def _generators(self) -> tuple[PointLists, PointLists]:
        pieces = [Piece(here, np.diff(own.starts), (own.points, own.radius)) for own, here in self._vertices_by_cells]
        directed = list[Piece]()
        for i in bar(self._left(pieces).tolist()):
            vertices, rays, lines = self.tiling[i].polyhedron.generators
            both = (*rays, *lines, *(tuple(-v for v in line) for line in lines))
            pieces.append(points_of(i, vertices, self._dim, self.exact))
            directed.append(points_of(i, both, self._dim, self.exact))
        like = no_points(self._dim, self.exact)
        points, directions = (PointLists(*in_order(like, own, len(self))) for own in (pieces, directed))
        return points, directions

    def _number(self, values: Sequence[Fraction]) -> tuple[Numeric, float]:
        """Numbers as they are asked for, and how far one of them may be off."""
        if not self.exact:
            return rounded(values)
        array = np.empty(len(values), dtype=object)
        array[:] = list(values)
        return array, 0.0

    def _float_rows(self) -> Iterator[Piece]:
        """The rows of those tiles that facets say wholly, and that floats know."""
        for columns, numbers, here in self._by_columns():
            full = columns.dims(numbers) == columns.domain.dim
            certified = np.asarray(np.isfinite(columns.points[numbers]).all(axis=1), dtype=np.bool_)
            full &= columns.facet_rows.say_all(certified)
            chosen, writer = np.flatnonzero(full), FloatRows.of(columns)
            step = at_once(columns)
            for first in range(0, len(chosen), step):
                own = chosen[first : first + step]
                yield writer.rows(numbers[own], here[own])

    def _float_maps(
        self, source: TileSource, numbers: Numbers, here: Numbers, matrices: Numeric, offsets: Numeric, off: Numeric
    ) -> None:
        """Write down the maps of tiles found by cells."""
        assert isinstance(source, Columns)
        known = source.restriction
        shown = [(k, i, s) for k, (i, s) in enumerate(zip(known.outputs, known.signs, strict=True)) if s != "*"]
        kept, outputs = [k for k, _, _ in shown], [i for _, i, _ in shown]
        silent = np.array([s == "0" for _, _, s in shown], dtype=np.bool_)
        step = at_once(source)
        for first in range(0, len(numbers), step):
            own, places = numbers[first : first + step], here[first : first + step]
            values, radius = (v[:, :, kept].transpose(0, 2, 1) for v in float_outputs(source, own))
            values, radius = np.where(silent[:, None], 0.0, values), np.where(silent[:, None], 0.0, radius)
            entries = places[:, None], np.array(outputs, dtype=np.intp)
            matrices[entries], offsets[entries] = values[:, :, :-1], values[:, :, -1]
            largest = radius.max(axis=2, initial=0.0)
            off[entries] = np.where(np.isnan(largest), np.inf, largest)

    def _volume(self, polyhedron: Polyhedron) -> tuple[Any, Any]:
        try:
            size = polyhedron.volume()
        except UnboundedError:
            return np.inf, np.inf
        return (size, size) if self.exact else enclosed(size)
