"""``polyrelu verify``."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import click

from polyrelu.analysis.verify import Verification, verify, write_evidence
from polyrelu.arithmetic.exact import rounded_text
from polyrelu.cli.certificates import CERTIFY, Certificates
from polyrelu.cli.exit_codes import Exit
from polyrelu.cli.networks import Model, takes_model, warn_outside
from polyrelu.cli.options import JSON, MAX_DIM, WORKERS
from polyrelu.cli.solver import NETWORKS, VERDICTS, files_by_name, rounding_note, serialise
from polyrelu.cli.stopping import TIMEOUT, stops
from polyrelu.engines.evidence.certify import Form
from polyrelu.export.json_report import verification_report
from polyrelu.formats.answers import assignment_lines
from polyrelu.formats.packed import plain_suffix
from polyrelu.formats.vnnlib import load_query
from polyrelu.formats.vnnlib_query import Query
from polyrelu.networks.network import Network
from polyrelu.networks.properties import Property
from polyrelu.support.limits import Limit
from polyrelu.tilings.table import format_point

_EXAMPLES = """\b
Example: polyrelu verify model.npz unsafe.vnnlib --timeout 60
or:      polyrelu verify model.npz unsafe.vnnlib --json
or:      polyrelu verify model.npz unsafe.vnnlib --certify answer.cert.gz
or:      polyrelu verify alike.vnnlib --network teacher=a.onnx --network student=b.onnx
"""


class _Asked(NamedTuple):
    """What the command line asks.

    ``named`` are the networks of ``--network``; there are none where MODEL is the network.
    """

    model: Model
    prop: Path | None
    named: Mapping[str, Path]
    folder: Path | None

    def check(self) -> None:
        """Refuse what does not fit together.

        Raises:
            click.UsageError: there is no network, or there are two ways to say it.
        """
        if self.named and self.prop is not None:
            raise click.UsageError(f"--network: says what {self.prop} is about; leave MODEL out.")
        if not self.named and self.prop is None:
            raise click.UsageError("Missing argument 'PROPERTY', or option '--network' for what a property declares.")
        if self.folder is not None and not self.named:
            raise click.UsageError("--serialise-assignments: is for a property with --network.")

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that the question is in."""
        return (self.model.path, *(() if self.prop is None else (self.prop,)), *self.named.values())

    def read(self) -> tuple[Query, Network]:
        """What the property asks, and the network of which it asks that."""
        if self.prop is not None and plain_suffix(self.model.path) == ".vnnlib":
            self.model.load()  # says that the network comes first
        query = load_query(self.model.path if self.prop is None else self.prop)
        self.model.tell_dropped()
        if self.model.dropped is not None:
            query = replace(query, prop=query.before_final(self.model.dropped))
        if self.named:
            return query, query.joint(self.named)
        if len(query.names) > 1:
            raise click.UsageError(
                f"{self.prop}: is about {' and '.join(query.names)}; give --network NAME=FILE for each, without MODEL."
            )
        if len(query.networks) == 1 and query.networks[0].is_plain:
            return query, query.joint({query.names[0]: self.model.load()})
        options = {name: value for name, value in self.model._asdict().items() if name != "path" and value is not None}
        return query, query.joint({query.names[0]: self.model.path}, **options)


@click.command("verify", epilog=_EXAMPLES, short_help="Whether MODEL keeps a property.")
@takes_model
@click.argument("prop", metavar="PROPERTY", required=False, type=click.Path(path_type=Path))
@NETWORKS
@MAX_DIM
@TIMEOUT
@WORKERS
@JSON
@CERTIFY
@click.pass_context
def verify_command(
    context: click.Context,
    model: Model,
    prop: Path | None,
    named: tuple[str, ...],
    folder: Path | None,
    max_dim: int | None,
    timeout: float | None,
    workers: int,
    as_json: bool,
    certify: Path | None,
    rows_only: bool,
    form: Form,
) -> None:
    """Whether MODEL avoids what PROPERTY, a VNN-LIB file, describes; exactly.

    Prints "holds", "violated" with a counterexample that was checked exactly, or "undecided" with what remains. The
    exit code is 0, 1 or 3; when Ctrl-C leaves it undecided, 130; an error is 2, with nothing on standard output.

    With --drop-final Sigmoid, Tanh, Softmax or LogSoftmax the PROPERTY is about the outputs of that operator all the
    same: it is asked of what enters it, exactly, where it is linear there, and else refused with the reason.

    With --network a PROPERTY comes alone, and the answer is in the VNN-LIB standard's words: "unsat" is 0, and "sat"
    is 1. So properties of several networks are asked.

    With --certify the evidence is written after that: certificates if it holds, one for each domain of the property,
    else the counterexample; each with its statement. Where that fails, the exit code says so.
    """
    heard, certificates = stops(), Certificates(certify, rows_only, form)
    asked = _Asked(model, prop, files_by_name(named), folder)
    asked.check()
    certificates.check(asked.files)
    undecided = "timed-out" if asked.named else "undecided"
    try:
        heard.start(timeout)
        query, network = asked.read()
        if not asked.named:
            warn_outside(model, [part.domain for part in query.prop.disjuncts])
        found = verify(network, query.prop, heard.left, workers=workers, max_dim=max_dim)
        with heard.patient(math.inf):
            shown = _shown(found, query, asked, as_json)
    except KeyboardInterrupt as error:
        click.echo(json.dumps({"verdict": "undecided"}, indent=1) if as_json else undecided)
        if heard.reason is not Exit.LATE:
            raise heard.outcome() from error
        click.echo(f"polyrelu: {heard.words}", err=True)
        context.exit(Exit.UNDECIDED)
    click.echo(shown)
    _write_evidence(found, network, query.prop, certificates, workers, max_dim, as_json)
    context.exit({"holds": Exit.DONE, "violated": Exit.VIOLATED, "undecided": Exit.UNDECIDED}[found.status])


def _shown(found: Verification, query: Query, asked: _Asked, as_json: bool) -> str:
    """The verdict as it is asked for; tensors go to their folder, and what else is to be said to standard error."""
    if as_json:
        return json.dumps(verification_report(found, query.prop), indent=1)
    if not asked.named:
        return _verdict(found)
    note = rounding_note(query)
    if note is not None:
        click.echo(f"polyrelu: {note}", err=True)
    first = "timed-out" if found.status == "undecided" else VERDICTS[found.status]
    if found.point is None or found.value is None:
        return first
    if asked.folder is not None:
        serialise(query.assignment(found.point, found.value), asked.folder)
        return first
    return "\n".join([first, *assignment_lines(query.assignment(found.point, found.value))])


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
    place, rows_only, form = certificates
    if place is None:
        return
    heard = stops()
    try:
        with Limit(heard.until).kept():
            options: dict[str, Any] = {"form": form, "rows_only": rows_only, "workers": workers, "max_dim": max_dim}
            files = write_evidence(found, network, prop, place, **options)
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
