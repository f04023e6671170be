"""Two-dimensional tilings and samples.

Tiles become polygons of floats all at once (:mod:`polyrelu.analysis.planar_tiles`), and one collection paints them. A
tile narrower than a pixel is filled without an edge, since its edge would be all there is to see.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from polyrelu.analysis.planar_tiles import PlanarTiles, planar_tiles
from polyrelu.arithmetic.exact import ExactVector, FloatArray, to_float, to_floats
from polyrelu.arithmetic.ieee import SMALLEST_NORMAL
from polyrelu.errors import DimensionError, InputError
from polyrelu.networks.evaluation import maps_into
from polyrelu.networks.network import Network
from polyrelu.networks.questions import Domain, Target, given_region
from polyrelu.networks.slices import Slice
from polyrelu.plotting.legend import Swatch, add_legend, axes_beside
from polyrelu.plotting.saving import into_files
from polyrelu.plotting.shades import Shades, shades_of
from polyrelu.plotting.style import HAIRLINE, INK, PAPER, SILENT, area_colour, in_formula, line_colour, themed
from polyrelu.plotting.surfaces import plot_zone_surfaces
from polyrelu.plotting.tile_labels import LABELS, label_tiles
from polyrelu.plotting.windows import Window, corners, window_of
from polyrelu.polyhedra.bounding_box import box_of_points
from polyrelu.support.arguments import one_of
from polyrelu.support.extras import require
from polyrelu.support.palette import colour
from polyrelu.tilings.tiling import Tiling

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from polyrelu.plotting.saving import Place

_RIM, _DASHES = 1.1, (0, (3.2, 1.6))
_LEAST_HAIRLINE = 0.05


@into_files
def plot_tiling(
    tiling: Tiling,
    ax: Place | None = None,
    *,
    window: Window | None = None,
    colour_by: str | None = None,
    labels: bool | str = False,
    legend: bool | None = None,
    hatches: bool = False,
    edge_colour: str = PAPER,
    alpha: float = 1.0,
) -> Axes:
    """Draw a tiling of the plane, or the surfaces of its zones in space, clipped to a window.

    Where the tiling ends there is a line: solid where its tiles own their boundary, dashed where a strict row excludes
    it. No line is where only the picture ends.

    Args:
        tiling: tiles in R^2 or R^3; unbounded and flat ones too (segments and points).
        ax: where to draw: axes, three-dimensional for R^3, or the path of a picture to write; a new figure when absent.
        window: lower and upper corner; by default the domain's bounding box, or one around the vertices.
        colour_by: ``"zone"``, ``"tile"`` or ``"pattern"``; by default the pattern for linear regions, else the zone.
            More patterns than colours, or tiles, get hues by how many of their neurons are active. In R^3 zones only.
        labels: write on each tile where there is room its ``"number"`` (or True), ``"zone"`` or ``"pattern"``, or
            ``"neuron"``: beside a fold line the ``(layer, coordinate)`` of its neuron.
        legend: say which colour is which zone or pattern, and what lines mean; by default where the figure is made
            here, and there are not too many patterns.
        hatches: tell zones or patterns apart by hatches, too, for print.
        edge_colour: of the hairlines between tiles.
        alpha: opacity of the fill.

    Returns:
        The axes, with equal aspect and the window as limits. In the plane the first collection has the polygons of all
        tiles that are seen, in their order.

    Raises:
        DimensionError: the tiling is in neither R^2 nor R^3.
        InputError: an unknown ``colour_by`` or ``labels``, what is for the plane only asked for in space, or a file
            whose suffix is that of no picture.
        WriteError: the file cannot be written, which is tried at once.
        MissingExtraError: matplotlib is not installed.

    Cost: microseconds a tile in the plane; in space the painter's order of all faces, which is quadratic at least.
    """
    dim = tiling.domain.ambient_dim
    if dim == 3:
        return _in_space(tiling, ax, window, colour_by, labels, legend, alpha)
    if dim != 2:
        raise DimensionError(f"plot_tiling: the tiling lives in R^{dim}; only R^2 and R^3 are drawn")
    wanted = LABELS[0] if labels is True else labels
    if wanted:
        one_of(wanted, LABELS, "plot_tiling", "labels")
    shades = shades_of(tiling, colour_by)
    lower, upper = window_of(tiling) if window is None else corners(window)
    drawn = planar_tiles(tiling, lower, upper)
    swatches = _swatches(drawn, shades, hatches, alpha)
    with_legend = (ax is None and len(swatches) > 1) if legend is None else legend
    axes: Axes = axes_beside(ax, "plot_tiling", swatches if with_legend else ())
    _frame(axes, lower, upper)
    pixel = _pixel(axes, to_float(upper[0] - lower[0]))
    _draw_tiles(axes, drawn, shades, themed(edge_colour), alpha, pixel, hatches)
    _draw_ends(axes, drawn, shades)
    if isinstance(tiling.network, Slice):
        across, up = map(in_formula, tiling.network.input_names)
        axes.set(xlabel=across, ylabel=up)
    if with_legend:
        add_legend(axes, swatches)
    if wanted:
        fills = [shades.colours[group] for group in shades.groups.tolist()]
        label_tiles(axes, tiling, drawn, str(wanted), fills, _points(pixel))
    return axes


def _in_space(
    tiling: Tiling, ax: Any, window: Window | None, colour_by: str | None, labels: Any, legend: Any, alpha: float
) -> Axes:
    if labels or colour_by not in (None, "zone"):
        raise InputError("plot_tiling: in R^3 the surfaces of zones are drawn, without labels; leave colour_by= out")
    axes: Axes = plot_zone_surfaces(tiling, ax, window=window, legend=legend, alpha=0.75 if alpha == 1 else alpha)
    return axes


def draw_in_one_colour(
    axes: Axes, tiling: Tiling, lower: ExactVector, upper: ExactVector, shade: str, hatch: str | None = None
) -> None:
    """Draw a tiling of the plane in a window, its tiles in one colour."""
    drawn = planar_tiles(tiling, lower, upper)
    one = Shades(np.zeros(len(tiling), dtype=np.intp), [shade], [hatch or ""], None)
    _frame(axes, lower, upper)
    _draw_tiles(axes, drawn, one, themed(PAPER), 1.0, _pixel(axes, to_float(upper[0] - lower[0])), hatch is not None)
    _draw_ends(axes, drawn, one)


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
    axes: Axes = axes_beside(ax, "plot_samples")
    lower, upper = box_of_points(sampled.vertices)
    _frame(axes, lower, upper)
    points = np.random.default_rng(seed).uniform(to_floats(lower), to_floats(upper), (n, 2))
    inside = maps_into(network, target, points)
    for shown, shade, order in ((~inside, themed(SILENT), 1), (inside, colour(0), 2)):
        axes.scatter(
            points[shown, 0], points[shown, 1], s=size, color=shade, linewidths=0, zorder=order, rasterized=n > 5000
        )
    return axes


def _frame(axes: Axes, lower: ExactVector, upper: ExactVector) -> None:
    axes.set_xlim(to_float(lower[0]), to_float(upper[0]))
    axes.set_ylim(to_float(lower[1]), to_float(upper[1]))
    axes.set_aspect("equal")


def _pixel(axes: Axes, extent: float) -> float:
    """The size of a printed pixel in data units, at the resolution the figure is saved with."""
    figure = axes.get_figure(root=True)
    locator: Any = axes.get_axes_locator()
    place = axes.get_position() if locator is None else locator(axes, None)
    inches = place.width * (figure.get_figwidth() if figure is not None else 4)
    return float(extent / (inches * _dots_per_inch()))


def _dots_per_inch() -> float:
    setting = require("matplotlib", "plot_tiling").rcParams["savefig.dpi"]
    return 100.0 if setting == "figure" else float(setting)


def _draw_tiles(
    axes: Axes, drawn: PlanarTiles, shades: Shades, edge: Any, alpha: float, pixel: float, hatches: bool
) -> None:
    """All polygons as one collection, or one for each hatch; then segments and points."""
    collections = require("matplotlib.collections", "plot_tiling")
    sizes = np.array([len(corners) for corners in drawn.corners], dtype=np.intp)
    widths = widths_of(drawn.corners)
    seen = np.flatnonzero(sizes > 2)
    broad = seen[widths[seen] >= pixel]
    thin = 0.06 * float(np.median(widths[broad])) * _points(pixel) if len(broad) else HAIRLINE
    hairline = min(HAIRLINE, max(_LEAST_HAIRLINE, thin))
    fills = _looked_up(area_colour, shades)
    groups = shades.groups
    for texture in sorted({shades.hatches[g] for g in set(groups[seen].tolist())}) if hatches else [None]:
        chosen = seen if texture is None else seen[[shades.hatches[g] == texture for g in groups[seen].tolist()]]
        axes.add_collection(
            collections.PolyCollection(
                [drawn.corners[i] for i in chosen.tolist()],
                facecolors=fills[groups[chosen]].tolist(),
                edgecolors=edge,
                linewidths=np.where(widths[chosen] < pixel, 0.0, hairline).tolist(),
                alpha=alpha,
                joinstyle="round",
                hatch=texture,
                zorder=2,
            ),
            autolim=False,
        )
    for i in np.flatnonzero((sizes == 1) | (sizes == 2)).tolist():
        _draw_flat(axes, drawn.corners[i], fills[groups[i]])


def _looked_up(change: Callable[[str], str], shades: Shades) -> NDArray[np.object_]:
    """What becomes of the colour of each group."""
    changed = {shade: change(shade) for shade in set(shades.colours)}
    return np.array([changed[shade] for shade in shades.colours], dtype=object)


def _points(pixel: float) -> float:
    """How many points a unit of the data takes."""
    return 72 / (max(pixel, SMALLEST_NORMAL) * _dots_per_inch())


def _draw_flat(axes: Axes, corners: FloatArray, shade: str) -> None:
    if len(corners) == 1:
        axes.plot(*corners[0], "o", color=shade, markersize=3.5, markeredgewidth=0, zorder=3)
    else:
        axes.plot(*corners.T, color=shade, linewidth=1.6, solid_capstyle="round", zorder=3)


def _draw_ends(axes: Axes, drawn: PlanarTiles, shades: Shades) -> None:
    """The edges at which the tiling ends, dashed where they do not belong to it."""
    collections = require("matplotlib.collections", "plot_tiling")
    lines = _looked_up(line_colour, shades)
    for excluded in (False, True):
        here = drawn.ends.excluded == excluded
        if here.any():
            axes.add_collection(
                collections.LineCollection(
                    list(drawn.ends.edges[here]),
                    colors=lines[shades.groups[drawn.ends.owners[here]]].tolist(),
                    linewidths=_RIM,
                    linestyles=[_DASHES] if excluded else "solid",
                    capstyle="butt" if excluded else "round",
                    zorder=2.5,
                ),
                autolim=False,
            )


def _swatches(drawn: PlanarTiles, shades: Shades, hatches: bool, alpha: float) -> list[Swatch]:
    """What a legend explains: the groups that are seen, and lines if there are any; nothing where colours are many."""
    if shades.names is None:
        return []
    seen = {group for group, corners in zip(shades.groups.tolist(), drawn.corners, strict=True) if len(corners)}
    swatches = [
        Swatch(name, area_colour(shades.colours[k]), alpha, hatch=shades.hatches[k] if hatches else None)
        for k, name in enumerate(shades.names)
        if k in seen
    ]
    ends = {bool(excluded) for excluded in drawn.ends.excluded.tolist()}
    if swatches and False in ends:
        swatches.append(Swatch("boundary included", None, line=themed(INK)))
    if swatches and True in ends:
        swatches.append(Swatch("boundary excluded", None, line=themed(INK), linestyle=_DASHES))
    return swatches


def widths_of(polygons: Sequence[FloatArray]) -> FloatArray:
    """For each convex polygon the smallest distance between parallel lines that hold it between them."""
    widths = np.zeros(len(polygons))
    sizes = np.array([len(corners) for corners in polygons], dtype=np.intp)
    for size in np.unique(sizes[sizes > 2]).tolist():
        own = np.flatnonzero(sizes == size)
        corners = np.stack([polygons[i] for i in own.tolist()])
        sides = np.roll(corners, -1, axis=1) - corners
        lengths = np.hypot(sides[..., 0], sides[..., 1])
        normals = np.stack([-sides[..., 1], sides[..., 0]], axis=-1) / np.where(lengths > 0, lengths, 1)[..., None]
        across = np.ptp(corners @ normals.transpose(0, 2, 1), axis=1)
        widths[own] = np.where(lengths > 0, across, np.inf).min(axis=1)
    return widths
