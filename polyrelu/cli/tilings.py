"""``polyrelu preimage``, ``regions`` and ``zones``: questions that tilings answer."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from polyrelu.analysis.zones import SORTS, zone_table, zones
from polyrelu.cli.certificates import CERTIFY, NO_CERTIFICATE, Certificates
from polyrelu.cli.documents import SECONDS_AFTER_STOP, Document
from polyrelu.cli.networks import takes_model, takes_model_or_statement
from polyrelu.cli.options import together
from polyrelu.cli.question import ORDER, WHAT, WHERE, Question
from polyrelu.cli.results import KEEPING, OF_TILES, SHOWN_DIGITS, SHOWN_TILES, Drawing, Results, nothing
from polyrelu.cli.stopping import Stops, stops
from polyrelu.cli.undecided import decided_part, undecided_part
from polyrelu.engines.evidence.certify import Form
from polyrelu.export.json_report import TilingReport, tiling_report, without_zones, zones_report
from polyrelu.networks.network import Network
from polyrelu.support.limits import Limit
from polyrelu.tilings.table import format_rows
from polyrelu.tilings.tiling import Tiling

TILES = together(
    click.option(
        "--tiles", type=click.IntRange(0), help=f"The most tiles to print; by default {SHOWN_TILES}, with --json all."
    ),
    click.option(
        "--digits",
        type=click.IntRange(1),
        help=f"Print inequalities and points rounded to so many digits; on a terminal {SHOWN_DIGITS} by default.",
    ),
    click.option("--exact", is_flag=True, help="Print all digits; the default in files and pipes, and with --json."),
)

_LONG_LINE = 400

_PREIMAGE_EXAMPLES = """\b
Example: polyrelu preimage model.npz --output "y0 > 0" --box -6 6 --plot zone.png
or:      polyrelu preimage model.npz --output "y0 > 0" --box 0 1 --box -1/2 0.5 --digits 4
or:      polyrelu preimage model.npz --output "y0 > 1" --output "y0 < 0" --domain "x0 + x1 <= 1" --timeout 60
or:      polyrelu preimage model.npz --property unsafe.vnnlib --save unsafe.npz --json
or:      polyrelu preimage model.npz --output "y0 > 0" --box -6 6 --page zone.html
or:      polyrelu preimage --statement question.txt
"""


@click.command("preimage", epilog=_PREIMAGE_EXAMPLES, short_help="Which inputs give these outputs, exactly.")
@takes_model_or_statement
@WHAT
@WHERE
@ORDER
@TILES
@KEEPING
@CERTIFY
def preimage_command(certify: Path | None, rows_only: bool, form: Form, **options: Any) -> None:
    """The exact inputs of MODEL whose outputs satisfy a condition, or that break a property.

    A statement, a text that says network, inputs and outputs, is answered as it stands; inputs and values in the middle
    that its conditions name count as further outputs, by layer. A property with several domains has several results;
    the files of the later ones are numbered. What is found when Ctrl-C or --timeout stops the run is printed and kept,
    marked incomplete: beside a file that is there, as NAME.partial.
    """
    print_tiles(Question.answers, certificates=Certificates(certify, rows_only, form), **options)


_REGIONS_EXAMPLES = """\b
Example: polyrelu regions model.npz --box -6 6 --plot regions.png
or:      polyrelu regions model.npz --box -6 6 --tiles 10 --save regions.npz
or:      polyrelu regions model.npz --property unsafe.vnnlib --json
or:      polyrelu regions model.npz --slice points.csv --box 0 1
"""


@click.command("regions", epilog=_REGIONS_EXAMPLES, short_help="The linear regions.")
@takes_model_or_statement
@click.option(
    "--property",
    "prop",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A VNN-LIB file: the regions of the inputs that it is about.",
)
@WHERE
@ORDER
@TILES
@KEEPING
@CERTIFY
def regions_command(certify: Path | None, rows_only: bool, form: Form, **options: Any) -> None:
    """The linear regions of MODEL: the cells on which every neuron has one sign."""
    print_tiles(Question.regions, certificates=Certificates(certify, rows_only, form), **options)


def print_tiles(
    ask: Callable[[Question, Network, Stops], Iterator[Tiling]],
    tiles: int | None,
    digits: int | None,
    exact: bool,
    plot: Path | None,
    save: Path | None,
    page: Path | None,
    as_json: bool,
    *,
    drawing: Drawing = OF_TILES,
    report: Callable[[Tiling, int | None], TilingReport] = tiling_report,
    remark: Callable[[Tiling], str] = lambda tiling: "" if tiling else nothing(tiling),
    certificates: Certificates = NO_CERTIFICATE,
    **options: Any,
) -> None:
    """Answer with tiles, with the options of a command; what ``remark`` says of the tiling goes below its table."""
    question, results = Question(**options), Results(plot, save, as_json, page, drawing)
    question.check(has_target=ask is Question.answers)
    results.check(reads=question.files)
    certificates.check(question.files, (save, plot, page), is_stated=question.statement is None)
    table = _table(tiles, _digits(digits, exact))

    def write(document: Document, tiling: Tiling) -> None:
        document.add_tiling(report(tiling, tiles), {} if tiling.complete else decided_part(tiling))

    def text(tiling: Tiling) -> str:
        return "\n\n".join(filter(None, (table(tiling) if len(tiling) else "", remark(tiling), undecided_part(tiling))))

    _run(question, ask, results, certificates, write, text)


def _run(
    question: Question,
    ask: Callable[[Question, Network, Stops], Iterator[Tiling]],
    results: Results,
    certificates: Certificates,
    write: Callable[[Document, Tiling], None],
    text: Callable[[Tiling], str],
) -> None:
    """Answer a question. The clock starts with the first file that is read."""
    heard, asked = stops(), question

    def answers() -> Iterator[Tiling]:
        nonlocal asked
        heard.start(question.timeout)
        asked, network = question.read()
        results.check(network.input_dim, varying=asked.varying(network))
        yield from ask(asked, network, heard)

    def certify(tiling: Tiling, number: int) -> list[Path]:
        with Limit(heard.until).kept():
            return certificates.write(tiling, number, asked.said, question.workers, question.max_dim)

    results.run(answers(), heard, write, text, certify)


def _digits(digits: int | None, exact: bool) -> int | None:
    """How many digits to show; None is all."""
    if exact and digits is not None:
        raise click.UsageError("--digits rounds, and --exact does not; give one of them.")
    if digits is None and not exact and sys.stdout.isatty():
        return SHOWN_DIGITS
    return digits


def _table(tiles: int | None, digits: int | None) -> Callable[[Tiling], str]:
    limit = SHOWN_TILES if tiles is None else tiles

    def table(tiling: Tiling) -> str:
        rows: list[tuple[str, ...]] = []
        heard = stops()
        with suppress(KeyboardInterrupt), heard.soon(SECONDS_AFTER_STOP):
            for row in tiling.rows(limit, digits):
                rows.append(row)  # one by one, so that a stop keeps them
        shown = format_rows(rows, len(tiling))
        if digits is not None:
            return f"{shown}\n\nShown with {digits} digits; --exact prints all of them."
        long = max(map(len, shown.splitlines())) > _LONG_LINE
        return shown + "\n\nExact numbers are long; --digits 4 shows them rounded." * long

    return table


_ZONES_EXAMPLES = """\b
Example: polyrelu zones model.npz --output "y0 > 0" --box -6 6 --plot zones.png
or:      polyrelu zones model.npz --output "y0 > 0" --box -6 6 --sort tiles --json
"""


@click.command("zones", epilog=_ZONES_EXAMPLES, short_help="The islands of inputs that give these outputs.")
@takes_model
@WHAT
@WHERE
@click.option(
    "--contact",
    type=click.IntRange(0),
    help="The least dimension of a contact that connects two tiles; by default a facet's; with 0 a vertex.",
)
@click.option("--sort", type=click.Choice(SORTS), default="volume", show_default=True, help="The order of the zones.")
@click.option("--digits", type=click.IntRange(1), default=4, show_default=True, help="Digits of volumes and boxes.")
@KEEPING
@CERTIFY
def zones_command(
    contact: int | None,
    sort: str,
    digits: int,
    plot: Path | None,
    save: Path | None,
    page: Path | None,
    as_json: bool,
    certify: Path | None,
    rows_only: bool,
    form: Form,
    **options: Any,
) -> None:
    """The activation zones of MODEL: the islands of inputs whose outputs satisfy a condition.

    For each zone its tiles, its volume, its bounding box and an exact point of it.
    """
    question = Question(**options, measure=True)
    results = Results(plot, save, as_json, page, paged=lambda tiling: zones(tiling, contact, sort))
    certificates = Certificates(certify, rows_only, form)
    question.check()
    results.check(reads=question.files)
    certificates.check(question.files, (save, plot, page), is_stated=question.statement is None)

    def write(document: Document, tiling: Tiling) -> None:
        try:
            with stops().soon(SECONDS_AFTER_STOP):
                found = zones_report(tiling, contact, sort)
        except KeyboardInterrupt:
            found = without_zones(tiling)
        document.add(found)

    def text(tiling: Tiling) -> str:
        if not len(tiling):
            return nothing(tiling)
        if not tiling.complete:
            return "The zones are not known: missing tiles might join them. --save keeps the tiles that were found."
        try:
            with stops().soon(SECONDS_AFTER_STOP):
                table = zone_table(tiling, contact, sort, digits)
                if not tiling.domain.is_bounded():
                    return table
                return f"{table}\n\nThe zones fill {float(tiling.share()):.{digits}g} of the domain."
        except KeyboardInterrupt:
            return "The zones are not known: the run was stopped after the tiles were found, before their zones were."

    _run(question, Question.answers, results, certificates, write, text)
