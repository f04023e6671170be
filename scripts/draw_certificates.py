"""Draw the pictures of papers/certificates.

    ./scripts/run python scripts/draw_certificates.py --out papers/certificates

*tiling*: what a certificate lists in the plane, the cells and their vertices, and what the checker looks for, a cell
behind each facet. On the left the worked example, read from its files; on the right the demonstration's network.
*measured*: size and time against cells, from the table that ``scripts/benchmark_certificates.py --csv`` wrote.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import tempfile
from collections.abc import Iterator
from fractions import Fraction
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

import polyrelu as pr
from polyrelu.engines.evidence.certify import certify
from polyrelu.figures.registry import save_figure
from polyrelu.networks.statement import Statement
from polyrelu.plotting import style
from polyrelu.plotting.style import HAIRLINE, INK, SILENT, themed
from polyrelu.support.extras import require
from polyrelu.support.files import make_directory
from polyrelu.support.palette import PALETTE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PAGE = Path(__file__).parent.parent / "papers" / "certificates"
RADIUS_OF_DEMO = 6
REACH = 1 / 40  # of the picture's width, half of an arrow and a tick across a facet
TILE, DISCARDED, ACROSS = PALETTE[0], SILENT, PALETTE[4]

Point = tuple[Fraction, ...]


class Drawn(NamedTuple):
    """A cell of a certificate in the plane: how many rows it decides, and its corners, counter-clockwise."""

    length: int
    corners: tuple[Point, ...]

    @property
    def centre(self) -> Point:
        """A point inside."""
        return tuple(sum(column, Fraction()) / len(self.corners) for column in zip(*self.corners, strict=True))

    def sides(self) -> Iterator[tuple[Point, Point]]:
        """Each side by its ends, counter-clockwise."""
        return zip(self.corners, self.corners[1:] + self.corners[:1], strict=True)


class Evidence:
    """A certificate with coordinates in a bounded part of the plane, as it is drawn.

    Attributes:
        statement: what it is about.
        vertices: all points, in the order of the file.
        cells: all cells, in the order of the file.
    """

    def __init__(self, statement: Statement, path: Path) -> None:
        self.statement = statement
        self.vertices: list[Point] = []
        self.cells: list[Drawn] = []
        block: list[Point] = []
        for word, *words in map(str.split, lines_of(path)):
            if word == "b":
                block = []
            elif word == "v":
                *u, t = (int(number, 16) for number in words)
                block.append(tuple(Fraction(x, t) for x in u))
                self.vertices.append(block[-1])
            elif word == "c":
                length, *back = (int(number, 16) for number in words)
                self.cells.append(Drawn(length, around([block[-place] for place in back])))

    def is_tile(self, cell: Drawn) -> bool:
        """Whether a cell maps into the target."""
        value = self.statement.network.evaluate([cell.centre])[0]
        return any(target.contains(value) for target in self.statement.targets or ())

    def is_end(self, side: tuple[Point, Point]) -> bool:
        """Whether the domain ends at a side."""
        return any(
            all(sum(a * x for a, x in zip(row.normal, end, strict=True)) == row.offset for end in side)
            for row in self.statement.domain.halfspaces
        )


def lines_of(path: Path) -> list[str]:
    """The lines of a file, compressed or not."""
    packed = path.read_bytes()
    return (gzip.decompress(packed) if path.suffix == ".gz" else packed).decode().splitlines()


def around(points: list[Point]) -> tuple[Point, ...]:
    """Points of the plane in convex position, counter-clockwise."""
    x, y = (sum(column) / len(points) for column in zip(*points, strict=True))
    return tuple(sorted(points, key=lambda point: np.arctan2(float(point[1] - y), float(point[0] - x))))


def of_example() -> Evidence:
    """The worked example, as its files say."""
    return Evidence(Statement.load(PAGE / "question.txt"), PAGE / "answer.txt")


def of_demo() -> Evidence:
    """Where the demonstration's network activates its first output: what the engine writes."""
    with as_file(files("polyrelu.figures") / "data" / "demo.npz") as path:
        network = pr.load_network(path)
    target = pr.parse("y0 > 0", dim=network.output_dim)
    statement = Statement.of(network, target, pr.Polyhedron.box([-RADIUS_OF_DEMO] * 2, [RADIUS_OF_DEMO] * 2))
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "demo.txt"
        certify(statement, path, progress=False)
        return Evidence(statement, path)


# -- the tiling ---------------------------------------------------------------------------------------------------


def draw_tiling() -> Figure:
    """The worked example with its vertices numbered, and the demonstration."""
    pyplot = require("matplotlib.pyplot", "draw_certificates")
    figure: Figure
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(9, 4.7), layout="constrained")
    small, large = of_example(), of_demo()
    draw_evidence(small, left)
    number(small, left)
    draw_evidence(large, right, ticks=True)
    left.set_xticks(range(-2, 3))
    left.set_yticks(range(-2, 3))
    for axes, one, name in ((left, small, "2-2-1"), (right, large, "2-10-2-10")):
        tiles = sum(map(one.is_tile, one.cells))
        axes.set_title(f"{name}: {len(one.cells)} cells, {tiles} of them tiles; {len(one.vertices)} vertices")
    return figure


