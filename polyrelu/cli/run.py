"""``polyrelu run``: a question that is answered part by part, in a directory, by runs that may be killed."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from polyrelu.analysis.certified_runs import has_certificates, prove
from polyrelu.certificates.checker import Rejected
from polyrelu.cli.exit_codes import Exit
from polyrelu.cli.networks import takes_question_if_any
from polyrelu.cli.options import JSON
from polyrelu.cli.question import INPUTS, WHAT, Question
from polyrelu.cli.stopping import TIMEOUT, stops
from polyrelu.errors import InputError, Interrupted
from polyrelu.networks.network import Network
from polyrelu.networks.questions import Domain, Target
from polyrelu.runs.checking import check_run
from polyrelu.runs.executors import KINDS
from polyrelu.runs.status import Status
from polyrelu.runs.stored_run import Run

_BETWEEN_LOOKS = 1.0  # seconds
_WIDTH = 79
_THREADS = 2

_EXAMPLES = """\b
Example: polyrelu run big/ model.npz --output "y0 > 0" --box -6 6
         polyrelu run big/                   # goes on after Ctrl-C, kill -9 or a power cut
         polyrelu run big/ --status --live   # from another terminal
or:      polyrelu run regions/ model.npz --regions --box -6 6 --measure
Python:  tiling = polyrelu.open_tiling("big/")
"""


@click.command("run", epilog=_EXAMPLES, short_help="Answer in a directory, larger than memory, and go on after a stop.")
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path))
@takes_question_if_any
@WHAT
@INPUTS
@click.option("--regions", "of_regions", is_flag=True, help="The linear regions, instead of a preimage.")
@click.option("--measure", is_flag=True, default=None, help="Find volumes and boxes of the tiles, too.")
@click.option("--cuts", type=click.IntRange(1), help="The budget of a task; by default a second or two of work.")
@click.option(
    "--executor",
    metavar="WHERE",
    help=f"Where tasks run: {KINDS}; by default in this process. Workers write to DIR themselves.",
)
@click.option(
    "--certify", "certifies", is_flag=True, help="Write a certificate for each part, too, by a second search."
)
@click.option("--status", "only_status", is_flag=True, help="Say how far the run is, and do nothing.")
@click.option("--live", is_flag=True, help="With --status, look again every second until it is complete.")
@TIMEOUT
@JSON
def run_command(
    directory: Path,
    measure: bool | None,
    cuts: int | None,
    executor: str | None,
    certifies: bool,
    only_status: bool,
    live: bool,
    timeout: float | None,
    as_json: bool,
    of_regions: bool,
    **options: Any,
) -> None:
    """Answer a question about MODEL in the directory DIR: its tiles as Parquet files, task by task.

    Without a question the run in DIR goes on. It may be stopped and killed at any moment: what is done stays, and in
    the end the same bytes are there.
    """
    question = Question(**options)
    is_asked = question.model is not None or question.statement is not None
    if live and not only_status:
        raise click.UsageError("--live goes with --status.")
    if only_status:
        if is_asked:
            raise click.UsageError("--status is about the run in DIR; leave the question out.")
        _watch(Run(directory), live, as_json)
        return
    if not is_asked and (question.conditions or question.prop or question.box or question.domain or of_regions):
        raise click.UsageError("Missing argument 'MODEL', or option '--statement'; without any question DIR goes on.")
    stops().start(timeout)
    asked = _asked(question, of_regions) if is_asked else (None, None, None)
    run = Run(directory, *asked, cuts=cuts, measure=measure)
    try:
        status = run.work(executor, until=stops().until, on_task=None if as_json else _show)
    except Interrupted as stopped:
        _end_line()
        raise stops().outcome(
            f" with {stopped.partial.tiles:,} tiles, which {directory} keeps; polyrelu run {directory} goes on"
        ) from stopped
    if certifies:
        _certify(run, executor, as_json)
    _end_line()
    _print(status, as_json)


def _certify(run: Run, executor: str | None, as_json: bool) -> None:
    """Write the certificates, and show how far that is."""
    try:
        run.certify(executor, on_task=lambda done, of: None if as_json else _say(f"{done:,} of {of:,} tasks certified"))
    except Interrupted as stopped:
        _end_line()
        place = run.directory.path
        raise stops().outcome(
            f" before all certificates were written; polyrelu run {place} --certify goes on"
        ) from stopped


def _asked(question: Question, of_regions: bool) -> tuple[Network, Target | None, Domain | None]:
    """The network, the target and the domain."""
    question.check(has_target=not of_regions)
    question, network = question.read()
    if of_regions or (question.said is not None and question.said.targets is None):
        (domain,) = _one(question.domains(network))
        return network, None, domain
    (case,) = _one(question.cases(network))
    return network, case.targets, case.domain


def _one(cases: Any) -> Any:
    """The domains of a question, of which there is one."""
    if len(cases) != 1:
        raise click.UsageError(f"the property has {len(cases)} domains, and a run is about one; state them one by one.")
    return cases


def _watch(run: Run, live: bool, as_json: bool) -> None:
    status = run.status()
    while live and not status.complete:
        if as_json:
            _print(status, as_json)
        else:
            _show(status)
        time.sleep(_BETWEEN_LOOKS)
        status = run.status()
    _end_line()
    _print(status, as_json)


def check_directory(directory: Path) -> int:
    """Check a run, part by part, and its certificates; the exit code, once it is said what was found."""
    run = Run(directory)
    found = False
    for problem in check_run(run, _THREADS):
        found = True
        click.echo(f"REJECTED {problem}", err=True)
    status = run.status()
    if not found:
        rest = "" if status.complete else f"; {status.open:,} roots are open"
        click.echo(f"SOUND {status.tiles:,} tiles in {status.tasks:,} tasks{rest}")
        if has_certificates(run):
            found = not _is_proved(run)
    return Exit.VIOLATED if found else Exit.DONE


def _is_proved(run: Run) -> bool:
    """Whether certificates prove that no tile is missing; it is said."""
    try:
        click.echo(f"VERIFIED {prove(run, _THREADS)}")
    except (Rejected, InputError) as reason:
        click.echo(f"REJECTED {reason}", err=True)
        return False
    return True


def _print(status: Status, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(asdict(status) | {"complete": status.complete}))
    else:
        click.echo("\n".join(status.lines()))


def _show(status: Status) -> None:
    _say(status.line())


def _say(line: str) -> None:
    """A line on a terminal, in the place of the one before."""
    if sys.stderr.isatty():
        click.echo(f"\r{line:{_WIDTH}.{_WIDTH}}", nl=False, err=True)


def _end_line() -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{'':{_WIDTH}}\r", nl=False, err=True)
