"""Legends beside the axes: what each colour, hatch and line of a drawing means."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from polyrelu.plotting.style import themed
from polyrelu.support.extras import require

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ROWS = 20
_SIDE = 4.0  # of a figure without a legend, in inches
_HANDLE, _CHARACTER = 0.42, 0.068  # inches
_LEFT, _BOTTOM, _WIDTH = 0.125, 0.11, 0.775  # of the figure's side, as matplotlib's own


class Swatch(NamedTuple):
    """An area in a legend: its text, the colours of its fill and rim, and perhaps a hatch; or a line, without a fill.

    Attributes:
        text: what it means.
        fill: its colour, or None for a line.
        alpha: the opacity of the fill.
        line: the colour of the rim, or of the line; None for no rim.
        hatch: of the fill.
        linestyle: of the rim or line.
    """

    text: str
    fill: str | None
    alpha: float = 1.0
    line: str | None = None
    hatch: str | None = None
    linestyle: Any = "-"

    def handle(self) -> Any:
        """What matplotlib draws beside the text."""
        if self.fill is None:
            line = require("matplotlib.lines", "plotting").Line2D
            return line([], [], color=self.line, linestyle=self.linestyle, linewidth=1.2, label=self.text)
        to_rgba = require("matplotlib.colors", "plotting").to_rgba
        patch = require("matplotlib.patches", "plotting").Patch
        rim = to_rgba(themed(self.line)) if self.line is not None else "none"
        return patch(
            facecolor=to_rgba(themed(self.fill), self.alpha),
            edgecolor=rim,
            linewidth=0.8 if self.line is not None else 0,
            hatch=self.hatch,
            linestyle=self.linestyle,
            label=self.text,
        )


def add_legend(ax: Axes, swatches: Sequence[Swatch], title: str | None = None) -> None:
    """A legend to the right of the axes; none of nothing."""
    if swatches:
        legend = ax.legend(
            handles=[swatch.handle() for swatch in swatches],
            title=title,
            loc="upper left",
            bbox_to_anchor=(1.02, 1.0),
            borderaxespad=0,
            ncols=columns_of(len(swatches)),
            fontsize=8,
            handlelength=1.5,
            handleheight=0.9,
            labelspacing=0.35,
            columnspacing=1.2,
            alignment="left",
        )
        legend.set_zorder(10)


def axes_beside(ax: Any, function: str, swatches: Sequence[Swatch] = (), side: float = _SIDE, **kind: Any) -> Any:
    """The axes to draw in: those given, or square ones in a new figure with room for a legend beside them."""
    pyplot = require("matplotlib.pyplot", function)
    if ax is not None:
        return ax
    longest = max((len(swatch.text.replace("$", "").replace("_", "")) for swatch in swatches), default=0)
    beside = columns_of(len(swatches)) * (_HANDLE + _CHARACTER * longest)
    figure = pyplot.figure(figsize=(side + beside, side))
    left, width = _LEFT * side / (side + beside), _WIDTH * side / (side + beside)
    return figure.add_axes((left, _BOTTOM, width, _WIDTH), **kind)


def columns_of(count: int) -> int:
    """Into how many columns so many entries go."""
    return -(-count // _ROWS)
