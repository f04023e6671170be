"""Figures of one-layer latent spaces: the half-plane pair, the superposition, the example plot, windows and cubes.

The nine test pictures have the names and, to two or three digits, the weights that the library has for them: features
of small autoencoders in training, whose windows have dents and needles. :mod:`polyrelu.figures.windows` goes on with
windows in special position.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from polyrelu.latent.windows import LatentCube, LatentPlane
from polyrelu.plotting.chain import feature_legend
from polyrelu.plotting.latent import plot_latent_plane
from polyrelu.plotting.segmentable import latent_plane, regular_unit_vectors, rigged_bias, segment_and_plot
from polyrelu.plotting.space import plot_latent_cube, plot_plane_in_space
from polyrelu.plotting.style import style
from polyrelu.plotting.superposed import plot_superposed_cube
from polyrelu.support.extras import require

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HEXAGON = (("1", "0"), ("1/2", "7/8"), ("-1/2", "7/8"), ("-1", "0"), ("-1/2", "-7/8"), ("1/2", "-7/8"))


def tilted_plane() -> LatentPlane:
    """A hexagonal window of a plane in R^3, tilted and shifted off the origin."""
    weight = [["1", "-1/4"], ["1/5", "1"], ["-3/5", "-2/3"]]
    return LatentPlane.from_coordinates(HEXAGON, weight, ["0", "-1/10", "1/3"])


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
        places = [grid[divmod(i, 3)] for i in range(6)] + [grid[:, 3:]]
        for features, place in zip([[0], [1], [2], [3], [4], [5], range(6)], places, strict=True):
            plot_latent_plane(plane, figure.add_subplot(place), features=features, radius=1.35).set_axis_off()
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
    cube = slice_cube()
    with style():
        figure: Figure = pyplot.figure(figsize=(7.2, 2.5))
        for i in range(3):
            axes = figure.add_axes((i / 3, 0, 1 / 3, 0.9), projection="3d")
            plot_latent_cube(cube, i, axes)
            axes.set_title(f"$y_{i} > 0$", y=1.0)
    return figure


def slice_cube() -> LatentCube:
    """A cube in a three-dimensional slice of a four-dimensional latent space, with three features."""
    basis = [["1", "0", "0"], ["0", "1", "0"], ["0", "0", "1"], ["1/2", "1/2", "0"]]
    return LatentCube(
        basis, [["1", "1/4", "0", "0"], ["1", "1", "1", "1"], ["1/2", "-1", "2", "1"]], ["-1/4", "-1/2", "1/4"], 1
    )


def figure_superposed_cube() -> Figure:
    """Four features of a three-dimensional latent space at once, and the cells of the cube pulled apart."""
    pyplot = require("matplotlib.pyplot", "figure_superposed_cube")
    cube = tetrahedral_cube()
    with style():
        figure: Figure
        figure, (left, right) = pyplot.subplots(1, 2, figsize=(7.2, 3.9), subplot_kw={"projection": "3d"})
        plot_superposed_cube(cube, left)
        plot_superposed_cube(cube, right, apart="1/2")
        feature_legend(left, range(cube.feature_count), "y", 0.45)
    return figure


def tetrahedral_cube() -> LatentCube:
    """Four features towards the corners of a regular tetrahedron, in a cube: up to three of them overlap."""
    return LatentCube(None, [[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]], ["-1/2"] * 4)


def figure_test_pictures() -> Figure:
    """The nine test pictures, from easy to hard."""
    pyplot = require("matplotlib.pyplot", "figure_test_pictures")
    with style():
        figure: Figure
        figure, grid = pyplot.subplots(3, 3, figsize=(7.2, 7.6), layout="constrained")
        for axes, (name, make) in zip(grid.flat, TEST_PICTURES.items(), strict=True):
            axes.set_axis_off()
            plot_latent_plane(make(), axes)
            axes.set_title(name)
    return figure


def figure_test_picture(name: str) -> Figure:
    """One of the nine test pictures, by the name that the library has for it."""
    pyplot = require("matplotlib.pyplot", "figure_test_picture")
    with style():
        figure: Figure
        figure, axes = pyplot.subplots(figsize=(4, 4), layout="constrained")
        plot_latent_plane(TEST_PICTURES[name](), axes)
        axes.set_title(name)
    return figure


def tied(weight: str, bias: str) -> LatentPlane:
    """The window that the features of a tied autoencoder, y = relu(W_dec W_dec^T x + b), trace; from floats."""
    W_dec = np.array([row.split(",") for row in weight.split()], dtype=float)
    offset = np.array(bias.split(), dtype=float)
    return latent_plane(W_dec @ W_dec.T + offset, W_dec.T, W_dec, offset)


def easy() -> LatentPlane:
    """Seven regular features: a wheel in which each is alone in a part of its own."""
    return regular_plane(7)


def medium() -> LatentPlane:
    """Seven uneven features, biases next to zero, a window with a dent."""
    return tied(
        "0.21,0.72 -0.53,0.2 0.38,0.27 -0.07,-0.77 -0.69,-0.39 0.3,0.54 -0.8,0.06",
        "-0.0005 -0.0005 0.0005 0.0005 -0.0005 -0.0005 -0.0005",
    )


def hard_1() -> LatentPlane:
    """A feature next to zero, with a positive bias, pulls the window's outline inwards."""
    return tied(
        "-0.12,1 0.74,-0.74 -0.43,-1.03 0.68,0.3 0.78,0.3 -0.08,0.02 -1.03,0.1",
        "-0.117 -0.27 -0.34 -0.156 -0.205 0.149 -0.17",
    )


