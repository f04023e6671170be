"""Activation zones of several features on one plane: translucent, so that superposition reads as darker overlap.

Outlines are computed exactly, clipped to the window, and only then turned into floats.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from polyrelu.analysis.outline import Polygon, outline
from polyrelu.arithmetic.exact import FloatArray, exact_matrix, to_floats
from polyrelu.errors import DimensionError
from polyrelu.plotting.style import HAIRLINE, INK, PAPER, RIM, inked_colour, line_colour, themed
from polyrelu.polyhedra.convex_polygon import convex_polygon
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.extras import require
from polyrelu.support.palette import colour
from polyrelu.tilings.tiling import Tiling

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.path import Path

_LABEL_GAP = 11  # points between an arrow's tip and the middle of its label


def plot_zones(
    tilings: Sequence[Tiling],
    ax: Axes,
    window: Polyhedron,
    *,
    colours: Sequence[str] | None = None,
    alpha: float = 0.25,
    linewidth: float = 1.0,
    line_colours: Sequence[str] | None = None,
    hatches: Sequence[str] | None = None,
) -> Axes:
    """Draw the zones of several planar tilings over one another, each tiling in a colour of its own.

    Lines around zones are darker than their fills, or on dark paper lighter, and have a rim of paper, so that they show
    between whatever lies on their sides.

    Args:
        tilings: in R^2, for instance the preimage of ``y_i > 0`` for each feature i.
        ax: where to draw.
        window: a bounded box; zones are clipped to it, and it becomes the limits of the axes.
        colours: one for each tiling; the palette's when absent.
        alpha: opacity of the fills.
        linewidth: of the outlines; 0 for none.
        line_colours: of the outlines, one for each tiling; by default darker, or lighter, than the fills.
        hatches: one for each tiling, for print.

    Returns:
        The axes, with one patch for each polygon of each zone, and the edges inside the window as one collection for
        each tiling; then one of the lines' rims.

    Raises:
        DimensionError: a tiling or the window is not two-dimensional, or there are not as many colours, or hatches, as
            tilings.
        UnboundedError: the window is unbounded.
    """
    shades = [colour(i) for i in range(len(tilings))] if colours is None else [*map(themed, colours)]
    textures = [None] * len(tilings) if hatches is None else [*hatches]
    lines = [*map(line_colour, shades)] if line_colours is None else [*map(themed, line_colours)]
    for what, given in (("colours", shades), ("line_colours", lines), ("hatches", textures)):
        if len(given) != len(tilings):
            raise DimensionError(f"plot_zones: {len(given)} {what} for {len(tilings)} tilings; pass one for each")
    patches = require("matplotlib.patches", "plot_zones")
    drawn = []
    for tiling, shade, line, texture in zip(tilings, shades, lines, textures, strict=True):
        polygons = [polygon for zone in outline(tiling, window) for polygon in zone.polygons]
        fill = translucent(shade, alpha, texture, line)
        for polygon in polygons if alpha else ():
            ax.add_patch(patches.PathPatch(polygon_path(polygon), linewidth=0, zorder=2, **fill))
        drawn.append(([edge for polygon in polygons for edge in _inner_edges(polygon, window)], line))
    draw_lines(ax, drawn, linewidth)
    return frame(ax, window)


def translucent(shade: Any, alpha: float, hatch: str | None, line: Any) -> dict[str, Any]:
    """The look of a translucent area; its hatch, if there is one, is opaque, in the colour of its lines."""
    if hatch is None:
        return {"facecolor": shade, "edgecolor": "none", "alpha": alpha}
    to_rgba = require("matplotlib.colors", "plotting").to_rgba
    return {"facecolor": to_rgba(shade, alpha), "edgecolor": line, "hatch": hatch}


def draw_lines(ax: Axes, drawn: Sequence[tuple[Sequence[FloatArray], Any]], width: float) -> None:
    """Draw segments in their colours, one collection for each, above rims of paper; nothing of no width."""
    lines = require("matplotlib.collections", "plot_zones")
    if not width:
        return
    paper = [edge for edges, _ in drawn for edge in edges]
    layers = [(edges, shade, width, 3.0) for edges, shade in drawn] + [(paper, themed(PAPER), width + 2 * RIM, 2.9)]
    for edges, shade, thickness, order in layers:
        if edges:
            ax.add_collection(
                lines.LineCollection(edges, colors=shade, linewidths=thickness, capstyle="round", zorder=order),
                autolim=False,
            )


def _inner_edges(polygon: Polygon, window: Polyhedron) -> list[FloatArray]:
    """The edges of a polygon that do not lie on the window's rim: only the picture ends there."""
    return [
        np.array([to_floats(start), to_floats(end)])
        for ring in (polygon.outer, *polygon.holes)
        for start, end in zip(ring, (*ring[1:], ring[0]), strict=True)
        if all(side.slack(start) or side.slack(end) for side in window.halfspaces)
    ]


