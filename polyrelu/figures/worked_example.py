"""The worked example's flat figures: three pieces that are one half-plane, and the check against 10,000 samples.

Two blocks with three features each and a bottleneck of two between them,

    a = relu(W alpha - 1/2),  beta = D a,  h = relu(U beta - 3/10),

where the rows of W and of U are three unit vectors at 120 degrees (papers/worked-example).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from polyrelu.analysis.merge import merged_polyhedra
from polyrelu.engines.faces.unrelu import unrelu
from polyrelu.engines.preimage import preimage
from polyrelu.figures import example
from polyrelu.plotting import plot_samples, style
from polyrelu.plotting.chain import name_plane
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
PIECES_WINDOW = Polyhedron.box(["-7/5"] * 2, ["7/5"] * 2)
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
    figure: Figure
    with style():
        figure, (left, right) = pyplot.subplots(1, 2, figsize=(7.2, 3.9), layout="constrained")
        draw_pieces(left, pieces.by_face)
        draw_merged(right, pieces.whole)
    return figure


def draw_pieces(axes: Axes, pieces: Mapping[tuple[int, ...], Polyhedron]) -> None:
    """Pieces of beta-space, each with the face that it comes from."""
    names = ["$" + " = ".join(f"h_{i}" for i in face) + " = 0$" for face in pieces]
    _draw_named(axes, dict(zip(names, pieces.values(), strict=True)), 1)
    axes.set_title(f"un-ReLU: {_count(pieces, 'piece')}")


def draw_merged(axes: Axes, whole: Sequence[Polyhedron]) -> None:
    """What pieces of beta-space merge to, with inequalities."""
    names = ["$" + ", ".join(piece.inequalities([r"\beta_0", r"\beta_1"], digits=3)) + "$" for piece in whole]
    _draw_named(axes, dict(zip(names, whole, strict=True)), 5)
    axes.set_title(f"merged: {_count(whole, 'half-plane')}")


def _draw_named(axes: Axes, pieces: Mapping[str, Polyhedron], first_colour: int) -> None:
    """Pieces with their names on them, and the three directions, of which one enters the pieces."""
    for number, (name, piece) in enumerate(pieces.items(), first_colour):
        has_arrow = piece.contains(example.U[0])
        plot_polyhedra(
            [piece],
            axes,
            PIECES_WINDOW,
            colours=[colour(number)],
            labels=[name],
            offset=_BELOW_ARROW if has_arrow else (0, 0),
            edge_colour=INK,
        )
    plot_directions(example.U, axes, [f"$U_{i}$" for i in range(3)], colours=[INK] * 3)
    name_plane(axes, r"\beta")


def fact_check() -> Figure:
    """Samples of [-5, 5]^2 on the left, the un-ReLU-ed regions on the right, each with its activation pattern."""
    pyplot = require("matplotlib.pyplot", "fact_check")
    tiling = regions()
    figure: Figure
    with style():
        figure, (left, right) = pyplot.subplots(1, 2, figsize=(7.2, 4.0), layout="constrained")
        plot_samples(tiling.network, tiling.targets, tiling.domain, SAMPLES, left, size=2.5)
        name_plane(left, r"\alpha")
        left.set_title(f"{SAMPLES:,} samples: where $h_0 > 0$")
        draw_signs(right, tiling, r"\alpha")
    return figure


def gamma_space() -> Figure:
    """One block further back: the tiles of gamma-space, each in the colour of the tile of alpha-space it is sent to."""
    pyplot = require("matplotlib.pyplot", "gamma_space")
    figure: Figure
    with style():
        figure, (left, right) = pyplot.subplots(1, 2, figsize=(7.2, 4.0), layout="constrained")
        draw_signs(left, gamma_regions(), r"\gamma")
        draw_signs(right, regions(), r"\alpha")
    return figure


def gamma_regions() -> Tiling:
    """The inputs of three blocks in a square of gamma-space with ``h_0 > 0``: all tiles there are reach into it."""
    return preimage(example.three_blocks(), example.target(), GAMMA_WINDOW, progress=False)


def draw_signs(axes: Axes, tiling: Tiling, letter: str) -> None:
    """Tiles in the colours of the signs of the neurons in the last block but one, and all signs up to there."""
    signs = [tile.pattern.split("|")[:-1] for tile in tiling]
    shades = {pattern.split("|")[0]: colour(i) for i, pattern in enumerate(regions().patterns)}
    fills = [shades[sign[-1]] for sign in signs]
    plot_polyhedra([tile.polyhedron for tile in tiling], axes, tiling.domain, colours=fills, edge_colour=INK)
    for tile, sign in zip(tiling, signs, strict=True):
        narrow = tile.polyhedron.volume() < _NARROW * tiling.domain.volume()
        write = _write_beside if narrow else _write_inside
        write(axes, tile, "\n".join(sign))
    name_plane(axes, letter)
    axes.set_title(f"${letter}$-space: {_count(tiling, 'tile')}")


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


def _count(things: Iterable[object], noun: str) -> str:
    number = sum(1 for _ in things)
    return f"{number} {noun}" + "s" * (number != 1)
