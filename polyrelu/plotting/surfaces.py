"""The surfaces of a tiling's zones in space: exact faces, painted in the right order from whichever side.

A face is all that bounds a zone in one plane; the tiles behind it do not show. Where the window cuts a zone, a face
closes it. Everything is exact until it is painted (:mod:`polyrelu.plotting.scene`).
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any, NamedTuple

from polyrelu.analysis.adjacency import components
from polyrelu.analysis.zones import boundary
from polyrelu.arithmetic.exact import ExactVector, to_float
from polyrelu.errors import DimensionError
from polyrelu.plotting.legend import Swatch, add_legend, axes_beside
from polyrelu.plotting.scene import Item, scene_of
from polyrelu.plotting.shades import Shades, shades_of
from polyrelu.plotting.solid import VIEW, boundary_polygons, plot_polyhedron, solid_axes
from polyrelu.plotting.style import INK, THIN, face_colour, themed
from polyrelu.plotting.windows import Window, corners, window_of
from polyrelu.polyhedra.halfspace import Halfspace
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.tilings.tiling import Tiling

Corners = tuple[ExactVector, ...]

_EDGE, _STROKE, _DOT = 0.7, 2.2, 5.0
_DASHES = 30  # along the window's greatest width
_ALPHA, _EXCLUDED = 0.75, 0.6  # an excluded face is fainter by this factor


class Face(NamedTuple):
    """What bounds a zone in one plane, with the zone on one side.

    Attributes:
        zone: its number.
        row: the canonical row; strict where the face does not belong to the zone.
        polygons: convex polygons whose union it is, which turn the same way.
    """

    zone: int
    row: Halfspace
    polygons: tuple[Corners, ...]


def plot_zone_surfaces(
    tiling: Tiling,
    ax: Any = None,
    *,
    window: Window | None = None,
    legend: bool | None = None,
    alpha: float = _ALPHA,
    view: tuple[float, float] = VIEW,
) -> Any:
    """Draw the surfaces of a tiling's zones in R^3; faces that do not belong to a zone are fainter, with dashed edges.

    Args:
        tiling: in R^3; flat tiles are polygons, segments and points.
        ax: three-dimensional axes; a new figure when absent.
        window: lower and upper corner; by default the domain's bounding box, or one around the vertices.
        legend: say which colour is which zone; by default where the figure is made here.
        alpha: opacity of the faces.
        view: elevation and azimuth, in degrees.

    Raises:
        DimensionError: the tiling does not live in R^3.
        InputError: the axes are flat.
        MissingExtraError: matplotlib is not installed.

    Cost: about a millisecond for each tile on the boundary; the painter's order of all faces, which is quadratic in
    what they cut each other into.
    """
    if tiling.domain.ambient_dim != 3:
        raise DimensionError(f"plot_zone_surfaces: the tiling lives in R^{tiling.domain.ambient_dim}; it must be R^3")
    lower, upper = window_of(tiling) if window is None else corners(window, 3)
    box = Polyhedron.box(lower, upper)
    shades, found = shades_of(tiling, "zone"), faces(tiling, box)
    group_of = dict(zip(components(tiling).tolist(), shades.groups.tolist(), strict=True))
    swatches = _swatches(shades, alpha, any(face.row.relation == "<" for face in found))
    with_legend = ax is None if legend is None else legend
    axes = axes_beside(ax, "plot_tiling", swatches if with_legend else (), projection="3d")
    solid_axes((lower, upper), axes, labels=None, view=view, zoom=0.95)
    plot_polyhedron(box, axes, alpha=0, edge_width=THIN)
    extent = max(to_float(b - a) for a, b in zip(lower, upper, strict=True))
    items = [_painted(face, face_colour(shades.colours[group_of[face.zone]]), alpha) for face in found]
    scene_of(axes).add([*items, *_edges(found, extent), *_flat(tiling, box, shades)])
    if with_legend:
        add_legend(axes, swatches)
    return axes


def faces(tiling: Tiling, box: Polyhedron) -> list[Face]:
    """The faces that bound each zone in a box, those on the box's own sides among them."""
    zones = components(tiling).tolist()
    found: defaultdict[tuple[int, Halfspace], list[Corners]] = defaultdict(list)
    rim = {(row.normal, row.offset): row for row in box.halfspaces}
    for part in boundary(tiling):
        if (part.row.normal, part.row.offset) not in rim or part.row.relation == "<":
            found[zones[part.tile], part.row] += _polygons(part.polyhedron & box)
    strict = {key for key in ((row.normal, row.offset) for _, row in found) if key in rim}
    for row in (row for key, row in rim.items() if key not in strict):
        plane = Polyhedron.from_halfspaces([row.boundary()], 3)
        for zone, tile in zip(zones, tiling, strict=True):
            found[zone, row] += _polygons(tile.polyhedron.closure() & box & plane)
    return [Face(zone, row, tuple(polygons)) for (zone, row), polygons in found.items() if polygons]


