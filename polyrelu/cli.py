"""The command line: ``polyrelu demo``, ``figures``, ``info``, ``preimage``, ``regions``, ``verify`` and ``zones``.

Results go to standard output, progress and errors to standard error; with ``--json`` standard output is one JSON
document. An error is one line and exit code 2 (``--debug`` shows the traceback); an interrupted run prints what it has
and exits with 130. ``verify`` exits with 0 when the property holds, 1 when it is violated, 2 when that is undecided.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any, NamedTuple

import click

from polyrelu import __version__
from polyrelu.constraints import parse
from polyrelu.demo import RADIUS, disagreements, run_demo, write_demo
from polyrelu.errors import Interrupted, PolyreluError
from polyrelu.exact import exact
from polyrelu.export.files import EXPORTS
from polyrelu.figures.registry import FIGURES, FORMATS, write_figures
from polyrelu.formats import load_network, load_property
from polyrelu.formats.tilings import SUFFIXES
from polyrelu.plotting import plot_tiling, style
from polyrelu.plotting.style import require
from polyrelu.polyhedron import Polyhedron
from polyrelu.preimage import METHODS, linear_regions, preimage
from polyrelu.properties import Disjunct
from polyrelu.report import tiling_report, verification_report
from polyrelu.tiling import Tiling, format_point
from polyrelu.unrelu import DEFAULT_FACE_LIMIT
from polyrelu.verify import Verification, verify
from polyrelu.zones import SORTS, zone_table

_CHECKED_POINTS = 100_000
_SHOWN_TILES = 50


class _Stopped(click.ClickException):
    """The user pressed Ctrl-C; click would swallow the message of a KeyboardInterrupt."""

    exit_code = 130

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(f"polyrelu: {self.message}", file=file, err=file is None)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="polyrelu")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def cli(debug: bool) -> None:
    """Which inputs make a ReLU network do this? Exactly, and all of them."""


@cli.command()
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("out"),
    show_default=True,
    help="Directory for the picture.",
)
def demo(out: Path) -> None:
    """The exact inputs that activate the first output of a trained 2-10-2-10 network."""
    result = run_demo()
    click.echo(f"{result.network!r}: where is y0 > 0?\n")
    click.echo(f"In [-{RADIUS}, {RADIUS}]^2, {len(result.in_box)} tiles:\n")
    click.echo(result.in_box.table(limit=_SHOWN_TILES))
    click.echo(f"\nIts zones:\n\n{zone_table(result.in_box, sort='volume')}")
    click.echo(f"\nIn the whole plane, {len(result.in_plane)} tiles:\n\n{zone_table(result.in_plane, sort='volume')}")
    for name, tiling, radius in (("the square", result.in_box, RADIUS), ("the plane", result.in_plane, 10 * RADIUS)):
        wrong = disagreements(tiling, _CHECKED_POINTS, radius)
        click.echo(
            f"\n{_CHECKED_POINTS:,} random points of [-{radius}, {radius}]^2 against the tiling of {name}: "
            f"{len(wrong)} disagreements"
        )
        if len(wrong):
            raise AssertionError(f"the tiling of {name} is wrong at {wrong[0]}; please report this")
    click.echo(f"\n{_run_summary(result.in_box)}\n{write_demo(result, out)}")


def _options(*options: Callable[[Callable[..., None]], Callable[..., None]]) -> Callable[..., Callable[..., None]]:
    """Several options as one decorator, in the order in which ``--help`` shows them."""

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


_WORKERS = click.option(
    "--workers", type=click.IntRange(1), default=1, show_default=True, help="Threads that split cells."
)
_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON document, exact numbers as text.")
_MODEL = click.argument("model", type=click.Path(path_type=Path))
_WHERE = _options(
    click.option(
        "--box",
        nargs=2,
        multiple=True,
        metavar="LOW HIGH",
        help="Bounds of every input; or repeat, once for each input. Without it, all of R^d.",
    ),
    click.option("--domain", metavar="EXPR", help='What the inputs satisfy, e.g. "x0 + x1 <= 1".'),
    click.option("--method", type=click.Choice(METHODS), default="auto", show_default=True),
    click.option(
        "--limit",
        type=int,
        default=DEFAULT_FACE_LIMIT,
        show_default=True,
        help="The most faces a layer may have, for the methods that go face by face.",
    ),
    _WORKERS,
    click.option(
        "--plot",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Draw a two-dimensional result to this file.",
    ),
)
_WHAT = _options(
    click.option(
        "--output",
        "condition",
        metavar="EXPR",
        help='What the outputs satisfy, e.g. "y0 > 0 and y1 <= y2".',
    ),
    click.option(
        "--property",
        "prop",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="A VNN-LIB file that says it, and the inputs, instead.",
    ),
)
_PRINTING = _options(
    click.option(
        "--tiles", type=click.IntRange(0), help=f"The most tiles to print; by default {_SHOWN_TILES}, with --json all."
    ),
    click.option("--digits", type=click.IntRange(1), help="Print rounded inequalities with this many digits."),
    click.option(
        "--save",
        type=click.Path(dir_okay=False, path_type=Path),
        help=f"Keep the tiles: {' '.join(SUFFIXES)} for polyrelu.load_tiling, {' '.join(EXPORTS)} for other tools.",
    ),
    _JSON,
)


class _Question(NamedTuple):
    """The options above, as click passes them on; regions have no condition."""

    model: Path
    box: Sequence[tuple[str, str]]
    domain: str | None
    method: str
    limit: int
    workers: int
    plot: Path | None
    condition: str | None = None
    prop: Path | None = None

    def answers(self) -> Iterator[Tiling]:
        """The preimages: one for each domain of a property."""
        if (self.condition is None) == (self.prop is None):
            missing = "Missing option '--output' or '--property'"
            raise click.UsageError(f"{missing}." if self.prop is None else f"{missing}: one of them, not both.")
        network = load_network(self.model)
        where = _domain(self.box, self.domain, network.input_dim)
        if self.condition is not None:
            asked: Sequence[Disjunct] = [
                Disjunct(Polyhedron.whole_space(network.input_dim), (parse(self.condition, dim=network.output_dim),))
            ]
        else:
            assert self.prop is not None
            asked = load_property(self.prop, network.input_dim, network.output_dim).disjuncts
        for part in asked:
            domain = part.domain if where is None else part.domain & where if part.domain.halfspaces else where
            yield preimage(network, part.targets, domain, self.method, limit=self.limit, workers=self.workers)

    def regions(self) -> Iterator[Tiling]:
        """The linear regions."""
        network = load_network(self.model)
        where = _domain(self.box, self.domain, network.input_dim)
        yield linear_regions(network, where, self.method, limit=self.limit, workers=self.workers)


class _Printing(NamedTuple):
    """What to do with a tiling."""

    tiles: int | None
    digits: int | None
    save: Path | None
    as_json: bool

    def run(self, answers: Iterator[Tiling], plot: Path | None) -> None:
        """Print, keep and draw the tilings, one by one; with several, files are numbered."""
        if self.save is not None and self.save.suffix.lower() not in (*SUFFIXES, *EXPORTS):
            raise click.UsageError(f"--save {self.save}: the suffix must be one of {', '.join((*SUFFIXES, *EXPORTS))}.")
        reports = []
        try:
            for number, tiling in enumerate(answers):
                if self.as_json:
                    reports.append(tiling_report(tiling, self.tiles))
                else:
                    click.echo(("\n" if number else "") + self.table(tiling) + f"\n\n{_run_summary(tiling)}")
                for path, keep in ((self.save, _save), (plot, _save_plot)):
                    if path is not None:
                        numbered = path.with_stem(f"{path.stem}-{number}") if number else path
                        keep(tiling, numbered)
                        click.echo(str(numbered), err=self.as_json)
        except Interrupted as stopped:
            if self.as_json:
                self.print([*reports, tiling_report(stopped.partial, self.tiles)])
            else:
                click.echo(self.table(stopped.partial))
            raise _Stopped(str(stopped)) from stopped
        if self.as_json:
            self.print(reports)

    def table(self, tiling: Tiling) -> str:
        """The tiles as text."""
        return tiling.table(limit=_SHOWN_TILES if self.tiles is None else self.tiles, digits=self.digits)

    def print(self, reports: Sequence[dict[str, Any]]) -> None:
        """The reports as one document."""
        click.echo(json.dumps({"results": reports}, indent=1))


_PREIMAGE_EXAMPLES = """\b
Example: polyrelu preimage model.npz --output "y0 > 0" --box -6 6 --plot zone.png
or:      polyrelu preimage model.npz --property unsafe.vnnlib --save unsafe.npz --json
"""


@cli.command("preimage", epilog=_PREIMAGE_EXAMPLES)
@_MODEL
@_WHAT
@_WHERE
@_PRINTING
def preimage_command(tiles: int | None, digits: int | None, save: Path | None, as_json: bool, **options: Any) -> None:
    """The exact inputs of MODEL whose outputs satisfy a condition, or that break a property.

    A property with several domains has several results; the files of the later ones are numbered.
    """
    question = _Question(**options)
    _Printing(tiles, digits, save, as_json).run(question.answers(), question.plot)


@cli.command(epilog="Example: polyrelu info model.onnx")
@_MODEL
@_JSON
def info(model: Path, as_json: bool) -> None:
    """The size of MODEL: its layers, and how many linear regions there can be."""
    summary = load_network(model).summary()
    click.echo(json.dumps({"model": str(model), **asdict(summary)}, indent=1) if as_json else str(summary))


@cli.command("regions", epilog="Example: polyrelu regions model.npz --box -6 6 --tiles 10 --save regions.npz")
@_MODEL
@_WHERE
@_PRINTING
def regions_command(tiles: int | None, digits: int | None, save: Path | None, as_json: bool, **options: Any) -> None:
    """The linear regions of MODEL: the cells on which every neuron has one sign."""
    question = _Question(**options)
    _Printing(tiles, digits, save, as_json).run(question.regions(), question.plot)


@cli.command("verify", epilog="Example: polyrelu verify model.npz unsafe.vnnlib --timeout 60")
@_MODEL
@click.argument("prop", metavar="PROPERTY", type=click.Path(path_type=Path))
@click.option("--timeout", type=float, metavar="SECONDS", help="Give up after this time; by default never.")
@_WORKERS
@_JSON
@click.pass_context
def verify_command(
    context: click.Context, model: Path, prop: Path, timeout: float | None, workers: int, as_json: bool
) -> None:
    """Whether MODEL avoids what PROPERTY, a VNN-LIB file, describes; exactly.

    Prints "holds", "violated" with a counterexample that was checked exactly, or "undecided" with what remains. The
    exit code is 0, 1 or 2; an error is 2 as well, with nothing on standard output.
    """
    network = load_network(model)
    asked = load_property(prop, network.input_dim, network.output_dim)
    try:
        found = verify(network, asked, timeout, workers=workers)
    except Interrupted as stopped:
        raise _Stopped(str(stopped)) from stopped
    if as_json:
        click.echo(json.dumps(verification_report(found, asked), indent=1))
    else:
        click.echo(_verdict(found))
    context.exit(("holds", "violated", "undecided").index(found.status))


def _verdict(found: Verification) -> str:
    lines: list[str] = [found.status]
    if found.point is not None and found.value is not None and found.place is not None:
        lines.append(f"input    {format_point(found.point)}")
        lines.append(f"output   about ({', '.join(f'{float(v):.9g}' for v in found.value)})")
        lines.append(f"which is in target {found.place[1]} of domain {found.place[0]}, checked in exact arithmetic")
    if found.remaining:
        domain, target = found.remaining[0]
        lines.append(
            f"{found.cases - len(found.remaining)} of {found.cases} cases are excluded; time was up in target {target} "
            f"of domain {domain}"
        )
    return "\n".join([*lines, f"{found.cells} cells in {found.seconds:.3g} seconds"])


@cli.command("zones", epilog='Example: polyrelu zones model.npz --output "y0 > 0" --box -6 6 --plot zones.png')
@_MODEL
@_WHAT
@_WHERE
@click.option(
    "--contact",
    type=click.IntRange(0),
    help="The least dimension of a contact that connects two tiles; by default a facet's; with 0 a vertex.",
)
@click.option("--sort", type=click.Choice(SORTS), default="volume", show_default=True, help="The order of the zones.")
@click.option("--digits", type=click.IntRange(1), default=4, show_default=True, help="Digits of volumes and boxes.")
def zones_command(contact: int | None, sort: str, digits: int, **options: Any) -> None:
    """The activation zones of MODEL: the islands of inputs whose outputs satisfy a condition.

    For each zone its tiles, its volume, its bounding box and an exact point of it.
    """
    question = _Question(**options)
    try:
        for number, tiling in enumerate(question.answers()):
            click.echo(("\n" if number else "") + zone_table(tiling, contact, sort, digits))
            if tiling.domain.is_bounded() and len(tiling):
                click.echo(f"\nThe zones fill {float(tiling.share()):.{digits}g} of the domain.")
            click.echo(f"\n{_run_summary(tiling)}")
            if question.plot is not None:
                path = question.plot
                numbered = path.with_stem(f"{path.stem}-{number}") if number else path
                _save_plot(tiling, numbered)
                click.echo(str(numbered))
    except Interrupted as stopped:
        raise _Stopped(str(stopped)) from stopped


@cli.command("figures", epilog="Example: polyrelu figures --out out three-pieces growth")
@click.argument("names", nargs=-1, metavar="[NAME ...]")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("out"),
    show_default=True,
    help="Directory for the files.",
)
@click.option(
    "--format",
    "formats",
    type=click.Choice(FORMATS),
    multiple=True,
    help="Repeat for several; by default all. Animations are GIF and MP4.",
)
@click.option("--dark", is_flag=True, help="Light ink on dark paper.")
@click.option("--list", "listed", is_flag=True, help="Print the names and what they show.")
def figures_command(names: tuple[str, ...], out: Path, formats: tuple[str, ...], dark: bool, listed: bool) -> None:
    """Write the figures of the write-up on latent spaces: all, or those with these NAMEs."""
    if listed:
        width = max(map(len, FIGURES))
        for name, entry in FIGURES.items():
            click.echo(f"{name:{width}}  {entry.kind:9}  {entry.title}")
        return
    for path in write_figures(out, names or None, formats=formats or FORMATS, dark=dark):
        click.echo(str(path))


def _domain(box: Sequence[tuple[str, str]], domain: str | None, dim: int) -> Polyhedron | None:
    parts = []
    if box:
        if len(box) not in (1, dim):
            raise click.UsageError(f"--box is given {len(box)} times; give it once, or once for each of {dim} inputs")
        bounds = box if len(box) == dim else [box[0]] * dim
        parts.append(
            Polyhedron.box([exact(low, "--box") for low, _ in bounds], [exact(high, "--box") for _, high in bounds])
        )
    if domain is not None:
        parts.append(parse(domain, dim=dim, names=("x",)))
    return parts[0].intersection(*parts[1:]) if parts else None


def _run_summary(tiling: Tiling) -> str:
    stats = ", ".join(
        f"{name} {value:.3g}" if isinstance(value, float) else f"{name} {value}" for name, value in tiling.stats.items()
    )
    return f"{tiling!r}: {stats}"


def _save(tiling: Tiling, path: Path) -> None:
    if path.suffix.lower() in SUFFIXES:
        tiling.save(path)
    else:
        tiling.export(path)


def _save_plot(tiling: Tiling, path: Path) -> None:
    pyplot = require("matplotlib.pyplot", "--plot")
    with style():
        figure, axes = pyplot.subplots(figsize=(4.5, 4.5), layout="constrained")
        plot_tiling(tiling, axes)
        figure.savefig(path)
        pyplot.close(figure)


def main() -> None:
    """Run the command line; every expected error is one line on standard error."""
    try:
        code = cli(standalone_mode=False)  # what a command exits with, or None
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        click.echo("polyrelu: interrupted", err=True)
        sys.exit(_Stopped.exit_code)
    except (PolyreluError, OSError) as error:
        if "--debug" in sys.argv[1:]:
            raise
        click.echo(f"polyrelu: {error}", err=True)
        sys.exit(2)
    if code:
        sys.exit(code)


if __name__ == "__main__":
    main()
