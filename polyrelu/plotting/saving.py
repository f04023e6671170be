"""Drawings that go to a file: where a function takes Axes to draw on, the path of a file serves as well."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeAlias

from polyrelu.errors import InputError
from polyrelu.plotting.style import style
from polyrelu.support.arguments import file_path
from polyrelu.support.extras import require
from polyrelu.support.files import check_place, write_whole
from polyrelu.support.numerals import shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    Place: TypeAlias = Axes | str | PathLike[str]
    """Where to draw: on axes, or into a new file."""

Arguments = ParamSpec("Arguments")


def into_files(plot: Callable[Arguments, Axes]) -> Callable[Arguments, Axes]:
    """Let the argument ``ax`` of a function that draws be a path, too: a new figure is drawn, and saved there.

    The suffix says the format, as for ``Figure.savefig``. The axes are returned as always; their figure is no longer
    one of pyplot's, so nobody has to close it.
    """
    signature = inspect.signature(plot)

    @wraps(plot)
    def drawn(*args: Arguments.args, **options: Arguments.kwargs) -> Axes:
        given: Any = signature.bind(*args, **options)
        place = given.arguments.get("ax")
        if not isinstance(place, (str, PathLike)):
            _check_axes(place, plot.__name__)
            return plot(*args, **options)
        path = file_path(given.arguments.pop("ax"), f"{plot.__name__}: ax")
        with style():
            _check(path, plot.__name__)
            axes = plot(*given.args, **given.kwargs)
            _save(axes, path, plot.__name__)
        return axes

    return drawn


def _check_axes(place: Any, function: str) -> None:
    """Refuse what is none of the places to draw; a flag of another library, say."""
    if place is not None and not isinstance(place, require("matplotlib.axes", function).Axes):
        raise InputError(
            f"{function}: ax: expected Axes, got {type(place).__name__} {shown(place)}; pass these, the path of a "
            "picture, or None"
        )


def _check(path: Path, function: str) -> None:
    """Refuse, before anything is drawn, a file that could not be written."""
    formats = require("matplotlib.backend_bases", function).FigureCanvasBase.get_supported_filetypes()
    if path.suffix.removeprefix(".").lower() not in formats:
        known = ", ".join(sorted(formats))
        raise InputError(f"{function}: {path} has no suffix of a picture; choose one of {known}, or pass Axes")
    check_place(path)


def _save(axes: Axes, path: Path, function: str) -> None:
    """Write the axes' figure, and let pyplot forget it."""
    figure: Any = axes.get_figure(root=True)
    write_whole(path, lambda place: figure.savefig(place, bbox_inches="tight"))
    require("matplotlib.pyplot", function).close(figure)
