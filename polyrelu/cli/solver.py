"""The solver interface of the VNN-LIB standard: ``verify QUERY --network NAME=FILE``, and ``supports``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import click
import numpy as np

from polyrelu.arithmetic.exact import nearest_floats
from polyrelu.cli.options import together
from polyrelu.formats.vnnlib_query import Query
from polyrelu.formats.vnnlib_tensors import ELEMENTS, Tensor
from polyrelu.support.extras import require
from polyrelu.support.files import write_whole

NAMED = click.option(
    "--network",
    "named",
    multiple=True,
    metavar="NAME=FILE",
    help="A network that a VNN-LIB file declares; repeat for each. That file then comes without MODEL, and verify "
    "answers sat, unsat, unknown or timed-out, as the VNN-LIB standard has it.",
)
NETWORKS = together(
    NAMED,
    click.option(
        "--serialise-assignments",
        "folder",
        type=click.Path(file_okay=False, path_type=Path),
        metavar="FOLDER",
        help="With --network: write the tensors of a counterexample there, as ONNX has them.",
    ),
)
VERDICTS = {"holds": "unsat", "violated": "sat", "undecided": "unknown"}
_TYPES = {"real": "DOUBLE", "float64": "DOUBLE", "float32": "FLOAT"}


def files_by_name(named: Sequence[str]) -> dict[str, Path]:
    """What ``--network`` says: a file for each network.

    Raises:
        click.UsageError: not ``NAME=FILE``, or a name comes twice.
    """
    found: dict[str, Path] = {}
    for text in named:
        name, equals, path = text.partition("=")
        if not (name and equals and path):
            raise click.UsageError(f"--network {text}: write NAME=FILE.")
        if name in found:
            raise click.UsageError(f"--network {text}: {name} is given twice.")
        found[name] = Path(path)
    return found


def serialise(assigned: Iterator[tuple[Tensor, Sequence[Fraction]]], folder: Path) -> None:
    """Write each tensor to ``folder/name.pb``, as ONNX has them; entries are rounded to the type."""
    onnx = require("onnx", "writing assignments")
    folder.mkdir(parents=True, exist_ok=True)
    for tensor, entries in assigned:
        name = _TYPES.get(tensor.element.lower(), tensor.element.upper())
        kind = getattr(onnx.TensorProto, name)
        values = np.asarray(nearest_floats(entries), dtype=np.float64)
        proto = onnx.helper.make_tensor(tensor.name, kind, list(tensor.shape), values.tolist())
        write_whole(folder / f"{tensor.name}.pb", _written(proto.SerializeToString()))


def _written(content: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(content)


def rounding_note(query: Query) -> str | None:
    """What to say of a query that asks for floats; None where it asks for real numbers."""
    kinds = sorted({t.element for network in query.networks for t in network.tensors if t.element.lower() != "real"})
    if not kinds:
        return None
    return (
        f"the property declares {', '.join(kinds)}; the verdict is about the network in exact arithmetic, as for real"
    )


# -- supports -----------------------------------------------------------------------------------------------------


def _opsets() -> Sequence[str]:
    """The least opset that is read, and the newest that is known."""
    return "6", str(require("onnx.defs", "supports").onnx_opset_version())


def _operators() -> Sequence[str]:
    # This takes longer to import than the rest of the command.
    from polyrelu.formats.onnx_conditions import CONDITIONS
    from polyrelu.formats.onnx_operators import BRANCHES, CONSTANTS_ONLY, SUPPORTED

    in_part = {*CONSTANTS_ONLY, *CONDITIONS, BRANCHES, "Cast", "CastLike", "Div"}  # the standard has no word for these
    return [name for name in SUPPORTED if name not in in_part]


_CAPABILITIES: Mapping[str, tuple[str, Callable[[], Sequence[str]]]] = {
    "onnx-opset-versions": ("The least and the newest opset.", _opsets),
    "onnx-element-types": ("Types for which verdicts are sound.", lambda: ELEMENTS[:1]),
    "onnx-operators": ("Operators, of whatever depends on the input.", _operators),
    "vnnlib-versions": ("The least and the newest version.", lambda: ("1.0", "2.0")),
    "hidden-node-theories": ("Values inside a network.", lambda: ("NH", "H")),
    "multiple-input-output-theories": ("Several inputs and outputs.", lambda: ("SIO", "MIO")),
    "multiple-network-theories": ("Several networks.", lambda: ("SNET", "MENET", "MINET", "MNET")),
    "multiple-node-comparison-theories": ("Inputs and outputs compared.", lambda: ("SNC", "MNC")),
    "arithmetic-complexity-theories": ("Terms.", lambda: ("BND", "OUTC", "LIN")),
    "optimised-disjunctive-reasoning": ("More than a disjunctive normal form.", lambda: ("false",)),
    "serialise-assignments": ("Whether counterexamples are written as tensors.", lambda: ("true",)),
    "unsat-proofs": ("Whether there are proofs in the standard's form.", lambda: ("false",)),
}


def _capability_options(command: Callable[..., None]) -> Callable[..., None]:
    for name, (sentence, _) in reversed(list(_CAPABILITIES.items())):
        command = click.option(f"--{name}", "asked", flag_value=name, help=sentence)(command)
    return command


_EXAMPLES = """\b
Example: polyrelu supports --onnx-operators
or:      polyrelu supports --arithmetic-complexity-theories
"""


@click.command("supports", epilog=_EXAMPLES, short_help="What verify can be asked, in the VNN-LIB standard's words.")
@_capability_options
def supports_command(asked: str | None) -> None:
    """What verify can be asked, as the solver interface of the VNN-LIB standard has it: a line for each thing."""
    if asked is None:
        raise click.UsageError(f"Say what: {', '.join(f'--{name}' for name in _CAPABILITIES)}.")
    for line in _CAPABILITIES[asked][1]():
        click.echo(line)
