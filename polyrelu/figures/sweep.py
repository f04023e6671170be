"""The un-ReLU operator at work: faces sweep through space and meet the layer's range, and that is mapped back."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from polyrelu.arithmetic.exact import ExactVector, to_floats
from polyrelu.engines.faces.unrelu import Zeroed, face_steps, layer_range
from polyrelu.networks.layer import Layer
from polyrelu.plotting.solid import plot_polyhedron, solid_axes
from polyrelu.plotting.style import HAIRLINE, PAPER, SILENT, THIN, style, themed
from polyrelu.polyhedra.convex_polygon import convex_polygon
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.extras import require
from polyrelu.support.palette import colour

if TYPE_CHECKING:
    from matplotlib.animation import FuncAnimation
    from matplotlib.axes import Axes

_STEPS = 12
_PAUSE = 5
_LAST_PAUSE = 18


@dataclass(frozen=True)
class Story:
    """What an animation shows.

    Attributes:
        layer: whose un-ReLU it is, from R^2 to R^3.
        target: the wanted set, after the ReLU.
        radius: of the cube that is seen in R^3.
        plane: lower and upper corner of what is seen in R^2.
        before: pieces that are there from the start, by their zeroed coordinates.
        phase: the faces to sweep, one after the other.
        space, inputs: the letters of the coordinates in R^3 and in R^2.
        colours: of the faces.
        ending: the last frames' caption.
    """

    layer: Layer
    target: Polyhedron
    radius: int | Fraction
    plane: tuple[Sequence[Any], Sequence[Any]]
    before: tuple[Zeroed, ...]
    phase: tuple[Zeroed, ...]
    space: str
    inputs: str
    colours: dict[Zeroed, str]
    ending: str

    @property
    def cube(self) -> Polyhedron:
        """What is seen in R^3."""
        return Polyhedron.box([-self.radius] * 3, [self.radius] * 3)


def swept_by(cut: Polyhedron, zeroed: Zeroed, length: Fraction | int) -> Polyhedron:
    """``{x - sum of t_i e_i : x in cut, 0 <= t_i <= length, i zeroed}``, of the closure of a bounded set."""
    moves = [
        [(Fraction(0),) * cut.ambient_dim, tuple(Fraction(-length if i == j else 0) for j in range(cut.ambient_dim))]
        for i in zeroed
    ]
    points = [
        tuple(map(sum, zip(vertex, *move, strict=True)))
        for vertex in cut.closure().vertices
        for move in itertools.product(*moves)
    ]
    return Polyhedron.from_generators(points, dim=cut.ambient_dim)


def slid_by(cut: Polyhedron, zeroed: Zeroed, length: Fraction | int) -> Polyhedron:
    """The set moved by ``length`` along the negative direction of each zeroed coordinate."""
    unit = [[int(i == j) for j in range(cut.ambient_dim)] for i in range(cut.ambient_dim)]
    return cut.affine_image(unit, [-length if i in zeroed else 0 for i in range(cut.ambient_dim)])


def animate(story: Story) -> FuncAnimation:
    """The animation: the layer's space on the left, its inputs on the right."""
    pyplot = require("matplotlib.pyplot", "animate")
    animation = require("matplotlib.animation", "animate")
    frames = timeline(story)
    with style():
        figure = pyplot.figure(figsize=(7.2, 3.9))

    shown: list[tuple[int, Fraction]] = []

    def draw(number: int) -> list[Any]:
        if frames[number] not in shown[-1:]:
            shown.append(frames[number])
            figure.clear()
            with style():
                left = figure.add_axes((0.0, 0.0, 0.54, 0.93), projection="3d")
                right = figure.add_axes((0.59, 0.13, 0.38, 0.72))
                draw_moment(story, *frames[number], left, right)
        return []

    made: FuncAnimation = animation.FuncAnimation(
        figure, draw, frames=len(frames), init_func=list, interval=1000 / 12, blit=False
    )
    return made


def timeline(story: Story) -> list[tuple[int, Fraction]]:
    """For each frame, which face of the phase moves, and how far it is, from 0 to 1; in the last ones all are done."""
    moments = []
    for k in range(len(story.phase)):
        moments += [(k, Fraction(step, _STEPS)) for step in range(_STEPS + 1)]
        moments += [(k, Fraction(1))] * _PAUSE
    return moments + [(len(story.phase), Fraction(0))] * _LAST_PAUSE


