"""``polyrelu point``: one input that gets there, or that there is none."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import click

from polyrelu.analysis.verify import Verification, verify
from polyrelu.arithmetic.exact import rounded_text
from polyrelu.cli.documents import Document
from polyrelu.cli.networks import Model, takes_model_or_statement, warn_outside
from polyrelu.cli.options import JSON, MAX_DIM, WORKERS
from polyrelu.cli.question import INPUTS, WHAT, Question
from polyrelu.cli.stopping import TIMEOUT, stops
from polyrelu.cli.values import NOTHING, digits
from polyrelu.tilings.table import format_point

_EXAMPLES = """\b
Example: polyrelu point model.npz --output "y0 > 0" --box -6 6
or:      polyrelu point model.npz --output "y0 == 0" --box 0 1 --timeout 60 --json
or:      polyrelu point --statement question.txt
"""


@click.command("point", epilog=_EXAMPLES, short_help="One input that gets there, or that there is none.")
@takes_model_or_statement
@WHAT
@INPUTS
@MAX_DIM
@TIMEOUT
@WORKERS
@JSON
def point_command(
    model: Model | None,
    statement: Path | None,
    conditions: Sequence[str],
    prop: Path | None,
    box: Sequence[tuple[str, str]],
    domain: str | None,
    max_dim: int | None,
    timeout: float | None,
    workers: int,
    as_json: bool,
) -> None:
    """An input of MODEL whose outputs satisfy a condition, exactly; or that there is none: the preimage is empty.

    Points are tried before anything is split, and the first one ends the search. Of a property with several domains
    each is answered. The exit code is 0 in either case. A run that --timeout stops knows neither.
    """
    question = Question(model, box, domain, conditions=conditions, prop=prop, statement=statement)
    question.check()
    heard = stops()
    heard.start(timeout)
    document = Document(heard)
    with document.whole() if as_json else nullcontext():
        question, network = question.read()
        for number, case in enumerate(question.cases(network)):
            warn_outside(model, [case.domain])
            ask = functools.partial(verify, domain=case.domain, workers=workers, max_dim=max_dim)
            try:
                found = ask(network, list(case.targets), heard.left)
            except KeyboardInterrupt as error:
                raise heard.outcome(": it is not known whether there is one") from error
            if found.status == "undecided":
                heard.is_late(0)
                raise heard.outcome(": it is not known whether there is one")
            if as_json:
                document.add(_result(found))
            else:
                click.echo("\n" * bool(number) + _text(found))


def _text(found: Verification) -> str:
    if found.point is None or found.value is None:
        return NOTHING
    output = ", ".join(rounded_text(v, 9) for v in found.value)
    return f"input   {format_point(found.point)}\noutput  about ({output})"


def _result(found: Verification) -> dict[str, Any]:
    return {
        "point": digits(found.point),
        "value": digits(found.value),
        "target": None if found.place is None else found.place[1],
        "complete": True,
    }
