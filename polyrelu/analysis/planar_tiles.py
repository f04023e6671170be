r"""The tiles of a planar tiling as polygons of floats in a window, for whoever draws them: all at once.

A tile's corners are where neighbouring facets meet, in the order of their normals' angles. Facets are affine forms,
which come out of the layers in floats with a certified bound (:func:`~polyrelu.arithmetic.rounding.affine_with_bound`),
for thousands of tiles in a few products of matrices. A corner, by Cramer's rule, has a bound, too:

.. math:: |x - \hat x| \le \frac{e_n + |\hat x| e_d}{|\hat d| - e_d},

where :math:`e_n` and :math:`e_d` bound the errors of numerator and determinant d. If all determinants around a tile are
certainly positive, its facets are in order and it is bounded. What is not certain, what is not known within a
:math:`2^{-36}`-th of the window, and what the window cuts, is computed exactly and rounded once.

Beside polygons there are the edges beyond which the tiling has no tile, and whether the tiles own them: facets of
target rows, and facets of neurons across which there is no tile (:mod:`polyrelu.tilings.neuron_facets`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from polyrelu.analysis.zones import boundary
from polyrelu.arithmetic.exact import ExactVector, FloatArray, to_floats
from polyrelu.arithmetic.ieee import SMALLEST_NORMAL, UNIT_ROUNDOFF, floats_are_sound
from polyrelu.errors import DimensionError
from polyrelu.polyhedra.convex_polygon import convex_polygon, cyclic_facets
from polyrelu.polyhedra.halfspace import Halfspace
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.tilings.columns import Columns
from polyrelu.tilings.float_rows import float_facets
from polyrelu.tilings.neuron_facets import FacetReader, NeuronFacet
from polyrelu.tilings.tile_source import Numbers
from polyrelu.tilings.tiling import Tiling

_CLOSE = 2.0**-36  # of the window's extent: corners known so well need no exact arithmetic
_CHUNK = 1 << 14
_SLACK = 1.01  # pays for the roundings of bounds

Line = tuple[tuple[int, ...], int]
"""A facet's line ``normal . x == offset``, in primitive integers."""


class Ends(NamedTuple):
    """Edges beyond which a tiling has no tile.

    Attributes:
        edges: (m, 2, 2) the ends of each. Edges on the window's rim, where only the picture ends, are left out.
        owners: (m) the tile of each.
        excluded: (m) whether the edge does not belong to its tile, because a row is strict.
    """

    edges: FloatArray
    owners: NDArray[np.intp]
    excluded: NDArray[np.bool_]


class PlanarTiles(NamedTuple):
    """Polygons, and the edges at which the tiling ends.

    Attributes:
        corners: for each tile its corners in the window, counter-clockwise, (k, 2); two of a segment, one of a point,
            none of what lies outside.
        ends: where the tiling ends.
    """

    corners: tuple[FloatArray, ...]
    ends: Ends


def planar_tiles(tiling: Tiling, lower: ExactVector, upper: ExactVector) -> PlanarTiles:
    """The tiles in a window of the plane, and where the tiling ends.

    Args:
        tiling: in the plane.
        lower: corner of the window.
        upper: the opposite corner.

    Raises:
        DimensionError: the tiling is not two-dimensional.
        RangeError: a corner is beyond the range of floats.

    Cost: microseconds for a tile found by cells, and milliseconds for each of those that the window cuts.

    >>> import polyrelu as pr
    >>> net = pr.Network([([[1, 0], [0, 1]], [0, 0])], [True])
    >>> found = planar_tiles(pr.preimage(net, pr.parse("y0 > 0", dim=2)), (-1, -1), (1, 1))
    >>> [corners.tolist() for corners in found.corners]
    [[[1.0, -1.0], [1.0, 1.0], [0.0, 1.0], [0.0, -1.0]]]
    >>> found.ends.edges.tolist(), found.ends.excluded.tolist()
    ([[[0.0, 1.0], [0.0, -1.0]]], [True])
    """
    if tiling.domain.ambient_dim != 2:
        raise DimensionError(f"planar_tiles: the tiling lives in R^{tiling.domain.ambient_dim}; only R^2 is drawn")
    window = _Window(lower, upper)
    corners: list[FloatArray] = [np.empty((0, 2))] * len(tiling)
    ends: list[Ends] = []
    columns = tiling.parts[0][1] if len(tiling.parts) == 1 else None
    if isinstance(columns, Columns):
        ((_, numbers, _),) = tiling.by_source()
        rims = _Rims.of(columns, numbers)
        left = _by_floats(columns, numbers, window, rims, corners, ends)
    else:
        rims, left = None, np.arange(len(tiling))
        ends.append(_ends_of_boundary(tiling, window))
    for k in left.tolist():
        corners[k], sides = _exactly(tiling[k].polyhedron, window)
        if rims is not None:
            ends.append(rims.ends(k, sides))
    return PlanarTiles(tuple(corners), _joined(ends))


