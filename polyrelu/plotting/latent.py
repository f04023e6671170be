"""Latent planes: translucent half-planes, one colour for each feature, whose overlap reads as superposition.

All shapes are cut to the window exactly, and only then turned into floats.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from polyrelu.analysis.outline import Polygon, Ring
from polyrelu.arithmetic.exact import ExactVector, FloatArray, to_floats
from polyrelu.errors import DimensionError
from polyrelu.latent.windows import LatentPlane
from polyrelu.plotting.layouts import chosen_features, feature_names, layout_for, opacity_for, panels
from polyrelu.plotting.legend import Swatch, add_legend, axes_beside
from polyrelu.plotting.planar import draw_in_one_colour
from polyrelu.plotting.saving import into_files
from polyrelu.plotting.style import (
    HAIRLINE,
    INK,
    PAPER,
    WINDOW,
    area_colour,
    feature_colour,
    feature_hatch,
    line_colour,
    themed,
)
from polyrelu.plotting.windows import Window, corners, window_of
from polyrelu.plotting.zones import draw_lines, plot_zones, polygon_path, translucent
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.extras import require
from polyrelu.tilings.tiling import Tiling

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.patches import PathPatch

    from polyrelu.plotting.saving import Place

_FILL = 0.3
_BOUNDARY = 1.1
_LABEL_GAP = 9.0  # points between the tip of an arrow and the middle of its label
_LABEL_SIZE = 12.0  # points between the middles of two labels, at least
_ROUNDS = 200
_CHARACTER = 5.0  # points
_UNSEEN = str.maketrans("", "", "${}_^\\")


@into_files
def plot_latent_plane(
    plane: LatentPlane,
    ax: Place | None = None,
    *,
    features: Iterable[int] | None = None,
    radius: float | None = None,
    arrows: bool = True,
    arrow_scale: float | None = None,
    crossings: bool = True,
    names: Sequence[str] | None = None,
    layout: str | None = None,
    legend: bool | None = None,
    hatches: bool = False,
    alpha: float | None = None,
) -> Axes:
    """Draw where each feature is active in a window of the latent plane.

    Args:
        plane: the window and the features.
        ax: where to draw: axes, or the path of a picture to write; a new figure when absent.
        features: which to draw, by default all; a feature keeps its colour.
        radius: half the width of the axes, around the origin; by default as much as shows the window and the arrows.
        arrows: draw each feature's direction, the row of the weight, as an arrow from the origin.
        arrow_scale: how long arrows are drawn, as a multiple of the row; by default 1, or the least whole number for
            which the longest arrow reaches a quarter of the way across.
        crossings: mark the points where the window's outline meets each feature's boundary.
        names: of all features, for arrows and the legend; by default y with the feature's number.
        layout: ``"superposed"`` for translucent half-planes over one another; ``"outlines"`` for their boundaries
            alone; ``"multiples"`` for a small picture of each feature. By default the first for up to eight features,
            and the second for more.
        legend: say which colour is which feature; by default where the figure is made here.
        hatches: tell features apart by hatches, too, for print.
        alpha: opacity of one half-plane; by default 0.3, and less for more than four features.

    Returns:
        The axes, with equal aspect. Patches are the window and then one for each active piece, feature by feature. Of
        small pictures, the axes around them, which has them as ``child_axes``.

    Raises:
        InputError: there is no such feature, or layout.
        DimensionError: there is not a name for each feature.
        MissingExtraError: matplotlib is not installed.
    """
    where = "plot_latent_plane"
    chosen = chosen_features(features, range(plane.feature_count), where)
    known = feature_names(chosen, names, plane.feature_count, where)
    kind = layout_for(len(chosen), layout, where)
    look = _Look(kind, opacity_for(len(chosen), alpha, _FILL), hatches)
    tips = {i: to_floats(plane.form(i)[0]) for i in chosen if arrows}
    scale = _arrow_scale(plane, tips.values()) if arrow_scale is None else arrow_scale
    tips = {i: scale * tip for i, tip in tips.items()}
    if kind == "multiples":
        around, small = panels(ax, [*known.values()], where)
        for panel, i in zip(small, chosen, strict=True):
            _square(panel, plane, tips.values(), radius)
            _draw_features(panel, plane, [i], look, crossings)
            _draw_arrows(panel, {i: tips[i]} if arrows else {}, {})
        return around
    swatches = [look.swatch(i, known[i]) for i in chosen]
    with_legend = (ax is None and len(swatches) > 1) if legend is None else legend
    axes: Axes = axes_beside(ax, where, swatches if with_legend else ())
    _square(axes, plane, tips.values(), radius)
    _draw_features(axes, plane, chosen, look, crossings)
    if arrows:
        _draw_arrows(axes, tips, known)
    if with_legend:
        add_legend(axes, swatches)
    return axes


class _Look(NamedTuple):
    """How features are drawn: a layout, the opacity of fills, and whether there are hatches."""

    layout: str
    alpha: float
    hatches: bool

    def line(self, feature: int) -> str:
        """The colour of a feature's lines: dark where fills lie behind them, its own on bare paper."""
        shade = feature_colour(feature)
        return str(area_colour(shade) if self.layout == "outlines" else line_colour(shade))

    def hatch(self, feature: int) -> str | None:
        """The feature's hatch, if there are any."""
        return feature_hatch(feature) if self.hatches and self.layout != "outlines" else None

    def swatch(self, feature: int, name: str) -> Swatch:
        """The feature in a legend."""
        fill = None if self.layout == "outlines" else feature_colour(feature)
        return Swatch(name, fill, self.alpha, self.line(feature), self.hatch(feature))


