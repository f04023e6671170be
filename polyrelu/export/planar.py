"""The outlines of planar zones as SVG, GeoJSON and shapely geometries.

All of them start from the exact outline (:mod:`polyrelu.analysis.outline`) and round its corners to the nearest floats,
because that is what these formats hold; GeoJSON carries the exact corners as text beside them. Segments and points
among the zones (flat tiles) are kept.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any
from xml.sax.saxutils import escape

from polyrelu.analysis.outline import Outline, Ring, outline, planar_window
from polyrelu.arithmetic.exact import to_float
from polyrelu.errors import InputError, UnboundedError
from polyrelu.formats.exact_text import number_text
from polyrelu.networks.questions import Domain
from polyrelu.polyhedra.convex_polygon import convex_polygon
from polyrelu.support.arguments import one_of
from polyrelu.support.extras import require
from polyrelu.support.palette import colour
from polyrelu.tilings.tiling import Tiling

_POINT_SIZE = 0.01


def to_shapely(tiling: Tiling, within: Domain | None = None, by: str = "zone") -> list[Any]:
    """For each zone, or each tile, a shapely geometry.

    Args:
        tiling: in the plane.
        within: a bounded window to clip to; needed where a tile is unbounded.
        by: ``"zone"``: a MultiPolygon, or a GeometryCollection where flat tiles take part; ``"tile"``: a Polygon, or a
            LineString or Point of a flat tile, and an empty Polygon where the window misses it.

    Raises:
        InputError: a coordinate is beyond the range of floats, or ``by`` is unknown.
        MissingExtraError: shapely is not installed.
        DimensionError, UnboundedError: as for :func:`polyrelu.analysis.outline.outline`.
    """
    one_of(by, ("zone", "tile"), "to_shapely", "by")
    shapely = require("shapely", "to_shapely")
    try:
        if by == "tile":
            return [_tile_geometry(shapely, corners) for corners in tile_corners(tiling, within)]
        return [_geometry(shapely, zone) for zone in outline(tiling, within)]
    except OverflowError as error:
        raise InputError(
            f"to_shapely: a coordinate is beyond the range of floats ({error}); outline() keeps exact numbers"
        ) from error


def tile_corners(tiling: Tiling, within: Domain | None = None) -> Iterator[Ring]:
    """The corners of each tile's closure in the plane, exact, counter-clockwise; of a flat tile one or two.

    Raises:
        DimensionError: the tiling is not two-dimensional.
        UnboundedError: a tile is unbounded, and no window is given.
    """
    window = planar_window(tiling, within)
    for i, tile in enumerate(tiling):
        closure = tile.polyhedron.closure() if window is None else tile.polyhedron.closure() & window
        if closure.rays or closure.lines:
            raise UnboundedError(f"to_shapely: tile {i} is unbounded; pass within=, a box to clip to")
        yield tuple(convex_polygon(closure.vertices))


def _tile_geometry(shapely: Any, corners: Ring) -> Any:
    points = _floats(corners)
    if len(points) > 2:
        return shapely.Polygon(points)
    return (
        shapely.LineString(points) if len(points) == 2 else shapely.Point(*points[0]) if points else shapely.Polygon()
    )


def _geometry(shapely: Any, zone: Outline) -> Any:
    polygons = [(_floats(polygon.outer), list(map(_floats, polygon.holes))) for polygon in zone.polygons]
    geometry = shapely.MultiPolygon(polygons)
    if not zone.flat:
        return geometry
    flat = [shapely.LineString(_floats(p)) if len(p) > 1 else shapely.Point(*_floats(p)) for p in zone.flat]
    return shapely.GeometryCollection([*geometry.geoms, *flat])


def geojson_text(tiling: Tiling, within: Domain | None = None) -> str:
    """The zones as a GeoJSON FeatureCollection: one Feature a zone, with its number and exact corners as properties.

    The collection's own member ``complete`` is false where tiles are missing because the run was stopped. Coordinates
    are the plane's own, not degrees; rings are closed, outer ones counter-clockwise (RFC 7946).

    Args:
        tiling: in the plane.
        within: a bounded window to clip to; needed where a tile is unbounded.

    Raises:
        DimensionError, UnboundedError: as for :func:`polyrelu.analysis.outline.outline`.
    """
    features = []
    for number, zone in enumerate(outline(tiling, within)):
        polygons = [[[*_floats(ring), _floats(ring)[0]] for ring in rings] for rings in _polygon_rings(zone)]
        geometry: dict[str, Any] = {"type": "MultiPolygon", "coordinates": polygons}
        texts: dict[str, Any] = {"polygons": [list(map(_texts, rings)) for rings in _polygon_rings(zone)]}
        if zone.flat:
            texts["flat"] = list(map(_texts, zone.flat))
            kinds = [
                {"type": "LineString", "coordinates": _floats(part)}
                if len(part) > 1
                else {"type": "Point", "coordinates": _floats(part)[0]}
                for part in zone.flat
            ]
            geometry = {"type": "GeometryCollection", "geometries": [*([geometry] if polygons else []), *kinds]}
        features.append(
            {
                "type": "Feature",
                "properties": {"zone": number, "area": number_text(zone.area()), "exact": texts},
                "geometry": geometry,
            }
        )
    collection = {"type": "FeatureCollection", "complete": tiling.complete, "features": features}
    return json.dumps(collection) + "\n"


def svg_text(tiling: Tiling, within: Domain | None = None) -> str:
    """The zones as an SVG picture without axes, one path each; the second coordinate points up.

    Args:
        tiling: in the plane.
        within: a bounded window to clip to; needed where a tile is unbounded.

    Raises:
        DimensionError, UnboundedError: as for :func:`polyrelu.analysis.outline.outline`.
    """
    zones = outline(tiling, within)
    points = [point for zone in zones for ring in _all_rings(zone) for point in _floats(ring)]
    xs, ys = [x for x, _ in points] or [0.0], [y for _, y in points] or [0.0]
    size = max(max(xs) - min(xs), max(ys) - min(ys)) or 1.0
    margin = size * _POINT_SIZE
    left, top = min(xs) - margin, -max(ys) - margin
    width, height = max(xs) - min(xs) + 2 * margin, max(ys) - min(ys) + 2 * margin
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{left!r} {top!r} {width!r} {height!r}">',
        f"<title>{escape(repr(tiling))}</title>",
        f'<g transform="scale(1,-1)" fill-rule="evenodd" stroke-linecap="round" stroke-width="{margin / 2!r}">',
    ]
    for number, zone in enumerate(zones):
        rings = [ring for polygon in _polygon_rings(zone) for ring in polygon]
        if rings:
            path = " ".join(f"M{_path(ring)}Z" for ring in rings)
            lines.append(f'<path id="zone{number}" fill="{colour(number)}" d="{path}"/>')
        for part in zone.flat:
            lines.append(f'<path class="zone{number}" stroke="{colour(number)}" d="M{_path((*part, part[-1]))}"/>')
    return "\n".join([*lines, "</g>", "</svg>", ""])


def _polygon_rings(zone: Outline) -> list[tuple[Ring, ...]]:
    return [(polygon.outer, *polygon.holes) for polygon in zone.polygons]


def _all_rings(zone: Outline) -> Iterable[Ring]:
    yield from (ring for rings in _polygon_rings(zone) for ring in rings)
    yield from zone.flat


def _floats(ring: Ring) -> list[tuple[float, float]]:
    return [(to_float(x), to_float(y)) for x, y in ring]


def _texts(ring: Ring) -> list[list[str]]:
    return [[number_text(x), number_text(y)] for x, y in ring]


def _path(ring: Ring) -> str:
    return "L".join(f"{x!r},{y!r}" for x, y in _floats(ring))
