"""The cubes of the worked example: a window in space, and what the faces of the positive orthant contribute in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from polyrelu.arithmetic.exact import exact
from polyrelu.engines.faces.unrelu import Zeroed, face_steps, unrelu
from polyrelu.networks.layer import Layer
from polyrelu.plotting.solid import plot_polyhedron, solid_axes
from polyrelu.plotting.style import THIN, face_colour, style
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.extras import require

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from mpl_toolkits.mplot3d import Axes3D


def cube_axes(radius: Any, letter: str) -> Axes3D:
    """A new figure with the edges of the cube [-radius, radius]^3 and its three axes."""
    pyplot = require("matplotlib.pyplot", "cube_axes")
    half = exact(radius, "cube_axes: radius")
    window = [-half] * 3, [half] * 3
    with style():
        made = pyplot.figure(figsize=(3.9, 3.9)).add_axes((0, 0, 1, 1), projection="3d")
        axes = solid_axes(window, made, labels=[f"${letter}_{i}$" for i in range(3)])
    return plot_polyhedron(Polyhedron.box(*window), axes, alpha=0, edge_width=THIN)


def figure_of(axes: Axes) -> Figure:
    """The figure that axes are in."""
    figure = axes.get_figure(root=True)
    assert figure is not None, "the axes were made in one"
    return figure


def contributing(target: Polyhedron, layer: Layer) -> tuple[Zeroed, ...]:
    """The faces that the un-ReLU operator gets a piece from, as sets of zeroed coordinates."""
    return tuple(zeroed for zeroed, _ in unrelu(target, layer.rows, layer.offsets, progress=False))


def plot_faces(target: Polyhedron, layer: Layer, axes: Axes3D, colours: Mapping[Zeroed, str]) -> Axes3D:
    """Draw what a target has in common with the orthant, pale, and with the faces that contribute."""
    plot_polyhedron(face_steps(target, layer, ()).cut, axes, colour=colours[()], alpha=0.2)
    for zeroed in contributing(target, layer):
        plot_polyhedron(face_steps(target, layer, zeroed).cut, axes, colour=face_colour(colours[zeroed]), alpha=0.8)
    return axes
