"""Two blocks of five features: the diagram, the latent space of one layer, and the later features in the earlier space.

A block is a layer of ReLU features read from a latent space, and a map back to a latent space. Here both are planes:

    a = relu(W alpha + b)   (R^2 -> R^5),   beta = D a   (R^5 -> R^2),   h = relu(U beta + c)   (R^2 -> R^5).

The rows of W and U are five unit vectors at regular angles, the bias of the first layer is just negative enough that
each of these vectors activates its own feature alone, and D sends feature i to twice its angle. All numbers are floats,
taken as the dyadic rationals they are.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from polyrelu.analysis.outline import Ring
from polyrelu.arithmetic.exact import FloatArray, to_floats
from polyrelu.engines.preimage import linear_regions
from polyrelu.latent.windows import feature_zones
from polyrelu.networks.layer import Layer
from polyrelu.networks.network import Network
from polyrelu.plotting import style
from polyrelu.plotting.diagram import plot_network_diagram
from polyrelu.plotting.style import HAIRLINE, INK, PAPER, SILENT, themed
from polyrelu.plotting.zones import plot_directions, plot_polyhedra, plot_zones
from polyrelu.polyhedra.convex_polygon import convex_polygon
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.extras import require
from polyrelu.support.palette import colour
from polyrelu.tilings.tile import Tile
from polyrelu.tilings.tiling import Tiling

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FEATURES = 5
_ANGLES = 2 * np.pi * np.arange(FEATURES) / FEATURES
W = U = np.stack([np.cos(_ANGLES), np.sin(_ANGLES)], axis=1)
D = np.stack([np.cos(2 * _ANGLES), np.sin(2 * _ANGLES)])
FIRST_BIAS = np.full(FEATURES, -math.cos(2 * math.pi / FEATURES))
LAST_BIAS = np.full(FEATURES, -0.75)
ALPHA_WINDOW = Polyhedron.box([-3, -3], [3, 3])
BETA_WINDOW = Polyhedron.box(["-5/2", "-5/2"], ["5/2", "5/2"])
_ELEVATION, _STEEPNESS = math.radians(55), 0.5
STAR = np.stack([W[:, 0], math.sin(_ELEVATION) * W[:, 1] + math.cos(_ELEVATION) * _STEEPNESS])
"""The projection (2, 5) of a-space: axis i points along W_i and rises, seen from above at an angle."""


def five_features() -> Network:
    """One layer with five features on the plane."""
    return Network([Layer(W, FIRST_BIAS, relu=True)])


def two_block_network() -> Network:
    """The 2-5-2-5 network of the module's docstring."""
    return Network([(W, FIRST_BIAS), (D, [0, 0]), (U, LAST_BIAS)], relu=[True, False, True])


def network_diagram() -> Figure:
    """The two blocks, with every neuron above and with every space below."""
    pyplot = require("matplotlib.pyplot", "network_diagram")
    figure: Figure
    with style():
        figure, (full, short) = pyplot.subplots(
            2, 1, figsize=(7.2, 6.7), layout="constrained", height_ratios=(7.2, 5.2)
        )
        for axes, simplified in ((full, False), (short, True)):
            plot_network_diagram(
                two_block_network(),
                axes,
                names=[r"$\alpha$-space", "$a$-space", r"$\beta$-space", "$h$-space"],
                maps=["$W, b$, ReLU", "$D$", "$U, c$, ReLU"],
                simplified=simplified,
            )
    return figure


def one_layer() -> Figure:
    """Five features as superposed half-planes, and how many of them are active where."""
    pyplot = require("matplotlib.pyplot", "one_layer")
    network, window = five_features(), Polyhedron.box(["-9/5"] * 2, ["9/5"] * 2)
    figure: Figure
    with style():
        figure, (left, right) = pyplot.subplots(1, 2, figsize=(7.2, 4.0), layout="constrained", sharey=True)
        plot_zones([*feature_zones(network, domain=window).values()], left, window)
        plot_directions(W, left, _indexed("W"))
        regions = linear_regions(network, window, progress=False)
        plot_polyhedra(
            [tile.polyhedron for tile in regions],
            right,
            window,
            colours=[_depth(tile.pattern.count("1")) for tile in regions],
            labels=[str(tile.pattern.count("1")) for tile in regions],
            alpha=1,
        )
        left.set_title("five features, each active on a half-plane")
        right.set_title("how many are active together")
        for axes in (left, right):
            _label_axes(axes, "z", (-1, 0, 1))
        right.set_ylabel("")
    return figure