def hard_2() -> LatentPlane:
    """Small features with positive biases are active nearly everywhere beside large ones."""
    return tied(
        "0.19,-0.15 0.24,0.23 0.49,-0.94 -0.17,-0.21 -0.31,-0.16 -0.23,0.26 0.36,-0.57",
        "0.08 0.085 -0.078 0.078 0.078 0.083 -0.06",
    )


def hard_3a() -> LatentPlane:
    """Five features about the origin and one at it: a kink, on one side."""
    return tied(
        "-1.07,0.42 1.1,0.3 -0.72,-0.89 0.06,1.09 -0.0065,-0.0062 0.63,-0.96",
        "-0.361 -0.349 -0.345 -0.311 0.167 -0.345",
    )


def hard_3b() -> LatentPlane:
    """A few steps of training later: the small feature has turned, and the kink is on another side."""
    return tied(
        "-1.1,0.41 1.12,0.3 -0.74,-0.92 0.06,1.13 0.0007,0.0043 0.64,-0.99", "-0.397 -0.381 -0.405 -0.346 0.167 -0.399"
    )


def hard_4a() -> LatentPlane:
    """Features with large negative biases beside one with a positive bias that is active everywhere."""
    return tied(
        "-1.63,-0.47 1.47,-0.14 -0.72,-1.53 -0.4,1 0.025,0.135 0.68,-1.55", "-1.876 -1.186 -1.873 -0.179 0.226 -1.864"
    )


def hard_4b() -> LatentPlane:
    """A few steps of training later: nearly the same weights, so nearly the same picture."""
    return tied(
        "-1.63,-0.5 1.49,-0.15 -0.71,-1.55 -0.41,0.99 0.023,0.138 0.69,-1.55",
        "-1.909 -1.243 -1.906 -0.158 0.229 -1.896",
    )


def hard_5() -> LatentPlane:
    """Two features next to zero, and one whose corner is at the end of a needle; it is as thin as a line."""
    return tied(
        "-0.85,0.51 0.38,-0.92 0.23,0.97 -0.75,-0.65 1.9e-4,5e-4 0.99,0.083 8.5e-5,6.6e-6",
        "-0.183 -0.184 -0.183 -0.184 0.138 -0.183 0.138",
    )


TEST_PICTURES: dict[str, Callable[[], LatentPlane]] = {
    "test_easy": easy,
    "test_medium": medium,
    "test_hard_1": hard_1,
    "test_hard_2": hard_2,
    "test_hard_3a": hard_3a,
    "test_hard_3b": hard_3b,
    "test_hard_4a": hard_4a,
    "test_hard_4b": hard_4b,
    "test_hard_5": hard_5,
}
"""The names of the library -> what makes the window."""
