"""``polyrelu check MODEL PROPERTY ANSWER``: other tools' counterexample files, exactly."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

import click

from polyrelu.analysis.replay import Replay, in_floats, replay
from polyrelu.arithmetic.exact import ExactVector, rounded_text
from polyrelu.cli.exit_codes import Exit
from polyrelu.errors import MissingExtraError
from polyrelu.formats.answers import Answer, read_answer
from polyrelu.formats.onnx_runs import float_run
from polyrelu.formats.packed import plain_suffix
from polyrelu.formats.vnnlib import load_query
from polyrelu.formats.vnnlib_query import Query
from polyrelu.networks.network import Network


def is_about_an_answer(files: tuple[Path, ...], named: Mapping[str, Path]) -> bool:
    """Whether the files of ``check`` are a model, a property and an answer; without the model where that is named."""
    return plain_suffix(files[0 if named else min(1, len(files) - 1)]) == ".vnnlib"


def check_answer(files: tuple[Path, ...], named: Mapping[str, Path]) -> int:
    """The exit code of checking an answer, once it is said what was found; the last line is the verdict.

    Raises:
        click.UsageError: not as many files as it takes.
    """
    if len(files) != (2 if named else 3):
        raise click.UsageError("A counterexample is checked with MODEL PROPERTY ANSWER, or PROPERTY ANSWER --network.")
    *model, prop, place = files
    query = load_query(prop)
    networks = named or dict.fromkeys(query.names, model[0])
    network, answer = query.joint(networks), read_answer(place, query)
    found = replay(network, query.prop, answer.point)
    lines = _said(found, "as written")
    if not found:
        rounded = in_floats(answer.point)
        again = found if rounded is None else replay(network, query.prop, rounded)
        if again:
            found = again
            lines += _said(found, "with entries rounded to binary32")
    lines += _differences(answer, found.value)
    if len(networks) == 1 and len(query.networks) == 1:
        lines += _in_floats(next(iter(networks.values())), query, network, found)
    for line in lines:
        click.echo(line)
    if found:
        click.echo("VERIFIED: the network breaks the property at this point, in exact arithmetic")
        return Exit.DONE
    click.echo("REJECTED: the network does not break the property at this point")
    return Exit.VIOLATED


def _said(found: Replay, how: str) -> list[str]:
    """What exact arithmetic says of a point."""
    if found.place is not None:
        return [f"{how}: target {found.place[1]} of domain {found.place[0]} is reached"]
    return [f"{how}: no counterexample", *(f"  {row}" for row in found.missed)]


def _differences(answer: Answer, value: ExactVector) -> list[str]:
    """How far the outputs that the file states are off."""
    off = [abs(said - own) for said, own in zip(answer.values, value, strict=True) if said is not None]
    if not off:
        return []
    return [f"the outputs in the file are off by at most {_about(max(off))}"]


def _in_floats(path: Path, query: Query, network: Network, found: Replay) -> list[str]:
    """What onnxruntime makes of the point, where it is installed and the file is one of ONNX."""
    if plain_suffix(path) != ".onnx" or query.networks[0].of_kind("hidden"):
        return []
    try:
        value = float_run(path)(found.point)
    except MissingExtraError:
        return []
    if value is None:
        return ["onnxruntime returns numbers that are not finite"]
    again = replay(network, query.prop, found.point, value)
    off = max((abs(a - b) for a, b in zip(value, found.value, strict=True)), default=Fraction(0))
    verdict = "breaks the property, too" if again else "does not break the property"
    return [f"what onnxruntime returns is off by at most {_about(off)}, and {verdict}"]


def _about(value: Fraction) -> str:
    return rounded_text(value, 3)
