"""The page of a window of a latent plane: features as layers that lie above each other where they superpose.

Its tiles are the parts of the window where exactly the same features are active; the sign of each feature is a
character of their pattern. A window need not be convex, so a part may be several polygons, which are tiles of their
own: their rows are those of the features, and they are what of it lies in the window.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from polyrelu.analysis.outline import Polygon
from polyrelu.arithmetic.exact import ExactVector, to_float
from polyrelu.latent.windows import LatentPlane, Subset
from polyrelu.networks.activation_pattern import packed_signs
from polyrelu.networks.layer import Layer
from polyrelu.networks.pattern_cells import sign_row
from polyrelu.pages.page import Document, document, packed, packed_counts
from polyrelu.pages.planar import Ring, Side, homogeneous, polygons_document, rounded_sum
from polyrelu.pages.tiles import NO_FACET, counted, layer_document, rows_document
from polyrelu.pages.words import counted as number_of
from polyrelu.polyhedra.halfspace import Halfspace
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.polyhedra.simple_polygon import triangulate
from polyrelu.support.numerals import fraction_digits
from polyrelu.support.palette import colour

_DIGITS = 6


def plane_page(plane: LatentPlane, names: Sequence[str] | None = None) -> str:
    """A window of a latent plane as a page.

    Args:
        plane: any.
        names: of the features; by default feature 0, feature 1, ...

    Cost: that of :meth:`~polyrelu.latent.windows.LatentPlane.regions`, and a canonical form of each region.
    """
    given = [f"feature {i}" for i in range(plane.feature_count)] if names is None else list(map(str, names))
    parts = [(subset, polygon) for subset, polygons in plane.regions().items() for polygon in polygons]
    signs = np.array([[i in subset for i in range(plane.feature_count)] for subset, _ in parts], dtype=np.bool_)
    name = f"Latent plane, {number_of(plane.feature_count, 'feature')}"
    xs, ys = zip(*plane.window, strict=True)
    rings = [_ring(plane, polygon) for _, polygon in parts]
    data: Document = {
        "head": {"title": name, "facts": _facts(plane, len(parts))},
        "view": [*map(to_float, (min(xs), min(ys), max(xs), max(ys)))],
        "domain": [[to_float(x), to_float(y)] for x, y in plane.outline.outer],
        "frame": None,
        "tiles": {
            "names": ["u0", "u1"],
            "count": len(parts),
            "parts": [
                {
                    "layers": [0],
                    "coordinates": [list(range(plane.feature_count))],
                    "template": ["?" * plane.feature_count],
                    "domain": [],
                    "target": [],
                    "bits": packed(packed_signs(signs.reshape(len(parts), plane.feature_count))),
                    "neurons": [0, plane.feature_count],
                }
            ],
            "partOf": None,
            "layers": [layer_document(_layer(plane))],
            "facets": counted([() for _ in parts]),
            "written": {str(i): _written(plane, subset, polygon) for i, (subset, polygon) in enumerate(parts)},
        },
        **polygons_document(rings),
        "zones": {"of": packed_counts(np.zeros(len(parts), dtype=np.int64)), "entries": [], "colours": [colour(0)]},
        "features": {
            "entries": [{"name": given[i], "area": _active_area(plane, i)} for i in range(plane.feature_count)],
            "colours": [colour(i) for i in range(plane.feature_count)],
            "members": counted([np.flatnonzero(own).tolist() for own in signs.reshape(len(parts), -1).T]),
            "layer": 0,
        },
        "isRegions": True,
    }
    return document("planar", data, name)


def _facts(plane: LatentPlane, regions: int) -> list[str]:
    area = rounded_sum([plane.outline.area()], _DIGITS)
    return [
        f"{number_of(regions, 'region')}, area {area}, exact",
        f"window with {number_of(len(plane.window), 'corner')}, in the plane's coordinates",
    ]


def _layer(plane: LatentPlane) -> Layer:
    return Layer.from_rows(plane.plane.matrix, plane.plane.offset, [True] * plane.feature_count, 2)


def _ring(plane: LatentPlane, polygon: Polygon) -> Ring:
    """The sides of a polygon; those where a feature vanishes have its number."""
    ends = zip(polygon.outer, [*polygon.outer[1:], polygon.outer[0]], strict=True)
    return [Side(homogeneous(begin), _feature_along(plane, begin, end)) for begin, end in ends]


def _feature_along(plane: LatentPlane, begin: ExactVector, end: ExactVector) -> int:
    """The first feature that vanishes at both points."""
    for i in range(plane.feature_count):
        normal, offset = plane.form(i)
        if any(normal) and not any(normal[0] * x + normal[1] * y + offset for x, y in (begin, end)):
            return i
    return NO_FACET


def _written(plane: LatentPlane, subset: Subset, polygon: Polygon) -> dict[str, Any]:
    """The canonical rows of a region; each is a feature's."""
    rows: dict[Halfspace, int] = {}
    for i in range(plane.feature_count):
        normal, offset = plane.form(i)
        if any(normal):
            rows.setdefault(sign_row((*normal, offset), i in subset), i)
    cell = Polyhedron.from_halfspaces(list(rows), 2).canonical()
    return {
        "rows": rows_document(cell.halfspaces),
        "of": [rows.get(row, NO_FACET) for row in cell.halfspaces],
        "dim": 2,
        "size": fraction_digits(polygon.area()),
        "point": list(map(fraction_digits, _inner_point(polygon))),
    }


def _inner_point(polygon: Polygon) -> ExactVector:
    """A point inside with few decimals: a region is cut out of a window without holes, and has none itself."""
    largest = max(triangulate(polygon.outer), key=_area)
    return Polyhedron.from_generators(largest).simple_point()


def _area(corners: Sequence[ExactVector]) -> Fraction:
    (ax, ay), *rest = corners
    pairs = itertools.pairwise(rest)
    return abs(sum(((bx - ax) * (cy - ay) - (by - ay) * (cx - ax) for (bx, by), (cx, cy) in pairs), Fraction(0)))


def _active_area(plane: LatentPlane, feature: int) -> str:
    return rounded_sum([polygon.area() for polygon in plane.active(feature)], _DIGITS)
