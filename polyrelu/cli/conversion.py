"""``polyrelu convert``: a network from one format to another."""

from __future__ import annotations

import warnings
from pathlib import Path

import click

from polyrelu.cli.networks import Model, takes_model
from polyrelu.errors import RoundedWarning
from polyrelu.export.networks import save_network
from polyrelu.support.files import check_place

_EXAMPLES = """\b
Example: polyrelu convert model.npz -o converted.onnx
or:      polyrelu convert classifier.onnx --drop-final Softmax --input-shape 1,3,8,8 -o scores.npz
"""


@click.command("convert", epilog=_EXAMPLES, short_help="Write MODEL as .onnx or .npz.")
@takes_model
@click.option(
    "-o",
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    required=True,
    help="The file to write, .onnx or .npz.",
)
def convert_command(model: Model, out: Path) -> None:
    """Write MODEL in another format: affine layers and ReLUs, with its numbers as they are.

    Numbers that are no floats, such as the decimals of .nnet files or folded normalisations, are rounded to the nearest
    float, and a warning says so.
    """
    if out.resolve() == model.path.resolve():
        raise click.UsageError(f"--out {out}: is MODEL itself; choose another name.")
    check_place(out)
    network = model.load()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", RoundedWarning)
        save_network(network, out)
    for warning in caught:
        click.echo(f"polyrelu: warning: {warning.message}", err=True)
    click.echo(f"{out}: {network!r}")
