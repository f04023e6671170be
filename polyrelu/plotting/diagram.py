"""Diagrams of networks: neurons and connections, or one bar for each space and one wedge for each map."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from polyrelu.errors import DimensionError, InputError
from polyrelu.networks.network import Network
from polyrelu.plotting.style import HAIRLINE, INK, PAPER, SILENT, area_colour, line_colour, themed
from polyrelu.support.extras import require
from polyrelu.support.palette import colour

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLUMN = 4.0
_RADIUS = 0.34
_BAR = 0.6  # the height of a bar for each dimension


class _Column(NamedTuple):
    """A space of the network: where it is drawn, its neurons' heights, half its own, and which neurons pass a ReLU."""

    x: float
    heights: tuple[float, ...]
    top: float
    relu: tuple[bool, ...]


def plot_network_diagram(
    network: Network,
    ax: Axes,
    *,
    names: Sequence[str] = (),
    maps: Sequence[str] = (),
    simplified: bool = False,
    limit: int = 16,
) -> Axes:
    r"""Draw a network from left to right: its neurons and non-zero weights, or only its spaces and maps.

    A neuron that passes a ReLU carries the graph of ReLU; columns without one, the input and the bottlenecks, are
    orange.

    Args:
        network: of any widths.
        ax: where to draw; its frame is taken away.
        names: of the spaces, one for the input and one for each layer; ``x, y_1, y_2, ...`` when absent.
        maps: texts for the layers, such as ``"W, b"``; none when absent.
        simplified: draw a bar for each space and a wedge for each layer instead of neurons and weights.
        limit: the most neurons of a column that are drawn.

    Raises:
        DimensionError: there are names or maps, but not one for each space or layer.
        InputError: a column is wider than ``limit`` and the diagram is not simplified.
    """
    layers = len(network.layers)
    spaces = list(names) or ["$x$", *(f"$y_{{{i + 1}}}$" for i in range(layers))]
    for what, given, count in (("names", spaces, layers + 1), ("maps", maps, layers)):
        if given and len(given) != count:
            raise DimensionError(f"plot_network_diagram: {len(given)} {what}; a network of {layers} layers has {count}")
    if not simplified and max(network.widths) > limit:
        raise InputError(
            f"plot_network_diagram: a layer of {max(network.widths)} neurons is wider than {limit}; "
            f"pass simplified=True or a larger limit="
        )
    columns = _columns(network, _BAR if simplified else 1)
    if simplified:
        _draw_wedges(ax, columns)
        for column in columns:
            _draw_bar(ax, column)
    else:
        _draw_weights(ax, network, columns)
        for column in columns:
            for height, relu in zip(column.heights, column.relu, strict=True):
                _draw_neuron(ax, column.x, height, relu)
    tallest = max(column.top for column in columns)
    for column, space, width in zip(columns, spaces, network.widths, strict=True):
        for text, below in ((space, 0.6), (f"$\\mathbf{{R}}^{{{width}}}$", 1.1)):
            ax.text(column.x, -tallest - below, text, ha="center", va="baseline", color=themed(INK))
    for i, text in enumerate(maps):
        ax.text((i + 1 / 2) * _COLUMN, tallest + 0.2, text, ha="center", va="bottom", color=themed(INK))
    ax.set_xlim(-1, layers * _COLUMN + 1)
    ax.set_ylim(-tallest - 1.3, tallest + 0.9)
    ax.set_aspect("equal")
    ax.set_axis_off()
    return ax


def _columns(network: Network, step: float) -> list[_Column]:
    masks = [(False,) * network.input_dim, *(layer.relu for layer in network.layers)]
    return [
        _Column(
            i * _COLUMN, tuple(step * ((len(mask) - 1) / 2 - k) for k in range(len(mask))), step * len(mask) / 2, mask
        )
        for i, mask in enumerate(masks)
    ]


def _draw_weights(ax: Axes, network: Network, columns: Sequence[_Column]) -> None:
    lines = require("matplotlib.collections", "plot_network_diagram")
    segments = [
        ((before.x, before.heights[j]), (after.x, after.heights[i]))
        for layer, before, after in zip(network.layers, *zip(*pairwise(columns), strict=True), strict=True)
        for i, row in enumerate(layer.rows)
        for j, weight in enumerate(row)
        if weight
    ]
    ax.add_collection(
        lines.LineCollection(segments, colors=area_colour(SILENT), linewidths=0.6, zorder=1), autolim=False
    )


def _draw_neuron(ax: Axes, x: float, y: float, relu: bool) -> None:
    patches = require("matplotlib.patches", "plot_network_diagram")
    shade = colour(0) if relu else colour(1)
    ax.add_patch(patches.Circle((x, y), _RADIUS, facecolor=themed(PAPER), edgecolor="none", zorder=2))
    ax.add_patch(
        patches.Circle((x, y), _RADIUS, facecolor=_tint(shade), edgecolor=line_colour(shade), linewidth=1.0, zorder=3)
    )
    if relu:
        _draw_hinge(ax, x, y)


def _draw_hinge(ax: Axes, x: float, y: float) -> None:
    """The graph of ReLU."""
    hinge = np.array([[-1, -0.5], [0, -0.5], [1, 0.75]]) * _RADIUS * 0.62 + [x, y]
    ax.plot(*hinge.T, color=themed(INK), linewidth=1.0, solid_capstyle="round", solid_joinstyle="round", zorder=4)


def _draw_bar(ax: Axes, column: _Column) -> None:
    patches = require("matplotlib.patches", "plot_network_diagram")
    shade = colour(0) if any(column.relu) else colour(1)
    ax.add_patch(
        patches.FancyBboxPatch(
            (column.x - _RADIUS + 0.1, -column.top + 0.1),
            2 * _RADIUS - 0.2,
            2 * column.top - 0.2,
            boxstyle="round,pad=0.1",
            facecolor=_tint(shade),
            edgecolor=line_colour(shade),
            linewidth=1.0,
            zorder=3,
        )
    )
    if any(column.relu):
        _draw_hinge(ax, column.x, 0)


def _draw_wedges(ax: Axes, columns: Sequence[_Column]) -> None:
    to_rgb = require("matplotlib.colors", "plot_network_diagram").to_rgb
    for before, after in pairwise(columns):
        left, right = before.x + _RADIUS + 0.2, after.x - _RADIUS - 0.2
        corners = np.array([[left, -before.top], [right, -after.top], [right, after.top], [left, before.top]])
        ax.fill(
            *corners.T, facecolor=(*to_rgb(themed(SILENT)), 0.35), edgecolor=line_colour(SILENT), linewidth=HAIRLINE
        )


def _tint(shade: str) -> tuple[float, float, float]:
    """The colour, mostly paper."""
    to_rgb = require("matplotlib.colors", "plot_network_diagram").to_rgb
    red, green, blue = ((3 * paper + ink) / 4 for paper, ink in zip(to_rgb(themed(PAPER)), to_rgb(shade), strict=True))
    return red, green, blue
