"""Latent planes: translucent half-planes, one colour for each feature, whose overlap reads as superposition.

All shapes are cut to the window exactly, and only then turned into floats.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from polyrelu.analysis.outline import Polygon, Ring
from polyrelu.arithmetic.exact import FloatArray, to_floats
from polyrelu.errors import DimensionError
from polyrelu.latent.windows import LatentPlane
from polyrelu.plotting.legend import axes_beside
from polyrelu.plotting.planar import Window, _corners, _frame, window_of
from polyrelu.plotting.style import HAIRLINE, INK, PAPER, WINDOW, feature_colour, themed
from polyrelu.plotting.zones import plot_zones, polygon_path
from polyrelu.polyhedra.convex_polygon import convex_polygon
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.extras import require
from polyrelu.tilings.tiling import Tiling

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.patches import PathPatch

_FILL = 0.3
_LABEL_GAP = 9.0  # points between the tip of an arrow and the middle of its label
_LABEL_SIZE = 12.0  # points between the middles of two labels, at least
_ROUNDS = 200


def plot_latent_plane(
    plane: LatentPlane,
    ax: Axes | None = None,
    *,
    features: Iterable[int] | None = None,
    radius: float | None = None,
    arrows: bool = True,
    arrow_scale: float | None = None,
    crossings: bool = True,
    names: Sequence[str] | None = None,
    alpha: float = _FILL,
) -> Axes:
    """Draw where each feature is active in a window of the latent plane.

    Args:
        plane: the window and the features.
        ax: where to draw; a new figure when absent.
        features: which to draw, by default all; a feature keeps its colour.
        radius: half the width of the axes, around the origin; by default as much as shows the window and the arrows.
        arrows: draw each feature's direction, the row of the weight, as an arrow from the origin.
        arrow_scale: how long arrows are drawn, as a multiple of the row; by default 1, or the least whole number for
            which the longest arrow reaches a quarter of the way across.
        crossings: mark the points where the window's outline meets each feature's boundary.
        names: of all features, for the labels of arrows; by default y with the feature's number.
        alpha: opacity of one half-plane.

    Returns:
        The axes, with equal aspect. Patches are the window and then one for each active piece, feature by feature.

    Raises:
        InputError: there is no such feature.
        MissingExtraError: matplotlib is not installed.
    """
    axes = axes_beside(ax, "plot_latent_plane")
    chosen = list(range(plane.feature_count) if features is None else features)
    tips = {i: to_floats(plane.form(i)[0]) for i in chosen if arrows}
    scale = _arrow_scale(plane, tips.values()) if arrow_scale is None else arrow_scale
    tips = {i: scale * tip for i, tip in tips.items()}
    _square(axes, plane, tips.values(), radius)
    axes.add_patch(_patch(plane.outline, facecolor=themed(WINDOW), edgecolor="none", zorder=1))
    for i in chosen:
        for polygon in plane.active(i):
            axes.add_patch(
                _patch(polygon, facecolor=feature_colour(i), edgecolor="none", linewidth=0, alpha=alpha, zorder=2)
            )
    outline = _closed(plane.outline.outer)
    axes.plot(*outline.T, color=themed(INK), linewidth=HAIRLINE, solid_joinstyle="round", zorder=3)
    for i in chosen:
        for end in boundary_segments(plane, i):
            axes.plot(*_points(end).T, color=feature_colour(i), linewidth=1.1, solid_capstyle="round", zorder=4)
        if crossings and plane.crossings(i):
            marks = _points(plane.crossings(i))
            shades = {"facecolor": themed(PAPER), "edgecolor": feature_colour(i)}
            axes.scatter(marks[:, 0], marks[:, 1], s=9, **shades, linewidth=0.7, zorder=5)
    for i, tip in tips.items():
        _arrow(axes, tip, feature_colour(i))
    if arrows:
        axes.plot(0, 0, "o", color=themed(INK), markersize=2.5, zorder=7)
        labels = {i: names[i] if names is not None else f"$y_{{{i}}}$" for i in chosen}
        _label_arrows(axes, tips, labels)
    return axes


def boundary_segments(plane: LatentPlane, feature: int) -> list[Ring]:
    """The segments inside the window that part a feature's active from its silent side; exact."""
    silent = [edge for polygon in plane.silent(feature) for edge in _edges(polygon)]
    normal, offset = plane.form(feature)
    on_line = [
        (min(edge), max(edge))
        for polygon in plane.active(feature)
        for edge in _edges(polygon)
        if all(normal[0] * x + normal[1] * y + offset == 0 for x, y in edge)
    ]
    shared = []
    for begin, end in on_line:
        for low, high in (sorted(edge) for edge in silent):
            if all(normal[0] * x + normal[1] * y + offset == 0 for x, y in (low, high)):
                first, last = max(begin, low), min(end, high)
                if first < last:
                    shared.append((first, last))
    return sorted(shared)


