r"""The outlines of planar zones: exact boundary polygons with holes.

A tile's boundary runs counter-clockwise, so it has the tile on its left. Where two tiles of a zone meet, their directed
edges are opposite and cancel; what remains is the boundary of the zone. Edges that meet in part only (T-junctions,
which occur between the tiles of several targets) are first split at the vertices that lie on them. The rest is
bookkeeping:

1. *Chains.* Where several boundary edges leave a vertex, a chain turns into the first of them clockwise from where it
   came from. So it keeps to one sector of the zone, and each chain bounds one connected component of the interior.
2. *Rings.* A chain that visits a vertex again is cut there. Since the sectors were kept apart, what is cut off never
   crosses the rest, and every ring is simple.
3. *Polygons.* The rings of one component, known from the edges that cancelled, are one counter-clockwise outer ring and
   clockwise holes; nothing is asked about points in polygons.

This is the convention of the OGC Simple Feature standard (OGC 06-103r4, section 6.1.11): a polygon's interior is
connected, its rings are simple, and rings touch in single points at most.

Cost: near-linear in edges, plus a comparison of boundary vertices with the boundary edges whose bounding boxes hold
them. Floats take part in that filter alone, where they need no error bound: rounding to nearest is monotone, so a
number between two others is not rounded to outside of their floats. That is so where it underflows and where it
overflows, to infinity, too; and in every mode of the processor, since comparisons that take subnormal numbers for zero
are monotone as well.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import TypeAlias

import numpy as np

from polyrelu.analysis.zones import zone_numbers
from polyrelu.arithmetic.exact import ExactVector, nearest_floats
from polyrelu.errors import DimensionError, UnboundedError
from polyrelu.networks.questions import Domain, given_region
from polyrelu.polyhedra.convex_polygon import HomogeneousPoint, angle, cyclic_facets, turn
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.polyhedra.simple_polygon import signed_area
from polyrelu.support.progress import progress_bar
from polyrelu.tilings.tiling import Tiling

Ring: TypeAlias = tuple[ExactVector, ...]
Edge: TypeAlias = tuple[HomogeneousPoint, HomogeneousPoint]


@dataclass(frozen=True)
class Polygon:
    """A polygon whose interior is connected.

    Attributes:
        outer: the outer ring, counter-clockwise from the lowest of its leftmost vertices; the first is not repeated.
        holes: rings inside, clockwise, ordered; rings touch each other in single points at most.
    """

    outer: Ring
    holes: tuple[Ring, ...] = ()

    def area(self) -> Fraction:
        """The area, exact."""
        return sum(map(signed_area, (self.outer, *self.holes)), Fraction(0))


@dataclass(frozen=True)
class Outline:
    """What a zone looks like in the plane.

    Attributes:
        polygons: one for each connected component of the interior of the closure of the zone's full-dimensional tiles:
            a single one unless flat tiles or a window take part. Edges that the zone lacks, on its rim or as a slit in
            its middle, do not show.
        flat: the ends of each segment and each single point among the zone's tiles, in the order of the tiles.
    """

    polygons: tuple[Polygon, ...]
    flat: tuple[Ring, ...] = ()

    def area(self) -> Fraction:
        """The area, exact."""
        return sum((polygon.area() for polygon in self.polygons), Fraction(0))


def outline(tiling: Tiling, within: Domain | None = None) -> list[Outline]:
    """The outline of each activation zone, in the order of :meth:`polyrelu.tilings.tiling.Tiling.zones`.

    Args:
        tiling: in the plane.
        within: a bounded window to clip to, passed like a domain; needed where a tile is unbounded. A zone outside it
            has an empty outline.

    Raises:
        DimensionError: the tiling or the window is not two-dimensional.
        UnboundedError: a tile is unbounded and there is no window, or the window is unbounded.

    Cost: near-linear in the tiles' edges, after :func:`polyrelu.analysis.zones.zones`.

    >>> import polyrelu as pr
    >>> ring = pr.Network([([[1, 0], [-1, 0], [0, 1], [0, -1]], [0] * 4), ([[1, 1, 1, 1]], [0])])  # |x0| + |x1|
    >>> (zone,) = outline(pr.preimage(ring, pr.parse("y0 >= 1 and y0 <= 2", dim=1)))
    >>> (polygon,) = zone.polygons
    >>> [[tuple(map(int, vertex)) for vertex in ring] for ring in (polygon.outer, *polygon.holes)]
    [[(-2, 0), (0, -2), (2, 0), (0, 2)], [(-1, 0), (0, 1), (1, 0), (0, -1)]]
    >>> print(zone.area())
    6
    """
    window = planar_window(tiling, within)
    outlines = []
    with progress_bar(None, total=len(tiling), desc="outlines", unit=" tiles") as bar:
        for numbers in zone_numbers(tiling):
            cycles, flat = [], []
            for number in numbers.tolist():
                polyhedron = tiling[number].polyhedron
                if any(row.relation == "==" for row in polyhedron.halfspaces):
                    flat += _ends(polyhedron, window, number)
                else:
                    cycles.append(_cycle(polyhedron, window, number))
                bar.update()
            outlines.append(Outline(polygons_around(cycles), tuple(flat)))
    return outlines


def planar_window(tiling: Tiling, within: Domain | None) -> Polyhedron | None:
    """The window to which a tiling of the plane is clipped, if any.

    Raises:
        DimensionError: the tiling or the window is not two-dimensional.
        UnboundedError: the window is unbounded.
    """
    if tiling.domain.ambient_dim != 2:
        raise DimensionError(f"outline: the tiling lives in R^{tiling.domain.ambient_dim}; only R^2 has outlines")
    return None if within is None else _window(given_region(within, 2, "outline: within"))


def _window(within: Polyhedron) -> Polyhedron:
    if within.ambient_dim != 2:
        raise DimensionError(f"outline: the window lives in R^{within.ambient_dim}; it must be in R^2")
    if not within.is_bounded():
        raise UnboundedError(f"outline: the window {within} is unbounded; pass a bounded one, such as a box")
    return within.closure().canonical()


def _unbounded(number: int) -> UnboundedError:
    return UnboundedError(f"outline: tile {number} is unbounded; pass within=, a box to clip to")


def _cycle(tile: Polyhedron, window: Polyhedron | None, number: int) -> list[Edge]:
    """The directed edges of a tile of full dimension, clipped; none if nothing of full dimension remains."""
    facets = cyclic_facets(tile.halfspaces)
    if window is None:
        if facets is None:
            raise _unbounded(number)
    elif facets is None or any(
        row.normal[0] * x + row.normal[1] * y > row.offset * w
        for row in window.halfspaces
        for _, (x, y, w), _ in facets
    ):
        clipped = (tile.closure() & window).canonical()
        if clipped.is_empty() or any(row.relation == "==" for row in clipped.halfspaces):
            return []
        facets = cyclic_facets(clipped.halfspaces)
        assert facets is not None, "a subset of a bounded window is bounded"
    return [(begin, end) for _, begin, end in facets]


def _ends(tile: Polyhedron, window: Polyhedron | None, number: int) -> list[Ring]:
    """The vertices of a flat tile, clipped, as one entry; no entry if nothing remains."""
    clipped = tile.closure() if window is None else tile.closure() & window
    vertices, rays, lines = clipped.generators
    if rays or lines:
        raise _unbounded(number)
    return [tuple(sorted(vertices))] if vertices else []


def polygons_around(cycles: Iterable[Sequence[Edge]]) -> tuple[Polygon, ...]:
    """The polygons whose union is that of convex polygons with disjoint interiors, ordered by their outer rings.

    Args:
        cycles: for each convex polygon its directed edges, counter-clockwise, in any order.
    """
    boundary = _Boundary()
    for number, edges in enumerate(cycles):
        for edge in edges:
            boundary.add(edge, number)
    boundary.split()
    outer: dict[int, Ring] = {}
    holes: dict[int, list[Ring]] = defaultdict(list)
    for component, chain in boundary.chains():
        for loop in _simple_loops(chain):
            ring, counter_clockwise = _tidied(loop)
            if counter_clockwise:
                assert component not in outer, "a component has one outer ring"
                outer[component] = ring
            else:
                holes[component].append(ring)
    polygons = [Polygon(ring, tuple(sorted(holes[component]))) for component, ring in outer.items()]
    return tuple(sorted(polygons, key=lambda polygon: polygon.outer))


class _Boundary:
    """Directed edges that have a tile on their left only, and which tiles hang together across cancelled ones."""

    def __init__(self) -> None:
        self.left: dict[Edge, int] = {}
        self._parent: list[int] = []

    def component(self, tile: int) -> int:
        """A number that tiles have in common iff they hang together (disjoint sets with path halving)."""
        while self._parent[tile] != tile:
            self._parent[tile] = self._parent[self._parent[tile]]
            tile = self._parent[tile]
        return tile

    def add(self, edge: Edge, tile: int) -> None:
        """A new edge, which cancels its opposite."""
        while len(self._parent) <= tile:
            self._parent.append(len(self._parent))
        begin, end = edge
        opposite = self.left.pop((end, begin), None)
        if opposite is None:
            self.left[edge] = tile
        else:
            self._parent[self.component(tile)] = self.component(opposite)

    def split(self) -> None:
        """Split edges at the ends of others that lie on them, and cancel the parts."""
        points = list({point for edge in self.left for point in edge})
        if not points:
            return
        floats = nearest_floats(v for point in points for v in _coordinates(point)).reshape(-1, 2)
        order = np.argsort(floats[:, 0], kind="stable")
        xs, ys = floats[order].T
        place = {point: i for i, point in enumerate(points)}
        for (begin, end), tile in list(self.left.items()):
            corners = floats[[place[begin], place[end]]]
            (left, low), (right, high) = corners.min(axis=0), corners.max(axis=0)
            first, last = xs.searchsorted(left, "left"), xs.searchsorted(right, "right")
            near = np.flatnonzero((ys[first:last] >= low) & (ys[first:last] <= high)) + first
            middle = [points[order[k]] for k in near]
            middle = [point for point in middle if _strictly_between(point, begin, end)]
            if middle:
                middle.sort(key=_coordinates, reverse=_coordinates(begin) > _coordinates(end))
                del self.left[begin, end]
                stops = [begin, *middle, end]
                for part in pairwise(stops):
                    self.add(part, tile)

    def chains(self) -> Iterable[tuple[int, list[HomogeneousPoint]]]:
        """Closed chains of edges, each with its component; a chain keeps to one sector of the interior at a vertex."""
        leaving: dict[HomogeneousPoint, list[HomogeneousPoint]] = defaultdict(list)
        for begin, end in self.left:
            leaving[begin].append(end)
        todo = dict(self.left)
        while todo:
            (begin, end), tile = next(iter(todo.items()))
            chain = []
            while todo.pop((begin, end), None) is not None:
                chain.append(begin)
                begin, end = end, _next(begin, end, leaving[end])
            yield self.component(tile), chain


def _coordinates(point: HomogeneousPoint) -> tuple[Fraction, Fraction]:
    x, y, w = point
    return Fraction(x, w), Fraction(y, w)


def _strictly_between(point: HomogeneousPoint, begin: HomogeneousPoint, end: HomogeneousPoint) -> bool:
    if point in (begin, end) or turn(begin, end, point):
        return False
    lowest, highest = sorted([_coordinates(begin), _coordinates(end)])
    return lowest < _coordinates(point) < highest


def _direction(begin: HomogeneousPoint, end: HomogeneousPoint) -> tuple[int, int]:
    """A positive multiple of ``end - begin``."""
    return end[0] * begin[2] - begin[0] * end[2], end[1] * begin[2] - begin[1] * end[2]


def _next(begin: HomogeneousPoint, vertex: HomogeneousPoint, ends: Sequence[HomogeneousPoint]) -> HomogeneousPoint:
    """The end of the edge from ``vertex`` that comes first, clockwise from the direction back to ``begin``."""
    if len(ends) == 1:
        return ends[0]
    bx, by = _direction(vertex, begin)

    def clockwise(end: HomogeneousPoint) -> tuple[int, int]:
        x, y = _direction(vertex, end)
        return bx * x + by * y, by * x - bx * y

    return min(ends, key=lambda end: angle(clockwise(end)))


def _simple_loops(chain: Sequence[HomogeneousPoint]) -> list[list[HomogeneousPoint]]:
    """A closed chain cut at the vertices that it visits more than once."""
    loops: list[list[HomogeneousPoint]] = []
    path: list[HomogeneousPoint] = []
    place: dict[HomogeneousPoint, int] = {}
    for point in [*chain, chain[0]]:
        if point in place:
            loop = path[place[point] :]
            del path[place[point] :]
            for gone in loop:
                del place[gone]
            loops.append(loop)
        place[point] = len(path)
        path.append(point)
    return loops


def _tidied(loop: Sequence[HomogeneousPoint]) -> tuple[Ring, bool]:
    """A simple loop without collinear vertices, from its lexicographically first one; is it counter-clockwise?"""
    count = len(loop)
    corners = [
        point for i, point in enumerate(loop) if turn(loop[i - 1], point, loop[(i + 1) % count])
    ]  # neighbours on a straight stretch all drop out, whichever of them are compared
    ring = [_coordinates(point) for point in corners]
    start = ring.index(min(ring))
    left = turn(corners[start - 1], corners[start], corners[(start + 1) % len(corners)])
    return tuple(ring[start:] + ring[:start]), left > 0
