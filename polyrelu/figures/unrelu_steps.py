"""Un-ReLU of the worked example's last layer: from h_0 > 0 in the space of h back to beta-space (figures 5 to 10).

The layer is h = relu(U beta - 3/10) with three rows at 120 degrees, so its range {U beta - 3/10} is a plane in R^3.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from polyrelu.arithmetic.exact import to_floats
from polyrelu.engines.faces.unrelu import Zeroed, face_steps, layer_range, unrelu
from polyrelu.figures.example import last_layer, target
from polyrelu.figures.sweep import Story, animate
from polyrelu.plotting.solid import plot_polyhedron, solid_axes
from polyrelu.plotting.style import INK, SILENT, style, themed
from polyrelu.polyhedra.convex_polygon import convex_polygon
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.extras import require
from polyrelu.support.palette import colour

if TYPE_CHECKING:
    from matplotlib.animation import FuncAnimation
    from matplotlib.figure import Figure
    from mpl_toolkits.mplot3d import Axes3D

RADIUS = Fraction(3, 2)
WINDOW = [-RADIUS] * 3, [RADIUS] * 3
FACE_COLOURS: dict[Zeroed, str] = {(): SILENT, (1,): colour(1), (2,): colour(2), (1, 2): colour(3)}
_PLANE = [-2, -2], [2, 2]


def beta_space() -> Figure:
    """Figure 5: beta-space with the rows of U, and the half-plane in which each feature is active."""
    pyplot = require("matplotlib.pyplot", "beta_space")
    layer = last_layer()
    box = Polyhedron.box([-1.5, -1.5], [1.5, 1.5])
    figure: Figure
    with style():
        figure, ax = pyplot.subplots(figsize=(3.6, 3.6), layout="constrained")
        for i, (row, offset) in enumerate(zip(layer.rows, layer.offsets, strict=True)):
            active = box & Polyhedron([[-v for v in row]], [offset])
            xs, ys = zip(*map(to_floats, convex_polygon(active.vertices)), strict=True)
            ax.fill(xs, ys, facecolor=colour(i), alpha=0.22, linewidth=0)
            edge = box & Polyhedron([row], [-offset], equalities=[0])
            ax.plot(*zip(*map(to_floats, edge.vertices), strict=True), color=colour(i), linewidth=0.9)
            x, y = to_floats(row)
            ax.annotate(
                "", (x, y), (0, 0), arrowprops={"arrowstyle": "-|>", "color": colour(i), "lw": 1.8, "shrinkB": 0}
            )
            ax.text(1.17 * x, 1.17 * y, f"$U_{i}$", color=themed(INK), fontsize=11, ha="center", va="center")
        ax.plot(0, 0, "o", color=themed(INK), markersize=3)
        ax.set(xlim=(-1.5, 1.5), ylim=(-1.5, 1.5), aspect="equal", xlabel=r"$\beta_0$", ylabel=r"$\beta_1$")
        ax.set_xticks([-1, 0, 1])
        ax.set_yticks([-1, 0, 1])
    return figure


def cut_cube() -> Figure:
    """Figure 6: the cube of h, cut by h_0 > 0."""
    figure, ax = _cube()
    plot_polyhedron(target(), ax, colour=colour(0))
    return figure


def positive_orthant() -> Figure:
    """Figure 7: what h_0 > 0 has in common with the orthant, and the faces that contribute."""
    figure, ax = _cube()
    _draw_faces(ax)
    return figure


def range_plane() -> Figure:
    """Figure 8: the same, with the range of U beta - 3/10 drawn through."""
    figure, ax = _cube()
    plot_polyhedron(layer_range(last_layer()), ax, colour=SILENT, alpha=0.6)
    _draw_faces(ax)
    return figure


def one_coordinate() -> FuncAnimation:
    """Figure 9: the faces with one zeroed coordinate sweep back onto the range."""
    return animate(_story(1, "two pieces of the half-plane, one from each face"))


def two_coordinates() -> FuncAnimation:
    """Figure 10: the face with two zeroed coordinates sweeps back and completes the half-plane."""
    return animate(_story(2, "three pieces: together they are the half-plane where $h_0 > 0$"))


def contributing() -> tuple[Zeroed, ...]:
    """The faces that the un-ReLU operator gets a piece from, as sets of zeroed coordinates."""
    layer = last_layer()
    return tuple(zeroed for zeroed, _ in unrelu(target(), layer.rows, layer.offsets))


def _story(size: int, ending: str) -> Story:
    faces = contributing()
    return Story(
        layer=last_layer(),
        target=target(),
        radius=RADIUS,
        plane=(_PLANE[0], _PLANE[1]),
        before=tuple(zeroed for zeroed in faces if len(zeroed) < size),
        phase=tuple(zeroed for zeroed in faces if len(zeroed) == size),
        space="h",
        inputs=r"\beta",
        colours=FACE_COLOURS,
        ending=ending,
    )


def _draw_faces(ax: Axes3D) -> None:
    layer = last_layer()
    plot_polyhedron(face_steps(target(), layer, ()).cut, ax, colour=FACE_COLOURS[()], alpha=0.2)
    for zeroed in contributing():
        plot_polyhedron(face_steps(target(), layer, zeroed).cut, ax, colour=FACE_COLOURS[zeroed], alpha=0.8)


def _cube() -> tuple[Figure, Axes3D]:
    pyplot = require("matplotlib.pyplot", "figures")
    with style():
        figure = pyplot.figure(figsize=(3.9, 3.9))
        ax = solid_axes(WINDOW, figure.add_axes((0, 0, 1, 1), projection="3d"), labels=[f"$h_{i}$" for i in range(3)])
    plot_polyhedron(Polyhedron.box(*WINDOW), ax, alpha=0, edges=SILENT)
    return figure, ax
