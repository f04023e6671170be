r"""Blocks of five features: the diagram, the latent space of one layer, and later features in earlier spaces.

A block is a layer of ReLU features read from a latent space, and a map back to a latent space. Here all are planes:

    a = relu(W alpha + b)   (R^2 -> R^5),   beta = D a   (R^5 -> R^2),   h = relu(U beta + c)   (R^2 -> R^5).

The rows of W and U are five unit vectors at regular angles, the bias of the first layer is just negative enough that
each of these vectors activates its own feature alone, and D sends feature i to twice its angle. With a third block in
front, which is the first one again, there is one more plane: alpha = D relu(W gamma + b). All numbers are floats, taken
as the dyadic rationals they are.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from polyrelu.engines.preimage import linear_regions, preimage
from polyrelu.figures.cubes import figure_of
from polyrelu.latent.feature_zones import feature_zones
from polyrelu.networks.layer import Layer
from polyrelu.networks.network import Network
from polyrelu.plotting import style
from polyrelu.plotting.chain import feature_legend, name_plane, plot_chain
from polyrelu.plotting.diagram import plot_network_diagram
from polyrelu.plotting.folded import plot_folded
from polyrelu.plotting.style import INK, PAPER, area_colour, themed
from polyrelu.plotting.zones import plot_directions, plot_polyhedra, plot_zones
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.extras import require
from polyrelu.support.palette import colour
from polyrelu.tilings.tiling import Tiling

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from mpl_toolkits.mplot3d import Axes3D

FEATURES = 5
_ANGLES = 2 * np.pi * np.arange(FEATURES) / FEATURES
W = U = np.stack([np.cos(_ANGLES), np.sin(_ANGLES)], axis=1)
D = np.stack([np.cos(2 * _ANGLES), np.sin(2 * _ANGLES)])
FIRST_BIAS = np.full(FEATURES, -math.cos(2 * math.pi / FEATURES))
LAST_BIAS = np.full(FEATURES, -0.75)
ONE_LAYER_WINDOW = Polyhedron.box(["-9/5"] * 2, ["9/5"] * 2)
GAMMA_WINDOW = Polyhedron.box([-4, -4], [4, 4])
ALPHA_WINDOW = Polyhedron.box([-3, -3], [3, 3])
BETA_WINDOW = Polyhedron.box(["-5/2", "-5/2"], ["5/2", "5/2"])
RIM = 3
"""The sum of the first block's features at which the folded plane is cut off."""


def five_features() -> Network:
    """One layer with five features on the plane."""
    return Network([Layer(W, FIRST_BIAS, relu=True)])


def two_block_network() -> Network:
    """The 2-5-2-5 network of the module's docstring."""
    return Network([(W, FIRST_BIAS), (D, [0, 0]), (U, LAST_BIAS)], relu=[True, False, True])


def three_block_network() -> Network:
    """The 2-5-2-5-2-5 network: the first block twice, then the last one."""
    first = [(W, FIRST_BIAS), (D, [0, 0])]
    return Network([*first, *first, (U, LAST_BIAS)], relu=[True, False, True, False, True])


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
    figure: Figure
    with style():
        figure, (left, right) = pyplot.subplots(1, 2, figsize=(7.2, 4.0), layout="constrained")
        network, window = five_features(), ONE_LAYER_WINDOW
        draw_zones(left, feature_zones(network, domain=window), network.layers[0], window)
        draw_counts(right, linear_regions(network, window, progress=False))
    return figure


def draw_zones(axes: Axes, zones: Mapping[int, Tiling], layer: Layer, window: Polyhedron) -> None:
    """The half-planes of a layer's features and the features' directions."""
    plot_zones([*zones.values()], axes, window)
    shades = [area_colour(colour(i)) for i in zones]
    plot_directions(layer.rows, axes, [f"$W_{i}$" for i in zones], colours=shades)
    name_plane(axes, r"\alpha", f"{len(zones)} features, each active on a half-plane")


def draw_counts(axes: Axes, regions: Tiling) -> None:
    """The regions of a layer with the numbers of features that are active there, the darker the more."""
    counts = [tile.pattern.count("1") for tile in regions]
    plot_polyhedra(
        [tile.polyhedron for tile in regions],
        axes,
        regions.domain,
        colours=[_depth(count) for count in counts],
        labels=[str(count) for count in counts],
        alpha=1,
        edge_colour=INK,
    )
    name_plane(axes, r"\alpha", "how many are active together")


def two_blocks() -> Figure:
    """The later features in the space before, on the sheet that the first block makes of it, and where they are read.

    The sheet is cut off where the first block's features sum to :data:`RIM`; the cut is dashed in both planes.
    """
    network, sheet = two_block_network(), inside_rim()
    with style():
        alpha, folded, beta = sheet_between_planes()
        plot_chain(network, [alpha, beta], [ALPHA_WINDOW, BETA_WINDOW], rim=sheet)
        plot_folded(network.layers[0], sheet, feature_zones(network, domain=sheet), folded)
        feature_legend(alpha, range(FEATURES))
    return figure_of(alpha)


def sheet_between_planes() -> tuple[Axes, Axes3D, Axes]:
    """A new figure with two axes for planes, and between them one for what is folded in space."""
    pyplot = require("matplotlib.pyplot", "two_blocks")
    figure = pyplot.figure(figsize=(8.2, 3.3))
    left = figure.add_axes((0.06, 0.21, 0.272, 0.676))
    folded = figure.add_axes((0.36, 0.21, 0.29, 0.676), projection="3d", zorder=-1)
    return left, folded, figure.add_axes((0.717, 0.21, 0.272, 0.676))


def three_blocks() -> Figure:
    """The last features in the spaces of three blocks: each block back doubles the number of zones."""
    pyplot = require("matplotlib.pyplot", "three_blocks")
    figure: Figure
    with style():
        figure, panels = pyplot.subplots(1, 3, figsize=(8.2, 3.4), layout="constrained")
        plot_chain(three_block_network(), panels, [GAMMA_WINDOW, ALPHA_WINDOW, BETA_WINDOW])
        feature_legend(panels[0], range(FEATURES))
    return figure


def inside_rim() -> Polyhedron:
    """Where the features of the first block sum to :data:`RIM` at most: convex, since each of them is."""
    tiles = preimage(five_features(), Polyhedron([[1] * FEATURES], [RIM]), ALPHA_WINDOW, progress=False)
    return Polyhedron.from_generators([vertex for tile in tiles for vertex in tile.polyhedron.vertices], dim=2)


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