def _draw_features(axes: Axes, plane: LatentPlane, chosen: Sequence[int], look: _Look, crossings: bool) -> None:
    """The window, the active pieces of features, their boundaries, and where these meet the window's outline."""
    axes.add_patch(_patch(plane.outline, facecolor=themed(WINDOW), edgecolor="none", zorder=1))
    for i in chosen:
        hatch, shade = look.hatch(i), feature_colour(i)
        for polygon in plane.active(i) if look.layout != "outlines" else ():
            fill = translucent(shade, look.alpha, hatch, look.line(i))
            axes.add_patch(_patch(polygon, linewidth=0, zorder=2, **fill))
    outline = _closed(plane.outline.outer)
    axes.plot(*outline.T, color=themed(INK), linewidth=HAIRLINE, solid_joinstyle="round", zorder=3)
    segments = {i: [_points(segment) for segment in boundary_segments(plane, i)] for i in chosen}
    draw_lines(axes, [(segments[i], look.line(i)) for i in chosen], _BOUNDARY)
    for i in chosen:
        if crossings and plane.crossings(i):
            marks = _points(plane.crossings(i))
            shades = {"facecolor": themed(PAPER), "edgecolor": look.line(i)}
            axes.scatter(marks[:, 0], marks[:, 1], s=9, **shades, linewidth=0.7, zorder=5)


def _draw_arrows(axes: Axes, tips: Mapping[int, FloatArray], labels: Mapping[int, str]) -> None:
    """The features' directions from the origin, those with labels labelled."""
    for i, tip in tips.items():
        _arrow(axes, tip, area_colour(feature_colour(i)))
    axes.plot(0, 0, "o", color=themed(INK), markersize=2.5, zorder=7)
    if labels:
        _label_arrows(axes, tips, labels)


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


