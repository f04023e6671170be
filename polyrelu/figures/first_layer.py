"""Un-ReLU of the worked example's first layer: from the pulled-back half-space to alpha-space (figures 12 to 16).

The condition h_0 > 0 is a half-space of beta-space; through D it is one of a-space, where the layer
a = relu(W alpha - 1/2) puts its outputs on the faces of the positive orthant. Its range {W alpha - 1/2} is a plane.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyrelu.engines.faces.unrelu import Zeroed, layer_range
from polyrelu.figures.cubes import contributing, cube_axes, figure_of, plot_faces
from polyrelu.figures.example import first_layer, pulled_back_target
from polyrelu.figures.sweep import Story, animate
from polyrelu.plotting.solid import plot_polyhedron
from polyrelu.plotting.style import SILENT, face_colour
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.palette import colour

if TYPE_CHECKING:
    from matplotlib.animation import FuncAnimation
    from matplotlib.figure import Figure

RADIUS = 4
WINDOW = [-RADIUS] * 3, [RADIUS] * 3
ORTHANT_FACES = [Polyhedron.box([0] * 3, [0 if k == i else RADIUS for k in range(3)]) for i in range(3)]
"""The faces of the positive orthant with one zeroed coordinate, as far as the cube shows them."""
FACE_COLOURS: dict[Zeroed, str] = {
    (): SILENT,
    (0,): colour(1),
    (1,): colour(2),
    (2,): colour(3),
    (0, 2): colour(4),
    (1, 2): colour(5),
}


def pulled_back_cube() -> Figure:
    """Figure 12: the cube of a, cut by the half-space that h_0 > 0 becomes there."""
    return figure_of(plot_polyhedron(pulled_back_target(), cube_axes(RADIUS, "a"), colour=colour(0)))


def relu_constraints() -> Figure:
    """Figure 13: the same with the ReLU's constraints, a >= 0: the faces of the orthant, drawn through."""
    axes = plot_polyhedron(pulled_back_target(), cube_axes(RADIUS, "a"), colour=colour(0), alpha=0.18)
    for i, face in enumerate(ORTHANT_FACES):
        plot_polyhedron(face, axes, colour=face_colour(FACE_COLOURS[i,]), alpha=0.45)
    return figure_of(axes)


def all_constraints() -> Figure:
    """Figure 14: what satisfies all of them, with the faces of the orthant that it touches."""
    return figure_of(plot_faces(pulled_back_target(), first_layer(), cube_axes(RADIUS, "a"), FACE_COLOURS))


def axial_faces() -> Figure:
    """Figure 15: the same with the range of W alpha - 1/2; the faces that lie on axes are strokes."""
    axes = plot_polyhedron(layer_range(first_layer()), cube_axes(RADIUS, "a"), colour=SILENT, alpha=0.6)
    return figure_of(plot_faces(pulled_back_target(), first_layer(), axes, FACE_COLOURS))


def phase_one() -> FuncAnimation:
    """Figure 16, first half: the faces with one zeroed coordinate sweep back onto the range."""
    return animate(story(1, "three tiles, one from each face"))


def phase_two() -> FuncAnimation:
    """Figure 16, second half: those with two zeroed coordinates; the five tiles are complete."""
    return animate(story(2, "five tiles: all inputs that activate $h_0$"))


def story(size: int, ending: str) -> Story:
    """The sweep of the faces with ``size`` zeroed coordinates, after those with fewer, and its last caption."""
    faces = contributing(pulled_back_target(), first_layer())
    return Story(
        layer=first_layer(),
        target=pulled_back_target(),
        radius=RADIUS,
        plane=([-4, -4], [4, 4]),
        before=tuple(zeroed for zeroed in faces if len(zeroed) < size),
        phase=tuple(zeroed for zeroed in faces if len(zeroed) == size),
        space="a",
        inputs=r"\alpha",
        colours=FACE_COLOURS,
        ending=ending,
    )
