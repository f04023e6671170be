"""``polyrelu verify``."""

from __future__ import annotations

import json
import math
from pathlib import Path

import click

from polyrelu.analysis.verify import Verification, verify, write_evidence
from polyrelu.arithmetic.exact import rounded_text
from polyrelu.cli.certificates import CERTIFY, Certificates
from polyrelu.cli.exit_codes import Exit
from polyrelu.cli.networks import Model, takes_model, warn_outside
from polyrelu.cli.options import JSON, MAX_DIM, WORKERS
from polyrelu.cli.stopping import TIMEOUT, stops
from polyrelu.export.json_report import verification_report
from polyrelu.formats.vnnlib import load_property
from polyrelu.networks.network import Network
from polyrelu.networks.properties import Property
from polyrelu.support.limits import Limit
from polyrelu.tilings.table import format_point

_EXAMPLES = """\b
Example: polyrelu verify model.npz unsafe.vnnlib --timeout 60
or:      polyrelu verify model.npz unsafe.vnnlib --json
or:      polyrelu verify model.npz unsafe.vnnlib --certify answer.cert.gz
"""


@click.command("verify", epilog=_EXAMPLES, short_help="Whether MODEL keeps a property.")
@takes_model
@click.argument("prop", metavar="PROPERTY", type=click.Path(path_type=Path))
@MAX_DIM
@TIMEOUT
@WORKERS
@JSON
@CERTIFY
@click.pass_context
def verify_command(
    context: click.Context,
    model: Model,
    prop: Path,
    max_dim: int | None,
    timeout: float | None,
    workers: int,
    as_json: bool,
    certify: Path | None,
    rows_only: bool,
) -> None:
    """Whether MODEL avoids what PROPERTY, a VNN-LIB file, describes; exactly.

    Prints "holds", "violated" with a counterexample that was checked exactly, or "undecided" with what remains. The
    exit code is 0, 1 or 3; when Ctrl-C leaves it undecided, 130; an error is 2, with nothing on standard output.

    With --certify the evidence is written after that: certificates if it holds, one for each domain of the property,
    else the counterexample; each with its statement. Where that fails, the exit code says so.
    """
    heard, certificates = stops(), Certificates(certify, rows_only)
    certificates.check((model.path, prop))
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
    _write_evidence(found, network, asked, certificates, workers, max_dim, as_json)
    context.exit({"holds": Exit.DONE, "violated": Exit.VIOLATED, "undecided": Exit.UNDECIDED}[found.status])


def _write_evidence(
    found: Verification,
    network: Network,
    prop: Property,
    certificates: Certificates,
    workers: int,
    max_dim: int | None,
    as_json: bool,
) -> None:
    """Write the evidence that was asked for, and say in which files it is."""
    place, rows_only = certificates
    if place is None:
        return
    heard = stops()
    try:
        with Limit(heard.until).kept():
            files = write_evidence(found, network, prop, place, rows_only=rows_only, workers=workers, max_dim=max_dim)
    except KeyboardInterrupt as error:
        raise heard.outcome(f": the verdict is known, but {place} was not written") from error
    for path in files:
        click.echo(str(path), err=as_json)


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