def two_blocks() -> Figure:
    """The later features in three spaces: where they are read, folded up in the features' space, and in the first one.

    The five dimensions of a-space are shown by a linear projection whose axes are a star seen obliquely from above.
    """
    pyplot = require("matplotlib.pyplot", "two_blocks")
    network = two_block_network()
    first, later = Network(network.layers[:1]), Network(network.layers[2:])
    figure: Figure
    with style():
        figure, panels = pyplot.subplots(1, 3, figsize=(8.2, 3.1), layout="constrained", subplot_kw={"box_aspect": 1})
        alpha, folded, beta = panels
        zones = [*feature_zones(network, domain=ALPHA_WINDOW).values()]
        regions = linear_regions(first, ALPHA_WINDOW, progress=False)
        _draw_folds(regions, alpha)
        plot_zones(zones, alpha, ALPHA_WINDOW)
        _label_axes(alpha, r"\alpha", (-2, 0, 2))
        alpha.set_title(r"$\alpha$-space, $\mathbf{R}^2$")

        _draw_folded(network, regions, zones, folded)
        folded.set_title("$a$-space, $\\mathbf{R}^5$, projected")

        whole = linear_regions(Network(network.layers[:2]), ALPHA_WINDOW, progress=False)
        _fill(beta, [_image(tile, network, 2) for tile in whole], SILENT, 0.35)
        plot_zones([*feature_zones(later, domain=BETA_WINDOW).values()], beta, BETA_WINDOW)
        plot_directions(U, beta, _indexed("U"))
        _label_axes(beta, r"\beta", (-2, 0, 2))
        beta.set_title(r"$\beta$-space, $\mathbf{R}^2$")
    return figure


def _draw_folds(regions: Tiling, axes: Axes) -> None:
    """Hairlines where the features of the first layer switch."""
    window = regions.domain
    plot_polyhedra(
        [tile.polyhedron for tile in regions],
        axes,
        window,
        colours=["none"] * len(regions),
        edge_colour=SILENT,
        alpha=1,
    )


def _draw_folded(network: Network, regions: Tiling, zones: Sequence[Tiling], axes: Axes) -> None:
    """The plane of alpha as the first ReLU folds it, with the later features' zones on it and the axes of a-space."""
    _fill(axes, [_image(tile, network, 1, STAR) for tile in regions], SILENT, 0.35)
    for i, tiling in enumerate(zones):
        _fill(axes, [_image(tile, network, 1, STAR) for tile in tiling], colour(i), 0.45)
    plot_directions(2 * STAR.T, axes, _indexed("a"), colours=[INK] * FEATURES)
    _fill(axes, [_image(tile, network, 1, STAR) for tile in regions], "none", 1, PAPER)
    axes.autoscale_view()
    axes.set_aspect("equal", adjustable="datalim")
    axes.set_axis_off()


def _image(tile: Tile, network: Network, depth: int, projection: FloatArray | None = None) -> Ring:
    """The corners of what the first ``depth`` layers, and a projection, make of a tile on which they are affine."""
    inside = tile.inner_point()
    layers = list(network.layers[:depth])
    if projection is not None:
        layers.append(Layer(projection, [0] * len(projection), relu=False))
    head = Network(layers)
    matrix, offset = head.affine_map(head.activation_pattern(inside))
    return convex_polygon(tile.polyhedron.closure().affine_image(matrix, offset).vertices)


def _fill(axes: Axes, polygons: Sequence[Ring], shade: str, alpha: float, edge: str = "none") -> None:
    for polygon in polygons:
        corners = np.array([to_floats(corner) for corner in polygon])
        if len(corners) > 2:
            axes.fill(
                *corners.T, facecolor=themed(shade), edgecolor=themed(edge), linewidth=HAIRLINE, alpha=alpha, zorder=1
            )


def _indexed(letter: str) -> list[str]:
    return [f"${letter}_{i}$" for i in range(FEATURES)]


def _label_axes(axes: Axes, letter: str, ticks: tuple[int, ...]) -> None:
    axes.set_xlabel(f"${letter}_0$")
    axes.set_ylabel(f"${letter}_1$")
    axes.set_xticks(ticks)
    axes.set_yticks(ticks)


def _depth(count: int) -> str:
    """White where nothing is active, and the darker the more features are."""
    colors = require("matplotlib.colors", "one_layer")
    shade: str = colors.to_hex(
        [
            paper + (v - paper) * count / FEATURES
            for v, paper in zip(colors.to_rgb(colour(0)), colors.to_rgb(themed(PAPER)), strict=True)
        ]
    )
    return shade
