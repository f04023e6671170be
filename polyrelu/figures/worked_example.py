"""The worked example's flat figures: three pieces that are one half-plane, and the check against 10,000 samples.

Two blocks with three features each and a bottleneck of two between them,

    a = relu(W alpha - 1/2),  beta = D a,  h = relu(U beta - 3/10),

where the rows of W and of U are three unit vectors at 120 degrees (papers/worked-example).
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from polyrelu.analysis.merge import merged_polyhedra
from polyrelu.engines.faces.unrelu import unrelu
from polyrelu.engines.preimage import preimage
from polyrelu.figures import example
from polyrelu.plotting import plot_samples, style
from polyrelu.plotting.chain import name_plane
from polyrelu.plotting.planar import plot_tiling
from polyrelu.plotting.style import INK, themed
from polyrelu.plotting.zones import plot_directions, plot_polyhedra
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.extras import require
from polyrelu.support.palette import colour
from polyrelu.tilings.tile import Tile
from polyrelu.tilings.tiling import Tiling

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SAMPLES = 10_000
RADIUS = 5
GAMMA_WINDOW = Polyhedron.box([-8, -16], [24, 16])
_BELOW_ARROW = (4, -16)  # points
_NARROW = Fraction(1, 100)  # of the window: a tile in which there is no room for its signs


class Pieces(NamedTuple):
    """What un-ReLU makes of ``h_0 > 0`` in beta-space, by zeroed coordinates, and what they merge to."""

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
            axes.set_xlabel(r"$\beta_0$")
            axes.set_xticks([-1, 0, 1])
            axes.set_yticks([-1, 0, 1])
        left.set_ylabel(r"$\beta_1$")
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
        plot_tiling(tiling, right, colour_by="tile", edge_colour=INK)
        for tile in tiling:
            _write_inside(right, tile, _first_signs(tile))
        left.set_title(f"{SAMPLES:,} samples: where $h_0 > 0$")
        right.set_title(f"un-ReLU: {_count(tiling, 'region')}")
        for axes in (left, right):
            axes.set_xlabel(r"$\alpha_0$")
            axes.set_xticks(range(-RADIUS + 1, RADIUS, 2))
            axes.set_yticks(range(-RADIUS + 1, RADIUS, 2))
        left.set_ylabel(r"$\alpha_1$")
    return figure


def gamma_space() -> Figure:
    """One block further back: the tiles of gamma-space, each in the colour of the tile of alpha-space it is sent to."""
    pyplot = require("matplotlib.pyplot", "gamma_space")
    earlier, later = gamma_regions(), regions()
    shades = {_first_signs(tile): colour(i) for i, tile in enumerate(later)}
    figure: Figure
    with style():
        figure, (left, right) = pyplot.subplots(1, 2, figsize=(7.2, 4.0), layout="constrained")
        for axes, tiling, letter, block in ((left, earlier, r"\gamma", 1), (right, later, r"\alpha", 0)):
            signs = [tile.pattern.split("|") for tile in tiling]
            plot_polyhedra(
                [tile.polyhedron for tile in tiling],
                axes,
                tiling.domain,
                colours=[shades[sign[block]] for sign in signs],
                edge_colour=INK,
            )
            for tile, sign in zip(tiling, signs, strict=True):
                narrow = tile.polyhedron.volume() < _NARROW * tiling.domain.volume()
                write = _write_beside if narrow else _write_inside
                write(axes, tile, "\n".join(sign[: block + 1]))
            name_plane(axes, letter)
            axes.set_title(f"${letter}$-space: {_count(tiling, 'tile')}")
    return figure


def gamma_regions() -> Tiling:
    """The inputs of three blocks in a square of gamma-space with ``h_0 > 0``: all tiles there are reach into it."""
    return preimage(example.three_blocks(), example.target(), GAMMA_WINDOW, progress=False)


def _write_inside(axes: Axes, tile: Tile, text: str) -> None:
    corners = tile.polyhedron.vertices
    x, y = (float(sum(values) / len(corners)) for values in zip(*corners, strict=True))
    axes.text(x, y, text, ha="center", va="center", fontsize=8, color=themed(INK), zorder=4, linespacing=1)


def _write_beside(axes: Axes, tile: Tile, text: str) -> None:
    """Write left of a tile, at its left side."""
    x, y = (float(sum(values) / 2) for values in zip(*sorted(tile.polyhedron.vertices)[:2], strict=True))
    axes.annotate(
        text,
        (x, y),
        (-4, 0),
        textcoords="offset points",
        ha="right",
        va="center",
        fontsize=8,
        color=themed(INK),
        linespacing=1,
    )


def _first_signs(tile: Tile) -> str:
    return tile.pattern.split("|", maxsplit=1)[0]


def _zeroed(face: tuple[int, ...]) -> str:
    return "$" + " = ".join(f"h_{i}" for i in face) + " = 0$"


def _row(piece: Polyhedron) -> str:
    return "$" + ", ".join(piece.inequalities([r"\beta_0", r"\beta_1"], digits=3)) + "$"


def _count(things: Iterable[object], noun: str) -> str:
    number = sum(1 for _ in things)
    return f"{number} {noun}" + "s" * (number != 1)
