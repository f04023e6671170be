"""``polyrelu demo`` and ``polyrelu figures``."""

from __future__ import annotations

from pathlib import Path

import click

from polyrelu.analysis.zones import zone_table
from polyrelu.cli.results import SHOWN_TILES, run_summary
from polyrelu.figures.demo import RADIUS, disagreements, run_demo, write_demo
from polyrelu.figures.registry import FIGURES, FORMATS, write_figures
from polyrelu.support.files import check_place, make_directory

_CHECKED_POINTS = 100_000

_OUT = click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("out"),
    show_default=True,
    help="Directory for the files.",
)


@click.command("demo", epilog="Example: polyrelu demo --out out", short_help="A trained network and its zones.")
@_OUT
def demo_command(out: Path) -> None:
    """The exact inputs that activate the first output of a trained 2-10-2-10 network."""
    check_place(make_directory(out) / "demo.png")
    result = run_demo()
    click.echo(f"{result.network!r}: where is y0 > 0?\n")
    click.echo(f"In [-{RADIUS}, {RADIUS}]^2, {len(result.in_box)} tiles:\n")
    click.echo(result.in_box.table(limit=SHOWN_TILES))
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
    click.echo(f"\n{run_summary(result.in_box)}\n{write_demo(result, out)}")


@click.command(
    "figures",
    epilog="Example: polyrelu figures --out out three-pieces growth",
    short_help="The figures of the write-up.",
)
@click.argument("names", nargs=-1, metavar="[NAME ...]")
@_OUT
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
