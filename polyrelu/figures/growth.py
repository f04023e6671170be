"""How the work grows: the 2^n faces that un-ReLU visits in one layer, and the cells that a network really has.

The n lines of one layer cut the plane into at most 1 + n + n(n-1)/2 cells (Steiner 1826; Buck, Partition of Space,
American Mathematical Monthly 50, 1943): the network meets quadratically many of the exponentially many faces. Each
layer more cuts those cells again.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import pairwise, product
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from polyrelu.engines.preimage import linear_regions
from polyrelu.networks.network import Network
from polyrelu.plotting import style
from polyrelu.plotting.style import area_colour
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.extras import require
from polyrelu.support.palette import colour

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTHS = (1, 2, 4, 8, 12, 16, 24, 32, 40, 48, 56, 64)
DEPTHS = (1, 2, 3)
SEEDS = (0, 1, 2, 3, 4)
_RADIUS = 2
_LOG_TOP = 64


class Growth(NamedTuple):
    """The median number of cells of some random networks: their depth, and the width of their layers."""

    depth: int
    width: int
    cells: int


def random_network(width: int, depth: int, seed: int = 0) -> Network:
    """Layers of ``width`` ReLU neurons on two inputs, weights normal with variance 2 / inputs, biases normal / 2."""
    rng = np.random.default_rng([seed, width, depth])
    sizes = [2] + [width] * depth
    layers = [
        (rng.normal(0, math.sqrt(2 / inputs), (outputs, inputs)), rng.normal(0, 1 / 2, outputs))
        for inputs, outputs in pairwise(sizes)
    ]
    return Network(layers, relu=[True] * depth)


def count_cells(
    widths: Iterable[int] = WIDTHS, depths: Iterable[int] = DEPTHS, seeds: Sequence[int] = SEEDS
) -> list[Growth]:
    """The linear regions of random networks in [-2, 2]^2, from actual runs, one for each seed."""
    return [
        Growth(depth, width, sorted(_cells(width, depth, seed) for seed in seeds)[len(seeds) // 2])
        for depth, width in product(depths, widths)
    ]


@cache
def _cells(width: int, depth: int, seed: int) -> int:
    box = Polyhedron.box([-_RADIUS] * 2, [_RADIUS] * 2)
    return int(linear_regions(random_network(width, depth, seed), box, progress=False).stats["cells"])


def growth() -> Figure:
    """Faces (dashed) and cells (solid) against the width of the layers, on a logarithmic scale."""
    pyplot = require("matplotlib.pyplot", "growth")
    figure: Figure
    with style():
        figure, axes = pyplot.subplots(figsize=(7.2, 4.2), layout="constrained")
        draw_faces(axes)
        draw_cells(axes, count_cells())
    return figure


def draw_faces(axes: Axes, depths: Iterable[int] = DEPTHS) -> None:
    """How many faces there are for un-ReLU in so many layers, dashed; and the axes."""
    axes.set_yscale("log", base=10)
    for depth in depths:
        end = _LOG_TOP / depth
        axes.plot([0, end], [1, 2.0**_LOG_TOP], color=line_of(depth), linestyle=(0, (4, 2)), linewidth=1.2)
        exponent = "n" if depth == 1 else f"{depth}n"
        place = end * 0.9, 2.0 ** (_LOG_TOP * 0.9)
        _write(axes, f"$2^{{{exponent}}}$ faces", place, (-7, 0), depth, ha="right")
    axes.set_xlim(0, WIDTHS[-1])
    axes.set_ylim(1, 2.0**_LOG_TOP)
    axes.set_xticks(range(0, WIDTHS[-1] + 1, 8))
    axes.set_xlabel("neurons in each layer, $n$ (two inputs)")
    axes.set_ylabel("faces, cells")
    axes.set_title("faces there are (dashed), and cells that are met")
    axes.spines[["top", "right"]].set_visible(False)


def draw_cells(axes: Axes, counts: Sequence[Growth]) -> None:
    """The cells that networks have, with their last number."""
    for depth in sorted({count.depth for count in counts}):
        widths, cells = zip(*((count.width, count.cells) for count in counts if count.depth == depth), strict=True)
        axes.plot(widths, cells, "o-", color=line_of(depth), linewidth=1.2, markersize=3.5, clip_on=False)
        text = f"{depth} layer{'s' * (depth > 1)}: {cells[-1]:,} cells"
        _write(axes, text, (widths[-1], cells[-1]), (9, 7 * (depth - 2)), depth, va="center")


def line_of(depth: int) -> str:
    """The colour of the lines about networks of a depth."""
    shade: str = area_colour(colour(depth - 1))
    return shade


def _write(
    axes: Axes, text: str, place: tuple[float, float], offset: tuple[float, float], depth: int, **alignment: Any
) -> None:
    shade = line_of(depth)
    axes.annotate(text, place, offset, textcoords="offset points", color=shade, annotation_clip=False, **alignment)
