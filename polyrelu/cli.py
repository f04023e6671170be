"""The command line: ``polyrelu demo``, ``polyrelu preimage``, ``polyrelu zones`` and ``polyrelu figures``.

Results go to standard output, progress and errors to standard error. An error is one line and exit code 2
(``--debug`` shows the traceback); an interrupted run prints what it has and exits with 130.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple

import click

from polyrelu import __version__
from polyrelu.constraints import parse
from polyrelu.demo import RADIUS, disagreements, run_demo, write_demo
from polyrelu.errors import Interrupted, PolyreluError
from polyrelu.exact import exact
from polyrelu.figures.registry import FIGURES, FORMATS, write_figures
from polyrelu.formats import load_network
from polyrelu.plotting import plot_tiling, style
from polyrelu.plotting.style import require
from polyrelu.polyhedron import Polyhedron
from polyrelu.preimage import METHODS, preimage
from polyrelu.tiling import Tiling
from polyrelu.unrelu import DEFAULT_FACE_LIMIT
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


def _question(command: Callable[..., None]) -> Callable[..., None]:
    """The argument and options that say which preimage is meant, and how to find it."""
    options = [
        click.argument("model", type=click.Path(path_type=Path)),
        click.option(
            "--output",
            "condition",
            required=True,
            metavar="EXPR",
            help='What the outputs satisfy, e.g. "y0 > 0 and y1 <= y2".',
        ),
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
        click.option(
            "--workers", type=click.IntRange(1), default=1, show_default=True, help="Threads that split cells."
        ),
        click.option(
            "--plot",
            type=click.Path(dir_okay=False, path_type=Path),
            help="Draw a two-dimensional preimage to this file.",
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command


class _Question(NamedTuple):
    """The options above, as click passes them on."""

    model: Path
    condition: str
    box: Sequence[tuple[str, str]]
    domain: str | None
    method: str
    limit: int
    workers: int
    plot: Path | None

    def answer(self) -> Tiling:
        network = load_network(self.model)
        target = parse(self.condition, dim=network.output_dim)
        where = _domain(self.box, self.domain, network.input_dim)
        return preimage(network, target, where, self.method, limit=self.limit, workers=self.workers)


@cli.command("preimage", epilog='Example: polyrelu preimage model.npz --output "y0 > 0" --box -6 6 --plot zone.png')
@_question
@click.option("--tiles", type=int, default=_SHOWN_TILES, show_default=True, help="The most tiles to print.")
@click.option("--digits", type=int, help="Print rounded inequalities with this many digits.")
def preimage_command(tiles: int, digits: int | None, **options: Any) -> None:
    """The exact inputs of MODEL whose outputs satisfy a condition."""
    question = _Question(**options)
    try:
        tiling = question.answer()
    except Interrupted as stopped:
        click.echo(stopped.partial.table(limit=tiles, digits=digits))
        raise _Stopped(str(stopped)) from stopped
    click.echo(tiling.table(limit=tiles, digits=digits))
    click.echo(f"\n{_run_summary(tiling)}")
    if question.plot is not None:
        _save_plot(tiling, question.plot)


@cli.command("zones", epilog='Example: polyrelu zones model.npz --output "y0 > 0" --box -6 6 --plot zones.png')
@_question
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
        tiling = question.answer()
    except Interrupted as stopped:
        raise _Stopped(str(stopped)) from stopped
    click.echo(zone_table(tiling, contact, sort, digits))
    if tiling.domain.is_bounded() and len(tiling):
        click.echo(f"\nThe zones fill {float(tiling.share()):.{digits}g} of the domain.")
    click.echo(f"\n{_run_summary(tiling)}")
    if question.plot is not None:
        _save_plot(tiling, question.plot)


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


def _save_plot(tiling: Tiling, path: Path) -> None:
    pyplot = require("matplotlib.pyplot", "--plot")
    with style():
        figure, axes = pyplot.subplots(figsize=(4.5, 4.5), layout="constrained")
        plot_tiling(tiling, axes)
        figure.savefig(path)
        pyplot.close(figure)
    click.echo(str(path))


def main() -> None:
    """Run the command line; every expected error is one line on standard error."""
    try:
        cli(standalone_mode=False)
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


if __name__ == "__main__":
    main()
