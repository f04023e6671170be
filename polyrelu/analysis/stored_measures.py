"""How much there is of a tiling that is larger than memory, batch by batch: see :mod:`polyrelu.analysis.measure`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from polyrelu.analysis import measure
from polyrelu.analysis.measure import Enclosure
from polyrelu.errors import EmptySetError
from polyrelu.networks.questions import Domain
from polyrelu.tilings.stored_tiling import StoredTiling
from polyrelu.tilings.tiling import Tiling


def volume(tiling: StoredTiling, exact: bool = False) -> Enclosure | Fraction:
    """The d-dimensional volume of a tiling on disk: what its run has noted, or the sum over its batches.

    Args, errors and claims as for :func:`polyrelu.analysis.measure.volume`. Cost: none where the run measures, or that
    of measuring each batch.
    """
    if tiling.known_volume is not None and not exact:
        return Enclosure(*tiling.known_volume)
    return _sum(lambda batch: measure.volume(batch, exact), tiling, exact)


def share(tiling: StoredTiling, within: Domain | None = None, exact: bool = False) -> Enclosure | Fraction:
    """The fraction of a bounded domain that the tiles fill, as :func:`polyrelu.analysis.measure.share` says.

    With ``within`` the tiles there come into memory.
    """
    if within is not None:
        return measure.share(tiling.window(within), within, exact)
    if not len(tiling):
        return measure.share(tiling.in_memory(), exact=exact)
    return _sum(lambda batch: measure.share(batch, exact=exact), tiling, exact)


def bounding_box(tiling: StoredTiling, exact: bool = False) -> tuple[Any, Any]:
    """The least box around a tiling, as :func:`polyrelu.analysis.measure.bounding_box` says."""
    if not len(tiling):
        raise EmptySetError("bounding_box: the tiling has no tiles; ask len() first")
    lows, highs = zip(*(measure.bounding_box(batch, exact) for batch in _batches(tiling)), strict=True)
    if exact:
        return tuple(map(min, zip(*lows, strict=True))), tuple(map(max, zip(*highs, strict=True)))
    return np.min(lows, axis=0), np.max(highs, axis=0)


def _batches(tiling: StoredTiling) -> Iterator[Tiling]:
    return (batch for _, batch in tiling.batches())


def _sum(size: Callable[[Tiling], Enclosure | Fraction], tiling: StoredTiling, exact: bool) -> Enclosure | Fraction:
    """The sum over batches of numbers that are not negative."""
    sizes = [size(batch) for batch in _batches(tiling)]
    if exact:
        return sum((one for one in sizes if isinstance(one, Fraction)), Fraction(0))
    ends = [one for one in sizes if isinstance(one, Enclosure)]
    if len(ends) == 1:
        return ends[0]
    low, high = math.fsum(one.low for one in ends), math.fsum(one.high for one in ends)  # rounded correctly
    return Enclosure(max(math.nextafter(low, -math.inf), 0.0), math.nextafter(high, math.inf) if high else 0.0)
