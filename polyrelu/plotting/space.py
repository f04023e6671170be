"""Latent planes and cubes in three dimensions, with hidden parts hidden.

matplotlib sorts whole faces by their mean depth, which goes wrong where faces cut each other. Here everything is cut by
the shown coordinate hyperplanes first, exactly; what lies on the far side of a hyperplane is drawn before the
hyperplane, and what lies on the near side after it (H. Fuchs, Z. Kedem, B. Naylor, On visible surface generation by a
priori tree structures, SIGGRAPH 1980, doi:10.1145/800250.807481). That order is right for the view the picture is made
with, in parallel projection.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from polyrelu.arithmetic.exact import ExactVector, FloatArray, exact, to_float, to_floats
from polyrelu.errors import DimensionError
from polyrelu.latent.rounded_planes import Plane
from polyrelu.latent.windows import LatentCube, LatentPlane
from polyrelu.plotting.latent import boundary_segments
from polyrelu.plotting.style import HAIRLINE, INK, SILENT, feature_colour, themed
from polyrelu.polyhedra.convex_polygon import convex_polygon
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.polyhedra.simple_polygon import split
from polyrelu.support.extras import require

if TYPE_CHECKING:
    from mpl_toolkits.mplot3d import Axes3D

Key: TypeAlias = tuple[int, ...]

_VIEW = (22.0, 34.0)


def plot_plane_in_space(
    plane: LatentPlane,
    ax: Axes3D | None = None,
    *,
    hyperplanes: Sequence[int] = (2,),
    half_width: Any = None,
    view: tuple[float, float] = _VIEW,
    zoom: float = 1.2,
) -> Axes3D:
    """Draw the window of a latent plane in R^3 with coordinate hyperplanes y_i = 0 cutting it.

    Args:
        plane: of three features.
        ax: three-dimensional axes; a new figure when absent.
        hyperplanes: which coordinate hyperplanes to show. With one, the active half has its feature's colour and the
            silent half is grey; with several, the colour tells how far each is active by superposition.
        half_width: of the drawn hyperplanes; by default a little more than the window reaches.
        view: elevation and azimuth in degrees.
        zoom: of the picture in its axes.

    Raises:
        DimensionError: the plane does not have three features.
        InputError: there is no such hyperplane.
        MissingExtraError: matplotlib is not installed.
    """
    if plane.feature_count != 3:
        raise DimensionError(f"plot_plane_in_space: the plane lies in R^{plane.feature_count}; only R^3 is drawn")
    shown = sorted(set(hyperplanes))
    axes = _axes_3d(ax, view, zoom)
    eye = _towards_eye(view)
    reach = max(abs(x) for point in plane.embedded() for x in point)
    width = reach * Fraction(11, 10) if half_width is None else exact(half_width, "plot_plane_in_space: half_width")
    forms = [plane.form(i) for i in shown]
    cut = LatentPlane.from_window(
        plane.window, Plane(tuple(normal for normal, _ in forms), tuple(offset for _, offset in forms))
    )
    for subset, polygons in cut.regions().items():
        active = [shown[k] for k in subset]
        key = _key([1 if i in active else -1 if i in shown else 0 for i in range(3)], shown, eye)
        for polygon in polygons:
            exact_corners = plane.embedded(polygon.outer)
            corners = _floats(exact_corners)
            _face(axes, corners, SILENT, 0.75, key)
            for i in active:
                _face(axes, corners, feature_colour(i), 0.75 if len(shown) == 1 else 0.4, key)
            for edge in zip(exact_corners, (*exact_corners[1:], exact_corners[0]), strict=True):
                if not any(edge[0][i] == edge[1][i] == 0 for i in shown):
                    _line(axes, _floats(edge), INK, HAIRLINE, _rank(key) + 2)
    for i in shown:
        for signs, part in _hyperplane_parts(i, [j for j in shown if j != i], width):
            _face(axes, _floats(part), INK, 0.1, _key(signs, shown, eye))
        for segment in boundary_segments(plane, i):
            for begin, end in _pieces(plane.embedded(segment), [j for j in shown if j != i]):
                sides = [(a + b > 0) - (a + b < 0) for a, b in zip(begin, end, strict=True)]
                sides[i] = 1 if eye[i] >= 0 else -1  # on top of the near half, whose edge it is
                rank = _rank(_key(sides, shown, eye))
                _line(axes, _floats((begin, end)), feature_colour(i), 1.6, rank + 2)
    _coordinate_axes(axes, plane, width, shown, eye)
    return axes


def plot_latent_cube(
    cube: LatentCube, feature: int, ax: Axes3D | None = None, *, view: tuple[float, float] = _VIEW
) -> Axes3D:
    """Draw a latent cube cut by one feature's half-space: the active part coloured, the silent part grey.

    Args:
        cube: the cube and its features.
        feature: which half-space.
        ax: three-dimensional axes; a new figure when absent.
        view: elevation and azimuth in degrees.

    Raises:
        InputError: there is no such feature.
        MissingExtraError: matplotlib is not installed.
    """
    parts = [(cube.silent(feature), SILENT, 0.22), (cube.active(feature).closure(), feature_colour(feature), 0.55)]
    axes = _axes_3d(ax, view, 0.95)
    eye = _towards_eye(view)
    if float(np.dot(to_floats(cube.layer.rows[feature]), eye)) < 0:
        parts.reverse()  # the far part comes first
    depth = 0
    for part, colour, alpha in parts:
        for front in (False, True):
            for normal, corners in polyhedron_faces(part):
                if (float(np.dot(to_floats(normal), eye)) > 0) is front:
                    points = _floats(corners)
                    _face(axes, points, colour, alpha, (), depth)
                    _line(axes, np.vstack([points, points[:1]]), INK, HAIRLINE, depth + 2)
            depth += 2
    reach = to_float(cube.half_width)
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach), zlim=(-reach, reach))
    return axes


def polyhedron_faces(polyhedron: Polyhedron) -> list[tuple[ExactVector, tuple[ExactVector, ...]]]:
    """The facets of a bounded polyhedron of full dimension in R^3: outer normal, and corners in cyclic order; exact."""
    if polyhedron.dim < 3:
        return []
    found = []
    for row in polyhedron.canonical().facets:
        normal = tuple(map(Fraction, row.normal))
        dropped = max(range(3), key=lambda j: abs(normal[j]))
        kept = [j for j in range(3) if j != dropped]
        seen = {tuple(v[j] for j in kept): v for v in polyhedron.vertices if row.slack(v) == 0}
        found.append((normal, tuple(seen[corner] for corner in convex_polygon(seen))))
    return found


def _hyperplane_parts(i: int, others: Sequence[int], width: Fraction) -> list[tuple[Key, tuple[ExactVector, ...]]]:
    """The square of a coordinate hyperplane, cut by other ones: signs of the coordinates, and corners in R^3."""
    plane = [j for j in range(3) if j != i]
    square: tuple[ExactVector, ...] = ((-width, -width), (width, -width), (width, width), (-width, width))
    parts: list[tuple[dict[int, int], tuple[ExactVector, ...]]] = [({}, square)]
    for j in others:
        normal = tuple(Fraction(int(k == j)) for k in plane)
        parts = [
            ({**signs, j: sign}, piece)
            for signs, corners in parts
            for sign, piece in zip((1, -1), split(corners, normal, Fraction(0)), strict=True)
        ]
    placed = []
    for signs, corners in parts:
        lifted = tuple(tuple(Fraction(0) if k == i else corner[plane.index(k)] for k in range(3)) for corner in corners)
        placed.append((tuple(signs.get(k, 0) for k in range(3)), lifted))
    return placed


def _key(signs: Sequence[int], shown: Sequence[int], eye: FloatArray) -> Key:
    """For each shown hyperplane -1, 0 or 1: behind it, in it, or on the eye's side; far ones are smaller."""
    return tuple(signs[i] * (1 if eye[i] >= 0 else -1) for i in shown)


