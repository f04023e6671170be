"""``polyrelu boundary``."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import click

from polyrelu.analysis.decision_boundary import KEEP, classes
from polyrelu.cli.networks import takes_model
from polyrelu.cli.question import WHERE, Question
from polyrelu.cli.results import Drawing, keeping, nothing
from polyrelu.cli.tilings import TILES, print_tiles
from polyrelu.export.json_report import TilingReport
from polyrelu.plotting import plot_boundary
from polyrelu.support.extras import require
from polyrelu.tilings.tiling import Tiling

_EXAMPLES = """\b
Example: polyrelu boundary model.npz --box -6 6 --plot boundary.png
or:      polyrelu boundary classes.npz --box -1 1 --classes 0 1 --json
or:      polyrelu boundary classes.npz --box -1 1 --plot boundary.pdf --regions
"""


@click.command("boundary", epilog=_EXAMPLES, short_help="Where MODEL changes its class, exactly.")
@takes_model
@click.option(
    "--classes",
    type=int,
    nargs=2,
    metavar="I J",
    help="The two classes; by default all pairs. The class of an input is the number of its largest output.",
)
@click.option(
    "--threshold", metavar="NUMBER", help="Of a MODEL with one output: its boundary is where y0 is this; by default 0."
)
@click.option(
    "--keep",
    type=click.Choice(KEEP),
    default=KEEP[0],
    show_default=True,
    help="Pieces of one dimension less than the domain, cells of its dimension on which classes tie, what has a lower "
    "dimension than the boundary, or all of these.",
)
@WHERE
@TILES
@keeping("a boundary in which two or three inputs vary")
@click.option("--regions", is_flag=True, help="With --plot, fill the regions of the classes where two inputs vary.")
def boundary_command(regions: bool, **options: Any) -> None:
    """The decision boundary of MODEL: the inputs at which its two largest outputs are equal.

    A tile is a piece of the boundary, in a --box of two inputs a segment, of three a polygon. Inputs with equal bounds
    are constant, and the boundary is that of the slice.
    """
    drawing = Drawing(lambda tiling: _figure(tiling, regions), dims=(2, 3), of_slices=True)
    print_tiles(Question.boundary, drawing=drawing, report=_report, remark=_remark, **options)


@dataclass(frozen=True)
class _Report(TilingReport):
    """With the classes that meet in each target."""

    @property
    def question(self) -> dict[str, Any]:
        """What was asked."""
        return super().question | {"classes": [list(pair) for pair in classes(self.tiling)]}


def _report(tiling: Tiling, limit: int | None) -> TilingReport:
    return _Report(tiling, len(tiling) if limit is None else min(limit, len(tiling)))


def _remark(tiling: Tiling) -> str:
    """How many pieces each pair has, and what was left out."""
    if tiling.domain.is_empty() or not (len(tiling) or tiling.complete):
        return nothing(tiling)
    return "\n".join(filter(None, (_pieces(tiling), _ties(tiling))))


def _pieces(tiling: Tiling) -> str:
    if not len(tiling):
        return "None: there is no such piece in the domain. This is proven, not sampled."
    pairs = classes(tiling)
    targets = [index for index, _ in tiling.parts]
    counts = Counter(targets[part] for part in tiling.places()[0].tolist())
    if len(pairs[0]) == 1:
        return ""
    return "Tiles of each pair of classes: " + ", ".join(
        f"{' | '.join(map(str, pairs[k]))}: {count}" for k, count in sorted(counts.items())
    )


def _ties(tiling: Tiling) -> str:
    """That there are cells on which classes tie, which are easily missed where they are left out."""
    count = int(tiling.stats.get("ties", 0))
    kept = any(source.dims(local).max(initial=-1) == tiling.domain.dim for source, local, _ in tiling.by_source())
    if not count or kept:
        return ""
    return (
        f"The classes tie on {count} cell{'s' * (count > 1)} of full dimension, which the boundary does not enter; "
        "--keep all lists and draws them as well."
    )


def _figure(tiling: Tiling, regions: bool) -> Any:
    figure = require("matplotlib.pyplot", "--plot").figure(figsize=(4.5, 4.5), layout="constrained")
    domain = tiling.domain
    is_flat = (domain.ambient_dim if domain.is_empty() else len(domain.sides.free)) == 2
    axes = figure.add_subplot() if is_flat else figure.add_subplot(projection="3d")
    plot_boundary(tiling, axes, regions=regions and is_flat)
    return figure
