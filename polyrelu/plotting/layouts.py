"""How several features are drawn on one plane: over one another, as outlines, or each in a small picture of its own."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from polyrelu.errors import DimensionError, InputError
from polyrelu.support.arguments import as_whole, one_of
from polyrelu.support.extras import require
from polyrelu.support.numerals import shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LAYOUTS = ("superposed", "outlines", "multiples")

_MOST_SUPERPOSED = 8
_PANEL, _GAP, _TITLE = 1.15, 0.14, 0.28  # inches
_FEW = 4  # features whose fills lie over one another without becoming dark


def layout_for(count: int, layout: str | None, where: str) -> str:
    """One of :data:`LAYOUTS`: the wanted one, or translucent fills of up to eight features, and outlines of more."""
    if layout is None:
        return "superposed" if count <= _MOST_SUPERPOSED else "outlines"
    return one_of(layout, LAYOUTS, where, "layout")


def opacity_for(count: int, alpha: float | None, most: float) -> float:
    """The wanted opacity of one fill, or one with which so many over one another are not all dark."""
    return most * min(1.0, math.sqrt(_FEW / max(count, 1))) if alpha is None else alpha


def chosen_features(features: Iterable[int] | None, known: Sequence[int], where: str) -> list[int]:
    """The features to draw: those wanted, in their order, or all.

    Raises:
        InputError: one of them is not known.
    """
    chosen = list(known) if features is None else list(features)
    for feature in chosen:
        if as_whole(feature) not in known:
            raise InputError(
                f"{where}: there is no feature {shown(feature)}; choose among {', '.join(map(str, known))}"
            )
    return chosen


def feature_names(features: Sequence[int], names: Sequence[str] | None, count: int, where: str) -> dict[int, str]:
    """What to call the features: y with the number, or the given names, one for each of all ``count``.

    Raises:
        DimensionError: there is not a name for each feature.
    """
    if names is None:
        return {i: f"$y_{{{i}}}$" for i in features}
    if len(names) != count:
        raise DimensionError(f"{where}: {len(names)} names for {count} features; pass one for each of all")
    return {i: str(names[i]) for i in features}


def panels(ax: Any, titles: Sequence[str], where: str) -> tuple[Axes, list[Axes]]:
    """Axes without a frame, the given ones or new ones, and in them a grid of small ones with these titles.

    They are ``child_axes`` of the first. Each has its own feature's picture, so its title is its legend.
    """
    columns = math.ceil(math.sqrt(len(titles))) or 1
    rows = -(-len(titles) // columns) or 1
    if ax is None:
        size = columns * (_PANEL + _GAP) + _GAP, rows * (_PANEL + _TITLE) + _GAP
        ax = require("matplotlib.pyplot", where).figure(figsize=size).add_axes((0, 0, 1, 1))
    ax.set_axis_off()
    width, height = (columns * (_PANEL + _GAP) + _GAP), (rows * (_PANEL + _TITLE) + _GAP)
    made = []
    for k, title in enumerate(titles):
        row, column = divmod(k, columns)
        left, top = _GAP + column * (_PANEL + _GAP), height - row * (_PANEL + _TITLE)
        place = left / width, (top - _TITLE - _PANEL) / height, _PANEL / width, _PANEL / height
        panel = ax.inset_axes(place)
        panel.set_title(title, fontsize=8, pad=2.5)
        panel.set(xticks=[], yticks=[])
        made.append(panel)
    return ax, made
