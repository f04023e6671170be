"""Latent cubes with all features at once: each cell of the cube has the colours of its active features, laid over it.

Translucent half-spaces inside one another cannot be told apart in space. So the cube is a block whose cells are painted
as overlapping half-planes would look, and it is pulled apart to show the cells inside.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from polyrelu.arithmetic.exact import exact
from polyrelu.latent.windows import LatentCube
from polyrelu.plotting.solid import VIEW, plot_polyhedron, solid_axes
from polyrelu.plotting.style import INK, PAPER, feature_colour, themed
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.extras import require

if TYPE_CHECKING:
    from mpl_toolkits.mplot3d import Axes3D

_FILL = 0.45
_ZOOM, _TITLE = 1.12, 1.08
_UNIT = ((1, 0, 0), (0, 1, 0), (0, 0, 1))


def plot_superposed_cube(
    cube: LatentCube,
    ax: Axes3D | None = None,
    *,
    apart: Any = 0,
    alpha: float = _FILL,
    view: tuple[float, float] = VIEW,
) -> Axes3D:
    """Draw a latent cube cell by cell, in the colours of the features that are active in each.

    Args:
        cube: the cube and its features.
        ax: three-dimensional axes; a new figure when absent.
        apart: how far the cells are pulled apart: each moves from the centre by its own centre times this number.
        alpha: how much of each feature's colour is laid over those before it.
        view: elevation and azimuth in degrees.

    Returns:
        The axes; a cell where nothing is active has the colour of the paper.

    Raises:
        MissingExtraError: matplotlib is not installed.

    Cost: the linear regions of the cube, and an exact order of their faces when it is drawn.
    """
    pull = exact(apart, "plot_superposed_cube: apart")
    cells = {subset: pulled(cell, pull) for subset, cell in cube.cells().items()}
    reach = max(abs(x) for cell in cells.values() for vertex in cell.vertices for x in vertex)
    axes = solid_axes(([-reach] * 3, [reach] * 3), ax, labels=None, view=view, zoom=_ZOOM)
    for subset, cell in cells.items():
        plot_polyhedron(cell, axes, colour=laid_over(subset, alpha), alpha=1, edges=INK)
    axes.set_title(f"{len(cells)} cells, pulled apart" if pull else "superposed", y=_TITLE)
    return axes


def pulled(cell: Polyhedron, pull: Fraction) -> Polyhedron:
    """A cell moved by ``pull`` times the mean of its vertices."""
    middle = [sum(axis, Fraction(0)) / len(axis) for axis in zip(*cell.vertices, strict=True)]
    return cell.affine_image(_UNIT, [pull * x for x in middle])


def laid_over(features: Iterable[int], alpha: float = _FILL) -> str:
    """The colour that translucent fills of these features make on paper, one over the other."""
    colors = require("matplotlib.colors", "plot_superposed_cube")
    shade = np.array(colors.to_rgb(themed(PAPER)))
    for i in features:
        shade = (1 - alpha) * shade + alpha * np.array(colors.to_rgb(feature_colour(i)))
    blended: str = colors.to_hex(shade)
    return blended