def plot_feature_zones(
    zones: Mapping[int, Tiling] | Sequence[Tiling],
    ax: Axes | None = None,
    *,
    window: Window | None = None,
    alpha: float = _FILL,
) -> Axes:
    """Draw the zones of several features of a later layer in an earlier space, each in its feature's colour.

    Args:
        zones: what :func:`polyrelu.latent.windows.feature_zones` returns, or the tilings of features 0, 1, ...
        ax: where to draw; a new figure when absent.
        window: lower and upper corner; by default one around all default windows.
        alpha: opacity of one zone.

    Returns:
        The axes, with equal aspect and the window as limits. A zone is one patch for each connected piece; the tiles'
        edges inside it are hairlines, and the zone's own are lines where they are not the window's.

    Raises:
        DimensionError: a tiling is not two-dimensional.
        MissingExtraError: matplotlib is not installed.
    """
    by_feature = dict(zones) if isinstance(zones, Mapping) else dict(enumerate(zones))
    for i, tiling in by_feature.items():
        if tiling.domain.ambient_dim != 2:
            raise DimensionError(
                f"plot_feature_zones: feature {i} is in R^{tiling.domain.ambient_dim}; only R^2 is drawn"
            )
    axes = axes_beside(ax, "plot_feature_zones")
    if window is None:
        windows = [window_of(tiling) for tiling in by_feature.values()] or [_corners(([-1, -1], [1, 1]))]
        lower = tuple(map(min, zip(*(low for low, _ in windows), strict=True)))
        upper = tuple(map(max, zip(*(high for _, high in windows), strict=True)))
    else:
        lower, upper = _corners(window)
    _frame(axes, lower, upper)
    frame = Polyhedron.box(lower, upper)
    for i, tiling in by_feature.items():
        for tile in tiling:
            corners = convex_polygon((tile.polyhedron.closure() & frame).vertices)
            if len(corners) >= 3:
                axes.plot(*_closed(corners).T, color=feature_colour(i), linewidth=HAIRLINE, alpha=0.5, zorder=3)
    return plot_zones(list(by_feature.values()), axes, frame, colours=[*map(feature_colour, by_feature)], alpha=alpha)


def _arrow_scale(plane: LatentPlane, tips: Iterable[FloatArray]) -> int:
    longest = max((float(np.hypot(*tip)) for tip in tips), default=0.0)
    across = float(np.ptp(_points(plane.window), axis=0).max())
    return max(1, math.ceil(across / 4 / longest)) if longest > 0 else 1


def _square(axes: Axes, plane: LatentPlane, tips: Iterable[FloatArray], radius: float | None) -> None:
    axes.set_aspect("equal")
    if radius is not None:
        axes.set_xlim(-radius, radius)
        axes.set_ylim(-radius, radius)
        return
    points = np.vstack([_points(plane.window), np.zeros((1, 2)), *(tip[None] for tip in tips)])
    low, high = points.min(axis=0), points.max(axis=0)
    middle, half = (low + high) / 2, 0.62 * float((high - low).max())
    axes.set_xlim(middle[0] - half, middle[0] + half)
    axes.set_ylim(middle[1] - half, middle[1] + half)


def _points(points: Iterable[Sequence[Any]]) -> FloatArray:
    return np.array([to_floats(point) for point in points])


def _closed(ring: Sequence[Sequence[Any]]) -> FloatArray:
    return _points([*ring, ring[0]])


def _edges(polygon: Polygon) -> list[Ring]:
    return [edge for ring in (polygon.outer, *polygon.holes) for edge in zip(ring, (*ring[1:], ring[0]), strict=True)]


def _patch(polygon: Polygon, **style: Any) -> PathPatch:
    patch: PathPatch = require("matplotlib.patches", "plot_latent_plane").PathPatch(polygon_path(polygon), **style)
    return patch


def _arrow(axes: Axes, tip: FloatArray, colour: str) -> None:
    if tip.any():
        axes.annotate(
            "",
            (float(tip[0]), float(tip[1])),
            xytext=(0, 0),
            arrowprops={
                "arrowstyle": "-|>,head_length=0.35,head_width=0.18",
                "color": colour,
                "linewidth": 1.3,
                "shrinkA": 0,
                "shrinkB": 0,
            },
            annotation_clip=False,
            zorder=6,
        )


def _label_arrows(axes: Axes, tips: Mapping[int, FloatArray], labels: Mapping[int, str]) -> None:
    """Write labels beyond the tips of arrows, and push those apart that would lie on each other."""
    effects = require("matplotlib.patheffects", "plot_latent_plane")
    shown = [i for i, tip in tips.items() if tip.any()]
    if not shown:
        return
    points_per_unit = _points_per_unit(axes)
    ends = np.array([tips[i] for i in shown]) * points_per_unit
    places = label_places(ends)
    for i, end, place in zip(shown, ends, places, strict=True):
        axes.annotate(
            labels[i],
            (float(tips[i][0]), float(tips[i][1])),
            xytext=tuple((place - end).tolist()),
            textcoords="offset points",
            ha="center",
            va="center",
            fontsize=8.5,
            color=feature_colour(i),
            annotation_clip=False,
            path_effects=[effects.withStroke(linewidth=2, foreground=themed(PAPER))],
            zorder=8,
        )


def label_places(tips: FloatArray) -> FloatArray:
    """Places for labels a little beyond arrow tips, a label apart if the rounds suffice; all in points."""
    lengths = np.hypot(tips[:, 0], tips[:, 1])
    outward = tips / lengths[:, None]
    places = tips + _LABEL_GAP * outward
    for _ in range(_ROUNDS):
        moved = False
        for i, j in combinations(range(len(places)), 2):
            apart = places[j] - places[i]
            distance = float(np.hypot(*apart))
            if distance < _LABEL_SIZE:
                across = np.array([-outward[i][1], outward[i][0]])
                push = apart / distance if distance > 0 else across
                shift = (_LABEL_SIZE - distance) / 2 * 1.01
                places[i] -= shift * push
                places[j] += shift * push
                moved = True
        if not moved:
            break
    return places


def _points_per_unit(axes: Axes) -> float:
    """How many points a unit of the data takes, for axes of equal aspect."""
    figure = axes.get_figure(root=True)
    size = figure.get_size_inches() if figure is not None else np.array([4.0, 4.0])
    frame = axes.get_position(original=True)
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    inches = min(frame.width * size[0] / abs(right - left), frame.height * size[1] / abs(high - low))
    return float(72 * inches)