# -- exactly ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Window:
    """The rectangle that is seen."""

    lower: ExactVector
    upper: ExactVector

    @cached_property
    def box(self) -> Polyhedron:
        return Polyhedron.box(self.lower, self.upper)

    @cached_property
    def low(self) -> FloatArray:
        return to_floats(self.lower)

    @cached_property
    def high(self) -> FloatArray:
        return to_floats(self.upper)

    @cached_property
    def rim(self) -> set[Line]:
        return {_line(row) for row in self.box.halfspaces}

    def on_rim(self, edges: FloatArray) -> NDArray[np.bool_]:
        """Which edges, (m, 2, 2), lie on a side of the window."""
        low, high = (edges == self.low).all(axis=1), (edges == self.high).all(axis=1)
        lies: NDArray[np.bool_] = (low | high).any(axis=1)
        return lies


class _Side(NamedTuple):
    """A side of a polygon that is not the window's: its line, its ends, and whether it does not belong to the tile."""

    line: Line
    edge: FloatArray
    is_excluded: bool


def _line(row: Halfspace) -> Line:
    return row.normal, row.offset


def _exactly(tile: Polyhedron, window: _Window) -> tuple[FloatArray, list[_Side]]:
    """The corners of a tile in the window, rounded once, and its sides there."""
    if any(row.relation == "==" for row in tile.halfspaces):
        ends = convex_polygon((tile.closure() & window.box).vertices)
        return _rounded([(*point, 1) for point in ends]), []
    facets = cyclic_facets(tile.halfspaces)
    if facets is None or any(
        row.normal[0] * x + row.normal[1] * y > row.offset * w
        for row in window.box.halfspaces
        for _, (x, y, w), _ in facets
    ):
        clipped = (tile.closure() & window.box).canonical()
        if clipped.is_empty() or any(row.relation == "==" for row in clipped.halfspaces):
            return np.empty((0, 2)), []
        facets = cyclic_facets(clipped.halfspaces)
        assert facets is not None, "a part of a window is bounded"
    strict = {_line(row) for row in tile.halfspaces if row.relation == "<"}
    corners = _rounded([begin for _, begin, _ in facets])
    edges = np.stack([corners, np.roll(corners, -1, axis=0)], axis=1)
    sides = [
        _Side(_line(row), edge, _line(row) in strict)
        for (row, *_), edge in zip(facets, edges, strict=True)
        if _line(row) not in window.rim
    ]
    return corners, sides


def _rounded(points: Sequence[tuple[Fraction | int, ...]]) -> FloatArray:
    """Points (x w, y w, w) as floats."""
    return to_floats(Fraction(v) / w for *point, w in points for v in point).reshape(-1, 2)


def _ends_of_boundary(tiling: Tiling, window: _Window) -> Ends:
    """Where a tiling of several targets, or of an engine without columns, ends."""
    edges, owners, excluded = [], [], []
    for part in boundary(tiling):
        ends = convex_polygon((part.polyhedron & window.box).vertices)
        if len(ends) == 2 and _line(part.row) not in window.rim:
            edges.append(_rounded([(*point, 1) for point in ends]))
            owners.append(part.tile)
            excluded.append(part.row.relation == "<")
    return Ends(np.array(edges).reshape(-1, 2, 2), np.array(owners, np.intp), np.array(excluded, np.bool_))


def _joined(ends: Sequence[Ends]) -> Ends:
    none = Ends(np.empty((0, 2, 2)), np.empty(0, np.intp), np.empty(0, np.bool_))
    return Ends(*map(np.concatenate, zip(none, *ends, strict=True)))