@into_files
def plot_feature_zones(
    zones: Mapping[int, Tiling] | Sequence[Tiling],
    ax: Place | None = None,
    *,
    features: Iterable[int] | None = None,
    names: Sequence[str] | None = None,
    window: Window | None = None,
    layout: str | None = None,
    legend: bool | None = None,
    hatches: bool = False,
    alpha: float | None = None,
) -> Axes:
    """Draw the zones of several features of a later layer in an earlier space, each in its feature's colour.

    Args:
        zones: what :func:`polyrelu.latent.feature_zones.feature_zones` returns, or the tilings of features 0, 1, ...
        ax: where to draw: axes, or the path of a picture to write; a new figure when absent.
        features: which to draw, by default all; a feature keeps its colour.
        names: of the features in ``zones``, in their order, for the legend; by default y with the feature's number.
        window: lower and upper corner; by default one around all default windows.
        layout: ``"superposed"`` for translucent zones over one another, ``"outlines"`` for their outlines alone,
            ``"multiples"`` for a small picture of each feature, with its tiles. By default the first for up to eight
            features, and the second for more.
        legend: say which colour is which feature; by default where the figure is made here.
        hatches: tell features apart by hatches, too, for print.
        alpha: opacity of one zone; by default 0.3, and less for more than four features.

    Returns:
        The axes, with equal aspect and the window as limits. A zone is one patch for each connected piece, with a line
        around it where it does not end with the window. Of small pictures, the axes around them, which has them as
        ``child_axes``.

    Raises:
        DimensionError: a tiling is not two-dimensional, or there is not a name for each feature.
        InputError: there is no such feature, or layout.
        MissingExtraError: matplotlib is not installed.
    """
    where = "plot_feature_zones"
    by_feature = dict(zones) if isinstance(zones, Mapping) else dict(enumerate(zones))
    for i, tiling in by_feature.items():
        if tiling.domain.ambient_dim != 2:
            raise DimensionError(f"{where}: feature {i} is in R^{tiling.domain.ambient_dim}; only R^2 is drawn")
    chosen = chosen_features(features, list(by_feature), where)
    if names is not None and len(names) != len(by_feature):
        raise DimensionError(f"{where}: {len(names)} names for {len(by_feature)} features; pass one for each")
    called = dict(zip(by_feature, names or [f"$y_{{{i}}}$" for i in by_feature], strict=True))
    tilings = [by_feature[i] for i in chosen]
    lower, upper = _window_around(tilings) if window is None else corners(window)
    look = _Look(layout_for(len(chosen), layout, where), opacity_for(len(chosen), alpha, _FILL), hatches)
    if look.layout == "multiples":
        around, small = panels(ax, [called[i] for i in chosen], where)
        for panel, i, tiling in zip(small, chosen, tilings, strict=True):
            draw_in_one_colour(panel, tiling, lower, upper, feature_colour(i), look.hatch(i))
        return around
    swatches = [look.swatch(i, called[i]) for i in chosen]
    with_legend = (ax is None and len(swatches) > 1) if legend is None else legend
    axes: Axes = axes_beside(ax, where, swatches if with_legend else ())
    _draw_zones(axes, tilings, chosen, look, Polyhedron.box(lower, upper))
    if with_legend:
        add_legend(axes, swatches)
    return axes


def _draw_zones(axes: Axes, tilings: Sequence[Tiling], chosen: Sequence[int], look: _Look, box: Polyhedron) -> None:
    outlines = look.layout == "outlines"
    plot_zones(
        tilings,
        axes,
        box,
        colours=[look.line(i) if outlines else feature_colour(i) for i in chosen],
        line_colours=[look.line(i) for i in chosen],
        alpha=0 if outlines else look.alpha,
        hatches=[feature_hatch(i) for i in chosen] if look.hatches and not outlines else None,
    )


def _window_around(tilings: Sequence[Tiling]) -> tuple[ExactVector, ExactVector]:
    """The default windows of all tilings, and what is between them."""
    windows = [window_of(tiling) for tiling in tilings] or [corners(([-1, -1], [1, 1]))]
    lower = tuple(map(min, zip(*(low for low, _ in windows), strict=True)))
    upper = tuple(map(max, zip(*(high for _, high in windows), strict=True)))
    return lower, upper


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
    beyond = [_beyond(labels[i], end) for i, end in zip(shown, ends, strict=True)]
    places = label_places(ends) + np.array(beyond)
    for i, end, place in zip(shown, ends, places, strict=True):
        axes.annotate(
            labels[i],
            (float(tips[i][0]), float(tips[i][1])),
            xytext=tuple((place - end).tolist()),
            textcoords="offset points",
            ha="center",
            va="center",
            fontsize=8.5,
            color=line_colour(feature_colour(i)),
            annotation_clip=False,
            path_effects=[effects.withStroke(linewidth=2, foreground=themed(PAPER))],
            zorder=8,
        )


def _beyond(label: str, tip: FloatArray) -> FloatArray:
    """How much further out a text longer than two characters goes, in points, for its arrow not to run into it."""
    characters = len(label.translate(_UNSEEN))
    along = tip / np.hypot(*tip)
    further: FloatArray = along * abs(along[0]) * max(0.0, characters - 2) * _CHARACTER / 2
    return further


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
