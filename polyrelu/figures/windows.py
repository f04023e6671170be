"""Windows in special position, which are cases like any other where arithmetic is exact.

A hyperplane crosses a dent, or holds corners or edges of the outline; features coincide, or are never active.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from polyrelu.latent.windows import LatentPlane
from polyrelu.plotting.latent import plot_latent_plane
from polyrelu.plotting.style import style
from polyrelu.support.extras import require

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def special_windows() -> Figure:
    """Six windows in special position, each cut exactly."""
    pyplot = require("matplotlib.pyplot", "special_windows")
    with style():
        figure: Figure
        figure, grid = pyplot.subplots(2, 3, figsize=(7.2, 5.1), layout="constrained")
        for axes, (title, make) in zip(grid.flat, WINDOWS.items(), strict=True):
            axes.set_axis_off()
            plot_latent_plane(make(), axes)
            axes.set_title(title)
    return figure


def _window(corners: str, weight: list[list[str]], bias: list[str]) -> LatentPlane:
    return LatentPlane.from_coordinates([point.split(",") for point in corners.split()], weight, bias)


def pac_man() -> LatentPlane:
    """A mouth that a hyperplane crosses: the part above it is in two pieces."""
    return _window(
        "1/2,3/8 1,-1/2 1/2,-11/8 -1/2,-11/8 -1,-1/2 -1/2,3/8 0,-1/2",
        [["0", "1"], ["1", "0"], ["-1", "-1"]],
        ["0", "-1/4", "-3/4"],
    )


def cat_ears() -> LatentPlane:
    """Corners, an edge and a collinear run on the hyperplane: two ears and a face."""
    return _window(
        "-3,0 -2,3/2 -1,0 0,0 1,0 2,3/2 3,0 0,-2",
        [["0", "1"], ["1", "1/3"], ["-1", "1/3"], ["0", "-1"]],
        ["0", "-1", "-1", "-1"],
    )


def touching() -> LatentPlane:
    """A reflex corner exactly on the hyperplane, where three pieces touch, and edges in hyperplanes."""
    return _window(
        "-3,-2 3,-2 3,2 1,2 0,0 -1,2 -3,2",
        [["0", "1"], ["1", "0"], ["-2", "-1"], ["0", "-1"]],
        ["0", "-2", "0", "-1"],
    )


def degenerate() -> LatentPlane:
    """Equal and opposite features, one that is zero everywhere, and one that is active everywhere."""
    return _window(
        "-2,-1 -1,-2 2,-1 1,1 2,2 -1,2",
        [["1", "1/2"], ["1", "1/2"], ["-1", "-1/2"], ["0", "0"], ["0", "0"], ["1/2", "-3/2"]],
        ["-1/2", "-1/2", "1/2", "0", "1", "0"],
    )


def slice_of_four() -> LatentPlane:
    """A spiral window in a slice of a four-dimensional latent space."""
    basis = [["1", "0"], ["0", "1"], ["1/2", "-1/2"], ["0", "1/2"]]
    weight = [
        ["1", "0", "0", "1"],
        ["0", "1", "1", "0"],
        ["-1", "0", "1", "0"],
        ["0", "-1", "0", "1"],
        ["1/2", "-1", "0", "0"],
    ]
    spiral = "-3,-3 3,-3 3,3 -2,3 -2,-1 1,-1 1,1 0,1 0,0 -1,0 -1,2 2,2 2,-2 -3,-2"
    return LatentPlane.from_coordinates(
        [point.split(",") for point in spiral.split()], weight, ["-1", "1/2", "-1", "0", "-1/2"], basis
    )


def bean() -> LatentPlane:
    """The dent's corner is a whole unit below the hyperplane that cuts off both ends."""
    return _window(
        "-3,0 -2,1 -1,0 0,-1 1,0 2,1 3,0 1,-2 -1,-2",
        [["0", "1"], ["0", "-1"], ["1", "1"], ["-1", "1"]],
        ["0", "-1", "-1", "-1"],
    )


WINDOWS: dict[str, Callable[[], LatentPlane]] = {
    "pac-man": pac_man,
    "cat ears, collinear runs": cat_ears,
    "a bean": bean,
    "corners on hyperplanes": touching,
    "equal, opposite, dead": degenerate,
    "a slice of four dimensions": slice_of_four,
}
"""What is special -> what makes the window."""