def _polygons(flat: Polyhedron) -> list[Corners]:
    """The corners of a polygon in space; nothing of what is less."""
    return [corners for corners in boundary_polygons(flat) if len(corners) > 2]


def _painted(face: Face, shade: str, alpha: float) -> Item:
    return Item(face.polygons, shade, alpha * (_EXCLUDED if face.row.relation == "<" else 1.0))


def _edges(found: Sequence[Face], extent: float) -> list[Item]:
    """The edges around the faces, dashed where a face that they are in does not belong to its zone."""
    looks: dict[Corners, bool] = {}
    for face in found:
        for edge in _outline(face.polygons):
            looks[edge] = looks.get(edge, False) or face.row.relation == "<"
    items = []
    for edge, excluded in looks.items():
        parts = _dashes(edge, extent) if excluded else [edge]
        items += [Item((part,), INK, width=_EDGE) for part in parts]
    return items


def _outline(polygons: Iterable[Corners]) -> list[Corners]:
    """The sides that only one of the polygons has, the first end first."""
    sides = Counter((min(side), max(side)) for polygon in polygons for side in pairwise([*polygon, polygon[0]]))
    return [side for side, times in sides.items() if times == 1]


def _dashes(edge: Corners, extent: float) -> list[Corners]:
    """The dashes along an edge, which begin and end at its ends."""
    begin, end = edge
    length = math.dist([*map(to_float, begin)], [*map(to_float, end)])
    count = max(1, round(_DASHES * length / extent))
    stops = [Fraction(k, 2 * count - 1) for k in range(2 * count)]
    points = [tuple(a + t * (b - a) for a, b in zip(begin, end, strict=True)) for t in stops]
    return list(zip(points[::2], points[1::2], strict=True))


def _flat(tiling: Tiling, box: Polyhedron, shades: Shades) -> list[Item]:
    """Flat tiles: polygons, segments and points."""
    items = []
    for group, tile in zip(shades.groups.tolist(), tiling, strict=True):
        if any(row.relation == "==" for row in tile.polyhedron.halfspaces):
            for corners in boundary_polygons(tile.polyhedron.closure() & box):
                width = {1: _DOT, 2: _STROKE}.get(len(corners), 0.0)
                items.append(
                    Item((corners,), face_colour(shades.colours[group]), 1.0 if width else _ALPHA, width=width)
                )
    return items


def _swatches(shades: Shades, alpha: float, excluded: bool) -> list[Swatch]:
    """The zones, and what dashes mean."""
    names = shades.names or ()
    swatches = [
        Swatch(name, face_colour(shade), alpha, line=INK) for name, shade in zip(names, shades.colours, strict=True)
    ]
    if excluded:
        swatches.append(Swatch("boundary excluded", None, line=themed(INK), linestyle=(0, (2, 2))))
    return swatches
