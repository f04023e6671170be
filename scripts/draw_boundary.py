"""Draw two decision boundaries: of a classifier in the plane, and of one in space.

    ./scripts/run python scripts/draw_boundary.py --out papers/decision-boundary

The classifiers are trained here, in seconds: a 2-16-16-3 network on three arms of a spiral, and a 3-12-8-3 network on
three blades of a screw. Weights are rounded to multiples of 1/64; the boundaries of the rounded networks are exact.
"""

from __future__ import annotations

import argparse
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

import polyrelu as pr
from polyrelu.figures.registry import save_figure
from polyrelu.plotting import plot_boundary, style
from polyrelu.plotting.decision_boundary import region_colours
from polyrelu.plotting.style import HAIRLINE, PAPER, themed
from polyrelu.support.extras import require
from polyrelu.support.files import make_directory

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = NDArray[np.float64]
CLASSES = 3
GRID = 64


class Data(NamedTuple):
    """Points (n, d) and their classes (n)."""

    points: Array
    classes: NDArray[np.intp]


def spiral(count: int = 80, seed: int = 1) -> Data:
    """Three arms, ``count`` points on each."""
    rng = np.random.default_rng(seed)
    radius = np.linspace(0.15, 1, count)
    arms = []
    for k in range(CLASSES):
        angle = 2 * np.pi * (0.75 * radius + k / CLASSES) + rng.normal(0, 0.12, count)
        arms.append(np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1))
    return Data(np.concatenate(arms), np.repeat(np.arange(CLASSES), count))


def screw(count: int = 2500, seed: int = 1) -> Data:
    """Points of a cube, whose thirds around the axis turn with the height."""
    points = np.random.default_rng(seed).uniform(-1, 1, (count, 3))
    angle = np.arctan2(points[:, 1], points[:, 0]) + 1.6 * points[:, 2]
    return Data(points, (angle % (2 * np.pi) * CLASSES / (2 * np.pi)).astype(np.intp) % CLASSES)


def train(data: Data, hidden: list[int], seed: int = 0, steps: int = 3000, rate: float = 5e-3) -> pr.Network:
    """A classifier after Adam on the cross-entropy, its weights rounded."""
    rng = np.random.default_rng(seed)
    sizes = [data.points.shape[1], *hidden, CLASSES]
    weights = [rng.normal(0, np.sqrt(2 / a), (b, a)) for a, b in pairwise(sizes)]
    biases = [rng.normal(0, 0.3, b) for b in sizes[1:]]
    parameters = [*weights, *biases]
    means = [np.zeros_like(p) for p in parameters]
    squares = [np.zeros_like(p) for p in parameters]
    for step in range(1, steps + 1):
        for p, g, m, v in zip(parameters, gradients(data, weights, biases), means, squares, strict=True):
            m += 0.1 * (g - m)
            v += 0.001 * (g * g - v)
            p -= rate * (m / (1 - 0.9**step)) / (np.sqrt(v / (1 - 0.999**step)) + 1e-8)
    return pr.Network(
        [(np.round(W * GRID) / GRID, np.round(b * GRID) / GRID) for W, b in zip(weights, biases, strict=True)]
    )


def gradients(data: Data, weights: list[Array], biases: list[Array], decay: float = 1e-4) -> list[Array]:
    """Of the mean cross-entropy, with a weight decay: for the weights, then for the biases."""
    values = [data.points]
    for W, b in zip(weights, biases, strict=True):
        values.append(np.maximum(values[-1] @ W.T + b, 0))
    scores = values[-2] @ weights[-1].T + biases[-1]
    chances = np.exp(scores - scores.max(axis=1, keepdims=True))
    chances /= chances.sum(axis=1, keepdims=True)
    error = (chances - np.eye(CLASSES)[data.classes]) / len(data.points)
    of_weights, of_biases = [], []
    for W, b, before in zip(reversed(weights), reversed(biases), reversed(values[:-1]), strict=True):
        of_weights.insert(0, error.T @ before + decay * W)
        of_biases.insert(0, error.sum(axis=0) + decay * b)
        error = (error @ W) * (before > 0)
    return of_weights + of_biases


def boundary_of(network: pr.Network, radius: str) -> pr.Tiling:
    """The whole decision boundary in a cube around the origin."""
    d = network.input_dim
    return pr.decision_boundary(network, domain=pr.Polyhedron.box([f"-{radius}"] * d, [radius] * d))


def draw() -> Figure:
    """The spiral on the left, with the points that were learned; the screw on the right."""
    pyplot = require("matplotlib.pyplot", "draw_boundary")
    arms = spiral()
    flat, solid = boundary_of(train(arms, [16, 16]), "1.5"), boundary_of(train(screw(), [12, 8]), "1")
    figure: Figure = pyplot.figure(figsize=(9, 4.7))
    figure.set_layout_engine("constrained", rect=(0, 0.07, 1, 0.93))  # captions below
    left, right = figure.add_subplot(1, 2, 1), figure.add_subplot(1, 2, 2, projection="3d")
    plot_boundary(flat, left, regions=True)
    shades = [region_colours(CLASSES)[k] for k in arms.classes]
    left.scatter(*arms.points.T, s=11, c=shades, edgecolors=themed(PAPER), linewidths=HAIRLINE / 2, zorder=2.8)
    left.set_xticks([-1, 0, 1])
    left.set_yticks([-1, 0, 1])
    plot_boundary(solid, right)
    for place, tiling in ((0.29, flat), (0.76, solid)):
        caption = f"{'-'.join(map(str, tiling.network.widths))}: {len(tiling)} pieces"
        figure.text(place, 0.02, caption, ha="center", fontsize="large")
    return figure


def main() -> None:
    """Write the picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("out"), help="directory for the picture (default: out)")
    folder = make_directory(parser.parse_args().out)
    with style():
        for path in save_figure(draw(), folder, "boundary", ["png"]):
            print(path)


if __name__ == "__main__":
    main()
