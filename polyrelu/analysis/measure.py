r"""How much there is of a tiling: volume, share of the domain, and bounding box.

A volume is answered in one of two ways: exactly, as a Fraction, or as an :class:`Enclosure`, two floats between which
the exact number is proven to lie. Enclosures of tiles found by cells come from the run that finds them, if it is asked
to measure, or from a repetition (``engines/cells/kernel/extents.h`` has the proof); those of other tiles, and of few
tiles of many, are exact volumes rounded outwards. Which way is taken depends on how many tiles there are and how many
are asked for, and on nothing that was asked before. Sums are :func:`math.fsum`, which rounds correctly, and one float
further out.

Tiles have disjoint relative interiors, so volumes add. Flat tiles have volume zero.

**Every magnitude.** Exact numbers are rounded outwards by integer arithmetic; above the greatest float is infinity, and
between zero and the least one there is nothing. Where a sum overflows on its way it is made with integers. A share of
volumes that floats hardly tell from zero or infinity is found exactly. Where this thread's floats are not sound
(:mod:`polyrelu.arithmetic.ieee`) there are no certified sizes, and integers do all sums.
"""

from __future__ import annotations

import math
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from polyrelu.arithmetic.exact import FloatArray, enclosing_floats, float_ratio
from polyrelu.arithmetic.exact import exact as exactly
from polyrelu.arithmetic.ieee import floats_are_sound
from polyrelu.arithmetic.rounding import middle_and_half
from polyrelu.errors import DimensionError, EmptySetError, InputError, UnboundedError
from polyrelu.networks.questions import Domain, given_region
from polyrelu.polyhedra.bounding_box import ExactBound, box_of
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.progress import progress_bar
from polyrelu.tilings.chart import chart
from polyrelu.tilings.tile_source import Extents, Numbers, TileSource
from polyrelu.tilings.tiling import Tiling

if TYPE_CHECKING:
    from polyrelu.tilings.columns import Columns

# Parts of a volume that is no smaller are told from zero by floats, unless they are negligible.
_SMALL = Fraction(1, 2**900)
_LEAST_DENOMINATOR = 1 << 1074

Item = TypeVar("Item")


@dataclass(frozen=True)
class Enclosure:
    """A number known to lie between two floats, ends included.

    Attributes:
        low, high: the ends, ``low <= high``; infinite where the number is beyond the greatest float.
    """

    low: float
    high: float

    @property
    def mid(self) -> float:
        """A float in the middle; infinite where an end is."""
        return 0.5 * self.low + 0.5 * self.high

    @property
    def width(self) -> float:
        """The distance of the ends, rounded up; infinite where an end is."""
        if math.isinf(self.low) or math.isinf(self.high):
            return math.inf
        return enclosed(Fraction(*float_ratio(self.high)) - Fraction(*float_ratio(self.low)))[1]

    def __contains__(self, value: Fraction | float) -> bool:
        if isinstance(value, float) and not math.isfinite(value):
            return self.low <= value <= self.high
        number = exactly(value, "value")
        above = math.isinf(self.low) or Fraction(*float_ratio(self.low)) <= number
        return above and (math.isinf(self.high) or number <= Fraction(*float_ratio(self.high)))

    def __float__(self) -> float:
        return self.mid


def volume(tiling: Tiling, exact: bool = False) -> Enclosure | Fraction:
    """The d-dimensional volume of a tiling in R^d; zero where its domain is flat.

    Args:
        tiling: what to measure.
        exact: return the Fraction instead of an enclosure.

    Raises:
        UnboundedError: a tile of full dimension is unbounded.

    Cost: exactly, a double description and a triangulation for each tile, milliseconds each. The enclosure of a tiling
    by cells: microseconds for each tile, whose vertices are found from its own rows; parts of it, such as zones, share
    that. A few tiles of many are measured exactly, which is faster.

    >>> import polyrelu as pr
    >>> distance = pr.Network([([[1, 0], [-1, 0], [0, 1], [0, -1]], [0] * 4), ([[1, 1, 1, 1]], [0])])  # |x0| + |x1|
    >>> near = pr.preimage(distance, pr.parse("y0 <= 1/3", dim=1), pr.Polyhedron.box([-1, -1], [1, 1]))
    >>> near.volume(exact=True), near.share(exact=True)
    (Fraction(2, 9), Fraction(1, 18))
    >>> near.volume(exact=True) in near.volume(), near.volume().width < 1e-12
    (True, True)
    """
    if exact:
        sizes = (_finite(Polyhedron.volume, tile.polyhedron, i) for i, tile in enumerate(bar(tiling)))
        return sum(sizes, Fraction(0))
    if not tiling.domain.is_full_dimensional():
        return Enclosure(0.0, 0.0)
    return _total(*tile_volumes(tiling, Polyhedron.volume))


