"""Draw the pictures of papers/real-networks.

    ./scripts/run python scripts/draw_real.py --networks DIR --out papers/real-networks

*backward-reach*: the states of the van der Pol oscillator's network from which its terminal set is reached in one, two
and three steps. *advisories*: which advisory an ACAS Xu network gives, on a plane of its five-dimensional input space.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from benchmark_real import BACKWARD, STEP, corners, fix_inputs, preimage, question

import polyrelu as pr
from polyrelu.figures.registry import reduce_colours
from polyrelu.plotting import plot_tiling, style
from polyrelu.plotting.style import HAIRLINE, INK, PAPER, SILENT, themed
from polyrelu.plotting.zones import plot_zones
from polyrelu.polyhedra.convex_polygon import convex_polygon
from polyrelu.support.extras import require
from polyrelu.support.files import write_whole
from polyrelu.support.palette import PALETTE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ADVISER = "acasxu_2_2"
ADVISORIES = ("clear of conflict", "weak left", "weak right", "strong left", "strong right")
SHADES = (SILENT, PALETTE[5], PALETTE[1], PALETTE[0], PALETTE[4])
FIXED = {2: Fraction(1, 2), 3: Fraction(2, 5), 4: Fraction(2, 5)}
AROUND = ["-1.1", "-1.4"], ["1.1", "1.8"]
WIDE = "N2_2, which advisory", ["-0.32", "-0.5"], ["0.6798", "0.5"]
NEAR = "around the box of property 3", ["-0.32", "-0.03"], ["-0.26", "0.03"]


def terminal_set(step: pr.Network, test: pr.Network) -> pr.Polyhedron:
    """The set T that ``test`` asks about, {y : H y <= d}, to the rounding of its file; for drawing only.

    The last layer of ``step`` is y = W z + b, and that of ``test`` is H y - d, stored as the products H W and H b - d
    in float32. H is solved for by least squares.
    """
    weight, last = step.layers[-1].float_weight, test.layers[-1]
    H = np.linalg.lstsq(weight.T, last.float_weight.T, rcond=None)[0].T
    return pr.Polyhedron(H.tolist(), (H @ step.layers[-1].float_bias - last.float_bias).tolist())


def draw_backward(directory: Path) -> Figure:
    """One panel for each number of steps: tiles of the preimage, and the terminal set's outline."""
    pyplot = require("matplotlib.pyplot", "draw_backward")
    asked = [question(directory, name, name) for name in BACKWARD]
    goal = terminal_set(pr.load_network(directory / f"{STEP}.onnx"), asked[0].network)
    figure, panels = pyplot.subplots(1, len(asked), figsize=(9, 4.2), layout="constrained", sharey=True)
    for t, (one, axes) in enumerate(zip(asked, panels, strict=True), start=1):
        tiling = preimage(one)
        plot_tiling(tiling, axes, window=AROUND, colour_by="tile", alpha=0.75)
        outline(goal, axes)
        axes.set_title(f"t = {t}: {len(tiling)} tiles")
        axes.set_xlabel("$x_0$")
    panels[0].set_ylabel("$x_1$")
    return figure


def outline(polygon: pr.Polyhedron, axes: Axes, colour: str = INK, width: float = 1.2, order: float = 5) -> None:
    """Draw the rim of a bounded polygon."""
    ring = np.array([[float(v) for v in corner] for corner in convex_polygon(polygon.vertices)])
    axes.plot(*np.vstack([ring, ring[:1]]).T, color=themed(colour), linewidth=width, zorder=order)


def minimal(k: int, dim: int) -> pr.Polyhedron:
    """The outputs whose coordinate k is the smallest: the advisory with the least cost."""
    rows = [[(j == k) - (j == i) for j in range(dim)] for i in range(dim) if i != k]
    return pr.Polyhedron(rows, [0] * (dim - 1))


def draw_advisories(directory: Path) -> Figure:
    """The whole plane on the left; on the right around the box of property 3, with the edges of the linear regions."""
    pyplot = require("matplotlib.pyplot", "draw_advisories")
    patches = require("matplotlib.patches", "draw_advisories")
    network = fix_inputs(pr.load_network(directory / f"{ADVISER}.onnx"), FIXED)
    lower, upper = corners(question(directory, ADVISER, "acasxu_prop_3").domain)
    box = pr.Polyhedron.box(lower[:2], upper[:2])
    figure, panels = pyplot.subplots(1, 2, figsize=(9, 4.4), layout="constrained")
    given = set()
    for (title, *window), axes in zip((WIDE, NEAR), panels, strict=True):
        domain = pr.Polyhedron.box(*window)
        zones = [pr.preimage(network, minimal(k, 5), domain, progress=False) for k in range(5)]
        given |= {k for k, zone in enumerate(zones) if len(zone)}
        plot_zones(zones, axes, domain, colours=SHADES, alpha=1, linewidth=0)
        outline(box, axes)
        axes.set_title(title)
        axes.set_xlabel("$x_0$, distance")
    panels[0].set_ylabel("$x_1$, bearing")
    for cell in pr.linear_regions(network, domain, progress=False):
        outline(cell.polyhedron, panels[1], PAPER, HAIRLINE / 2, 4)
    labels = [text if k in given else f"{text}: nowhere" for k, text in enumerate(ADVISORIES)]
    handles = [patches.Patch(color=themed(shade), label=text) for shade, text in zip(SHADES, labels, strict=True)]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
    return figure


FIGURES: dict[str, Callable[[Path], Figure]] = {"backward-reach": draw_backward, "advisories": draw_advisories}


def write(figure: Figure, path: Path) -> None:
    """Write a picture, small and the same bytes each time."""
    figure.savefig(path, metadata={"Software": None})
    reduce_colours(path)


def main() -> None:
    """Draw and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", type=Path, required=True, help="a directory with the networks and properties")
    parser.add_argument("--out", type=Path, default=Path("out"), help="directory for the files (default: out)")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    for name, draw in FIGURES.items():
        path = options.out / f"{name}.png"
        with style():
            figure = draw(options.networks)
            write_whole(path, partial(write, figure))
            require("matplotlib.pyplot", "draw_real").close(figure)
        print(path)


if __name__ == "__main__":
    main()
