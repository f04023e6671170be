"""``polyrelu range`` and ``polyrelu nearest``: questions that a number and a point answer."""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

import click

from polyrelu.analysis.goals import NORMS
from polyrelu.analysis.nearest_input import NearestInput, nearest_input
from polyrelu.analysis.output_range import Extreme, OutputRange, output_range
from polyrelu.analysis.proof_files import save_proof
from polyrelu.arithmetic.exact import ExactVector, exact, rounded_text
from polyrelu.cli.documents import Document
from polyrelu.cli.networks import Model, takes_model, warn_outside
from polyrelu.cli.options import JSON, together
from polyrelu.cli.question import INPUTS, WHAT, Question
from polyrelu.cli.stopping import TIMEOUT, Stopped, Stops, stops
from polyrelu.engines.evidence.files import numbered
from polyrelu.errors import EmptySetError, InputError, Interrupted
from polyrelu.formats.points import load_points
from polyrelu.networks.network import Network
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.files import check_place
from polyrelu.support.numerals import fraction_digits
from polyrelu.tilings.table import format_point

Answer = TypeVar("Answer")
_SHOWN_COORDINATES = 12
NOTHING = "None: no input of the domain has such an output. This is proven, not sampled."

CHECK = click.option("--check", is_flag=True, help="Check the proof as well, in exact arithmetic.")
PROOF = click.option(
    "--certify",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the proof, for polyrelu check, and the question beside it; compressed if FILE ends in .gz.",
)
COMMON = together(INPUTS, TIMEOUT, CHECK, JSON)
_PROVED = together(INPUTS, TIMEOUT, CHECK, PROOF, JSON)

_RANGE_EXAMPLES = """\b
Example: polyrelu range model.npz --box -1 1
or:      polyrelu range model.npz --form "1 - 2*y0" --box 0 1 --box -1/2 0.5 --json
"""


@click.command("range", epilog=_RANGE_EXAMPLES, short_help="How small and how large an output gets.")
@takes_model
@click.option("--form", default="y0", show_default=True, metavar="EXPR", help='A sum of outputs, e.g. "y0 - 2*y1".')
@_PROVED
def range_command(
    model: Model,
    form: str,
    box: Sequence[tuple[str, str]],
    domain: str | None,
    timeout: float | None,
    check: bool,
    certify: Path | None,
    as_json: bool,
) -> None:
    """The exact smallest and largest value of an output of MODEL, or of a sum of outputs, and where they are.

    A run that --timeout stops says what is certain until then.
    """
    heard = stops()
    _require_place(certify)
    heard.start(timeout)
    network, inputs = read_inputs(model, box, domain)
    found = so_far(functools.partial(output_range, network, inputs, form, timeout=heard.left))
    proved = found.check() if check and found.complete else None
    _write_proof(found, certify)
    print_answer(range_document(found, proved) if as_json else range_text(found, proved), found.complete, heard)


_NEAREST_EXAMPLES = """\b
Example: polyrelu nearest model.npz --output "y0 > 0" --point "0, 1/2" --box -6 6
or:      polyrelu nearest model.npz --output "y0 >= 1" --points start.csv --norm l2 --timeout 60
"""


@click.command("nearest", epilog=_NEAREST_EXAMPLES, short_help="The smallest change to an input that gets there.")
@takes_model
@WHAT
@click.option("--point", metavar="X,X,...", help="The input to change, numbers separated by commas.")
@click.option(
    "--points",
    "file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The input to change, the first row of a .npy or .csv file.",
)
@click.option(
    "--norm",
    type=click.Choice(NORMS),
    default=NORMS[0],
    show_default=True,
    help="The largest change of an input, the sum of changes, or the Euclidean length.",
)
@_PROVED
def nearest_command(
    model: Model,
    conditions: Sequence[str],
    prop: Path | None,
    point: str | None,
    file: Path | None,
    norm: str,
    box: Sequence[tuple[str, str]],
    domain: str | None,
    timeout: float | None,
    check: bool,
    certify: Path | None,
    as_json: bool,
) -> None:
    """The input of MODEL nearest to a given one whose outputs satisfy a condition, exactly.

    Of a property with several domains each is answered. A run that --timeout stops says what is certain until then.
    """
    heard = stops()
    question = Question(model, box, domain, conditions=conditions, prop=prop)
    question.check()
    if (point is None) == (file is None):
        raise click.UsageError("Give one of --point and --points.")
    _require_place(certify)
    heard.start(timeout)
    question, network = question.read()
    start, document = _start(point, file), Document(heard)
    with document.whole() if as_json else nullcontext():
        for number, case in enumerate(question.cases(network)):
            warn_outside(model, [case.domain])
            try:
                search = functools.partial(nearest_input, network, case.targets, start, case.domain, norm)
                found = so_far(functools.partial(search, timeout=heard.left))
            except EmptySetError:
                found = None
            proved = found.check() if check and found is not None and found.complete else None
            if found is not None:
                _write_proof(found, certify and numbered(certify, number))
            if as_json:
                document.add(_nearest_result(norm, found, proved))
            else:
                click.echo("\n" * bool(number) + (NOTHING if found is None else _nearest_text(found, proved)))
            if found is not None and not found.complete:
                raise _not_the_end(heard)


def so_far(search: Callable[[], Answer]) -> Answer:
    """The answer of a search; where Ctrl-C stops it, what it knows by then."""
    try:
        return search()
    except Interrupted as stopped:
        found: Answer = stopped.partial
        return found


def _require_place(certify: Path | None) -> None:
    if certify is not None:
        check_place(certify)


def _write_proof(found: NearestInput | OutputRange, certify: Path | None) -> None:
    """Write a proof, if it is asked for and there is one."""
    if certify is not None and found.complete:
        save_proof(found, certify)


