"""One visual language: colours that colour-blind readers can tell apart, hairlines, and one font.

The palette is Okabe and Ito's (Color Universal Design, 2008) without black and yellow, which vanish on ink and on
paper.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from polyrelu.errors import MissingExtraError

PALETTE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9")
FEATURES = (*PALETTE, "#882255", "#999933", "#332288", "#44AA99")
WINDOW = "#F3F4F6"
SILENT = "#B8BEC6"
INK = "#22272E"
HAIRLINE = 0.5

_SETTINGS = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.linewidth": 0.6,
    "axes.edgecolor": INK,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.direction": "out",
    "ytick.direction": "out",
    "legend.frameon": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "polyrelu",
    "savefig.dpi": 200,
    "figure.dpi": 100,
}


def require(module: str, function: str) -> Any:
    """Import a module of matplotlib, or say which extra brings it.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingExtraError(
            f"{function} needs matplotlib, which is not installed; install it with: pip install 'polyrelu[plot]'"
        ) from error


@contextmanager
def style() -> Iterator[None]:
    """A context in which figures are made with the fonts and line widths of polyrelu's own."""
    matplotlib = require("matplotlib", "plotting")
    with matplotlib.rc_context(_SETTINGS):
        yield


def colour(index: int) -> str:
    """The palette's colour number ``index``, cyclically."""
    return PALETTE[index % len(PALETTE)]


def feature_colour(index: int) -> str:
    """The colour of feature number ``index``: the palette, then four of Tol's muted colours, then again.

    P. Tol, Colour schemes, SRON/EPS/TN/09-002, 2021.
    """
    return FEATURES[index % len(FEATURES)]