def draw_moment(story: Story, k: int, progress: Fraction, left: Any, right: Axes) -> None:
    """One frame: the faces before number k are done, face k is on its way, and those after it wait."""
    cube, reached = story.cube, layer_range(story.layer)
    window = [-story.radius] * 3, [story.radius] * 3
    solid_axes(window, left, labels=[f"${story.space}_{i}$" for i in range(3)])
    plot_polyhedron(cube, left, alpha=0, edge_width=THIN)
    plot_polyhedron(reached, left, colour=SILENT, alpha=0.45)
    frame_plane(story, right)
    for zeroed in story.before + story.phase[:k]:
        swept = face_steps(story.target, story.layer, zeroed).swept & cube
        _draw_found(story, zeroed, swept, left, right)
        _draw_whole(story, zeroed, right)
    for zeroed in story.phase[k:]:
        cut = face_steps(story.target, story.layer, zeroed).cut & cube
        moving = zeroed == story.phase[k]
        if moving and progress:
            length = story.radius * progress
            swept = swept_by(cut, zeroed, length) & cube
            tail = colour_of(story, zeroed)
            if progress < 1:
                plot_polyhedron(swept, left, colour=tail, alpha=0.12, edges=None)
                plot_polyhedron(slid_by(cut, zeroed, length), left, colour=tail, alpha=0.55)
            _draw_found(story, zeroed, swept, left, right)
            if progress == 1:
                _draw_whole(story, zeroed, right)
        if not (moving and progress == 1):
            plot_polyhedron(cut, left, colour=colour_of(story, zeroed), alpha=0.5)
    figure = right.get_figure(root=True)
    assert figure is not None, "the axes were made in one"
    figure.suptitle(_caption(story, story.phase[k]) if k < len(story.phase) else story.ending, y=0.965, fontsize=10)


def frame_plane(story: Story, ax: Axes) -> None:
    """The inputs' plane: the part that the cube shows, and the names of the coordinates."""
    lower, upper = story.plane
    ax.set(xlim=(lower[0], upper[0]), ylim=(lower[1], upper[1]), aspect="equal")
    ax.set_xlabel(f"${story.inputs}_0$", labelpad=1)
    ax.set_ylabel(f"${story.inputs}_1$", labelpad=-2)
    seen = story.cube.affine_preimage(story.layer.rows, story.layer.offsets)
    fill_polygon(seen, story, ax, SILENT, 0.3)


def fill_polygon(P: Polyhedron, story: Story, ax: Axes, fill: str, alpha: float) -> None:
    """A polygon in the inputs' plane, clipped exactly to what is seen of it."""
    corners: tuple[ExactVector, ...] = convex_polygon((P.closure() & Polyhedron.box(*story.plane)).vertices)
    if len(corners) > 2:
        xs, ys = zip(*map(to_floats, corners), strict=True)
        ax.fill(xs, ys, facecolor=themed(fill), edgecolor=themed(PAPER), linewidth=HAIRLINE, alpha=alpha)


def colour_of(story: Story, zeroed: Zeroed) -> str:
    """A face's colour."""
    return story.colours.get(zeroed, colour(0))


def _draw_found(story: Story, zeroed: Zeroed, swept: Polyhedron, left: Any, right: Axes) -> None:
    """What a swept set meets of the range, in space and mapped back."""
    fill = colour_of(story, zeroed)
    plot_polyhedron(swept & layer_range(story.layer), left, colour=fill, alpha=0.9, shaded=False)
    fill_polygon(swept.affine_preimage(story.layer.rows, story.layer.offsets), story, right, fill, 0.9)


def _draw_whole(story: Story, zeroed: Zeroed, right: Axes) -> None:
    """The whole piece, pale: it goes on outside the cube."""
    fill_polygon(face_steps(story.target, story.layer, zeroed).piece, story, right, colour_of(story, zeroed), 0.3)


def _caption(story: Story, zeroed: Zeroed) -> str:
    names = " = ".join(f"{story.space}_{i}" for i in zeroed)
    ways = " and ".join(f"$-e_{i}$" for i in zeroed)
    return f"the face ${names} = 0$ sweeps along {ways}, back onto the range"
