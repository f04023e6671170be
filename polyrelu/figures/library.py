"""Figures of one-layer latent spaces: the half-plane pair, the superposition, the example plot, and nine windows."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from polyrelu.latent.windows import LatentCube, LatentPlane
from polyrelu.plotting.latent import plot_latent_plane
from polyrelu.plotting.segmentable import latent_plane, regular_unit_vectors, rigged_bias, segment_and_plot
from polyrelu.plotting.space import plot_latent_cube, plot_plane_in_space
from polyrelu.plotting.style import style
from polyrelu.support.extras import require

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_HEXAGON = (("1", "0"), ("1/2", "7/8"), ("-1/2", "7/8"), ("-1", "0"), ("-1/2", "-7/8"), ("1/2", "-7/8"))


def tilted_plane() -> LatentPlane:
    """A hexagonal window of a plane in R^3, tilted and shifted off the origin."""
    weight = [["1", "-1/4"], ["1/5", "1"], ["-3/5", "-2/3"]]
    return LatentPlane.from_coordinates(_HEXAGON, weight, ["0", "-1/10", "1/3"])


def regular_plane(n: int = 6) -> LatentPlane:
    """Regular features with the rigged bias, n of them, in the window that they trace."""
    W_enc, bias = regular_unit_vectors(n), rigged_bias(n)
    return latent_plane(np.eye(n) @ W_enc.T @ W_enc + bias, W_enc, W_enc.T, bias)


def figure_half_plane_pair() -> Figure:
    """One feature in three dimensions: its hyperplane parts the latent plane in an active and a silent half."""
    pyplot = require("matplotlib.pyplot", "figure_half_plane_pair")
    with style():
        figure: Figure = pyplot.figure(figsize=(4.8, 3.4))
        plot_plane_in_space(tilted_plane(), figure.add_axes((0, 0, 1, 1), projection="3d"))
    return figure


def figure_planes_in_space() -> Figure:
    """The same plane cut by each of the three coordinate hyperplanes, and by all of them at once."""
    pyplot = require("matplotlib.pyplot", "figure_planes_in_space")
    with style():
        figure: Figure = pyplot.figure(figsize=(7.2, 2.0))
        for k, shown in enumerate([(0,), (1,), (2,), (0, 1, 2)]):
            axes = figure.add_axes((k / 4, -0.06, 1 / 4, 1.0), projection="3d")
            plot_plane_in_space(tilted_plane(), axes, hyperplanes=shown, zoom=1.05)
            axes.set_title("superposed" if len(shown) > 1 else f"$y_{shown[0]} > 0$", y=1.0)
    return figure


def figure_superposition() -> Figure:
    """Six half-plane pairs, one by one, and superposed."""
    pyplot = require("matplotlib.pyplot", "figure_superposition")
    plane = regular_plane()
    with style():
        figure: Figure = pyplot.figure(figsize=(7.2, 3.1), layout="constrained")
        grid = figure.add_gridspec(2, 5)
        for i in range(6):
            axes = figure.add_subplot(grid[divmod(i, 3)])
            plot_latent_plane(plane, axes, features=[i], radius=1.35)
            axes.set_axis_off()
        axes = figure.add_subplot(grid[:, 3:])
        plot_latent_plane(plane, axes, radius=1.35)
        axes.set_axis_off()
    return figure


def figure_example_plot() -> Figure:
    """The example of the library: six regular features in the plane, each alone on a part of its own."""
    pyplot = require("matplotlib.pyplot", "figure_example_plot")
    W_enc, bias = regular_unit_vectors(6), rigged_bias(6)
    W_dec = W_enc.T
    plane_vertices = np.eye(6) @ W_enc.T @ W_dec.T + bias
    with style():
        figure: Figure
        figure, axes = pyplot.subplots(figsize=(4.2, 4.2), layout="constrained")
        segment_and_plot(plane_vertices, W_enc, W_dec, bias=bias, Z=1.5, plot_title="Example plot", ax=axes)
    return figure


def figure_latent_cube() -> Figure:
    """A cube in a three-dimensional slice of a four-dimensional latent space, cut by each of three half-spaces."""
    pyplot = require("matplotlib.pyplot", "figure_latent_cube")
    basis = [["1", "0", "0"], ["0", "1", "0"], ["0", "0", "1"], ["1/2", "1/2", "0"]]
    cube = LatentCube(
        basis, [["1", "1/4", "0", "0"], ["1", "1", "1", "1"], ["1/2", "-1", "2", "1"]], ["-1/4", "-1/2", "1/4"], 1
    )
    with style():
        figure: Figure = pyplot.figure(figsize=(7.2, 2.5))
        for i in range(3):
            axes = figure.add_axes((i / 3, 0, 1 / 3, 0.9), projection="3d")
            plot_latent_cube(cube, i, axes)
            axes.set_title(f"$y_{i} > 0$", y=1.0)
    return figure


def figure_test_pictures() -> Figure:
    """Nine windows from easy to hard."""
    pyplot = require("matplotlib.pyplot", "figure_test_pictures")
    with style():
        figure: Figure
        figure, grid = pyplot.subplots(3, 3, figsize=(7.2, 7.6), layout="constrained")
        for k, (axes, (title, make)) in enumerate(zip(grid.flat, TEST_PICTURES.items(), strict=True)):
            axes.set_axis_off()
            plot_latent_plane(make(), axes)
            axes.set_title(f"{k + 1}. {title}", fontsize=8.5)
    return figure


def _tied(columns: list[list[str]], bias: list[str]) -> LatentPlane:
    """The window traced by a tied autoencoder's features, from floats as the library has them."""
    W_dec = np.array(columns, dtype=float)
    offset = np.array(bias, dtype=float)
    return latent_plane(W_dec @ W_dec.T + offset, W_dec.T, W_dec, offset)


