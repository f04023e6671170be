"""Curves of coverage: which shares of a domain are in, out and undecided after how long, and of several runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from polyrelu.analysis.coverage_curve import CoverageCurve
from polyrelu.errors import InputError
from polyrelu.plotting.saving import into_files
from polyrelu.plotting.style import INK, PAPER, SILENT, area_colour, feature_colour, line_colour, themed
from polyrelu.support.extras import require
from polyrelu.support.numerals import shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from polyrelu.plotting.saving import Place

_SIZE = (4.8, 3.0)  # of a new figure, in inches
_ROOM = 0.07  # the least share of the axes' height in which a word is written


@into_files
def plot_coverage(curves: CoverageCurve | Mapping[str, CoverageCurve], ax: Place | None = None) -> Axes:
    """Draw a curve of coverage as three areas against time, or of several runs the shares that are decided as lines.

    Args:
        curves: a :class:`~polyrelu.analysis.coverage_curve.CoverageCurve`, or several by their names.
        ax: axes to draw on, or the path of a picture; by default those of a new figure.

    Returns:
        The axes, in seconds and per cent.

    Raises:
        InputError: there is no curve.
        MissingExtraError: matplotlib is not installed.
    """
    axes: Any = ax if ax is not None else _new_axes()
    if isinstance(curves, CoverageCurve):
        _draw_areas(axes, curves)
    elif isinstance(curves, Mapping) and curves:
        _draw_lines(axes, curves)
    else:
        raise InputError(
            f"plot_coverage: curves: expected a CoverageCurve or a mapping of names to some, got {shown(curves)}"
        )
    axes.set(ylim=(0, 100), xlabel="seconds", ylabel="share of the domain [%]")
    axes.spines[["top", "right"]].set_visible(False)
    drawn: Axes = axes
    return drawn


def _new_axes() -> Any:
    pyplot = require("matplotlib.pyplot", "plot_coverage")
    return pyplot.subplots(figsize=_SIZE, layout="constrained")[1]


def _draw_areas(axes: Any, curve: CoverageCurve) -> None:
    """What is in from below, what is out from above, and paper between them for what is undecided."""
    seconds, _, inside, outside, _ = _columns(curve)
    above = [100 - share for share in outside]
    axes.fill_between(seconds, 0, inside, color=area_colour(feature_colour(0)), linewidth=0)
    axes.fill_between(seconds, above, 100, color=area_colour(SILENT), linewidth=0)
    for edge in (inside, above):
        axes.plot(seconds, edge, color=themed(INK), linewidth=0.6)
    axes.set_xlim(0, seconds[-1] or 1)
    for word, low, high in (("in", 0.0, inside[-1]), ("undecided", inside[-1], above[-1]), ("out", above[-1], 100.0)):
        if high - low >= 100 * _ROOM:
            _write_beside(axes, word, (low + high) / 2)
    if above[-1] - inside[-1] < 100 * _ROOM:
        _write_early(axes, "undecided", seconds, inside, above)


def _draw_lines(axes: Any, curves: Mapping[str, CoverageCurve]) -> None:
    """What is decided, for each run."""
    last = max(curve.moments[-1].seconds for curve in curves.values())
    for number, (name, curve) in enumerate(curves.items()):
        seconds, _, _, _, undecided = _columns(curve)
        decided = [100 - share for share in undecided]
        shade = line_colour(feature_colour(number))
        axes.plot(seconds, decided, color=themed(PAPER), linewidth=2.8, solid_joinstyle="round")
        axes.plot(seconds, decided, color=shade, linewidth=1.4, solid_joinstyle="round", label=name, clip_on=False)
    axes.set_xlim(0, last or 1)
    axes.legend(loc="lower right", handlelength=1.4)


def _write_early(axes: Any, word: str, seconds: list[float], low: list[float], high: list[float]) -> None:
    """Write between two edges, if there is room before a third of the time: they come closer, so nothing is crossed."""
    place = next(k for k, moment in enumerate(seconds) if moment >= seconds[-1] / 3)
    if high[place] - low[place] >= 200 * _ROOM:
        near = {"xytext": (-4, -4), "textcoords": "offset points", "ha": "right", "va": "top"}
        axes.annotate(word, (seconds[place], high[place]), **near)


def _columns(curve: CoverageCurve) -> Sequence[list[float]]:
    """Seconds, tiles, and the shares in per cent."""
    seconds, tiles, *shares = map(list, zip(*curve.rows(), strict=True))
    return [seconds, tiles, *([100 * share for share in column] for column in shares)]


def _write_beside(axes: Any, word: str, height: float) -> None:
    axes.annotate(
        word, (1, height), xycoords=("axes fraction", "data"), xytext=(4, 0), textcoords="offset points", va="center"
    )
