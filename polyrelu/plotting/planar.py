"""Two-dimensional tilings and samples.

Tiles are clipped to the window exactly, as polyhedra, and only then turned into floats. A tile narrower than a pixel is
filled without an edge, since its edge would be all there is to see.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from operator import add, sub
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from polyrelu.analysis.adjacency import components
from polyrelu.arithmetic.exact import ExactVector, FloatArray, exact_vector, to_float, to_floats
from polyrelu.errors import DimensionError, InputError
from polyrelu.networks.evaluation import maps_into
from polyrelu.networks.network import Network
from polyrelu.networks.questions import Domain, Target, given_region
from polyrelu.plotting.saving import into_files
from polyrelu.plotting.style import HAIRLINE, INK, PAPER, SILENT, themed
from polyrelu.polyhedra.bounding_box import box_of_points
from polyrelu.polyhedra.convex_polygon import convex_polygon
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.extras import require
from polyrelu.support.palette import colour
from polyrelu.tilings.tiling import Tiling

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from polyrelu.plotting.saving import Place

Window: TypeAlias = tuple[Sequence[Any], Sequence[Any]]

_COLOUR_BY = ("zone", "tile", "pattern")
_MARGIN = 8  # the window around unbounded tilings is wider than their vertices by 1/8 of their extent
_FAR = 2**20  # a width that a coordinate exceeds by more than this hardly shows beside it


@into_files
def plot_tiling(
    tiling: Tiling,
    ax: Place | None = None,
    *,
    window: Window | None = None,
    colour_by: str = "zone",
    labels: bool = False,
    edge_colour: str = PAPER,
    alpha: float = 0.85,
) -> Axes:
    """Draw a tiling of the plane, clipped to a window.

    Args:
        tiling: tiles in R^2; unbounded and flat ones too (segments and points).
        ax: where to draw: axes, or the path of a picture to write; a new figure when absent.
        window: lower and upper corner; by default the domain's bounding box, or one around all vertices.
        colour_by: ``"zone"``, ``"tile"`` or ``"pattern"``.
        labels: write each tile's number on it where there is room.
        edge_colour: of the hairlines between tiles.
        alpha: opacity of the fill.

    Returns:
        The axes, with equal aspect and the window as limits.

    Raises:
        DimensionError: the tiling is not two-dimensional.
        InputError: an unknown ``colour_by``, or a file whose suffix is that of no picture.
        WriteError: the file cannot be written, which is tried at once.
        MissingExtraError: matplotlib is not installed.
    """
    if tiling.domain.ambient_dim != 2:
        raise DimensionError(f"plot_tiling: the tiling lives in R^{tiling.domain.ambient_dim}; only R^2 is drawn")
    if colour_by not in _COLOUR_BY:
        raise InputError(f"plot_tiling: unknown colour_by {colour_by!r}; choose one of {', '.join(_COLOUR_BY)}")
    lower, upper = window_of(tiling) if window is None else _corners(window)
    axes = _axes(ax, "plot_tiling")
    _frame(axes, lower, upper)
    frame = Polyhedron.box(lower, upper)
    pixel = _pixel(axes, to_floats([upper[0] - lower[0]])[0])
    for i, (tile, group) in enumerate(zip(tiling, _groups(tiling, colour_by), strict=True)):
        polygon = convex_polygon((tile.polyhedron.closure() & frame).vertices)
        if not polygon:
            continue
        corners = np.array([to_floats(corner) for corner in polygon])
        _draw_tile(axes, corners, colour(group), themed(edge_colour), alpha, pixel)
        if labels and _width(corners) > 12 * pixel:
            centre = to_floats((tile.polyhedron & frame).relative_interior_point())
            axes.text(centre[0], centre[1], str(i), ha="center", va="center", fontsize=7, color=themed(INK), zorder=4)
    return axes


@into_files
def plot_samples(
    network: Network,
    target: Target,
    box: Domain,
    n: int = 2000,
    ax: Place | None = None,
    *,
    seed: int = 0,
    size: float = 4,
) -> Axes:
    """Draw n uniform samples of a box, coloured by whether the network maps them into the target.

    Args:
        network: from R^2.
        target: as in :func:`polyrelu.preimage`.
        box: bounded, passed like a domain; its bounding box is sampled.
        n: how many samples.
        ax: as for :func:`plot_tiling`.
        seed: of the random generator.
        size: of a marker, in square points.

    Raises:
        DimensionError: the network's inputs or the box are not two-dimensional.
        MissingExtraError: matplotlib is not installed.
    """
    sampled = given_region(box, network.input_dim, "plot_samples: box")
    if network.input_dim != 2 or sampled.ambient_dim != 2:
        raise DimensionError(
            f"plot_samples: inputs in R^{network.input_dim}, box in R^{sampled.ambient_dim}; both must be R^2"
        )
    axes = _axes(ax, "plot_samples")
    lower, upper = box_of_points(sampled.vertices)
    _frame(axes, lower, upper)
    points = np.random.default_rng(seed).uniform(to_floats(lower), to_floats(upper), (n, 2))
    inside = maps_into(network, target, points)
    for shown, shade, order in ((~inside, themed(SILENT), 1), (inside, colour(0), 2)):
        axes.scatter(
            points[shown, 0], points[shown, 1], s=size, color=shade, linewidths=0, zorder=order, rasterized=n > 5000
        )
    return axes


def window_of(tiling: Tiling) -> tuple[ExactVector, ExactVector]:
    """Lower and upper corner of the default window: the domain if it is bounded, else all vertices and a margin.

    A bounded domain gets a margin along each axis on which floats do not tell its ends apart.
    """
    bounded = tiling.domain.is_bounded() and not tiling.domain.is_empty()
    vertices = tiling.domain.vertices if bounded else [v for tile in tiling for v in tile.polyhedron.vertices]
    lower, upper = box_of_points(vertices or [exact_vector([0, 0], "origin")])
    told = [to_float(a) < to_float(b) for a, b in zip(lower, upper, strict=True)]
    width = max(b - a if apart else 0 for a, b, apart in zip(lower, upper, told, strict=True)) or _MARGIN
    margins = [
        Fraction(0) if bounded and apart else max(width, abs(a) / _FAR) / Fraction(_MARGIN)
        for a, apart in zip(lower, told, strict=True)
    ]
    return tuple(map(sub, lower, margins)), tuple(map(add, upper, margins))


def _corners(window: Window) -> tuple[ExactVector, ExactVector]:
    return exact_vector(window[0], "window: lower", 2), exact_vector(window[1], "window: upper", 2)


def _axes(ax: Place | None, function: str) -> Axes:
    pyplot = require("matplotlib.pyplot", function)
    given: Any = ax  # a path was exchanged for None
    axes: Axes = pyplot.subplots(figsize=(4, 4))[1] if ax is None else given
    return axes


def _frame(axes: Axes, lower: ExactVector, upper: ExactVector) -> None:
    axes.set_xlim(to_float(lower[0]), to_float(upper[0]))
    axes.set_ylim(to_float(lower[1]), to_float(upper[1]))
    axes.set_aspect("equal")


def _pixel(axes: Axes, extent: float) -> float:
    """The size of a printed pixel in data units, at the resolution the figure is saved with."""
    figure = axes.get_figure(root=True)
    inches = axes.get_position().width * (figure.get_figwidth() if figure is not None else 4)
    return float(extent / (inches * _dots_per_inch()))


def _dots_per_inch() -> float:
    setting = require("matplotlib", "plot_tiling").rcParams["savefig.dpi"]
    return 100.0 if setting == "figure" else float(setting)


def _groups(tiling: Tiling, colour_by: str) -> list[int]:
    if colour_by == "tile":
        return list(range(len(tiling)))
    if colour_by == "pattern":
        order = {pattern: i for i, pattern in enumerate(dict.fromkeys(tiling.patterns))}
        return [order[pattern] for pattern in tiling.patterns]
    labels = components(tiling)
    by_size = np.argsort(-np.bincount(labels), kind="stable")
    return np.argsort(by_size)[labels].tolist() if len(tiling) else []


def _width(corners: FloatArray) -> float:
    """The smallest distance between parallel lines that hold a convex polygon between them."""
    if len(corners) < 3:
        return 0.0
    sides = np.roll(corners, -1, axis=0) - corners
    lengths = np.hypot(sides[:, 0], sides[:, 1])
    normals = np.stack([-sides[:, 1], sides[:, 0]], axis=1)[lengths > 0] / lengths[lengths > 0, None]
    return float(np.ptp(corners @ normals.T, axis=0).min()) if len(normals) else 0.0


def _draw_tile(axes: Axes, corners: FloatArray, fill: str, edge: str, alpha: float, pixel: float) -> None:
    if len(corners) == 1:
        axes.plot(*corners[0], "o", color=fill, markersize=3.5, markeredgewidth=0, zorder=3)
    elif len(corners) == 2:
        axes.plot(*corners.T, color=fill, linewidth=1.6, solid_capstyle="round", zorder=3)
    elif _width(corners) < pixel:
        axes.fill(*corners.T, facecolor=fill, edgecolor="none", alpha=alpha, linewidth=0, zorder=2)
    else:
        axes.fill(
            *corners.T, facecolor=fill, edgecolor=edge, alpha=alpha, linewidth=HAIRLINE, joinstyle="round", zorder=2
        )
