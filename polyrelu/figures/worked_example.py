"""The worked example's flat figures: three pieces that are one half-plane, and the check against 10,000 samples.

Two blocks with three features each and a bottleneck of two between them,

    z = W x - 1/2,  a = relu(z),  y = D a,  h = relu(U y - 3/10),

where the rows of W and of U are three unit vectors at 120 degrees (papers/worked-example).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from polyrelu.analysis.merge import merged_polyhedra
from polyrelu.engines.faces.unrelu import unrelu
from polyrelu.engines.preimage import preimage
from polyrelu.figures import example
from polyrelu.plotting import plot_samples, style
from polyrelu.plotting.planar import plot_tiling
from polyrelu.plotting.style import INK
from polyrelu.plotting.zones import plot_directions, plot_polyhedra
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.extras import require
from polyrelu.support.palette import colour
from polyrelu.tilings.tiling import Tiling

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SAMPLES = 10_000
RADIUS = 5
_BELOW_ARROW = (4, -16)  # points


class Pieces(NamedTuple):
    """What un-ReLU makes of ``h_0 > 0`` in the plane of y, by zeroed coordinates, and what they merge to."""

    by_face: dict[tuple[int, ...], Polyhedron]
    whole: tuple[Polyhedron, ...]


def last_layer_pieces() -> Pieces:
    """The pieces of the last layer, found face by face, and the fewest pieces that merging leaves of them."""
    by_face = dict(unrelu(example.target(), example.U, example.LAST_BIAS, progress=False))
    return Pieces(by_face, tuple(piece for piece, _ in merged_polyhedra(by_face.values(), progress=False)))


def regions() -> Tiling:
    """The inputs in [-5, 5]^2 with ``h_0 > 0``, by the un-ReLU operator, one tile for each face that gives one."""
    box = Polyhedron.box([-RADIUS] * 2, [RADIUS] * 2)
    return preimage(example.network(), example.target(), box, "unrelu", progress=False)


def three_pieces() -> Figure:
    """The three pieces on the left; on the right the one half-plane that they are."""
    pyplot = require("matplotlib.pyplot", "three_pieces")
    pieces = last_layer_pieces()
    window = Polyhedron.box(["-7/5"] * 2, ["7/5"] * 2)
    figure: Figure
    with style():
        figure, (left, right) = pyplot.subplots(1, 2, figsize=(7.2, 3.9), layout="constrained", sharey=True)
        for number, (face, piece) in enumerate(pieces.by_face.items(), 1):
            plot_polyhedra(
                [piece],
                left,
                window,
                colours=[colour(number)],
                labels=[_zeroed(face)],
                offset=_BELOW_ARROW if len(face) == len(example.U) - 1 else (0, 0),  # there U_0 points
            )
        plot_polyhedra(
            pieces.whole,
            right,
            window,
            colours=[colour(5)] * len(pieces.whole),
            labels=[_row(piece) for piece in pieces.whole],
            offset=_BELOW_ARROW,
        )
        left.set_title(f"un-ReLU: {_count(pieces.by_face, 'piece')}")
        right.set_title(f"merged: {_count(pieces.whole, 'half-plane')}")
        for axes in (left, right):
            plot_directions(
                example.U, axes, [f"$U_{i}$" for i in range(len(example.U))], colours=[INK] * len(example.U)
            )
            axes.set_xlabel("$y_0$")
            axes.set_xticks([-1, 0, 1])
            axes.set_yticks([-1, 0, 1])
        left.set_ylabel("$y_1$")
    return figure


def fact_check() -> Figure:
    """Samples of [-5, 5]^2 on the left, the un-ReLU-ed regions on the right, each with its activation pattern."""
    pyplot = require("matplotlib.pyplot", "fact_check")
    tiling = regions()
    box = tiling.domain
    figure: Figure
    with style():
        figure, (left, right) = pyplot.subplots(1, 2, figsize=(7.2, 4.0), layout="constrained", sharey=True)
        plot_samples(tiling.network, tiling.targets, box, SAMPLES, left, size=2.5)
        plot_tiling(tiling, right, colour_by="tile")
        for tile in tiling:
            corners = tile.polyhedron.vertices
            x, y = (float(sum(values) / len(corners)) for values in zip(*corners, strict=True))
            first = tile.pattern.split("|", maxsplit=1)[0]
            right.text(x, y, first, ha="center", va="center", fontsize=9, color="white", zorder=4)
        left.set_title(f"{SAMPLES:,} samples: where $h_0 > 0$")
        right.set_title(f"un-ReLU: {_count(tiling, 'region')}")
        for axes in (left, right):
            axes.set_xlabel("$x_0$")
            axes.set_xticks(range(-RADIUS + 1, RADIUS, 2))
            axes.set_yticks(range(-RADIUS + 1, RADIUS, 2))
        left.set_ylabel("$x_1$")
    return figure


def _zeroed(face: tuple[int, ...]) -> str:
    return "$" + " = ".join(f"h_{i}" for i in face) + " = 0$"


def _row(piece: Polyhedron) -> str:
    return "$" + ", ".join(piece.inequalities(["y_0", "y_1"], digits=3)) + "$"


def _count(things: Iterable[object], noun: str) -> str:
    number = sum(1 for _ in things)
    return f"{number} {noun}" + "s" * (number != 1)
