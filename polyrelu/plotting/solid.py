"""Convex polyhedra in space: translucent faces, hairline edges, and thin axes through the origin.

A polyhedron is clipped to the window exactly; its faces are exact polygons, and everything in an axes is painted back
to front (:mod:`polyrelu.plotting.scene`). Floats are made when the picture is drawn.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from polyrelu.arithmetic.exact import ExactVector, exact_vector, to_float
from polyrelu.errors import DimensionError, InputError, UnboundedError
from polyrelu.plotting.scene import Item, scene_of
from polyrelu.plotting.style import HAIRLINE, INK, PAPER, RIM, themed
from polyrelu.plotting.windows import Window
from polyrelu.polyhedra.convex_polygon import convex_polygon
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.extras import require
from polyrelu.support.palette import colour

if TYPE_CHECKING:
    from mpl_toolkits.mplot3d import Axes3D

VIEW = (24, 32)  # elevation and azimuth in degrees: all three positive half-axes come towards the reader
_HEAD = Fraction(1, 22)  # an arrow's head, as a part of the window's width
_HEAD_SIDES = 16
_STROKE = 2.6
_DOT = 5.0


def solid_axes(
    window: Window,
    ax: Axes3D | None = None,
    *,
    labels: Sequence[str] | None = ("$x_0$", "$x_1$", "$x_2$"),
    view: tuple[float, float] = VIEW,
    zoom: float = 1.05,
) -> Axes3D:
    """A clean 3D axes: parallel projection, equal scales, no panes; arrows through the origin.

    Args:
        window: lower and upper corner of what is seen; polyhedra drawn here are clipped to it.
        ax: 3D axes to prepare; a new figure when absent.
        labels: at the tips of the three arrows; None for no arrows.
        view: elevation and azimuth, in degrees.
        zoom: of the picture in its axes.

    Raises:
        DimensionError: the window's corners are not in R^3.
        MissingExtraError: matplotlib is not installed.
    """
    pyplot = require("matplotlib.pyplot", "solid_axes")
    lower, upper = (exact_vector(corner, "solid_axes: window", 3) for corner in window)
    if ax is None:
        ax = pyplot.figure(figsize=(4, 4)).add_subplot(projection="3d")
    assert ax is not None, "it was just made"
    _require_space(ax, "solid_axes")
    ax.set_proj_type("ortho")
    ax.set_axis_off()
    ax.view_init(*view)
    ax.set(xlim=_ends(lower, upper, 0), ylim=_ends(lower, upper, 1), zlim=_ends(lower, upper, 2))
    ax.set_box_aspect([to_float(b - a) for a, b in zip(lower, upper, strict=True)], zoom=zoom)
    scene_of(ax).window = Polyhedron.box(lower, upper)
    for i, label in enumerate(labels or ()):
        width = upper[i] - lower[i]
        start, tip = ([Fraction(0)] * 3 for _ in range(2))
        start[i], tip[i] = min(Fraction(0), lower[i]), max(Fraction(0), upper[i]) + width / 8
        plot_arrow(tip, ax, start=start, label=label)
    return ax


def plot_polyhedron(
    P: Polyhedron,
    ax: Axes3D | None = None,
    *,
    window: Window | None = None,
    colour: str = colour(0),
    alpha: float = 0.35,
    edges: str | None = INK,
    edge_width: float = HAIRLINE,
    shaded: bool = True,
) -> Axes3D:
    """Draw a convex polyhedron in R^3, clipped to a window; open faces are drawn like closed ones.

    Args:
        P: full-dimensional or flat: of a polygon, a segment and a point the whole is drawn. Of the empty set, nothing.
        ax: 3D axes, best from :func:`solid_axes`; a new one when absent.
        window: lower and upper corner to clip to; by default that of the axes.
        colour: of the faces, and of a segment or a point.
        alpha: opacity of the faces; 0 draws the edges alone.
        edges: colour of the edges; None draws none.
        edge_width: in points.
        shaded: give faces that look away from the light a darker colour.

    Raises:
        DimensionError: P does not live in R^3.
        UnboundedError: P is unbounded and there is no window.
        InputError: the axes are flat.
        MissingExtraError: matplotlib is not installed.

    Cost: one double description for the polyhedron; what is in the axes is ordered when it is drawn.
    """
    if P.ambient_dim != 3:
        raise DimensionError(f"plot_polyhedron: the polyhedron lives in R^{P.ambient_dim}; only R^3 is drawn")
    if ax is not None:
        _require_space(ax, "plot_polyhedron")
    P = P.closure()
    if window is not None:
        P &= Polyhedron.box(*window)
    elif ax is not None and scene_of(ax).window is not None:
        P &= scene_of(ax).window
    if P.rays or P.lines:
        raise UnboundedError(f"plot_polyhedron: {P} is unbounded; pass window=(lower, upper) to clip to")
    polygons = boundary_polygons(P)
    if ax is None:
        ax = solid_axes(window if window is not None else _around([v for p in polygons for v in p]))
    if polygons and len(polygons[0]) <= 2:
        width = _STROKE if len(polygons[0]) == 2 else _DOT
        scene_of(ax).add([*cased(polygons[0], colour, width)])
        return ax
    items = [Item((polygon,), colour, alpha, shaded=shaded) for polygon in polygons if alpha]
    if edges is not None:
        items += [Item((edge,), edges, width=edge_width) for edge in _edges(polygons)]
    scene_of(ax).add(items)
    return ax


def cased(corners: tuple[ExactVector, ...], colour: str, width: float, case: str = INK) -> tuple[Item, Item]:
    """A stroke in a colour with another one on either side, so that it stands out whatever lies around it."""
    return Item((corners,), case, width=width + 2 * RIM), Item((corners,), colour, width=width)


def plot_arrow(
    tip: Sequence[Any],
    ax: Axes3D,
    *,
    start: Sequence[Any] = (0, 0, 0),
    colour: str = INK,
    width: float = 0.8,
    label: str | None = None,
) -> Axes3D:
    """Draw an arrow in space, with a cone for its head, and a label beyond its tip.

    Args:
        tip: three numbers.
        ax: 3D axes from :func:`solid_axes`, whose window tells the size of the head.
        start: three numbers.
        colour: of the arrow and the label.
        width: of the shaft, in points.
        label: text, or nothing.
    """
    end, begin = exact_vector(tip, "plot_arrow: tip", 3), exact_vector(start, "plot_arrow: start", 3)
    direction = [to_float(b - a) for a, b in zip(begin, end, strict=True)]
    length = math.hypot(*direction)
    if not length:
        return ax
    size = float(_HEAD) * max(high - low for low, high in (ax.get_xlim(), ax.get_ylim(), ax.get_zlim()))
    along = [x / length for x in direction]
    neck = [to_float(x) - size * a for x, a in zip(end, along, strict=True)]
    head = Item(((end,),), colour, outline=(tuple(map(float, end)), *_circle(neck, along, size / 4)))
    shaft = Item(((begin, exact_vector(neck, "plot_arrow: neck")),), colour, width=width)
    scene_of(ax).add([shaft, head])
    if label is not None:
        place = [to_float(x) + size * a for x, a in zip(end, along, strict=True)]
        text = ax.text(place[0], place[1], place[2], label, color=themed(colour), ha="center", va="center")
        halo = require("matplotlib.patheffects", "plot_arrow").withStroke(linewidth=2, foreground=themed(PAPER))
        text.set_path_effects([halo])
    return ax


def boundary_polygons(P: Polyhedron) -> list[tuple[ExactVector, ...]]:
    """The facets of a bounded polyhedron in R^3 as exact polygons, in order around each.

    A polygon, a segment or a point is its own only entry; the empty set has none. No three vertices of a polyhedron are
    on one line, so the rows that are tight at three of them at least are the facets. Cost: one double description.

    Raises:
        DimensionError: P does not live in R^3.
        UnboundedError: P is unbounded.

    >>> cube = Polyhedron.box([0, 0, 0], [1, 1, 1])
    >>> [len(polygon) for polygon in boundary_polygons(cube)]
    [4, 4, 4, 4, 4, 4]
    """
    if P.ambient_dim != 3:
        raise DimensionError(f"boundary_polygons: the polyhedron lives in R^{P.ambient_dim}; it must be R^3")
    closed = P.closure()
    vertices, rays, lines = closed.generators
    if rays or lines:
        raise UnboundedError(f"boundary_polygons: {P} is unbounded; intersect it with a box first")
    if len(vertices) <= 2:
        return [tuple(sorted(vertices))] if vertices else []
    faces: dict[tuple[ExactVector, ...], Sequence[int]] = {}
    for row in closed.halfspaces:
        tight = tuple(vertex for vertex in vertices if not row.slack(vertex))
        if len(tight) == len(vertices) and not row.is_trivial:
            return [_around_plane(vertices, row.normal)]
        if len(tight) > 2 and not row.is_trivial:
            faces[tight] = row.normal
    return [_around_plane(face, normal) for face, normal in faces.items()]


def _require_space(ax: Any, function: str) -> None:
    if not hasattr(ax, "get_zlim"):
        raise InputError(f"{function}: the axes are flat; make them by solid_axes() or with projection='3d'")


def _around_plane(points: Sequence[ExactVector], normal: Sequence[int]) -> tuple[ExactVector, ...]:
    """The corners of a polygon in order: that of its shadow along an axis that crosses its plane."""
    axis = next(i for i, v in enumerate(normal) if v)
    shadow = {tuple(x for i, x in enumerate(point) if i != axis): point for point in points}
    return tuple(shadow[corner] for corner in convex_polygon(shadow))


def _edges(polygons: Sequence[tuple[ExactVector, ...]]) -> list[tuple[ExactVector, ...]]:
    sides = (tuple(sorted(side)) for polygon in polygons for side in pairwise([*polygon, polygon[0]]))
    return list(dict.fromkeys(sides))


def _ends(lower: ExactVector, upper: ExactVector, axis: int) -> tuple[float, float]:
    return to_float(lower[axis]), to_float(upper[axis])


def _around(points: Sequence[ExactVector]) -> Window:
    """A cube around points, wider than they are by an eighth to each side."""
    if not points:
        return [-1] * 3, [1] * 3
    columns = list(zip(*points, strict=True))
    middle = [(min(c) + max(c)) / 2 for c in columns]
    radius = (max(max(c) - min(c) for c in columns) or Fraction(1)) * Fraction(5, 8)
    return [m - radius for m in middle], [m + radius for m in middle]


def _circle(centre: Sequence[float], axis: Sequence[float], radius: float) -> list[tuple[float, ...]]:
    """Points around an axis; drawing only."""
    least = min(range(3), key=lambda i: abs(axis[i]))
    unit = [float(i == least) for i in range(3)]
    u = _cross(axis, unit)
    norm = math.hypot(*u)
    u = [x / norm for x in u]
    v = _cross(axis, u)
    turns = [2 * math.pi * k / _HEAD_SIDES for k in range(_HEAD_SIDES)]
    return [
        tuple(c + radius * (math.cos(t) * p + math.sin(t) * q) for c, p, q in zip(centre, u, v, strict=True))
        for t in turns
    ]


def _cross(u: Sequence[float], v: Sequence[float]) -> list[float]:
    return [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]]
