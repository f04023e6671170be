"""``polyrelu count``: how many tiles there are, and what they amount to, without keeping any."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import click

from polyrelu.analysis.counts import Measure, count, measure
from polyrelu.analysis.measure import Enclosure
from polyrelu.cli.documents import Document
from polyrelu.cli.networks import Model, takes_model_or_statement, warn_outside
from polyrelu.cli.options import JSON
from polyrelu.cli.question import INPUTS, SLICE, WHAT, Question
from polyrelu.cli.stopping import TIMEOUT, stops
from polyrelu.errors import Interrupted
from polyrelu.networks.network import Network
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.runs.executors import KINDS

_EXAMPLES = """\b
Example: polyrelu count model.npz --box -6 6
or:      polyrelu count model.npz --output "y0 > 0" --box -6 6 --measure --executor threads:2
or:      polyrelu count model.npz --property unsafe.vnnlib --timeout 60 --json
"""


@click.command("count", epilog=_EXAMPLES, short_help="How many tiles, without keeping them.")
@takes_model_or_statement
@WHAT
@INPUTS
@SLICE
@click.option("--measure", "measures", is_flag=True, help="Their volume, too, their dimensions, and their facets.")
@click.option("--executor", metavar="WHERE", help=f"Where tasks run: {KINDS}. By default here, one at a time.")
@TIMEOUT
@JSON
def count_command(
    model: Model | None,
    statement: Path | None,
    conditions: Sequence[str],
    prop: Path | None,
    box: Sequence[tuple[str, str]],
    domain: str | None,
    points: Path | None,
    measures: bool,
    executor: str | None,
    timeout: float | None,
    as_json: bool,
) -> None:
    """How many tiles the preimage of a condition has, or the number of linear regions where there is none. Exact.

    Tiles are counted where they are found, and forgotten, so memory does not grow with their number. Of a property with
    several domains each is counted. Ctrl-C and --timeout print what was counted until then.
    """
    question = Question(model, box, domain, conditions=conditions, prop=prop, statement=statement, points=points)
    question.check(has_target=bool(conditions) or prop is not None)
    heard = stops()
    heard.start(timeout)
    document = Document(heard)
    with document.whole() if as_json else nullcontext(), heard.patient(math.inf):  # the count is asked to stop
        question, network = question.read()
        for targets, inputs in _asked(question, network):
            if points is None:
                warn_outside(model, [inputs])
            verb = measure if measures else count
            try:
                found: Any = verb(
                    network, targets, inputs, executor=executor, until=lambda tiles: _is_over(heard, tiles)
                )
                complete = True
            except Interrupted as stopped:
                found, complete = stopped.partial, False
            if as_json:
                document.add(_result(found, complete))
            else:
                click.echo(_text(found))
            if not complete:
                raise heard.outcome("; what was printed is what was counted until then")


def _is_over(heard: Any, tiles: int) -> bool:
    return heard.reason is not None or bool(heard.is_late(tiles))


def _asked(question: Question, network: Network) -> Iterator[tuple[Sequence[Polyhedron] | None, Polyhedron | None]]:
    """The targets, None for the linear regions, and the domains."""
    said = question.said
    if question.conditions or question.prop is not None or (said is not None and said.targets is not None):
        yield from ((part.targets, part.domain) for part in question.cases(network))
    else:
        yield from ((None, domain) for domain in question.domains(network))


def _text(found: int | Measure) -> str:
    if isinstance(found, int):
        return str(found)
    lines = [f"tiles   {found.tiles}"]
    lines += [f"{name:8}{_between(own)}" for name, own in (("volume", found.volume), ("share", found.share)) if own]
    for name, counts in (("dims", found.dims), ("facets", found.facets), ("walls", found.walls)):
        if counts:
            lines.append(f"{name:8}{', '.join(f'{key}: {number}' for key, number in counts.items())}")
    if len(found.by_target) > 1:
        lines += [f"target {index}: {own.tiles} tiles" for index, own in found.by_target.items()]
    return "\n".join(lines)


def _between(own: Enclosure) -> str:
    return f"{own.mid:.12g}, within {own.width:.1g}"


def _result(found: int | Measure, complete: bool) -> dict[str, Any]:
    if isinstance(found, int):
        return {"tiles": found, "complete": complete}
    return {**_measure(found), "complete": complete}


def _measure(found: Measure) -> dict[str, Any]:
    document: dict[str, Any] = {
        "tiles": found.tiles,
        "volume": _ends(found.volume),
        "share": _ends(found.share),
        "dims": _by_text(found.dims),
        "facets": _by_text(found.facets),
        "walls": dict(found.walls),
    }
    if found.by_target:
        document["targets"] = {str(index): _measure(own) for index, own in found.by_target.items()}
    return document


def _ends(own: Enclosure | None) -> list[float] | None:
    return None if own is None else [own.low, own.high]


def _by_text(counts: Mapping[int, int]) -> dict[str, int]:
    return {str(key): number for key, number in counts.items()}