def plot_polyhedra(
    polyhedra: Sequence[Polyhedron],
    ax: Axes,
    window: Polyhedron,
    *,
    colours: Sequence[str] | None = None,
    labels: Sequence[str] = (),
    offset: tuple[float, float] = (0, 0),
    alpha: float = 0.85,
    edge_colour: str = PAPER,
) -> Axes:
    """Draw convex sets of the plane that need not form a tiling, such as the pieces of :func:`polyrelu.unrelu`.

    Args:
        polyhedra: in R^2, unbounded or open ones too. Flat ones, and what lies outside the window, are not drawn.
        ax: where to draw.
        window: a bounded box; sets are clipped to it, and it becomes the limits of the axes.
        colours: one for each set; the palette's when absent.
        labels: texts to write inside, one for each set, or none.
        offset: of the labels from the mean of the corners, in points.
        alpha: opacity of the fills.
        edge_colour: of the hairlines around.

    Raises:
        DimensionError: a set is not in R^2, or there are not as many colours or labels as sets.
    """
    shades = [*map(inked_colour, map(colour, range(len(polyhedra))) if colours is None else colours)]
    for what, given in (("labels", labels), ("colours", shades)):
        if given and len(given) != len(polyhedra):
            raise DimensionError(f"plot_polyhedra: {len(given)} {what} for {len(polyhedra)} sets; pass one for each")
    for i, (polyhedron, shade) in enumerate(zip(polyhedra, shades, strict=True)):
        polygon = convex_polygon((polyhedron.closure() & window).vertices)
        if len(polygon) < 3:
            continue
        corners = np.array([to_floats(corner) for corner in polygon])
        ax.fill(*corners.T, facecolor=shade, edgecolor=themed(edge_colour), linewidth=HAIRLINE, alpha=alpha, zorder=2)
        if labels:
            ax.annotate(
                labels[i],
                tuple(corners.mean(axis=0)),
                offset,
                textcoords="offset points",
                ha="center",
                va="center",
                color=themed(INK),
                zorder=4,
            )
    return frame(ax, window)


def frame(ax: Axes, window: Polyhedron) -> Axes:
    """Make a box the limits of the axes, with equal aspect."""
    corners = np.array([to_floats(vertex) for vertex in window.vertices])
    (left, bottom), (right, top) = corners.min(axis=0).tolist(), corners.max(axis=0).tolist()
    ax.set_xlim(left, right)
    ax.set_ylim(bottom, top)
    ax.set_aspect("equal")
    return ax


def polygon_path(polygon: Polygon) -> Path:
    """A polygon with holes as one path; holes run clockwise, which leaves them unfilled."""
    path: Any = require("matplotlib.path", "polygon_path").Path
    rings = [np.array([to_floats(v) for v in (*ring, ring[0])]) for ring in (polygon.outer, *polygon.holes)]
    codes = [[path.MOVETO] + [path.LINETO] * (len(ring) - 2) + [path.CLOSEPOLY] for ring in rings]
    made: Path = path(np.concatenate(rings), np.concatenate(codes))
    return made


def plot_directions(
    vectors: Iterable[Iterable[Any]],
    ax: Axes,
    labels: Sequence[str] = (),
    *,
    colours: Sequence[str] | None = None,
) -> Axes:
    """Draw arrows from the origin, for instance the rows of W, with labels beyond their tips.

    Args:
        vectors: in R^2.
        ax: where to draw; its limits are left as they are.
        labels: one for each arrow, or none.
        colours: one for each arrow; the palette's when absent.

    Raises:
        DimensionError: there are labels or colours, but not one for each vector, or a vector is not in R^2.
    """
    tips = [to_floats(row) for row in exact_matrix(vectors, "plot_directions: vectors", 2)]
    shades = [colour(i) for i in range(len(tips))] if colours is None else [*map(themed, colours)]
    for what, given in (("labels", labels), ("colours", shades)):
        if given and len(given) != len(tips):
            raise DimensionError(f"plot_directions: {len(given)} {what} for {len(tips)} vectors; pass one for each")
    for i, (tip, shade) in enumerate(zip(tips, shades, strict=True)):
        ax.annotate(
            "",
            tuple(tip),
            (0, 0),
            arrowprops={"arrowstyle": "-|>,head_width=0.22,head_length=0.45", "color": shade, "linewidth": 1.4,
                        "shrinkA": 0, "shrinkB": 0},
            zorder=5,
        )  # fmt: skip
        if labels:
            _label(ax, labels[i], tip, shade)
    return ax


def _label(ax: Axes, text: str, tip: FloatArray, shade: str) -> None:
    """Write beyond the tip of an arrow, in its direction, on a white halo."""
    effects = require("matplotlib.patheffects", "plot_directions")
    length = float(np.hypot(*tip)) or 1.0
    ax.annotate(
        text,
        tuple(tip),
        tuple(_LABEL_GAP * tip / length),
        textcoords="offset points",
        ha="center",
        va="center",
        color=shade,
        fontsize=9,
        path_effects=[effects.withStroke(linewidth=2.2, foreground=themed(PAPER))],
        zorder=6,
    )
