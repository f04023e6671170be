"""``polyrelu verify``."""

from __future__ import annotations

import json
import math
from pathlib import Path

import click

from polyrelu.analysis.verify import Verification, verify
from polyrelu.arithmetic.exact import rounded_text
from polyrelu.cli.exit_codes import Exit
from polyrelu.cli.networks import Model, takes_model, warn_outside
from polyrelu.cli.options import JSON, MAX_DIM, WORKERS
from polyrelu.cli.stopping import TIMEOUT, stops
from polyrelu.export.json_report import verification_report
from polyrelu.formats.vnnlib import load_property
from polyrelu.tilings.table import format_point

_EXAMPLES = """\b
Example: polyrelu verify model.npz unsafe.vnnlib --timeout 60
or:      polyrelu verify model.npz unsafe.vnnlib --json
"""


@click.command("verify", epilog=_EXAMPLES, short_help="Whether MODEL keeps a property.")
@takes_model
@click.argument("prop", metavar="PROPERTY", type=click.Path(path_type=Path))
@MAX_DIM
@TIMEOUT
@WORKERS
@JSON
@click.pass_context
def verify_command(
    context: click.Context,
    model: Model,
    prop: Path,
    max_dim: int | None,
    timeout: float | None,
    workers: int,
    as_json: bool,
) -> None:
    """Whether MODEL avoids what PROPERTY, a VNN-LIB file, describes; exactly.

    Prints "holds", "violated" with a counterexample that was checked exactly, or "undecided" with what remains. The
    exit code is 0, 1 or 3; when Ctrl-C leaves it undecided, 130; an error is 2, with nothing on standard output.
    """
    heard = stops()
    try:
        heard.start(timeout)
        network = model.load()
        asked = load_property(prop, network.input_dim, network.output_dim)
        warn_outside(model, [part.domain for part in asked.disjuncts])
        found = verify(network, asked, heard.left, workers=workers, max_dim=max_dim)
        with heard.patient(math.inf):
            shown = json.dumps(verification_report(found, asked), indent=1) if as_json else _verdict(found)
    except KeyboardInterrupt as error:
        click.echo(json.dumps({"verdict": "undecided"}, indent=1) if as_json else "undecided")
        if heard.reason is not Exit.LATE:
            raise heard.outcome() from error
        click.echo(f"polyrelu: {heard.words}", err=True)
        context.exit(Exit.UNDECIDED)
    click.echo(shown)
    context.exit({"holds": Exit.DONE, "violated": Exit.VIOLATED, "undecided": Exit.UNDECIDED}[found.status])


def _verdict(found: Verification) -> str:
    lines: list[str] = [found.status]
    if found.point is not None and found.value is not None and found.place is not None:
        lines.append(f"input    {format_point(found.point)}")
        lines.append(f"output   about ({', '.join(rounded_text(v, 9) for v in found.value)})")
        lines.append(f"which is in target {found.place[1]} of domain {found.place[0]}, checked in exact arithmetic")
    if found.remaining:
        domain, target = found.remaining[0]
        lines.append(
            f"{found.cases - len(found.remaining)} of {found.cases} cases are excluded; time was up in target {target} "
            f"of domain {domain}"
        )
    return "\n".join([*lines, f"{found.cells} cells in {found.seconds:.3g} seconds"])
