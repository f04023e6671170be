"""One visual language: themes, the colours of features, hairlines, and one font."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

from polyrelu.support.extras import require
from polyrelu.support.palette import PALETTE, colour, for_lines, hatch, luminance, toned, with_luminance

FEATURES = PALETTE
HAIRLINE, THIN = 0.5, 0.3
_LEAST_FACE, _MOST_FACE = 0.24, 0.22  # luminances from which dark ink on light faces is told, and light on dark
_LEAST_ON_DARK = 0.17
RIM = 0.6  # points of paper on either side of a line

# Names of colours, which mean what the theme says when something is drawn; :func:`themed` looks them up.
INK, PAPER, SILENT, WINDOW = (f"polyrelu:{name}" for name in ("ink", "paper", "silent", "window"))
LIGHT = MappingProxyType({INK: "#22272E", PAPER: "#FFFFFF", SILENT: "#B8BEC6", WINDOW: "#F3F4F6"})
DARK = MappingProxyType({INK: "#E6E8EB", PAPER: "#15181D", SILENT: "#626B77", WINDOW: "#22272E"})

_SETTINGS = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.direction": "out",
    "ytick.direction": "out",
    "legend.frameon": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "polyrelu",
    "hatch.linewidth": 0.5,
    "savefig.dpi": 200,
    "figure.dpi": 100,
}


def themed(shade: Any) -> Any:
    """A colour as matplotlib takes it: what the theme says for one of its names; any other as it is."""
    return _theme()[shade] if isinstance(shade, str) and shade in LIGHT else shade


def _theme() -> Mapping[str, str]:
    """The theme on whose paper figures are made; outside of :func:`style` that is the light one."""
    paper = require("matplotlib", "plotting").rcParams["figure.facecolor"]
    return DARK if paper == DARK[PAPER] else LIGHT


@contextmanager
def style(dark: bool | None = None) -> Iterator[None]:
    """A context in which figures are made, and saved, with polyrelu's own fonts, line widths and theme.

    Args:
        dark: light ink on dark paper, or the reverse; by default as around, which is light at first.
    """
    matplotlib = require("matplotlib", "plotting")
    theme = _theme() if dark is None else DARK if dark else LIGHT
    inked = ("text.color", "axes.edgecolor", "axes.labelcolor", "axes.titlecolor", "xtick.color", "ytick.color")
    papered = ("figure.facecolor", "axes.facecolor", "savefig.facecolor")
    coloured = dict.fromkeys(inked, theme[INK]) | dict.fromkeys(papered, theme[PAPER])
    with matplotlib.rc_context(_SETTINGS | coloured):
        yield


def in_formula(name: str) -> str:
    """A coordinate's name as formulas have it: ``$x_{0}$`` for x0."""
    return f"${name[0]}_{{{name[1:]}}}$"


def feature_colour(index: int) -> str:
    """The colour of feature number ``index``; after as many as :data:`FEATURES` they come again."""
    return colour(index)


def feature_hatch(index: int) -> str:
    """The hatch that goes with it, in print."""
    return hatch(index)


def area_colour(shade: Any) -> Any:
    """The colour of opaque areas in a colour, which the paper of the theme is told from."""
    to_hex = require("matplotlib.colors", "plotting").to_hex
    return toned(to_hex(themed(shade)), _theme() is DARK)


def inked_colour(shade: Any) -> Any:
    """The colour of areas with ink around and on them: on dark paper as dark as it takes to be told from light ink."""
    plain = require("matplotlib.colors", "plotting").to_hex(themed(shade))
    return with_luminance(plain, min(luminance(plain), _MOST_FACE)) if _theme() is DARK else plain


def face_colour(shade: Any) -> Any:
    """The colour of faces in space, which are shaded, and yet told from the edges between them."""
    to_hex = require("matplotlib.colors", "plotting").to_hex
    plain = to_hex(themed(shade))
    own = luminance(plain)
    return with_luminance(
        plain, min(max(own, _LEAST_ON_DARK), _MOST_FACE) if _theme() is DARK else max(own, _LEAST_FACE)
    )


def line_colour(shade: Any) -> Any:
    """The colour of lines around translucent fills of a colour, on the paper of the theme."""
    to_hex = require("matplotlib.colors", "plotting").to_hex
    return for_lines(to_hex(themed(shade)), _theme() is DARK)