def _rank(key: Key) -> int:
    rank = 0
    for part in key:
        rank = 3 * rank + part + 1
    return 4 * rank


def _towards_eye(view: tuple[float, float]) -> FloatArray:
    elevation, azimuth = map(math.radians, view)
    flat = math.cos(elevation)
    return np.array([flat * math.cos(azimuth), flat * math.sin(azimuth), math.sin(elevation)])


def _axes_3d(ax: Axes3D | None, view: tuple[float, float], zoom: float) -> Axes3D:
    pyplot = require("matplotlib.pyplot", "plot_plane_in_space")
    axes: Axes3D = pyplot.figure(figsize=(4, 4)).add_subplot(projection="3d") if ax is None else ax
    axes.set_proj_type("ortho")
    axes.view_init(*view)
    axes.computed_zorder = False
    axes.set_axis_off()
    axes.set_box_aspect((1, 1, 1), zoom=zoom)
    return axes


def _floats(points: Sequence[ExactVector]) -> FloatArray:
    return np.array([to_floats(point) for point in points])


def _face(axes: Axes3D, corners: FloatArray, colour: str, alpha: float, key: Key, depth: int = 0) -> None:
    art = require("mpl_toolkits.mplot3d.art3d", "plot_plane_in_space")
    face = art.Poly3DCollection([corners], facecolor=themed(colour), edgecolor="none", alpha=alpha)
    face.set(zorder=_rank(key) + depth + 1, clip_on=False)
    axes.add_collection3d(face)


