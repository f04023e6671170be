"""Un-ReLU of the worked example's first layer: from the pulled-back half-space to alpha-space (figures 12 to 16).

The condition h_0 > 0 is a half-space of beta-space; through D it is one of a-space, where the layer
a = relu(W alpha - 1/2) puts its outputs on the faces of the positive orthant. Its range {W alpha - 1/2} is a plane.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyrelu.engines.faces.unrelu import Zeroed, face_steps, layer_range, unrelu
from polyrelu.figures.example import first_layer, pulled_back_target
from polyrelu.figures.sweep import Story, animate
from polyrelu.plotting.solid import plot_polyhedron, solid_axes
from polyrelu.plotting.style import SILENT, style
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.extras import require
from polyrelu.support.palette import colour

if TYPE_CHECKING:
    from matplotlib.animation import FuncAnimation
    from matplotlib.figure import Figure
    from mpl_toolkits.mplot3d import Axes3D

RADIUS = 4
WINDOW = [-RADIUS] * 3, [RADIUS] * 3
FACE_COLOURS: dict[Zeroed, str] = {
    (): SILENT,
    (0,): colour(1),
    (1,): colour(2),
    (2,): colour(3),
    (0, 2): colour(4),
    (1, 2): colour(5),
}
_PLANE = [-4, -4], [4, 4]


def pulled_back_cube() -> Figure:
    """Figure 12: the cube of a, cut by the half-space that h_0 > 0 becomes there."""
    figure, ax = _cube()
    plot_polyhedron(pulled_back_target(), ax, colour=colour(0))
    return figure


def relu_constraints() -> Figure:
    """Figure 13: the same with the ReLU's constraints, a >= 0: the faces of the orthant, drawn through."""
    figure, ax = _cube()
    plot_polyhedron(pulled_back_target(), ax, colour=colour(0), alpha=0.18)
    for i in range(3):
        face = Polyhedron.box([0] * 3, [0 if k == i else RADIUS for k in range(3)])
        plot_polyhedron(face, ax, colour=FACE_COLOURS[i,], alpha=0.45)
    return figure


def all_constraints() -> Figure:
    """Figure 14: what satisfies all of them, with the faces of the orthant that it touches."""
    figure, ax = _cube()
    _draw_faces(ax)
    return figure


def axial_faces() -> Figure:
    """Figure 15: the same with the range of W alpha - 1/2; the faces that lie on axes are strokes."""
    figure, ax = _cube()
    plot_polyhedron(layer_range(first_layer()), ax, colour=SILENT, alpha=0.6)
    _draw_faces(ax)
    return figure


def phase_one() -> FuncAnimation:
    """Figure 16, first half: the faces with one zeroed coordinate sweep back onto the range."""
    return animate(_story(1, "three tiles, one from each face"))


def phase_two() -> FuncAnimation:
    """Figure 16, second half: those with two zeroed coordinates; the five tiles are complete."""
    return animate(_story(2, "five tiles: all inputs that activate $h_0$"))


def contributing() -> tuple[Zeroed, ...]:
    """The faces that the un-ReLU operator gets a piece from, as sets of zeroed coordinates."""
    layer = first_layer()
    return tuple(zeroed for zeroed, _ in unrelu(pulled_back_target(), layer.rows, layer.offsets))


def _story(size: int, ending: str) -> Story:
    faces = contributing()
    return Story(
        layer=first_layer(),
        target=pulled_back_target(),
        radius=RADIUS,
        plane=(_PLANE[0], _PLANE[1]),
        before=tuple(zeroed for zeroed in faces if len(zeroed) < size),
        phase=tuple(zeroed for zeroed in faces if len(zeroed) == size),
        space="a",
        inputs=r"\alpha",
        colours=FACE_COLOURS,
        ending=ending,
    )


def _draw_faces(ax: Axes3D) -> None:
    layer = first_layer()
    plot_polyhedron(face_steps(pulled_back_target(), layer, ()).cut, ax, colour=FACE_COLOURS[()], alpha=0.2)
    for zeroed in contributing():
        cut = face_steps(pulled_back_target(), layer, zeroed).cut
        plot_polyhedron(cut, ax, colour=FACE_COLOURS[zeroed], alpha=0.8)


def _cube() -> tuple[Figure, Axes3D]:
    pyplot = require("matplotlib.pyplot", "figures")
    with style():
        figure = pyplot.figure(figsize=(3.9, 3.9))
        ax = solid_axes(WINDOW, figure.add_axes((0, 0, 1, 1), projection="3d"), labels=[f"$a_{i}$" for i in range(3)])
    plot_polyhedron(Polyhedron.box(*WINDOW), ax, alpha=0, edges=SILENT)
    return figure, ax
