"""Tilings in space as one complex of corners and convex polygons, in which equal places are equal numbers.

Two tiles of a tiling that lie on either side of a whole facet have the same polygon there, which is written down once,
with both. So the surface of any set of tiles is made of the polygons of which it has one side only, and a reader of the
complex needs no geometry to find it. Where tiles do not meet facet to facet (those of several targets need not),
polygons are cut until they do. All of it is exact.

A surface is that of the closure; which tiles own a polygon, and which lack it, is noted beside it.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import zip_longest
from typing import NamedTuple

from polyrelu.arithmetic.exact import ExactVector, to_floats
from polyrelu.errors import DimensionError
from polyrelu.polyhedra.convex_polygon import polygon_in_plane
from polyrelu.polyhedra.facet_rings import Corner, corner_of, facet_rings, point_of
from polyrelu.polyhedra.halfspace import Halfspace
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.tilings.tiling import Tiling

NOTHING = -1
BEFORE, BEYOND = 1, 2
_BITS = 4  # of the room around vertices


class Face(NamedTuple):
    """A convex polygon.

    Attributes:
        ring: its corners by number; the tile before sees it from behind, and others counter-clockwise.
        plane: the number of the plane in which it lies.
        before, beyond: the tile of which it bounds a side, and the one on the other side or NOTHING. A flat tile is
            before its own face.
        lacking: what of the two does not own the face, because its row is strict: :data:`BEFORE` + :data:`BEYOND`.
    """

    ring: tuple[int, ...]
    plane: int
    before: int
    beyond: int
    lacking: int


@dataclass
class Complex:
    """The cells of tilings in R^3; tiles are counted through the tilings.

    Attributes:
        corners: exact points, each once.
        planes: of the faces, each once.
        faces: of tiles of dimension 2 and 3.
        segments: the ends of each tile of dimension 1, and the tile.
        points: each tile of dimension 0: its place, and the tile.
        tiles: how many there are; what a window cuts off altogether has no part in the complex.
    """

    corners: list[Corner] = field(default_factory=list)
    planes: list[Halfspace] = field(default_factory=list)
    faces: list[Face] = field(default_factory=list)
    segments: list[tuple[int, int, int]] = field(default_factory=list)
    points: list[tuple[int, int]] = field(default_factory=list)
    tiles: int = 0


def complex_of(
    tilings: Iterable[Tiling],
    window: Polyhedron | None = None,
    known: Iterable[Sequence[Polyhedron]] = (),
) -> Complex:
    """The complex of some tilings; different tilings may overlap, and share corners only.

    Args:
        tilings: in R^3.
        window: a box to cut them off at; needed where a tile is unbounded.
        known: the polyhedra of each tiling's tiles, where somebody has made them.

    Raises:
        DimensionError: a tiling does not live in R^3.
        UnboundedError: a tile is unbounded, and there is no window.

    Cost: half a millisecond a tile, most of it for its exact rows; with a window the facets of each tile anew.
    """
    growing = _Growing(window)
    for tiling, polyhedra in zip_longest(tilings, known):
        if tiling.domain.ambient_dim != 3:
            raise DimensionError(f"complex_of: the tiling lives in R^{tiling.domain.ambient_dim}; it must be R^3")
        growing.add(tiling, polyhedra or [tile.polyhedron for tile in tiling])
    return growing.made


class _Side(NamedTuple):
    """A face while only one side of it is known."""

    ring: tuple[int, ...]
    row: Halfspace
    tile: int
    lacks: bool


class _Solid(NamedTuple):
    """A tile with an inside, as far as it is seen, and its strict rows."""

    tile: int
    polyhedron: Polyhedron
    strict: frozenset[tuple[tuple[int, ...], int]]


class _Growing:
    def __init__(self, window: Polyhedron | None) -> None:
        self.made = Complex()
        self._window = window
        self._corners: dict[Corner, int] = {}
        self._planes: dict[Halfspace, int] = {}

    def add(self, tiling: Tiling, polyhedra: Sequence[Polyhedron]) -> None:
        first = self.made.tiles
        self.made.tiles += len(tiling)
        solid: list[_Solid] = []
        for number, dim, polyhedron in _visible(tiling, polyhedra, self._window):
            if dim == 3:
                solid.append(_Solid(first + number, polyhedron, _strict_rows(polyhedra[number])))
            elif dim >= 0:
                self._add_flat(polyhedron, dim, first + number)
        open_sides = self._matched(solid)
        if not _meets_in_whole_facets(tiling):
            open_sides = self._cut(open_sides)
        for side in open_sides:
            self._add_face(side, None)

    def _matched(self, solid: Sequence[_Solid]) -> list[_Side]:
        """Add the faces that are the same from both sides, and return the sides of the others."""
        waiting: dict[frozenset[int], _Side] = {}
        for own, facets in zip(solid, facet_rings([own.polyhedron for own in solid]), strict=True):
            for row, corners in facets:
                lacks = (row.normal, row.offset) in own.strict
                side = _Side(tuple(map(self._number, corners)), row, own.tile, lacks)
                place = frozenset(side.ring)
                if place in waiting:
                    self._add_face(waiting.pop(place), side)
                else:
                    waiting[place] = side
        return list(waiting.values())

    def _cut(self, sides: Iterable[_Side]) -> list[_Side]:
        """Add what sides in one plane have in common, and return what is left of them."""
        left = []
        by_plane: dict[Halfspace, tuple[list[_Side], list[_Side]]] = defaultdict(lambda: ([], []))
        for side in sides:
            plane = side.row.boundary()
            by_plane[plane][side.row.normal == plane.normal].append(side)
        for ones, others in by_plane.values():
            if not ones or not others:
                left += [*ones, *others]
                continue
            polygons = {id(side): self._polygon(side) for side in (*ones, *others)}
            rest = {id(side): [polygons[id(side)]] for side in (*ones, *others)}
            for one in ones:
                for other in others:
                    if not self._near(one, other):
                        continue
                    shared = polygons[id(one)] & polygons[id(other)]
                    if shared.dim == 2:
                        self._add_face(self._side(shared, one), other)
                        for side, across in ((one, other), (other, one)):
                            rest[id(side)] = _without(rest[id(side)], polygons[id(across)])
            for side in (*ones, *others):
                whole = rest[id(side)] == [polygons[id(side)]]
                left += [side] if whole else [self._side(piece, side) for piece in rest[id(side)]]
        return left

    def _polygon(self, side: _Side) -> Polyhedron:
        return Polyhedron.from_generators([point_of(self.made.corners[k]) for k in side.ring])

    def _side(self, polygon: Polyhedron, of: _Side) -> _Side:
        """A part of a side."""
        ring = polygon_in_plane(polygon.closure().vertices, of.row.normal)
        return of._replace(ring=tuple(self._number(corner_of(point)) for point in ring))

    def _near(self, one: _Side, other: _Side) -> bool:
        """Whether the boxes around two sides meet, rounded to floats, which keeps order."""
        boxes = [[to_floats(point_of(self.made.corners[k])) for k in side.ring] for side in (one, other)]
        (low, high), (least, most) = (([*map(min, *box)], [*map(max, *box)]) for box in boxes)
        return all(a <= d and c <= b for a, b, c, d in zip(low, high, least, most, strict=True))

    def _add_flat(self, polyhedron: Polyhedron, dim: int, tile: int) -> None:
        points = polyhedron.closure().vertices
        if dim == 2:
            row = next(h for h in polyhedron.canonical().halfspaces if h.relation == "==")
            ring = polygon_in_plane(points, row.normal)
            self._add_face(_Side(tuple(self._number(corner_of(p)) for p in ring), row, tile, False), None)
            return
        ends = [self._number(corner_of(point)) for point in sorted(points)]
        if dim == 1:
            self.made.segments.append((ends[0], ends[1], tile))
        else:
            self.made.points.append((ends[0], tile))

    def _add_face(self, side: _Side, across: _Side | None) -> None:
        plane = side.row.boundary()
        if plane not in self._planes:
            self._planes[plane] = len(self.made.planes)
            self.made.planes.append(plane)
        beyond = NOTHING if across is None else across.tile
        lacking = BEFORE * side.lacks + BEYOND * (across is not None and across.lacks)
        self.made.faces.append(Face(side.ring, self._planes[plane], side.tile, beyond, lacking))

    def _number(self, corner: Corner) -> int:
        number = self._corners.setdefault(corner, len(self.made.corners))
        if number == len(self.made.corners):
            self.made.corners.append(corner)
        return number


def _visible(
    tiling: Tiling, polyhedra: Sequence[Polyhedron], window: Polyhedron | None
) -> Iterable[tuple[int, int, Polyhedron]]:
    """For each tile its number, and the dimension and the points of what of it is in the window."""
    for source, local, own in tiling.by_source():
        for number, dim in zip(own.tolist(), source.dims(local).tolist(), strict=True):
            polyhedron = polyhedra[number]
            if window is None:
                yield number, dim, polyhedron
            else:
                cut = (polyhedron.closure() & window).canonical()
                yield number, cut.dim if cut.dim == dim else NOTHING, cut


def _strict_rows(polyhedron: Polyhedron) -> frozenset[tuple[tuple[int, ...], int]]:
    return frozenset((row.normal, row.offset) for row in polyhedron.halfspaces if row.relation == "<")


def _meets_in_whole_facets(tiling: Tiling) -> bool:
    return len(tiling.parts) == 1 and tiling.parts[0][1].meets_in_neurons


def _without(pieces: Iterable[Polyhedron], other: Polyhedron) -> list[Polyhedron]:
    return [rest for piece in pieces for rest in piece.difference(other) if rest.dim == piece.dim]


def window_around(tilings: Iterable[Tiling]) -> Polyhedron:
    """A box with some room around all vertices, for tilings of which a tile is unbounded.

    In each direction it is half of the greatest extent larger to both sides; where all vertices are one point, by 1.
    Its ends are rounded outwards to few bits. Cost: the vertices of all tiles.
    """
    points: list[ExactVector] = [point for tiling in tilings for tile in tiling for point in tile.polyhedron.vertices]
    columns = list(zip(*points, strict=True)) or [(Fraction(0),)] * 3
    room = max(max(column) - min(column) for column in columns) / 2 or Fraction(1)
    step = Fraction(2) ** (room.numerator.bit_length() - room.denominator.bit_length() - _BITS)
    lower = [step * math.floor((min(column) - room) / step) for column in columns]
    upper = [step * math.ceil((max(column) + room) / step) for column in columns]
    return Polyhedron.box(lower, upper)