def read_inputs(model: Model, box: Sequence[tuple[str, str]], domain: str | None) -> tuple[Network, Polyhedron | None]:
    """The network, and the inputs that are asked about."""
    question, network = Question(model, box, domain).read()
    (inputs,) = question.domains(network)
    warn_outside(model, [inputs])
    return network, inputs


def _start(text: str | None, file: Path | None) -> ExactVector:
    """The input that is changed."""
    if text is not None:
        return tuple(exact(part.strip(), "--point") for part in text.strip("()[] ").split(","))
    assert file is not None
    rows = load_points(file)
    if not len(rows):
        raise InputError(f"--points {file}: has no row; write the input as one")
    return tuple(exact(v, "--points") for v in rows[0])


def print_answer(answer: str | dict[str, Any], complete: bool, heard: Stops) -> None:
    """Print an answer, a text or a JSON document.

    Raises:
        Stopped: the run was stopped before it was complete.
    """
    click.echo(json.dumps(answer, indent=1) if isinstance(answer, dict) else answer)
    if not complete:
        raise _not_the_end(heard)


def _not_the_end(heard: Stops) -> Stopped:
    """How a run ends that was stopped before it was complete."""
    heard.is_late(0)
    return heard.outcome(": what was printed is certain, and not the end")


# -- ranges -----------------------------------------------------------------------------------------------------------


def range_text(found: OutputRange, proved: int | None) -> str:
    """A range for people, and how many parts of its proof were checked."""
    ends = (("minimum", found.minimum, "above"), ("maximum", found.maximum, "below"))
    lines = [line for name, end, side in ends for line in _end_text(name, end, side)]
    return "\n".join([*lines, *_proved(proved), _counted(found.stats)])


def _end_text(name: str, end: Extreme, side: str) -> list[str]:
    if end.value is None:
        return [f"{name}  unknown; certainly {side} {end.bound:.9g}"]
    if not isinstance(end.value, Fraction):
        return [f"{name}  none: it has no end along {_point_text(end.ray or ())}"]
    lines = [f"{name}  {number_words(end.value)}{'' if end.attained else ', which is approached and not attained'}"]
    lines.append(f"  at     {_point_text(end.point or ())}")
    if not end.complete:
        lines.append(f"  which is the best so far; certainly {side} {end.bound:.9g}")
    return lines


def range_document(found: OutputRange, proved: int | None) -> dict[str, Any]:
    """A range as JSON values."""
    return {
        "minimum": _end_document(found.minimum),
        "maximum": _end_document(found.maximum),
        "complete": found.complete,
        "stats": dict(found.stats),
        **_proved_document(proved),
    }


def _end_document(end: Extreme) -> dict[str, Any]:
    value = end.value
    return {
        "value": fraction_digits(value) if isinstance(value, Fraction) else None if value is None else str(value),
        "point": digits(end.point),
        "ray": digits(end.ray),
        "attained": end.attained,
        "complete": end.complete,
        "bound": end.bound if math.isfinite(end.bound) else str(end.bound),
    }


# -- nearest inputs ---------------------------------------------------------------------------------------------------


def _nearest_text(found: NearestInput, proved: int | None) -> str:
    if found.point is None or found.value is None or found.squared_distance is None:
        return f"nothing was found yet; nothing is nearer than {found.at_least:.9g}"
    exact_one = found.distance
    length = f"about {float(found):.9g}, the root of {number_words(found.squared_distance)}"
    lines = [
        f"distance  {length if exact_one is None else number_words(exact_one)} in {found.norm}"
        f"{'' if found.attained else ', which is approached and not attained'}",
        f"input     {_point_text(found.point)}",
        f"output    about ({', '.join(rounded_text(v, 9) for v in found.value)})",
    ]
    if not found.complete:
        lines.append(f"          which is the best so far; nothing is nearer than {found.at_least:.9g}")
    return "\n".join([*lines, *_proved(proved), _counted(found.stats)])


def _nearest_result(norm: str, found: NearestInput | None, proved: int | None) -> dict[str, Any]:
    """A nearest input as JSON values; without one where no input has such outputs."""
    if found is None:
        return {"norm": norm, "distance": None, "complete": True}
    squared = found.squared_distance
    return {
        "norm": found.norm,
        "distance": None if found.distance is None else fraction_digits(found.distance),
        "squared_distance": None if squared is None else fraction_digits(squared),
        "point": digits(found.point),
        "value": digits(found.value),
        "target": found.target_index,
        "attained": found.attained,
        "complete": found.complete,
        "at_least": found.at_least,
        "stats": dict(found.stats),
        **_proved_document(proved),
    }


# -- words ------------------------------------------------------------------------------------------------------------


def number_words(value: Fraction) -> str:
    """A number for people: exact where that is short."""
    text = fraction_digits(value)
    return text if len(text) <= 40 else f"about {rounded_text(value, 12)}"


def _point_text(point: ExactVector) -> str:
    if len(point) > _SHOWN_COORDINATES:
        return f"a point of {len(point)} coordinates, which --json prints"
    return str(format_point(point, 9))


def digits(point: ExactVector | None) -> list[str] | None:
    """A point as a JSON value."""
    return None if point is None else list(map(fraction_digits, point))


def _proved(parts: int | None) -> list[str]:
    return [] if parts is None else [f"proof of {parts} parts checked, exactly"]


def _proved_document(parts: int | None) -> dict[str, Any]:
    return {} if parts is None else {"checked_parts": parts}


def _counted(stats: Mapping[str, int | float]) -> str:
    return ", ".join(
        f"{name.replace('_', ' ')} {count}" for name, count in stats.items() if name != "complete" and count
    )
