"""The demonstration: a trained 2-10-2-10 network, and the exact set of inputs that activate its first output.

The network was trained on [-4, 4]^2 (``scripts/train_demo.py``). Outside it has a small island where the output is
active too: of area 0.1 among 144, it is missed by about half of all sets of a thousand samples, and never by the exact
zone.
"""

from __future__ import annotations

from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from polyrelu.arithmetic.exact import FloatArray
from polyrelu.engines.preimage import preimage
from polyrelu.formats.load import load_network
from polyrelu.networks.evaluation import maps_into
from polyrelu.networks.linear_constraints import parse
from polyrelu.networks.network import Network
from polyrelu.plotting import plot_samples, style
from polyrelu.plotting.style import INK, themed
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.extras import require
from polyrelu.support.files import make_directory, write_whole
from polyrelu.tilings.tiling import Tiling

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

RADIUS = 6
SAMPLES = 1000
_SAMPLE_SEED = 2


class Demo(NamedTuple):
    """The network, the question, and the answer in the square and in the whole plane."""

    network: Network
    target: Polyhedron
    box: Polyhedron
    in_box: Tiling
    in_plane: Tiling


def demo_network() -> Network:
    """The trained 2-10-2-10 network that comes with the package."""
    with as_file(files("polyrelu.figures") / "data" / "demo.npz") as path:
        return load_network(path)


def run_demo(progress: bool | None = None) -> Demo:
    """The exact zone of ``y0 > 0`` on [-6, 6]^2 and over the whole plane."""
    network, box = demo_network(), Polyhedron.box([-RADIUS] * 2, [RADIUS] * 2)
    target = parse("y0 > 0", dim=network.output_dim)
    return Demo(
        network,
        target,
        box,
        preimage(network, target, box, progress=progress),
        preimage(network, target, progress=progress),
    )


def disagreements(tiling: Tiling, count: int, radius: float, seed: int = 0) -> FloatArray:
    """Those of ``count`` uniform points of [-radius, radius]^d on which tiling and network disagree; exact on both."""
    points = np.random.default_rng(seed).uniform(-radius, radius, (count, tiling.network.input_dim))
    by_network = maps_into(tiling.network, tiling.targets, points) & tiling.domain.contains_floats(points)
    wrong: FloatArray = points[by_network != tiling.contains(points)]
    return wrong


def draw_demo(demo: Demo, samples: int = SAMPLES) -> Figure:
    """Two panels: samples on the left, the exact zones on the right, and the island that the samples miss."""
    with style():
        left, right = panels()
        plot_samples(demo.network, demo.target, demo.box, samples, left, seed=_SAMPLE_SEED)
        explain(left, demo.in_box.plot(right, legend=True), demo.in_box, samples)
    figure: Figure = left.get_figure(root=True)  # type: ignore[assignment]
    return figure


def panels() -> tuple[Axes, Axes]:
    """A new figure's two panels, side by side."""
    pyplot = require("matplotlib.pyplot", "draw_demo")
    left, right = pyplot.subplots(1, 2, figsize=(8.2, 3.8), layout="constrained", sharey=True)[1]
    return left, right


def explain(left: Axes, right: Axes, found: Tiling, samples: int) -> None:
    """Write above the panels what they show, and point at the smallest zone."""
    left.set_title(f"{samples:,} samples")
    right.set_title(f"exact: {len(found)} tiles, {len(found.zones())} zones")
    for axes in (left, right):
        axes.set_xlabel(r"$\alpha_0$")
        axes.set_xticks(range(-RADIUS, RADIUS + 1, 2))
        axes.set_yticks(range(-RADIUS, RADIUS + 1, 2))
    left.set_ylabel(r"$\alpha_1$")
    smallest = found.zones(sort="volume")[-1]
    x, y = map(float, smallest[0].point())
    right.annotate(
        "an island",
        (x, y),
        xytext=(-52, -4),
        textcoords="offset points",
        ha="center",
        va="center",
        fontsize=8,
        color=themed(INK),
        arrowprops={"arrowstyle": "->", "color": themed(INK), "linewidth": 0.7, "shrinkB": 6},
    )


def write_demo(demo: Demo, directory: Path) -> Path:
    """Write the picture as ``demo.png`` into a directory and return its path; raises WriteError where it cannot."""
    path = make_directory(directory) / "demo.png"
    figure = draw_demo(demo)
    with style():
        write_whole(path, figure.savefig)
    require("matplotlib.pyplot", "write_demo").close(figure)
    return path
