"""``polyrelu info``, and how every command takes its MODEL."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import click

from polyrelu.cli.options import JSON, together
from polyrelu.formats.load import load_network
from polyrelu.formats.nnet import NORMALISATIONS, nnet_box
from polyrelu.formats.packed import plain_suffix
from polyrelu.networks.final_operators import is_monotone
from polyrelu.networks.network import Network
from polyrelu.polyhedra.polyhedron import Polyhedron


class Model(NamedTuple):
    """A file, and how to read it: the arguments of :func:`polyrelu.load_network`."""

    path: Path
    normalise: str | None
    drop_final: str | None
    input_shape: tuple[int, ...] | None
    centre: bool | None
    output_name: str | None

    def load(self) -> Network:
        """The network in the file."""
        return load_network(
            self.path,
            normalise=self.normalise,
            drop_final=self.drop_final,
            input_shape=self.input_shape,
            centre=self.centre,
            output_name=self.output_name,
        )

    @property
    def dropped(self) -> str | None:
        """The last operator, if it is left out and keeps order: conditions are about its outputs all the same."""
        return self.drop_final if self.drop_final is not None and is_monotone(self.drop_final) else None

    def tell_dropped(self) -> None:
        """Say that conditions are about an operator that is left out, if they are."""
        if self.dropped is not None:
            said = f"conditions are about the outputs of {self.dropped}; values are what enters it"
            click.echo(f"polyrelu: {said}", err=True)


def _shape(context: click.Context, option: click.Parameter, text: str | None) -> tuple[int, ...] | None:
    """Sizes, separated by commas or x."""
    if text is None:
        return None
    sizes = re.split(r"[,x]", text.strip("()[] ").replace(" ", ""))
    if not all(re.fullmatch(r"[1-9]\d{0,9}", size, re.ASCII) for size in sizes):
        message = f"{text!r} is not a shape; write positive sizes, for example 1,3,32,32"
        raise click.BadParameter(message, context, option)
    return tuple(map(int, sizes))


_MODEL = functools.partial(click.argument, "model", type=click.Path(path_type=Path))
_STATEMENT = click.option(
    "--statement",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A statement that says network, inputs and outputs, instead of MODEL; polyrelu statement writes them.",
)
_HOW = ("normalise", "drop_final", "input_shape", "centre", "output_name")
_READING = together(
    click.option(
        "--centre/--no-centre",
        default=None,
        help="Whether a sparse autoencoder subtracts b_pre, or else b_dec, from its input; its file does not say.",
    ),
    click.option(
        "--drop-final",
        metavar="OP",
        help="Leave out the last operator of an ONNX or Keras MODEL if this is its name, e.g. Softmax. Conditions are "
        "about its outputs all the same, as far as they are linear before it; values are what enters it.",
    ),
    click.option(
        "--input-shape",
        callback=_shape,
        metavar="N,N,...",
        help="The shape of the input where an ONNX or Keras MODEL leaves it open, with the batch of 1: 1,3,32,32.",
    ),
    click.option(
        "--output-name",
        metavar="NAME",
        help="The value that an ONNX MODEL returns: one of several outputs, or a value inside.",
    ),
    click.option(
        "--normalise",
        type=click.Choice(NORMALISATIONS),
        help="Fold the normalisation of a .nnet MODEL into its weights (the default), or ignore it.",
    ),
)


def takes_model(command: Callable[..., None]) -> Callable[..., None]:
    """The argument MODEL and the options on reading it; the command gets one :class:`Model`."""

    @functools.wraps(command)
    def with_model(model: Path, **others: Any) -> None:
        how = {name: others.pop(name) for name in _HOW}
        command(model=Model(model, **how), **others)

    return _MODEL()(_READING(with_model))


def takes_model_or_statement(command: Callable[..., None]) -> Callable[..., None]:
    """As :func:`takes_model`, or ``--statement``; the command gets both, and one of them is None.

    Raises:
        click.UsageError: neither is given, or with a statement what is about a MODEL.
    """

    @functools.wraps(command)
    def with_either(model: Model | None, statement: Path | None, **others: Any) -> None:
        if model is None and statement is None:
            raise click.UsageError("Missing argument 'MODEL', or option '--statement'.")
        command(model=model, statement=statement, **others)

    return takes_question_if_any(with_either)


def takes_question_if_any(command: Callable[..., None]) -> Callable[..., None]:
    """As :func:`takes_model_or_statement`, or neither.

    Raises:
        click.UsageError: with a statement what is about a MODEL is given.
    """

    @functools.wraps(command)
    def with_any(model: Path | None, statement: Path | None, **others: Any) -> None:
        how = {name: others.pop(name) for name in _HOW}
        for name, value in {"MODEL": model, **how}.items():
            if statement is not None and value is not None:
                word = name if name == "MODEL" else f"--{name.replace('_', '-')}"
                raise click.UsageError(f"--statement {statement}: says the network; leave {word} out.")
        command(model=None if model is None else Model(model, **how), statement=statement, **others)

    return _MODEL(required=False)(_STATEMENT(_READING(with_any)))


def warn_outside(model: Model | None, domains: Iterable[Polyhedron | None]) -> None:
    """Warn of a domain that has none of the inputs that a ``.nnet`` file is for: mostly it is in the other scale."""
    if model is None or plain_suffix(model.path) != ".nnet":
        return
    normalise = model.normalise or "fold"
    meant = nnet_box(model.path, normalise)
    own = (domain for domain in domains if domain is not None and domain.ambient_dim == meant.ambient_dim)
    if any(not domain.is_empty() and (domain & meant).is_empty() for domain in own):
        other, scale = ("ignore", "physical") if normalise == "fold" else ("fold", "normalised")
        click.echo(
            f"polyrelu: warning: the domain lies outside the {scale} inputs that {model.path} is for; for the other "
            f"scale give --normalise {other}",
            err=True,
        )


_EXAMPLES = """\b
Example: polyrelu info model.onnx
or:      polyrelu info classifier.onnx --drop-final Softmax --input-shape 1,3,8,8
"""


@click.command("info", epilog=_EXAMPLES, short_help="The size of MODEL, layer by layer.")
@takes_model
@JSON
def info_command(model: Model, as_json: bool) -> None:
    """The size of MODEL: its layers, and how many linear regions there can be."""
    summary = model.load().summary()
    click.echo(json.dumps({"model": str(model.path), **asdict(summary)}, indent=1) if as_json else str(summary))
