"""The page of a tiling of the plane: every tile as a polygon, and what the page needs to answer about each exactly.

Corners are computed exactly, and rounded to the nearest floats for drawing only; equal corners are one corner, so that
the page sees which tiles meet along an edge. Unbounded tiles are clipped to a frame, far outside of the first view.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from decimal import MAX_EMAX, MIN_EMIN, ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from polyrelu.analysis.zones import zone_numbers
from polyrelu.arithmetic.exact import ExactVector, to_float
from polyrelu.errors import DimensionError
from polyrelu.pages.page import Document, document, packed, packed_counts
from polyrelu.pages.tiles import NO_FACET, Facets, counted, tile_facets, tiles_document
from polyrelu.pages.words import facts, title
from polyrelu.polyhedra.convex_polygon import HomogeneousPoint, cyclic_facets
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.palette import colour
from polyrelu.tilings.tiling import Tiling

DIGITS = 6
"""Of areas, which are correctly rounded."""

_LEAST_EXPONENT = -4  # below, numbers are written with an exponent
_COLOURS = 60  # then again
_TRIMMED = 20  # one in so many vertices, on each side, may lie outside the first view of an unbounded tiling
_FAR = 2**20  # a view is at least so many times as wide as it is far from zero
_FRAME = 16  # so many times as wide as all vertices lie apart is the frame of unbounded tiles


class Side(NamedTuple):
    """A side of a polygon: the corner where it begins, counter-clockwise, and the facet that it lies on."""

    corner: HomogeneousPoint
    facet: int


Ring = list[Side]


def planar_page(tiling: Tiling, groups: Sequence[Iterable[int]] | None = None) -> str:
    """A tiling of R^2 as a page.

    Args:
        tiling: any, also unbounded, flat or empty.
        groups: the tiles of each zone, in the order of the legend; by default those of ``tiling.zones()``.

    Raises:
        DimensionError: it lives in another space.
        RangeError: a corner is beyond the range of floats.

    Cost: a product of matrices for each layer and tile, and the zones.
    """
    return document("planar", planar_document(tiling, groups), title(tiling))


def planar_document(tiling: Tiling, groups: Sequence[Iterable[int]] | None = None) -> Document:
    """What ``front/planar.ts`` reads; arguments and errors as for :func:`planar_page`."""
    if tiling.domain.ambient_dim != 2:
        raise DimensionError(f"page: the tiling lives in R^{tiling.domain.ambient_dim}; the planar page is of R^2")
    found = tile_facets(tiling)
    zones = [list(map(int, group)) for group in (zone_numbers(tiling) if groups is None else groups)]
    rings, frame = _rings(tiling, found)
    areas = [_area(ring) for ring in rings]
    of_zone = np.zeros(len(tiling), dtype=np.int64)
    for number, zone in enumerate(zones):
        of_zone[zone] = number
    total = _total(areas)
    return {
        "head": {"title": title(tiling), **facts(tiling, len(zones), "" if total == "0" else total)},
        "view": _view(tiling, rings, frame),
        "domain": _outline(tiling.domain),
        "frame": frame,
        "tiles": tiles_document(tiling, found),
        **polygons_document(rings),
        "zones": {
            "of": packed_counts(of_zone),
            "entries": [{"tiles": len(zone), "area": _total([areas[i] for i in zone])} for zone in zones],
            "colours": [colour(i) for i in range(min(max(len(zones), 1), _COLOURS))],
        },
        "features": None,
        "isRegions": is_regions(tiling),
    }


def is_regions(tiling: Tiling) -> bool:
    """Whether a tiling is of a network's linear regions: its target is everything."""
    return any(not target.halfspaces for target in tiling.targets)


def polygons_document(rings: Sequence[Ring]) -> Document:
    """Polygons by the numbers of their corners, and the facet of each side plus one.

    Raises:
        RangeError: a corner is beyond the range of floats.
    """
    numbers: dict[HomogeneousPoint, int] = {}
    corners = [[numbers.setdefault(side.corner, len(numbers)) for side in ring] for ring in rings]
    floats = [to_float(Fraction(v, corner[2])) for corner in numbers for v in corner[:2]]
    facets = np.fromiter((side.facet + 1 for side in itertools.chain.from_iterable(rings)), dtype=np.int64)
    return {
        "vertices": packed(np.array(floats, dtype=np.float64)),
        "corners": counted(corners),
        "sides": packed_counts(facets),
    }


def _rings(tiling: Tiling, found: Sequence[Facets]) -> tuple[list[Ring], list[float] | None]:
    """The polygon of each tile, and the frame that unbounded ones are clipped to, if there are any."""
    rings: list[Ring] = [[] for _ in tiling]
    unbounded = []
    for i, facets in enumerate(found):
        if not facets.stated and tiling[i].dim < 2:
            polyhedron = tiling[i].polyhedron.closure()
            if polyhedron.is_bounded():
                rings[i] = [Side(homogeneous(vertex), NO_FACET) for vertex in sorted(polyhedron.vertices)]
            else:
                unbounded.append(i)
            continue
        ring = _ring(facets, tiling[i].polyhedron.facets if not facets.stated else facets.rows)
        if ring is None:
            unbounded.append(i)
        else:
            rings[i] = ring
    if not unbounded:
        return rings, None
    frame = _frame(rings, [tiling[i].polyhedron.vertices for i in unbounded])
    for i in unbounded:
        clipped = (tiling[i].polyhedron.closure() & frame).canonical()
        if clipped.dim < 2:
            rings[i] = [Side(homogeneous(vertex), NO_FACET) for vertex in sorted(clipped.vertices)]
        else:
            rings[i] = _ring(found[i], clipped.halfspaces) or []
    low, high = frame.vertices[0], frame.vertices[-1]
    return rings, [*map(to_float, low), *map(to_float, high)]