def _window(corners: str, weight: list[list[str]], bias: list[str]) -> LatentPlane:
    return LatentPlane.from_coordinates([point.split(",") for point in corners.split()], weight, bias)


def uneven() -> LatentPlane:
    """Seven uneven features, biases next to zero, a window with dents."""
    weight = "0.3,0.7 -0.5,0.25 0.45,0.2 -0.1,-0.75 -0.7,-0.4 0.25,0.35 -0.85,0.05"
    return _tied([row.split(",") for row in weight.split()], ["-0.0005", "0.0005"] * 3 + ["-0.0005"])


def dented() -> LatentPlane:
    """A feature next to zero pulls the window's outline inwards."""
    weight = "-0.1,1 0.7,-0.7 -0.4,-1 0.6,0.35 0.85,0.3 -0.05,0.03 -1,0.1"
    return _tied(
        [row.split(",") for row in weight.split()], ["-0.1", "-0.25", "-0.35", "-0.15", "-0.2", "0.15", "-0.15"]
    )


def lopsided() -> LatentPlane:
    """Small features with positive biases are active nearly everywhere beside large ones."""
    weight = "0.2,-0.15 0.25,0.2 0.5,-0.95 -0.15,-0.2 -0.3,-0.15 -0.25,0.25 0.35,-0.55"
    return _tied(
        [row.split(",") for row in weight.split()], ["0.08", "0.085", "-0.08", "0.08", "0.08", "0.08", "-0.06"]
    )


def pac_man() -> LatentPlane:
    """A mouth that a hyperplane crosses: the part above it is in two pieces."""
    return _window(
        "1/2,3/8 1,-1/2 1/2,-11/8 -1/2,-11/8 -1,-1/2 -1/2,3/8 0,-1/2",
        [["0", "1"], ["1", "0"], ["-1", "-1"]],
        ["0", "-1/4", "-3/4"],
    )


def cat_ears() -> LatentPlane:
    """Corners, an edge and a collinear run on the hyperplane: two ears and a face."""
    return _window(
        "-3,0 -2,3/2 -1,0 0,0 1,0 2,3/2 3,0 0,-2",
        [["0", "1"], ["1", "1/3"], ["-1", "1/3"], ["0", "-1"]],
        ["0", "-1", "-1", "-1"],
    )


def touching() -> LatentPlane:
    """A reflex corner exactly on the hyperplane, where three pieces touch, and edges in hyperplanes."""
    return _window(
        "-3,-2 3,-2 3,2 1,2 0,0 -1,2 -3,2",
        [["0", "1"], ["1", "0"], ["-2", "-1"], ["0", "-1"]],
        ["0", "-2", "0", "-1"],
    )


def degenerate() -> LatentPlane:
    """Equal and opposite features, one that is zero everywhere, and one that is active everywhere."""
    return _window(
        "-2,-1 -1,-2 2,-1 1,1 2,2 -1,2",
        [["1", "1/2"], ["1", "1/2"], ["-1", "-1/2"], ["0", "0"], ["0", "0"], ["1/2", "-3/2"]],
        ["-1/2", "-1/2", "1/2", "0", "1", "0"],
    )


def slice_of_four() -> LatentPlane:
    """A spiral window in a slice of a four-dimensional latent space."""
    basis = [["1", "0"], ["0", "1"], ["1/2", "-1/2"], ["0", "1/2"]]
    weight = [
        ["1", "0", "0", "1"],
        ["0", "1", "1", "0"],
        ["-1", "0", "1", "0"],
        ["0", "-1", "0", "1"],
        ["1/2", "-1", "0", "0"],
    ]
    spiral = "-3,-3 3,-3 3,3 -2,3 -2,-1 1,-1 1,1 0,1 0,0 -1,0 -1,2 2,2 2,-2 -3,-2"
    return LatentPlane.from_coordinates(
        [point.split(",") for point in spiral.split()], weight, ["-1", "1/2", "-1", "0", "-1/2"], basis
    )


TEST_PICTURES: dict[str, Callable[[], LatentPlane]] = {
    "regular": lambda: regular_plane(7),
    "uneven, non-convex": uneven,
    "a feature near zero": dented,
    "small beside large": lopsided,
    "pac-man": pac_man,
    "cat ears, collinear runs": cat_ears,
    "corners on hyperplanes": touching,
    "equal, opposite, dead": degenerate,
    "a slice of four dimensions": slice_of_four,
}
