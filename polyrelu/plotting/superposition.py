"""The zones of all features in a window, drawn with matplotlib: each translucent in its colour, with its rim."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polyrelu.arithmetic.exact import to_float
from polyrelu.latent.superposition import Superposition
from polyrelu.plotting.style import INK, feature_colour, in_formula, style, themed
from polyrelu.polyhedra.bounding_box import box_of
from polyrelu.support.extras import require

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ALPHA = 0.28


def plot_superposition(found: Superposition, ax: Axes | None = None, *, legend: bool = True) -> Axes:
    """Draw where each feature is active, all of them over each other.

    Args:
        found: the zones.
        ax: where to; by default new axes.
        legend: name the features.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    path = require("matplotlib.path", "plot_superposition").Path
    patches = require("matplotlib.patches", "plot_superposition")
    lines = require("matplotlib.collections", "plot_superposition")
    if ax is None:
        with style():
            ax = require("matplotlib.pyplot", "plot_superposition").figure(figsize=(4.6, 4.2)).add_subplot()
    cells = [found.float_points[own] for own in np.split(found.corners, found.starts[1:-1])]
    ends = found.float_points[found.edges[:, 2:]]
    first, second = found.active[found.edges[:, 0]], found.active[found.edges[:, 1]]
    for place, feature in enumerate(found.features):
        shade = feature_colour(feature)
        own = np.flatnonzero(found.active[:, place]).tolist()
        if own:
            whole = path.make_compound_path(*(path(np.vstack([cells[k], cells[k][:1]]), closed=True) for k in own))
            ax.add_patch(patches.PathPatch(whole, facecolor=shade, alpha=_ALPHA, linewidth=0))
        rim = ends[first[:, place] != second[:, place]]
        ax.add_collection(lines.LineCollection(rim, colors=shade, linewidths=1.3, capstyle="round"))
    lows, highs = (list(map(to_float, corner)) for corner in box_of(found.window))
    across, up = map(in_formula, found.network.input_names)
    ax.set(xlim=(lows[0], highs[0]), ylim=(lows[1], highs[1]), aspect="equal", xlabel=across, ylabel=up)
    if legend:
        _add_legend(found, ax, patches)
    return ax


def _add_legend(found: Superposition, ax: Axes, patches: Any) -> None:
    """A patch for each feature, beside the axes."""
    shades = {feature: feature_colour(feature) for feature in found.features}
    handles = [
        patches.Patch(facecolor=(shade, _ALPHA), edgecolor=shade, label=f"$y_{{{feature}}}$")
        for feature, shade in shades.items()
    ]
    ax.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.01, 1), labelcolor=themed(INK), borderaxespad=0)
