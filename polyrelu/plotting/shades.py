"""Which tiles have which colour: by zone, by pattern, or each its own."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from polyrelu.analysis.adjacency import components
from polyrelu.plotting.style import SILENT
from polyrelu.support.arguments import one_of
from polyrelu.support.palette import PALETTE, colour, hatch, mixed, with_luminance
from polyrelu.tilings.tiling import Tiling

COLOUR_BY = ("zone", "tile", "pattern")

_HUES = ("#332288", "#0072B2", "#009E73", "#7C9A1F", "#E69F00", "#D55E00", "#A71476")
_SPREAD = 0.16, 0.29  # luminances among tiles of one hue
_GOLDEN = 0.6180339887498949
_TONES = 21
_NAMED = 12  # so many patterns are named in a legend


class Shades(NamedTuple):
    """The colours of a tiling's tiles.

    Attributes:
        groups: (n) the group of each tile.
        colours: of each group.
        hatches: of each group.
        names: of each group, for legends; None where there are too many.
    """

    groups: NDArray[np.intp]
    colours: Sequence[str]
    hatches: Sequence[str]
    names: Sequence[str] | None


def shades_of(tiling: Tiling, colour_by: str | None = None) -> Shades:
    """The colours of the tiles.

    Args:
        tiling: any.
        colour_by: one of :data:`COLOUR_BY`, or None: the pattern for linear regions, else the zone.

    Zones are numbered as by :func:`polyrelu.analysis.zones.zones`. If there are more than colours, those with the most
    tiles have colours, and the others are grey. Patterns, or tiles, that are more than colours differ in hue by how
    many of their neurons are active, from blue for few to purple for many, and in lightness.
    """
    kind = _usual(tiling) if colour_by is None else one_of(colour_by, COLOUR_BY, "plot_tiling", "colour_by")
    if kind == "zone":
        return _by_zone(tiling)
    patterns = tiling.patterns
    if kind == "tile":
        names = [f"tile {i}" for i in range(len(tiling))]
        return _by_number(np.arange(len(tiling)), names, patterns)
    order = {pattern: i for i, pattern in enumerate(dict.fromkeys(patterns))}
    return _by_number(np.array([order[p] for p in patterns], dtype=np.intp), list(order), list(order))


def _usual(tiling: Tiling) -> str:
    """Linear regions are the tilings of targets that say nothing."""
    return "zone" if any(target.halfspaces for target in tiling.targets) else "pattern"


def _by_zone(tiling: Tiling) -> Shades:
    labels = components(tiling).astype(np.intp)
    sizes = np.bincount(labels)
    count = len(sizes)
    if count <= len(PALETTE):
        names = [f"zone {k}" for k in range(count)]
        return Shades(labels, [*map(colour, range(count))], [*map(hatch, range(count))], names)
    most = len(PALETTE) - 1
    large = np.sort(np.argsort(-sizes, kind="stable")[:most])
    place = np.full(count, most, dtype=np.intp)
    place[large] = np.arange(most)
    names = [*(f"zone {k}" for k in large.tolist()), f"{count - most} smaller zones"]
    return Shades(place[labels], [*map(colour, range(most)), SILENT], [*map(hatch, range(most + 1))], names)


def _by_number(groups: NDArray[np.intp], names: Sequence[str], patterns: Sequence[str]) -> Shades:
    count = len(names)
    hatches = [hatch(k) for k in range(count)]
    if count <= len(PALETTE):
        colours = [colour(k) for k in range(count)]
        return Shades(groups, colours, hatches, [name or "-" for name in names] if count <= _NAMED else None)
    active = np.array([pattern.count("1") for pattern in patterns], dtype=float)
    extent = np.ptp(active) or 1.0
    shares = ((active - active.min()) / extent).tolist()
    return Shades(groups, [_hue(share, k % _TONES) for k, share in enumerate(shares)], hatches, None)


@cache
def _hue(share: float, number: int) -> str:
    """The colour of a share from 0 to 1; the number says how light it is."""
    low, high = _SPREAD
    steps = len(_HUES) - 1
    k = min(int(share * steps), steps - 1)
    first, second = list(pairwise(_HUES))[k]
    return with_luminance(mixed(first, second, share * steps - k), low + (high - low) * (number * _GOLDEN % 1))
