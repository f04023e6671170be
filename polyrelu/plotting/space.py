"""Latent planes and cubes in three dimensions: scenes of :mod:`polyrelu.plotting.solid`."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from polyrelu.arithmetic.exact import ExactVector, exact
from polyrelu.errors import DimensionError
from polyrelu.latent.windows import LatentCube, LatentPlane
from polyrelu.plotting.latent import boundary_segments
from polyrelu.plotting.scene import Item, scene_of
from polyrelu.plotting.solid import VIEW, cased, plot_polyhedron, solid_axes
from polyrelu.plotting.style import HAIRLINE, INK, PAPER, SILENT, face_colour, feature_colour, line_colour
from polyrelu.polyhedra.simple_polygon import split

if TYPE_CHECKING:
    from mpl_toolkits.mplot3d import Axes3D

_BOUNDARY = 1.6


def plot_plane_in_space(
    plane: LatentPlane,
    ax: Axes3D | None = None,
    *,
    hyperplanes: Sequence[int] = (2,),
    half_width: Any = None,
    view: tuple[float, float] = VIEW,
    zoom: float = 1.2,
) -> Axes3D:
    """Draw the window of a latent plane in R^3 with coordinate hyperplanes y_i = 0 cutting it.

    Args:
        plane: of three features.
        ax: three-dimensional axes; a new figure when absent.
        hyperplanes: which coordinate hyperplanes to show. With one, the active half has its feature's colour and the
            silent half is grey; with several, the colours of the active halves lie over each other.
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
    forms = [plane.form(i) for i in shown]
    reach = max(abs(x) for point in plane.embedded() for x in point)
    width = reach * Fraction(11, 10) if half_width is None else exact(half_width, "plot_plane_in_space: half_width")
    rim = plane.embedded(plane.outline.outer)
    edges = [
        edge for edge in zip(rim, (*rim[1:], rim[0]), strict=True) if not any(_in_hyperplane(edge, i) for i in shown)
    ]
    strength = 0.75 if len(shown) == 1 else 0.4
    items = [Item((_square(i, width),), INK, 0.1, shaded=False) for i in shown]
    items.append(Item(tuple(map(plane.embedded, plane.triangles)), SILENT, 0.75, shaded=False))
    for i, form in zip(shown, forms, strict=True):
        active = [part for part, _ in (split(triangle, *form) for triangle in plane.triangles) if part]
        items.append(Item(tuple(map(plane.embedded, active)), face_colour(feature_colour(i)), strength, shaded=False))
    squares = [_square(i, width) for i in shown]
    sides = [side for square in squares for side in zip(square, (*square[1:], square[0]), strict=True)]
    items += [Item((side,), INK, width=HAIRLINE) for side in sides]
    items += [Item((edge,), INK, width=HAIRLINE) for edge in edges]
    for i in shown:
        for segment in boundary_segments(plane, i):
            items += cased(plane.embedded(segment), line_colour(feature_colour(i)), _BOUNDARY, PAPER)
    axes = solid_axes(([-width] * 3, [width] * 3), ax, labels=[f"$y_{i}$" for i in range(3)], view=view, zoom=zoom)
    scene_of(axes).add([item for item in items if item.parts])
    return axes


def plot_latent_cube(
    cube: LatentCube, feature: int, ax: Axes3D | None = None, *, view: tuple[float, float] = VIEW
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
    parts = [(cube.silent(feature), SILENT, 0.22), (cube.active(feature), face_colour(feature_colour(feature)), 0.55)]
    axes = solid_axes(([-cube.half_width] * 3, [cube.half_width] * 3), ax, labels=None, view=view, zoom=0.95)
    for part, colour, alpha in parts:
        if part.dim == 3:
            plot_polyhedron(part, axes, colour=colour, alpha=alpha, shaded=False)
    return axes


def _square(i: int, width: Fraction) -> tuple[ExactVector, ...]:
    """The square of the coordinate hyperplane y_i = 0 with this half width."""
    flat = ((-width, -width), (width, -width), (width, width), (-width, width))
    return tuple((*point[:i], Fraction(0), *point[i:]) for point in flat)


def _in_hyperplane(edge: Sequence[ExactVector], i: int) -> bool:
    return all(point[i] == 0 for point in edge)