def share(tiling: Tiling, within: Domain | None = None, exact: bool = False) -> Enclosure | Fraction:
    """The fraction of a bounded domain that the tiles fill: the probability that a uniform input maps into the target.

    A flat domain, for example a box in which some inputs are constant, is measured in its affine hull, by the volume of
    its own dimension; so this has a meaning where :func:`volume` is zero.

    Args:
        tiling: what to measure.
        within: a part of the domain, of its dimension, to take instead of the domain; passed like a domain. Tiles that
            cross its boundary are cut exactly, at milliseconds each; where there are many, ask for the preimage on it.
        exact: return the Fraction instead of an enclosure.

    Raises:
        UnboundedError: the domain is unbounded.
        EmptySetError: the domain is empty.
        InputError: ``within`` is no part of the domain, or has a lower dimension.
    """
    region = _region(tiling, within)
    volume_of = _volume_in_hull(tiling, region)
    whole = region.once(volume_of) if volume_of is Polyhedron.volume else volume_of(region)
    if exact:
        pieces = (tile.polyhedron if within is None else tile.polyhedron & region for tile in bar(tiling))
        return sum(map(volume_of, pieces), Fraction(0)) / whole
    filled = _total(*tile_volumes(tiling, volume_of, None if within is None else region))
    if math.isinf(filled.high) or whole < _SMALL:
        known = share(tiling, None if within is None else region, exact=True)
        assert isinstance(known, Fraction)
        return Enclosure(*enclosed(known))
    low, high = (Fraction(*float_ratio(end)) / whole for end in (filled.low, filled.high))
    return Enclosure(enclosed(low)[0], enclosed(min(high, Fraction(1)))[1])


def bounding_box(
    tiling: Tiling, exact: bool = False
) -> tuple[FloatArray, FloatArray] | tuple[tuple[ExactBound, ...], tuple[ExactBound, ...]]:
    """The least box around a tiling: its lower and its upper corner, d numbers each; infinite where it is unbounded.

    Args:
        tiling: what to look at.
        exact: return Fractions (and infinities) instead of floats, which enclose the tiling for certain.

    Raises:
        EmptySetError: there are no tiles.

    Cost: for tiles found by cells see :func:`volume`; exactly, a double description for each tile that can matter.

    >>> import polyrelu as pr
    >>> distance = pr.Network([([[1], [-1]], [0, 0]), ([[1, 1]], [0])])  # |x0|
    >>> pr.preimage(distance, pr.parse("y0 <= 1/3", dim=1)).bounding_box(exact=True)
    ((Fraction(-1, 3),), (Fraction(1, 3),))
    """
    if not len(tiling):
        raise EmptySetError("bounding_box: the tiling has no tiles; ask len() first")
    return _exact_box(tiling) if exact else _float_box(tiling)


def enclosed(value: Fraction) -> tuple[float, float]:
    """The neighbouring floats that enclose a number; the same one twice where it is a float.

    One of them is infinite where the number is beyond the greatest float.
    """
    return enclosing_floats(value)


# -- volumes ------------------------------------------------------------------------------------------------------


def _extents(tiling: Tiling, source: TileSource, numbers: Numbers) -> Extents | None:
    """Certified sizes of a source's tiles, of which this tiling has some; None where exact ones are found faster."""
    return source.extents(numbers, tiling.divided, _by_cells) if floats_are_sound() else None


def _by_cells(columns: Columns) -> Extents:
    from polyrelu.engines.cells.measured import measured  # the kernel is loaded where cells need it

    return measured(columns)


def _exact_volumes(source: TileSource) -> defaultdict[int, dict[int, tuple[float, float]]]:
    """The floats around exact volumes of a source's tiles, by dimension and number; written down as they are found."""
    return defaultdict(dict)


