"""``polyrelu preimage``, ``regions`` and ``zones``: questions that tilings answer."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import click

from polyrelu.cli.networks import takes_model
from polyrelu.cli.options import together
from polyrelu.cli.question import WHAT, WHERE, Question
from polyrelu.cli.results import KEEPING, SHOWN_TILES, Results
from polyrelu.cli.stopping import Clock
from polyrelu.report import tiling_report, zones_report
from polyrelu.tiling import Tiling
from polyrelu.zones import SORTS, zone_table

_TILES = together(
    click.option(
        "--tiles", type=click.IntRange(0), help=f"The most tiles to print; by default {SHOWN_TILES}, with --json all."
    ),
    click.option("--digits", type=click.IntRange(1), help="Print rounded inequalities with this many digits."),
)

_LONG_LINE = 400

_PREIMAGE_EXAMPLES = """\b
Example: polyrelu preimage model.npz --output "y0 > 0" --box -6 6 --plot zone.png
or:      polyrelu preimage model.npz --output "y0 > 0" --box 0 1 --box -1/2 0.5 --digits 4
or:      polyrelu preimage model.npz --output "y0 > 1" --output "y0 < 0" --domain "x0 + x1 <= 1" --timeout 60
or:      polyrelu preimage model.npz --property unsafe.vnnlib --save unsafe.npz --json
"""


@click.command("preimage", epilog=_PREIMAGE_EXAMPLES, short_help="Which inputs give these outputs, exactly.")
@takes_model
@WHAT
@WHERE
@_TILES
@KEEPING
def preimage_command(
    tiles: int | None, digits: int | None, plot: Path | None, save: Path | None, as_json: bool, **options: Any
) -> None:
    """The exact inputs of MODEL whose outputs satisfy a condition, or that break a property.

    A property with several domains has several results; the files of the later ones are numbered. What is found when
    Ctrl-C or --timeout stops the run is printed and kept, marked incomplete, and beside a file that is there.
    """
    question, results = Question(**options), Results(plot, save, as_json)
    question.check()
    results.check(reads=(question.model.path, question.prop))
    network, clock = question.model.load(), Clock(question.timeout)
    results.check(network.input_dim)
    results.run(question.answers(network, clock), clock, partial(tiling_report, limit=tiles), _table(tiles, digits))


_REGIONS_EXAMPLES = """\b
Example: polyrelu regions model.npz --box -6 6 --plot regions.png
or:      polyrelu regions model.npz --box -6 6 --tiles 10 --save regions.npz
or:      polyrelu regions model.npz --property unsafe.vnnlib --json
"""


@click.command("regions", epilog=_REGIONS_EXAMPLES, short_help="The linear regions.")
@takes_model
@click.option(
    "--property",
    "prop",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A VNN-LIB file: the regions of the inputs that it is about.",
)
@WHERE
@_TILES
@KEEPING
def regions_command(
    tiles: int | None, digits: int | None, plot: Path | None, save: Path | None, as_json: bool, **options: Any
) -> None:
    """The linear regions of MODEL: the cells on which every neuron has one sign."""
    question, results = Question(**options), Results(plot, save, as_json)
    results.check(reads=(question.model.path, question.prop))
    network, clock = question.model.load(), Clock(question.timeout)
    results.check(network.input_dim)
    results.run(question.regions(network, clock), clock, partial(tiling_report, limit=tiles), _table(tiles, digits))


def _table(tiles: int | None, digits: int | None) -> Callable[[Tiling], str]:
    def table(tiling: Tiling) -> str:
        shown = tiling.table(limit=SHOWN_TILES if tiles is None else tiles, digits=digits)
        long = digits is None and max(map(len, shown.splitlines())) > _LONG_LINE
        return shown + "\n\nExact numbers are long; --digits 4 shows them rounded." * long

    return table


_ZONES_EXAMPLES = """\b
Example: polyrelu zones model.npz --output "y0 > 0" --box -6 6 --plot zones.png
or:      polyrelu zones model.npz --output "y0 > 0" --box -6 6 --sort tiles --json
"""


@click.command("zones", epilog=_ZONES_EXAMPLES, short_help="The islands of inputs that give these outputs.")
@takes_model
@WHAT
@WHERE
@click.option(
    "--contact",
    type=click.IntRange(0),
    help="The least dimension of a contact that connects two tiles; by default a facet's; with 0 a vertex.",
)
@click.option("--sort", type=click.Choice(SORTS), default="volume", show_default=True, help="The order of the zones.")
@click.option("--digits", type=click.IntRange(1), default=4, show_default=True, help="Digits of volumes and boxes.")
@KEEPING
def zones_command(
    contact: int | None,
    sort: str,
    digits: int,
    plot: Path | None,
    save: Path | None,
    as_json: bool,
    **options: Any,
) -> None:
    """The activation zones of MODEL: the islands of inputs whose outputs satisfy a condition.

    For each zone its tiles, its volume, its bounding box and an exact point of it.
    """
    question, results = Question(**options), Results(plot, save, as_json)
    question.check()
    results.check(reads=(question.model.path, question.prop))
    network, clock = question.model.load(), Clock(question.timeout)
    results.check(network.input_dim)

    def text(tiling: Tiling) -> str:
        if not tiling.complete:
            return "The zones are not known: missing tiles might join them. --save keeps the tiles that were found."
        table = zone_table(tiling, contact, sort, digits)
        if not (len(tiling) and tiling.domain.is_bounded()):
            return table
        return f"{table}\n\nThe zones fill {float(tiling.share()):.{digits}g} of the domain."

    results.run(question.answers(network, clock), clock, partial(zones_report, contact=contact, sort=sort), text)
