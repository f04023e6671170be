"""Where results are kept: at their place, or where there is room for them; what took hours is not lost at the end.

A result that is not complete replaces nothing. What cannot be written to its place is written to another one: the one
that a terminal's user names, else the current directory, else the one for temporary files.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import click

from polyrelu.errors import PolyreluError, WriteError
from polyrelu.support.files import free_name
from polyrelu.tilings.tiling import Tiling


def destination(path: Path, complete: bool) -> Path:
    """The path; for an incomplete result, where a file is there, ``NAME.partial.SUFFIX`` beside it."""
    if complete or not path.exists():
        return path
    return free_name(path.with_name(f"{path.stem}.partial{path.suffix}"))


def keep(tiling: Tiling, path: Path, write: Callable[[Tiling, Path], None]) -> tuple[Path, PolyreluError | None]:
    """Write a result; return where it is now, and what went wrong if that is not the chosen place.

    Args:
        tiling: the result.
        path: where to.
        write: the function that writes it.

    Raises:
        PolyreluError: it could not be written, here or elsewhere; the first reason.
    """
    place = destination(path, tiling.complete)
    while True:
        try:
            write(tiling, place)
            return place, None
        except WriteError as error:
            chosen = _asked(error, place)
            if chosen is not None:
                place = chosen
                continue
            return _elsewhere(tiling, place, write, error)


def _asked(error: WriteError, place: Path) -> Path | None:
    """Another place, asked for at the terminal; None where there is no terminal, or no answer."""
    if not _at_terminal():
        return None
    click.echo(f"polyrelu: {error}", err=True)
    try:
        answer = click.prompt("Another file, or nothing to give up", default="", show_default=False, err=True)
    except click.Abort:
        return None
    chosen = Path(answer.strip()).expanduser()
    if not answer.strip():
        return None
    return chosen if chosen.suffix.lower() == place.suffix.lower() else chosen.with_name(chosen.name + place.suffix)


def _at_terminal() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def _elsewhere(
    tiling: Tiling, place: Path, write: Callable[[Tiling, Path], None], error: WriteError
) -> tuple[Path, WriteError]:
    name = f"polyrelu-result{place.suffix}" if len(place.name) > 100 else place.name
    for folder in (Path.cwd(), Path(tempfile.gettempdir())):
        other = free_name(folder / name)
        try:
            write(tiling, other)
        except WriteError:
            continue
        return other, WriteError(f"{error}. It is kept in {other} instead")
    raise error


def rescue(tiling: Tiling, path: Path, error: PolyreluError) -> PolyreluError:
    """Keep the tiles as ``.npz``, which holds any, where another format cannot; the error then says where they are."""
    beside = free_name(path.with_suffix(".npz"))
    try:
        place, _ = keep(tiling, beside, Tiling.save)
    except PolyreluError:
        return error
    return type(error)(f"{error}. The tiles are kept in {place} instead")