def _volume_in_hull(tiling: Tiling, region: Polyhedron) -> Callable[[Polyhedron], Fraction]:
    """The volume of polyhedra in the affine hull of a bounded region that contains them, in the hull's chart."""
    if region.is_full_dimensional():
        return Polyhedron.volume
    own = chart(region, tiling.network.layers[0].rows)
    return lambda polyhedron: polyhedron.affine_preimage(own.basis, own.origin, own.dim).volume()


def tile_volumes(
    tiling: Tiling, volume_of: Callable[[Polyhedron], Fraction], within: Polyhedron | None = None
) -> tuple[FloatArray, FloatArray]:
    """Between which floats the volumes of the tiles, or of their parts within a region, lie, in the tiling's order."""
    low, high = np.full(len(tiling), np.nan), np.full(len(tiling), np.nan)
    for source, numbers, here in tiling.by_source():
        sizes = _extents(tiling, source, numbers)
        if sizes is not None:
            low[here], high[here] = sizes.volume_low[numbers], sizes.volume_high[numbers]
            if within is not None:
                inside, outside = _sides(sizes.box_low[numbers], sizes.box_high[numbers], within)
                low[here[~inside]] = high[here[~inside]] = np.nan
                low[here[outside]] = high[here[outside]] = 0.0
        exact = source.once(_exact_volumes)[tiling.domain.dim] if within is None else {}
        unknown = np.isnan(low[here])
        for i, number in zip(bar(here[unknown].tolist()), numbers[unknown].tolist(), strict=True):
            if number not in exact:
                polyhedron = tiling[i].polyhedron if within is None else tiling[i].polyhedron & within
                exact[number] = enclosed(_finite(volume_of, polyhedron, i))
            low[i], high[i] = exact[number]
    return low, high


def _finite(volume_of: Callable[[Polyhedron], Fraction], polyhedron: Polyhedron, number: int) -> Fraction:
    try:
        return volume_of(polyhedron)
    except UnboundedError:
        raise UnboundedError(
            f"volume: tile {number} is unbounded; ask for the preimage on a bounded domain, for example Polyhedron.box"
        ) from None