class _Rims(NamedTuple):
    """Which facets of some tiles bound the tiling.

    Attributes:
        columns, numbers, reader: the tiles, and who reads their facets.
        strict: for each facet of the domain, neuron, and row of the target whether such a facet is excluded; those of
            neurons belong to the tile, where a cell is certified.
        alone: the places of tiles with a neuron's facet across which no tile is found by flipping one sign.
        shared: the facets that are found so, each as its tile's place times all neurons, plus its neuron.
        across: the facets of ``alone`` tiles by their keys, with the side on which the tile is.
    """

    columns: Columns
    numbers: Numbers
    reader: FacetReader
    strict: NDArray[np.bool_]
    alone: Numbers
    shared: set[int]
    across: set[tuple[Any, bool]]

    @classmethod
    def of(cls, columns: Columns, numbers: Numbers) -> _Rims:
        """Of the chosen tiles; the flat ones among them have no facets."""
        full = np.flatnonzero(columns.dims(numbers) == 2)
        matches = columns.match_facets(numbers[full], False)
        alone = full[matches.alone]
        neurons = columns.restriction.neuron_count
        keys = full[matches.pairs] * neurons + matches.neurons[:, None]
        shared = set(keys[np.isin(full[matches.pairs], alone)].tolist())
        excluded = {_line(row) for row in columns.domain.canonical().halfspaces if row.relation == "<"}
        of_domain = [_line(row) in excluded for row in columns.chart.facets]
        of_target = [row.relation == "<" for row in columns.restriction.target.halfspaces]
        strict = np.array([*of_domain, *[False] * neurons, *of_target], dtype=np.bool_)
        reader = FacetReader(columns, columns.domain)
        across = {(f.key, f.side) for k in alone.tolist() for f in reader.facets(int(numbers[k]))}
        return cls(columns, numbers, reader, strict, alone, shared, across)

    def are_ends(self, facets: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether facets with these numbers, of tiles that are not alone, bound the tiling."""
        neuron = facets - len(self.columns.chart.facets)
        ends: NDArray[np.bool_] = (neuron < 0) | (neuron >= self.columns.restriction.neuron_count)
        return ends

    def ends(self, place: int, sides: Sequence[_Side]) -> Ends:
        """Those sides of one tile that bound the tiling."""
        lines = {_line(f.row) for f in self.reader.facets(int(self.numbers[place])) if self._is_end(place, f)}
        kept = [side for side in sides if side.line in lines]
        return Ends(
            np.array([side.edge for side in kept], dtype=float).reshape(-1, 2, 2),
            np.full(len(kept), place, dtype=np.intp),
            np.array([side.is_excluded for side in kept], dtype=np.bool_),
        )

    def _is_end(self, place: int, facet: NeuronFacet) -> bool:
        if facet.kind != "neuron":
            return True
        if place not in self.alone:
            return False
        first = place * self.columns.restriction.neuron_count
        return (
            not any(first + k in self.shared for k in facet.neurons) and (facet.key, not facet.side) not in self.across
        )


# -- by floats ----------------------------------------------------------------------------------------------------


def _by_floats(
    columns: Columns,
    numbers: Numbers,
    window: _Window,
    rims: _Rims,
    corners: list[FloatArray],
    ends: list[Ends],
) -> Numbers:
    """Write down the polygons and ends of all tiles that floats are sure of; the places of the others."""
    if not (columns.chart.is_identity and floats_are_sound()):
        return np.arange(len(numbers))
    certified = columns.dims(numbers) == 2
    certified &= ~np.isnan(columns.points[numbers]).any(axis=1)
    certified[rims.alone] = False
    left = [np.flatnonzero(~certified)]
    certain = np.flatnonzero(certified)
    for first in range(0, len(certain), _CHUNK):
        places = certain[first : first + _CHUNK]
        facets = _facets(columns, numbers[places])
        points, bound = _corners(facets)
        sure = facets.all(bound <= _CLOSE * float((window.high - window.low).max()))
        inside = sure & facets.all((points >= window.low - bound) & (points <= window.high + bound))
        left_or_below = facets.all_beyond(window.low - bound, points)
        outside = sure & (left_or_below | facets.all_beyond(points, window.high + bound))
        left.append(places[~inside & ~outside])
        points = np.clip(points, window.low, window.high)
        for end in (window.low, window.high):
            points = np.where(np.abs(points - end) <= bound, end, points)
        split = np.split(points, facets.starts[1:-1])
        for k in np.flatnonzero(inside).tolist():
            corners[places[k]] = split[k]
        edges = np.stack([points, points[facets.following]], axis=1)
        owners = places[facets.owner]
        shown = inside[facets.owner] & rims.are_ends(facets.number) & ~window.on_rim(edges)
        ends.append(Ends(edges[shown], owners[shown], rims.strict[facets.number[shown]]))
    return np.concatenate(left)


class _Facets(NamedTuple):
    """The facets of some tiles as rows ``normal . x <= offset`` in floats, around one tile after another.

    Attributes:
        rows, radius: (m, 3) the normal and the offset, and how far they may be off.
        number: (m) the facet's number in the columns.
        owner: (m) the tile, counted from 0.
        starts: tile i has the facets from ``starts[i]`` to ``starts[i + 1]``.
    """

    rows: FloatArray
    radius: FloatArray
    number: NDArray[np.int64]
    owner: NDArray[np.intp]
    starts: NDArray[np.intp]

    @property
    def following(self) -> NDArray[np.intp]:
        """For each facet the next one of its tile, around it."""
        following = np.arange(1, len(self.owner) + 1)
        following[self.starts[1:] - 1] = self.starts[:-1]
        return following

    def all(self, holds: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """For each tile whether something holds of both coordinates at all its corners."""
        return np.asarray(np.logical_and.reduceat(holds.all(axis=1), self.starts[:-1]))

    def all_beyond(self, low: FloatArray, high: FloatArray) -> NDArray[np.bool_]:
        """For each tile whether in one of the coordinates ``high < low`` at all its corners."""
        return np.asarray(np.logical_and.reduceat(high < low, self.starts[:-1]).any(axis=1))


def _facets(columns: Columns, numbers: Numbers) -> _Facets:
    """The facets of chosen tiles of full dimension, in the order of their normals' angles."""
    found = float_facets(columns, numbers)
    rows, radius = found.forms, found.radius
    rows[:, 2] *= -1.0
    order = np.lexsort((np.arctan2(rows[:, 1], rows[:, 0]), found.owner))
    return _Facets(rows[order], radius[order], found.number[order], found.owner, found.starts)


def _corners(facets: _Facets) -> tuple[FloatArray, FloatArray]:
    """Where each facet begins, (m, 2), and how far that may be off; infinite unless it turns left there for certain."""
    before = np.empty_like(facets.owner)
    before[facets.following] = np.arange(len(before))
    (a, b, c), (ra, rb, rc) = facets.rows[before].T, facets.radius[before].T
    (p, q, r), (rp, rq, rr) = facets.rows.T, facets.radius.T
    with np.errstate(all="ignore"):
        turn, doubt = _determinant(a, b, p, q, ra, rb, rp, rq)
        across = _determinant(c, b, r, q, rc, rb, rr, rq), _determinant(a, c, p, r, ra, rc, rp, rr)
        points = np.stack([value / turn for value, _ in across], axis=1)
        spread = np.stack([error for _, error in across], axis=1) + np.abs(points) * doubt[:, None]
        bound = _SLACK * spread / (turn - doubt)[:, None] + 4 * UNIT_ROUNDOFF * np.abs(points) + SMALLEST_NORMAL
        return points, np.where((turn > 2 * doubt)[:, None] & np.isfinite(bound), bound, np.inf)


def _determinant(*entries: FloatArray) -> tuple[FloatArray, FloatArray]:
    """``a q - b p`` of a, b, p and q known within ra, rb, rp and rq, and how far it may be off."""
    a, b, p, q, ra, rb, rp, rq = entries
    size = np.abs(a * q) + np.abs(b * p)
    moved = np.abs(a) * rq + np.abs(q) * ra + ra * rq + np.abs(b) * rp + np.abs(p) * rb + rb * rp
    return a * q - b * p, _SLACK * (moved + 4 * UNIT_ROUNDOFF * size + 8 * SMALLEST_NORMAL)