def _line(axes: Axes3D, points: FloatArray, colour: str, width: float, order: int) -> None:
    axes.plot(
        *points.T, color=themed(colour), linewidth=width, solid_joinstyle="round", solid_capstyle="round", zorder=order
    )


def _pieces(segment: Sequence[ExactVector], others: Sequence[int]) -> list[tuple[ExactVector, ExactVector]]:
    """A segment cut where it meets coordinate hyperplanes."""
    begin, end = segment
    stops = {Fraction(0), Fraction(1)} | {begin[j] / (begin[j] - end[j]) for j in others if begin[j] * end[j] < 0}
    points = [tuple(a + t * (b - a) for a, b in zip(begin, end, strict=True)) for t in sorted(stops)]
    return list(pairwise(points))


def _coordinate_axes(axes: Axes3D, plane: LatentPlane, width: Fraction, shown: Sequence[int], eye: FloatArray) -> None:
    """The axes, cut where they pass through the origin and the latent plane, so that each part is before or behind."""
    (a, b, c), offset = _equation(plane)
    towards = 1 if float(np.dot(to_floats((a, b, c)), eye)) >= 0 else -1
    for j in range(3):
        stops = {-width, Fraction(0), width}
        if (a, b, c)[j]:
            stops |= {offset / (a, b, c)[j]} & {min(max(offset / (a, b, c)[j], -width), width)}
        for begin, end in pairwise(sorted(stops)):
            middle = (begin + end) / 2
            key = _key([((middle > 0) - (middle < 0)) * int(k == j) for k in range(3)], shown, eye)
            behind = ((a, b, c)[j] * middle - offset) * towards < 0
            line = np.zeros((2, 3))
            line[:, j] = to_floats((begin, end))
            _line(axes, line, INK, 0.7, _rank(key) + (0 if behind else 3))
        label = np.zeros(3)
        label[j] = 1.24 * to_float(width)
        axes.text(*label, f"$y_{j}$", color=themed(INK), fontsize=9, ha="center", va="center", zorder=_rank((2,) * 3))
    reach = to_float(width)
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach), zlim=(-reach, reach))


def _equation(plane: LatentPlane) -> tuple[ExactVector, Fraction]:
    """Normal n and offset c of the plane in R^3, n . y = c."""
    u, v = zip(*plane.directions, strict=True)
    normal = tuple(u[(k + 1) % 3] * v[(k + 2) % 3] - u[(k + 2) % 3] * v[(k + 1) % 3] for k in range(3))
    return normal, sum((n * o for n, o in zip(normal, plane.plane.offset, strict=True)), Fraction(0))
