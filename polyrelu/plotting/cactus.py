"""Cactus plots: how many questions are decided when each may take so long."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from polyrelu.plotting.legend import Swatch, add_legend, axes_beside
from polyrelu.plotting.saving import into_files
from polyrelu.plotting.style import RIM, SILENT, style, themed
from polyrelu.support.extras import require
from polyrelu.support.palette import colour

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from polyrelu.plotting.saving import Place

_LEAST = 1e-4  # seconds: the left end of the axis at most
_DASHES = ("-", "--", ":", "-.")


@into_files
def plot_cactus(seconds: Mapping[str, Iterable[float]], ax: Place | None = None) -> Axes:
    """Curves of how many questions are decided within so many seconds each.

    Args:
        seconds: for each curve, by name, how long the questions took that were decided.
        ax: axes to draw on; a new figure when absent; or the path of a picture to make.

    Returns:
        The axes: seconds to the right, in a logarithmic scale, and questions upwards.

    Raises:
        MissingExtraError: matplotlib is not installed.
        InputError, WriteError: ``ax`` is a path without the suffix of a picture, or cannot be written.
    """
    curves = {name: sorted(own) for name, own in seconds.items()}
    looks = [Swatch(name, None, line=colour(i), linestyle=_DASHES[i % len(_DASHES)]) for i, name in enumerate(curves)]
    with style():
        axes: Axes = axes_beside(ax, "plot_cactus", looks)
    rim = require("matplotlib.patheffects", "plot_cactus")
    first = min((own[0] for own in curves.values() if own), default=1.0)
    last = max((own[-1] for own in curves.values() if own), default=1.0)
    low, high = max(min(first, 1.0), _LEAST) / 2, max(last, _LEAST) * 2
    for i, (own, look) in enumerate(zip(curves.values(), looks, strict=True)):
        across, up = [low, *(max(value, low) for value in own), high], [0, *range(1, len(own) + 1), len(own)]
        axes.step(across, up, where="post", color=look.line, linestyle=look.linestyle, linewidth=1.4, zorder=3 + i)
        axes.lines[-1].set_path_effects([rim.withStroke(linewidth=1.4 + 2 * RIM, foreground=axes.get_facecolor())])
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    axes.set_ylim(0, max(map(len, curves.values()), default=0) * 1.05 + 1)
    axes.yaxis.set_major_locator(require("matplotlib.ticker", "plot_cactus").MaxNLocator(integer=True))
    axes.set_xlabel("seconds for each question")
    axes.set_ylabel("questions decided")
    axes.grid(visible=True, color=themed(SILENT), alpha=0.3, linewidth=0.5)
    axes.spines[["top", "right"]].set_visible(False)
    add_legend(axes, looks if len(looks) > 1 else ())
    return axes