def _ring(facets: Facets, rows: Sequence[Any]) -> Ring | None:
    """The sides of a polygon that these of its rows bound; None where it is unbounded."""
    cycle = cyclic_facets(rows)
    if cycle is None:
        return None
    numbers = {(row.normal, row.offset): number for row, number in zip(facets.rows, facets.numbers, strict=True)}
    return [Side(begin, numbers.get((row.normal, row.offset), NO_FACET)) for row, begin, _ in cycle]


def homogeneous(point: ExactVector) -> HomogeneousPoint:
    """A point as ``(x w, y w, w)`` in primitive integers."""
    x, y = point
    scale = math.lcm(x.denominator, y.denominator)
    return int(x * scale), int(y * scale), scale


def _frame(rings: Sequence[Ring], others: Iterable[Iterable[ExactVector]]) -> Polyhedron:
    """A square far around all vertices."""
    points = [(Fraction(x, w), Fraction(y, w)) for ring in rings for (x, y, w), _ in ring]
    points += [(x, y) for vertices in others for x, y in vertices]
    lower = [min((p[k] for p in points), default=Fraction(0)) for k in (0, 1)]
    upper = [max((p[k] for p in points), default=Fraction(0)) for k in (0, 1)]
    wide = max(b - a for a, b in zip(lower, upper, strict=True)) or max(map(abs, (*lower, *upper))) or Fraction(1)
    margin = Fraction(math.ceil(wide * _FRAME)) if wide >= 1 else wide * _FRAME
    return Polyhedron.box([a - margin for a in lower], [b + margin for b in upper])


def _view(tiling: Tiling, rings: Sequence[Ring], frame: Sequence[float] | None) -> list[float]:
    """What is seen at first: the domain; or if that has no end, most vertices, and a margin."""
    if tiling.domain.is_bounded() and not tiling.domain.is_empty():
        points = np.array([list(map(to_float, vertex)) for vertex in tiling.domain.vertices])
        low, high = points.min(axis=0), points.max(axis=0)
        return [*low.tolist(), *high.tolist()]
    corners = [end.corner for ring in rings for side, end in pairwise([*ring[-1:], *ring]) if _is_vertex(side, end)]
    if not corners:
        left, low, right, high = frame or (-1.0, -1.0, 1.0, 1.0)
        return [left + (right - left) / 4, low + (high - low) / 4, right - (right - left) / 4, high - (high - low) / 4]
    points = np.sort([[to_float(Fraction(v, corner[2])) for v in corner[:2]] for corner in corners], axis=0)
    trim = len(points) // _TRIMMED
    low, high = points[trim], points[len(points) - 1 - trim]
    margin = max(float((high - low).max()) / 4, float(np.abs(low).max()) / _FAR) or 1.0
    low, high = low - margin, high + margin
    return [*low.tolist(), *high.tolist()]


def _is_vertex(before: Side, after: Side) -> bool:
    """Whether the corner between two sides is not one of the frame."""
    return NO_FACET not in (before.facet, after.facet)


def _outline(domain: Polyhedron) -> list[list[float]] | None:
    """A bounded domain's corners in order."""
    if domain.is_empty() or not domain.is_bounded() or domain.dim < 2:
        return None
    cycle = cyclic_facets(domain.closure().canonical().halfspaces) or []
    return [[to_float(Fraction(x, w)), to_float(Fraction(y, w))] for _, (x, y, w), _ in cycle]


def _area(ring: Ring) -> Fraction | None:
    """The exact area of a polygon; None where a side is the frame's, so that the tile is unbounded."""
    if len(ring) < 3:
        return Fraction(0)
    if any(side.facet == NO_FACET for side in ring):
        return None
    pairs = zip(ring, [*ring[1:], ring[0]], strict=True)
    return sum((_cross(begin.corner, end.corner) for begin, end in pairs), Fraction(0)) / 2


def _cross(a: HomogeneousPoint, b: HomogeneousPoint) -> Fraction:
    return Fraction(a[0] * b[1] - a[1] * b[0], a[2] * b[2])


def _total(areas: Sequence[Fraction | None]) -> str | None:
    """The sum of areas, correctly rounded; None where one is infinite."""
    finite = [area for area in areas if area is not None]
    return rounded_sum(finite, DIGITS) if len(finite) == len(areas) else None


def rounded_sum(values: Sequence[Fraction], digits: int) -> str:
    """The sum of numbers that are not negative, correctly rounded.

    Cost: linear, since a sum of integers that are too small by one each mostly tells the digits.
    """
    top = max(values, default=Fraction(0))
    if not top:
        return "0"
    shift = max(0, 100 - top.numerator.bit_length() + top.denominator.bit_length())
    below = sum((v.numerator << shift) // v.denominator for v in values)
    low, high = (rounded(Fraction(total, 1 << shift), digits) for total in (below, below + len(values)))
    return low if low == high else rounded(sum(values, Fraction(0)), digits)


def rounded(value: Fraction, digits: int) -> str:
    """A number to so many significant digits, correctly rounded, ties to even, as the format ``g`` writes it."""
    context = Context(prec=digits, rounding=ROUND_HALF_EVEN, Emax=MAX_EMAX, Emin=MIN_EMIN)
    nearest = context.divide(Decimal(value.numerator), Decimal(value.denominator)).normalize(context)
    if not nearest or _LEAST_EXPONENT <= nearest.adjusted() < digits:
        return f"{nearest:f}"
    mantissa, _, exponent = f"{nearest:e}".partition("e")
    return f"{mantissa}e{int(exponent):+03d}"