def draw_evidence(evidence: Evidence, axes: Axes, ticks: bool = False) -> None:
    """Tiles in colour, discarded cells in grey, dots for vertices, and arrows across facets, or ticks."""
    dots = np.array(evidence.vertices, dtype=float)
    axes.scatter(*dots.T, s=7 if ticks else 12, color=themed(INK), linewidths=0, zorder=5, clip_on=False)
    axes.set_aspect("equal")
    reach = REACH * np.ptp(dots, axis=0).max()
    for cell in evidence.cells:
        shade = TILE if evidence.is_tile(cell) else DISCARDED
        corners = np.array(cell.corners, dtype=float)
        axes.fill(*corners.T, facecolor=themed(shade), alpha=0.5, linewidth=0)
        axes.fill(*corners.T, facecolor="none", edgecolor=themed(INK), linewidth=HAIRLINE, zorder=3)
        for side in cell.sides():
            if not evidence.is_end(side):
                cross(np.array(side, dtype=float), axes, reach, ticks)
    axes.set_xlabel("$x_0$")
    axes.set_ylabel("$x_1$")
    axes.spines[:].set_visible(False)


def cross(side: NDArray[np.float64], axes: Axes, reach: float, tick: bool) -> None:
    """A tick across a side; or an arrow out of the cell, beside which stands the one that comes back."""
    along = side[1] - side[0]
    length = np.hypot(*along)
    out = np.array([along[1], -along[0]]) / length * min(reach, length / 4)
    if tick:
        middle = side.mean(axis=0)
        axes.plot(
            *np.array([middle - out * 0.75, middle + out * 0.75]).T, color=themed(ACROSS), linewidth=0.9, zorder=4
        )
        return
    at = side[0] + 0.44 * along
    arrow = {"arrowstyle": "-|>", "mutation_scale": 6, "linewidth": 0.8, "color": themed(ACROSS)}
    axes.annotate("", at + out, at - out, arrowprops={**arrow, "shrinkA": 0, "shrinkB": 0}, zorder=4)


def number(evidence: Evidence, axes: Axes) -> None:
    """The numbers of vertices in the file, from 1 on, and what the first rows' signs are in each cell."""
    for place, vertex in enumerate(evidence.vertices, start=1):
        axes.annotate(str(place), tuple(map(float, vertex)), (4, -10), textcoords="offset points", zorder=6)
    for cell in evidence.cells:
        text = pattern_of(evidence, cell)
        axes.text(*map(float, cell.centre), text, ha="center", va="center", family="monospace", zorder=6)


def pattern_of(evidence: Evidence, cell: Drawn) -> str:
    """The bits of a cell, from the signs of the rows inside."""
    network, point = evidence.statement.network, [cell.centre]
    rows = [value for layer in signs_before(network, point) for value in layer]
    outputs = network.evaluate(point)[0]
    for target in evidence.statement.targets or ():
        rows += [sum(a * y for a, y in zip(row.normal, outputs, strict=True)) - row.offset for row in target.halfspaces]
    return "".join("1" if value > 0 else "0" for value in rows)[: cell.length]


def signs_before(network: pr.Network, points: list[Point]) -> Iterator[list[Fraction]]:
    """The values that enter the ReLUs, layer by layer."""
    values = list(points[0])
    for layer in network.layers:
        before = [
            sum((w * v for w, v in zip(row, values, strict=True)), b)
            for row, b in zip(layer.rows, layer.offsets, strict=True)
        ]
        yield [z for z, on in zip(before, layer.relu, strict=True) if on]
        values = [max(z, Fraction()) if on else z for z, on in zip(before, layer.relu, strict=True)]


# -- what was measured --------------------------------------------------------------------------------------------


class Curve(NamedTuple):
    """A column of the table: how it is called, and its colour."""

    column: str
    label: str
    shade: str


SIZES = (Curve("bytes", "coordinates", PALETTE[4]), Curve("rows_bytes", "rows only", PALETTE[0]))
SECONDS = (
    Curve("small", "small checker", PALETTE[4]),
    Curve("seconds", "writing coordinates", PALETTE[1]),
    Curve("fast_rows", "fast checker, rows only", PALETTE[2]),
    Curve("rows_seconds", "writing rows only", PALETTE[0]),
    Curve("search", "search alone", INK),
)


def draw_measured(table: Path) -> Figure:
    """Bytes on the left, seconds on the right, against cells; random networks on the plane are joined by lines."""
    pyplot = require("matplotlib.pyplot", "draw_certificates")
    with table.open(newline="", encoding="utf-8") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: int(row["cells"]))
    figure: Figure
    figure, panels = pyplot.subplots(1, 2, figsize=(9, 4), layout="constrained")
    for axes, curves, name in zip(panels, (SIZES, SECONDS), ("bytes, compressed", "CPU seconds"), strict=True):
        for curve in curves:
            for planar in (True, False):
                drawn = [(int(row["cells"]), float(row[curve.column])) for row in rows if is_planar(row) == planar]
                kept = np.array([point for point in drawn if np.isfinite(point[1])]).reshape(-1, 2)
                axes.plot(
                    *kept.T,
                    color=themed(curve.shade),
                    label=curve.label if planar and len(kept) else None,
                    marker="o" if planar else "x",
                    linestyle="-" if planar else "",
                    linewidth=1,
                    markersize=3.5 if planar else 4.5,
                )
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlabel("cells")
        axes.set_title(name)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(fontsize="small")
    return figure


def is_planar(row: dict[str, str]) -> bool:
    """Whether a row is about a network of two inputs."""
    return row["dim"] == "2"


def main() -> None:
    """Draw and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("out"), help="directory for the pictures (default: out)")
    folder = make_directory(parser.parse_args().out)
    with style():
        drawn = {"tiling": draw_tiling(), "measured": draw_measured(PAGE / "measured.csv")}
        for name, figure in drawn.items():
            for path in save_figure(figure, folder, name, ["png"]):
                print(path)


if __name__ == "__main__":
    main()
