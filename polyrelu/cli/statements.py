"""``polyrelu statement``: what is asked, written down so that anybody can answer it, or check an answer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from polyrelu.cli.networks import takes_model, warn_outside
from polyrelu.cli.question import INPUTS, WHAT, Question
from polyrelu.errors import InputError
from polyrelu.networks.network import Network
from polyrelu.networks.statement import Statement
from polyrelu.support.files import check_place

_EXAMPLES = """\b
Example: polyrelu statement model.npz --output "y0 > 0" --box -6 6 -o question.txt
or:      polyrelu statement model.npz --property unsafe.vnnlib --out question.txt
or:      polyrelu statement model.npz --regions --box -6 6 -o regions.txt
then:    polyrelu preimage --statement question.txt
"""


@click.command("statement", epilog=_EXAMPLES, short_help="Write down what is asked, exactly.")
@takes_model
@WHAT
@click.option("--regions", is_flag=True, help="Ask for the linear regions instead, of a property's inputs too.")
@INPUTS
@click.option(
    "-o",
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    required=True,
    help="The file to write; where there are several, the later ones are numbered.",
)
def statement_command(regions: bool, out: Path, **options: Any) -> None:
    """Write a statement: network, inputs and outputs as one text in exact numbers, which binds them by its hash.

    Prints the hash, SHA-256, and the name of each file. A property has a statement for each of its domains, with all
    targets in it; a network keeps the property if and only if the preimages of all of them are empty.
    """
    question = Question(**options)
    if regions and question.conditions:
        raise click.UsageError("--regions asks for no outputs; leave --output or --regions out.")
    question.check(has_target=not regions)
    if any(path is not None and path.resolve() == out.resolve() for path in question.files):
        raise click.UsageError(f"--out {out}: is a file that the question is in; choose another name.")
    check_place(out)
    question, network = question.read()
    written = list[Path]()
    for number, said in enumerate(_stated(question, network, regions)):
        path = out.with_stem(f"{out.stem}-{number}") if number else out
        said.save(path)
        click.echo(f"{said.hash}  {path}")
        written.append(path)
    if not written:
        raise InputError(
            f"{question.prop}: no inputs and outputs satisfy it, so every network keeps it; nothing to state"
        )
    if len(written) > 1:
        about = f"{len(written)} sets of inputs{'' if regions else ', with targets in each'}"
        click.echo(f"polyrelu: the property is about {about}; {written[0]} to {written[-1]} state one each", err=True)


def _stated(question: Question, network: Network, regions: bool) -> Iterator[Statement]:
    """A statement for each domain."""
    for domain, targets in (
        [(domain, None) for domain in question.domains(network)]
        if regions
        else [(part.domain, part.targets) for part in question.cases(network)]
    ):
        warn_outside(question.model, [domain])
        yield Statement.of(network, targets, domain)
