"""Un-ReLU of the worked example's last layer: from h_0 > 0 in h-space back to beta-space (figures 5 to 10).

The layer is h = relu(U beta - 3/10) with three rows at 120 degrees, so its range {U beta - 3/10} is a plane in R^3.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from polyrelu.engines.faces.unrelu import Zeroed, layer_range
from polyrelu.figures.cubes import contributing, cube_axes, figure_of, plot_faces
from polyrelu.figures.example import last_layer, target
from polyrelu.figures.sweep import Story, animate
from polyrelu.networks.network import Network
from polyrelu.plotting.chain import plot_chain
from polyrelu.plotting.solid import plot_polyhedron
from polyrelu.plotting.style import SILENT, style
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.extras import require
from polyrelu.support.palette import colour

if TYPE_CHECKING:
    from matplotlib.animation import FuncAnimation
    from matplotlib.figure import Figure

RADIUS = Fraction(3, 2)
WINDOW = [-RADIUS] * 3, [RADIUS] * 3
BETA_WINDOW = Polyhedron.box([-RADIUS] * 2, [RADIUS] * 2)
FACE_COLOURS: dict[Zeroed, str] = {(): SILENT, (1,): colour(1), (2,): colour(2), (1, 2): colour(3)}


def beta_space() -> Figure:
    """Figure 5: beta-space with the rows of U, and the half-plane in which each feature is active."""
    pyplot = require("matplotlib.pyplot", "beta_space")
    figure: Figure
    with style():
        figure, axes = pyplot.subplots(figsize=(3.6, 3.6), layout="constrained")
        plot_chain(Network([last_layer()]), [axes], [BETA_WINDOW])
    return figure


def cut_cube() -> Figure:
    """Figure 6: the cube of h, cut by h_0 > 0."""
    return figure_of(plot_polyhedron(target(), cube_axes(RADIUS, "h"), colour=colour(0)))


def positive_orthant() -> Figure:
    """Figure 7: what h_0 > 0 has in common with the orthant, and the faces that contribute."""
    return figure_of(plot_faces(target(), last_layer(), cube_axes(RADIUS, "h"), FACE_COLOURS))


def range_plane() -> Figure:
    """Figure 8: the same, with the range of U beta - 3/10 drawn through."""
    axes = plot_polyhedron(layer_range(last_layer()), cube_axes(RADIUS, "h"), colour=SILENT, alpha=0.6)
    return figure_of(plot_faces(target(), last_layer(), axes, FACE_COLOURS))


def one_coordinate() -> FuncAnimation:
    """Figure 9: the faces with one zeroed coordinate sweep back onto the range."""
    return animate(story(1, "two pieces of the half-plane, one from each face"))


def two_coordinates() -> FuncAnimation:
    """Figure 10: the face with two zeroed coordinates sweeps back and completes the half-plane."""
    return animate(story(2, "three pieces: together they are the half-plane where $h_0 > 0$"))


def story(size: int, ending: str) -> Story:
    """The sweep of the faces with ``size`` zeroed coordinates, after those with fewer, and its last caption."""
    faces = contributing(target(), last_layer())
    return Story(
        layer=last_layer(),
        target=target(),
        radius=RADIUS,
        plane=([-2, -2], [2, 2]),
        before=tuple(zeroed for zeroed in faces if len(zeroed) < size),
        phase=tuple(zeroed for zeroed in faces if len(zeroed) == size),
        space="h",
        inputs=r"\beta",
        colours=FACE_COLOURS,
        ending=ending,
    )