def _sides(low: FloatArray, high: FloatArray, region: Polyhedron) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which boxes certainly lie inside a region with the same affine hull as the tiles in them, and which outside."""
    rows = [h for h in region.canonical().halfspaces if h.relation != "=="]
    bounds = Polyhedron.from_halfspaces(rows, region.ambient_dim)
    inside, doubtful = np.zeros(len(low), dtype=np.bool_), np.ones(len(low), dtype=np.bool_)
    finite = np.isfinite(low).all(axis=1) & np.isfinite(high).all(axis=1)
    low, high = low[finite], high[finite]
    inside[finite], doubtful[finite] = bounds.contains_certified(*middle_and_half(low, high))
    return inside, ~inside & ~doubtful


def _total(low: FloatArray, high: FloatArray) -> Enclosure:
    """The sum of numbers that lie between non-negative floats, those below finite."""
    if floats_are_sound():
        try:
            least, most = math.fsum(low), math.fsum(high)
        except OverflowError:
            pass
        else:
            return Enclosure(
                max(math.nextafter(least, -math.inf), 0.0), math.nextafter(most, math.inf) if most else 0.0
            )
    return Enclosure(_exact_sum(low)[0], _exact_sum(high)[1])


def _exact_sum(values: FloatArray) -> tuple[float, float]:
    """The floats around a sum of non-negative floats, by integers. Cost: a microsecond or two for each."""
    if np.isposinf(values).any():
        return sys.float_info.max, math.inf
    total = sum(p * (_LEAST_DENOMINATOR // q) for p, q in map(float_ratio, values.tolist()))
    return enclosed(Fraction(total, _LEAST_DENOMINATOR))


def _region(tiling: Tiling, within: Domain | None) -> Polyhedron:
    """What ``share`` is a share of."""
    domain = tiling.domain
    if domain.is_empty():
        raise EmptySetError("share: the domain is empty, and a share of nothing is not defined; choose a larger domain")
    region = domain if within is None else given_region(within, domain.ambient_dim, "share: within")
    if region.ambient_dim != domain.ambient_dim:
        raise DimensionError(f"share: within lives in R^{region.ambient_dim} but the tiling in R^{domain.ambient_dim}")
    if not region.is_bounded():
        raise UnboundedError(f"share: {region} is unbounded; pass within= a box inside it")
    if region.dim != domain.dim:
        raise InputError(
            f"share: within has dimension {region.dim} but the domain {domain.dim}; ask for the preimage on within"
        )
    if not region.closure().is_subset(domain.closure()):
        raise InputError(
            f"share: {region} is no part of the domain, outside of which no tiles were looked for; intersect it with "
            f"tiling.domain"
        )
    return region


def bar(items: Sequence[Item]) -> Iterable[Item]:
    """The items, with a progress bar where they take long."""
    bar: Iterable[Item] = progress_bar(None, items, desc="tiles", unit=" tiles")
    return bar


# -- boxes --------------------------------------------------------------------------------------------------------


def outwards(low: Sequence[ExactBound], high: Sequence[ExactBound]) -> tuple[FloatArray, FloatArray]:
    """A box rounded to floats, outwards."""
    below = [enclosed(v)[0] if isinstance(v, Fraction) else v for v in low]
    above = [enclosed(v)[1] if isinstance(v, Fraction) else v for v in high]
    return np.array(below, dtype=np.float64), np.array(above, dtype=np.float64)


def _known_boxes(tiling: Tiling) -> tuple[FloatArray, FloatArray]:
    """Certified boxes of the tiles, (n, d) each; NaN where none is known."""
    shape = len(tiling), tiling.domain.ambient_dim
    low, high = np.full(shape, np.nan), np.full(shape, np.nan)
    for source, numbers, here in tiling.by_source():
        sizes = _extents(tiling, source, numbers)
        if sizes is not None:
            low[here], high[here] = sizes.box_low[numbers], sizes.box_high[numbers]
    return low, high


def _float_box(tiling: Tiling) -> tuple[FloatArray, FloatArray]:
    if not floats_are_sound() or _is_slanted(tiling.domain):
        return outwards(*_exact_box(tiling))
    lows, highs = _known_boxes(tiling)
    unknown = np.isnan(lows).any(axis=1)
    low, high = lows[~unknown].min(axis=0, initial=np.inf), highs[~unknown].max(axis=0, initial=-np.inf)
    for i in bar(np.flatnonzero(unknown).tolist()):
        if np.isneginf(low).all() and np.isposinf(high).all():
            break
        below, above = outwards(*box_of(tiling[i].polyhedron))
        low, high = np.minimum(low, below), np.maximum(high, above)
    around = outwards(*box_of(tiling.domain))
    return np.maximum(low, around[0]), np.minimum(high, around[1])


def _is_slanted(domain: Polyhedron) -> bool:
    """Whether boxes in the coordinates of a flat domain say little of x, because an equation ties some together."""
    return any(h.relation == "==" and sum(map(bool, h.normal)) > 1 for h in domain.closure().canonical().halfspaces)


def _exact_box(tiling: Tiling) -> tuple[tuple[ExactBound, ...], tuple[ExactBound, ...]]:
    lows, highs = _known_boxes(tiling)
    least, most = box_of(tiling.domain)
    boxes: dict[int, tuple[list[ExactBound], list[ExactBound]]] = {}

    def reach(j: int, sign: int, i: int) -> ExactBound:
        if i not in boxes:
            boxes[i] = box_of(tiling[i].polyhedron)
        return boxes[i][1][j] if sign > 0 else -boxes[i][0][j]

    dims = range(tiling.domain.ambient_dim)
    low = tuple(-_greatest(-lows[:, j], partial(reach, j, -1), -least[j]) for j in dims)
    return low, tuple(_greatest(highs[:, j], partial(reach, j, 1), most[j]) for j in dims)


def _greatest(bounds: FloatArray, value: Callable[[int], ExactBound], ceiling: ExactBound) -> ExactBound:
    """The greatest of some values, none above its bound (NaN is no bound) nor above the ceiling; looks at few."""
    bounds = np.where(np.isnan(bounds), np.inf, bounds)
    best: ExactBound = -math.inf
    for i in bar(np.argsort(-bounds, kind="stable").tolist()):
        if best == ceiling or best >= float(bounds[i]):
            break
        best = max(best, value(i))
    return best
