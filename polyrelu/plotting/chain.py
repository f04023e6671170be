r"""Latent spaces of a chain of blocks, side by side: where each feature at the end is active in each of them.

A block reads features from a latent space and writes to the next one. The spaces have one name each, counted from the
end: the last block reads from beta-space, the one before it from alpha-space, the third one back from gamma-space:

.. math:: \gamma \to g \to \alpha \to a \to \beta \to h.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from polyrelu.arithmetic.exact import ExactVector, primitive, to_floats
from polyrelu.engines.preimage import linear_regions
from polyrelu.errors import DimensionError
from polyrelu.latent.feature_zones import feature_zones
from polyrelu.networks.network import Network
from polyrelu.plotting.style import INK, area_colour, feature_colour, line_colour, themed
from polyrelu.plotting.zones import plot_directions, plot_zones
from polyrelu.polyhedra.convex_polygon import angle, convex_polygon
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.extras import require
from polyrelu.tilings.tiling import Tiling

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.legend import Legend

SPACES = (r"\beta", r"\alpha", r"\gamma")
"""The letters of the latent spaces, from the last one back."""

_FOLD = 0.3  # points


def latent_networks(network: Network) -> tuple[Network, ...]:
    """The network from each of its latent spaces on, the whole of it first.

    A latent space is what a layer with ReLU reads: the inputs, or the outputs of a layer without any.

    Raises:
        DimensionError: the first layer has no ReLU, so that the inputs are no latent space.

    >>> net = Network([([[1], [2]], [0, 0]), ([[1, 1]], [0]), ([[1], [3]], [0, 1])], relu=[True, False, True])
    >>> [blocks.widths for blocks in latent_networks(net)]
    [(1, 2, 1, 2), (1, 2)]
    """
    reads = [any(layer.relu) for layer in network.layers]
    if not reads[0]:
        raise DimensionError("latent_networks: the first layer has no ReLU; start the network where features are read")
    starts = [k for k, reading in enumerate(reads) if reading and (k == 0 or not reads[k - 1])]
    return tuple(Network(network.layers[k:]) for k in starts)


def plot_chain(
    network: Network,
    panels: Sequence[Axes],
    windows: Sequence[Polyhedron],
    *,
    features: Sequence[int] | None = None,
    rim: Polyhedron | None = None,
    alpha: float = 0.25,
) -> list[Mapping[int, Tiling]]:
    """Draw where features of the last layer are active, in each latent space of a chain of blocks.

    Args:
        network: blocks whose latent spaces are planes.
        panels: axes, one for each latent space, the earliest first.
        windows: bounded boxes, one for each of them.
        features: coordinates of the output; by default all of them.
        rim: a polygon of the earliest space whose rim is followed through all of them, dashed.
        alpha: opacity of one zone.

    Returns:
        For each latent space the zones of each feature. Hairlines in the panels show where earlier features switch, so
        where zones may bend; arrows in the last panel are the features' directions. Titles count the zones.

    Raises:
        DimensionError: a latent space that is no plane, or not one panel and one window for each.

    Cost: one preimage for each feature and space.
    """
    spaces = latent_networks(network)
    flat = all(blocks.input_dim == 2 for blocks in spaces)
    if not flat or not len(panels) == len(windows) == len(spaces) <= len(SPACES):
        raise DimensionError(
            f"plot_chain: latent spaces of {', '.join(str(blocks.input_dim) for blocks in spaces)} dimensions, "
            f"{len(panels)} panels and {len(windows)} windows; pass one of each for at most {len(SPACES)} planes"
        )
    found: list[Mapping[int, Tiling]] = []
    for blocks, axes, window, letter in zip(spaces, panels, windows, SPACES[len(spaces) - 1 :: -1], strict=True):
        plot_folds(blocks, axes, window)
        zones = feature_zones(blocks, features, window)
        plot_zones([*zones.values()], axes, window, colours=[*map(feature_colour, zones)], alpha=alpha)
        if rim is not None:
            _draw_rim(axes, network, len(network.layers) - len(blocks.layers), rim)
        count = sum(len(tiling.zones()) for tiling in zones.values())
        name_plane(axes, letter, f"${letter}$-space: {count} zone{'s' * (count != 1)}")
        found.append(zones)
    rows = spaces[-1].layers[0].rows
    plot_directions(
        [rows[i] for i in found[-1]],
        panels[-1],
        [f"$U_{{{i}}}$" for i in found[-1]],
        colours=[area_colour(feature_colour(i)) for i in found[-1]],
    )
    return found


def plot_folds(network: Network, axes: Axes, window: Polyhedron) -> None:
    """Draw hairlines where features before the last layer switch; nothing if there are none."""
    if len(network.layers) == 1:
        return
    collections = require("matplotlib.collections", "plot_folds")
    regions = linear_regions(Network(network.layers[:-1]), window, progress=False)
    corners = (convex_polygon(tile.polyhedron.closure().vertices) for tile in regions)
    edges = {(min(a, b), max(a, b)) for ring in corners for a, b in zip(ring, (*ring[1:], ring[0]), strict=True)}
    lines = [[to_floats(a), to_floats(b)] for a, b in sorted(edges)]
    axes.add_collection(
        collections.LineCollection(lines, colors=themed(INK), linewidths=_FOLD, capstyle="round", zorder=1.5),
        autolim=False,
    )


def _draw_rim(axes: Axes, network: Network, depth: int, rim: Polyhedron) -> None:
    """Draw what the first layers make of a polygon's rim: a closed line, with corners where they bend it too."""
    corners: Sequence[ExactVector] = convex_polygon(rim.vertices)
    if depth:
        head = Network(network.layers[:depth])
        cells = [tile.polyhedron.closure() for tile in linear_regions(head, rim, progress=False)]
        on_rim = {v for cell in cells for v in cell.vertices if any(not row.slack(v) for row in rim.halfspaces)}
        corners = head.evaluate(_around(rim.relative_interior_point(), on_rim))
    lines = np.array([to_floats(corner) for corner in (*corners, corners[0])])
    axes.plot(*lines.T, color=themed(INK), linewidth=0.9, linestyle=(0, (4, 2)), zorder=4)


def _around(middle: ExactVector, points: Iterable[ExactVector]) -> list[ExactVector]:
    """Points around another one in order, by their directions from there."""
    return sorted(points, key=lambda point: angle(primitive([x - m for x, m in zip(point, middle, strict=True)])))


def name_plane(axes: Axes, letter: str, title: str | None = None) -> None:
    """Write the names of a latent plane's coordinates, a few ticks, and a title, by default the plane's name."""
    ticker = require("matplotlib.ticker", "plot_chain")
    axes.set_title(f"${letter}$-space" if title is None else title)
    axes.set_xlabel(f"${letter}_0$")
    axes.set_ylabel(f"${letter}_1$", labelpad=0)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(ticker.MaxNLocator(4, integer=True))


def feature_legend(axes: Axes, features: Sequence[int], letter: str = "h", alpha: float = 0.25) -> Legend:
    """Say below all panels which colour is which feature."""
    patches = require("matplotlib.patches", "feature_legend")
    figure = axes.get_figure(root=True)
    assert figure is not None, "the axes were made in one"
    signs = []
    for i in features:
        shade = feature_colour(i)
        text = f"${letter}_{{{i}}} > 0$"
        signs.append(patches.Patch(facecolor=(shade, alpha), edgecolor=line_colour(shade), label=text))
    legend: Legend = figure.legend(handles=signs, loc="outside lower center", ncols=min(len(signs), 8))
    return legend
