"""``polyrelu lipschitz``, ``margin`` and ``stats``: how steep, how sure, and how fine a network is."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from polyrelu.analysis.lipschitz import Lipschitz, lipschitz
from polyrelu.analysis.margin import margin
from polyrelu.analysis.statistics import RegionStatistics, Statistics, region_statistics
from polyrelu.bounds.slopes import NORMS
from polyrelu.cli.networks import Model, takes_model
from polyrelu.cli.options import JSON, WORKERS
from polyrelu.cli.question import INPUTS, Question
from polyrelu.cli.stopping import TIMEOUT, stops
from polyrelu.cli.values import COMMON, number_words, print_answer, range_document, range_text, read_inputs, so_far
from polyrelu.errors import Interrupted
from polyrelu.export.json_report import ends, numbers
from polyrelu.formats.load import load_network
from polyrelu.networks.network import Network
from polyrelu.support.numerals import fraction_digits
from polyrelu.tilings.table import format_point

_LIPSCHITZ_EXAMPLES = """\b
Example: polyrelu lipschitz model.npz --box -1 1
or:      polyrelu lipschitz classes.npz --box 0 1 --norm l2 --form "y0 - y1" --timeout 60 --json
"""


@click.command("lipschitz", epilog=_LIPSCHITZ_EXAMPLES, short_help="How much outputs change for a change of inputs.")
@takes_model
@click.option(
    "--norm",
    type=click.Choice(NORMS),
    default=NORMS[0],
    show_default=True,
    help="Of inputs and outputs: the largest change, the sum of changes, or the Euclidean length.",
)
@click.option("--form", metavar="EXPR", help='One output or a sum, e.g. "y0 - 2*y1", instead of all outputs.')
@INPUTS
@TIMEOUT
@JSON
def lipschitz_command(
    model: Model,
    norm: str,
    form: str | None,
    box: Sequence[tuple[str, str]],
    domain: str | None,
    timeout: float | None,
    as_json: bool,
) -> None:
    """The Lipschitz constant of MODEL over a domain, exact but for l2, where it lies between two floats.

    A run that --timeout stops says what is certain until then.
    """
    heard = stops()
    heard.start(timeout)
    network, inputs = read_inputs(model, box, domain)
    found = so_far(functools.partial(lipschitz, network, inputs, norm, form, timeout=heard.left))
    print_answer(lipschitz_document(found) if as_json else _lipschitz_text(found), found.complete, heard)


def _lipschitz_text(found: Lipschitz) -> str:
    low, high = found.enclosure.low, found.enclosure.high
    if found.value is not None:
        lines = [f"constant  {number_words(found.value)} in {found.norm}"]
    else:
        lines = [f"constant  between {low!r} and {high!r} in {found.norm}"]
    if found.point is not None and len(found.point) <= 12:
        lines.append(f"at        {format_point(found.point, 9)}")
    if not found.complete:
        lines.append("which is the best so far")
    return "\n".join([*lines, ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in found.stats.items())])


def lipschitz_document(found: Lipschitz) -> dict[str, Any]:
    """A constant as JSON values."""
    return {
        "norm": found.norm,
        "value": None if found.value is None else fraction_digits(found.value),
        "enclosure": ends(found.enclosure),
        "point": None if found.point is None else numbers(found.point),
        "jacobian": None if found.matrix is None else list(map(numbers, found.matrix)),
        "complete": found.complete,
        "stats": dict(found.stats),
    }


_MARGIN_EXAMPLES = """\b
Example: polyrelu margin classes.npz --class 1 --box -1 1 --check
"""


@click.command("margin", epilog=_MARGIN_EXAMPLES, short_help="By how much a class wins, at least and at most.")
@takes_model
@click.option("--class", "k", type=click.IntRange(0), required=True, help="The class, a number from 0 on.")
@COMMON
def margin_command(
    model: Model,
    k: int,
    box: Sequence[tuple[str, str]],
    domain: str | None,
    timeout: float | None,
    check: bool,
    as_json: bool,
) -> None:
    """The exact range, over a domain, of a class's output of MODEL less the largest of the others, and where it is.

    Where the minimum is positive the class wins everywhere; where the maximum is negative, nowhere.
    """
    heard = stops()
    heard.start(timeout)
    network, inputs = read_inputs(model, box, domain)
    found = so_far(functools.partial(margin, network, k, inputs, timeout=heard.left))
    proved = found.check() if check and found.complete else None
    print_answer(range_document(found, proved) if as_json else range_text(found, proved), found.complete, heard)


_STATS_EXAMPLES = """\b
Example: polyrelu stats model.npz classes.npz --box -1 1
or:      polyrelu stats model.npz --box -1 1 --json
"""


@click.command("stats", epilog=_STATS_EXAMPLES, short_help="Regions, dead neurons and density of checkpoints.")
@click.argument("models", nargs=-1, required=True, type=click.Path(path_type=Path))
@INPUTS
@TIMEOUT
@WORKERS
@JSON
def stats_command(
    models: Sequence[Path],
    box: Sequence[tuple[str, str]],
    domain: str | None,
    timeout: float | None,
    workers: int,
    as_json: bool,
) -> None:
    """How many linear regions, dead and always active neurons MODELS have over a domain, and how dense regions are.

    A row for each file. A run that --timeout stops prints the rows that are done.
    """
    heard = stops()
    heard.start(timeout)
    networks: Mapping[str, Network] = {str(path): load_network(path) for path in models}
    ((_, first), *_) = networks.items()
    (inputs,) = Question(None, box, domain).domains(first)
    complete = True
    try:
        found = region_statistics(networks, inputs, workers=workers, timeout=heard.left)
    except Interrupted as stopped:
        found, complete = stopped.partial, False
    print_answer(_stats_document(found, complete) if as_json else str(found), complete, heard)


def _stats_document(found: Statistics, complete: bool) -> dict[str, Any]:
    return {"rows": list(map(_stats_row, found)), "complete": complete}


def _stats_row(row: RegionStatistics) -> dict[str, Any]:
    finite = row.density if row.density is None or math.isfinite(row.density) else None
    return {**asdict(row), "density": finite, "largest": None if row.largest is None else ends(row.largest)}
