"""The colours of zones and features, the same in drawings, pages and files.

The first six are Okabe and Ito's (Color Universal Design, 2008) without black and yellow, which vanish on ink and on
paper. The others were chosen one by one, each as far as possible from those before it, and from ink and paper, as
people with and without colour-blindness see them: any two of all 24 are 15 apart by CIEDE2000, 10 when they are
darkened for areas on white paper or lightened for those on dark paper, and 8 in simulations of protanopia and
deuteranopia (G. M. Machado, M. M. Oliveira and L. A. F. Fernandes, A physiologically-based model for simulation of
color vision deficiency, IEEE TVCG 15, 2009, doi:10.1109/TVCG.2009.113). In print there are hatches, too.

A line or an area is *told apart* from another at a contrast of 3:1 (WCAG 2.2, success criterion 1.4.11).
"""

from __future__ import annotations

from functools import cache

PALETTE = (
    "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9",
    "#404010", "#4010A0", "#701040", "#B8D0A0", "#107070", "#A070F8",
    "#40D0D0", "#107040", "#F85870", "#D0A0A0", "#F8A070", "#584070",
    "#D010A0", "#2840F8", "#D01058", "#885810", "#708888", "#888840",
)  # fmt: skip

HATCHES = tuple(
    stroke * times for times in (3, 6) for stroke in ("/", "\\", "|", "-", "x", "+", ".", "o", "/.", "\\.", "|o", "-o")
)
"""As many patterns for print, in the notation of matplotlib."""

_MOST_ON_WHITE, _LEAST_ON_DARK = 0.26, 0.17  # luminances to which paper, and a window on it, has a contrast of 3:1
_DARK_LINE, _LIGHT_LINE = 0.055, 0.5


def colour(index: int) -> str:
    """The palette's colour number ``index``, cyclically."""
    return PALETTE[index % len(PALETTE)]


def hatch(index: int) -> str:
    """The hatch that goes with it."""
    return HATCHES[index % len(HATCHES)]


@cache
def toned(shade: str, dark: bool = False) -> str:
    """A colour for areas, darker if need be so that white paper has a contrast of 3:1 to it; lighter on dark paper."""
    own = luminance(shade)
    return with_luminance(shade, max(own, _LEAST_ON_DARK) if dark else min(own, _MOST_ON_WHITE))


@cache
def for_lines(shade: str, dark: bool = False) -> str:
    """A colour for lines around translucent fills of it: dark on white paper, light on dark paper."""
    own = luminance(shade)
    return with_luminance(shade, max(own, _LIGHT_LINE) if dark else min(own, _DARK_LINE))


def luminance(shade: str) -> float:
    """The relative luminance of a hexadecimal colour, from 0 to 1."""
    return _weighed(_linear(shade))


def contrast(shade: str, other: str) -> float:
    """The contrast ratio of two hexadecimal colours, from 1 to 21."""
    low, high = sorted([luminance(shade), luminance(other)])
    return (high + 0.05) / (low + 0.05)


def with_luminance(shade: str, wanted: float) -> str:
    """The colour mixed with black, or with white, in linear light, to have a luminance."""
    light, own = _linear(shade), luminance(shade)
    if wanted <= own:
        return _hexadecimal([v * wanted / own for v in light]) if own else shade
    share = (wanted - own) / (1 - own)
    return _hexadecimal([v + share * (1 - v) for v in light])


def mixed(first: str, second: str, share: float) -> str:
    """A colour between two, in linear light."""
    return _hexadecimal([a + share * (b - a) for a, b in zip(_linear(first), _linear(second), strict=True)])


def _linear(shade: str) -> list[float]:
    values = [int(shade[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values]


def _weighed(light: list[float]) -> float:
    red, green, blue = light
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _hexadecimal(light: list[float]) -> str:
    values = [v * 12.92 if v <= 0.0031308 else 1.055 * v ** (1 / 2.4) - 0.055 for v in light]
    return "#" + "".join(f"{round(255 * min(max(v, 0.0), 1.0)):02X}" for v in values)
