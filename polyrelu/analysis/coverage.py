r"""How much of a bounded domain is decided: the shares that are in, out and undecided, each enclosed, 1 together.

Tiles fill the share that is *in*; the cells that a stopped run left fill the share that is *undecided*; all the rest is
*out*. Both sums are of sets with disjoint interiors, so

.. math:: in + out + undecided = 1.

Where several parts of the targets wait, their cells overlap. If a share u of the domain waits for one part, of which
the tiles of other parts cover t at most, the share that is undecided for some part, and in for none, lies between the
largest :math:`u - t` and the sum of the u, and is at most what the tiles leave.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TypeAlias

from polyrelu.analysis.measure import Enclosure, enclosed, share
from polyrelu.arithmetic.exact import float_ratio
from polyrelu.errors import InputError
from polyrelu.networks.relevant_part import Restriction
from polyrelu.tilings.tile_source import TileSource
from polyrelu.tilings.tiling import Tiling

Ends: TypeAlias = tuple[Fraction, Fraction]
Part: TypeAlias = tuple[int, TileSource]
Share: TypeAlias = Enclosure | Fraction


@dataclass(frozen=True)
class Coverage:
    """The shares of a domain, enclosed or exactly; the exact ones sum to 1.

    Attributes:
        inside: what maps into a target.
        outside: what maps into none.
        undecided: what a stopped run did not get to.
    """

    inside: Share
    outside: Share
    undecided: Share

    @property
    def decided(self) -> Share:
        """What is in or out."""
        if isinstance(self.undecided, Fraction):
            return 1 - self.undecided
        low, high = _ends(self.undecided)
        return enclosure((1 - high, 1 - low))

    def __str__(self) -> str:
        named = (("in", self.inside), ("out", self.outside), ("undecided", self.undecided))
        return ", ".join(f"{percent(value)} {name}" for name, value in named)


def coverage(tiling: Tiling, exact: bool = False) -> Coverage:
    """The shares of the bounded domain that are in, out and undecided, each certified; they sum to 1.

    Args:
        tiling: all of an answer, or what a stopped run found.
        exact: return Fractions instead of enclosures.

    Returns:
        A :class:`Coverage`; of a complete tiling nothing is undecided.

    Raises:
        UnboundedError: the domain is unbounded.
        EmptySetError: the domain is empty.
        InputError: what is undecided is not known, see :meth:`polyrelu.tilings.tiling.Tiling.undecided`; or it overlaps
            for several targets, and is asked for exactly.

    Cost: as for :func:`polyrelu.analysis.measure.share`, and microseconds for each cell that ``"cells"`` left; for each
    one of another engine an exact volume. Nothing that a stopped run did is done again.

    >>> import polyrelu as pr
    >>> distance = pr.Network([([[1, 0], [-1, 0], [0, 1], [0, -1]], [0] * 4), ([[1, 1, 1, 1]], [0])])  # |x0| + |x1|
    >>> near = pr.preimage(distance, "y0 <= 1/3", ([-1, -1], [1, 1]))
    >>> print(near.coverage())
    5.556 % in, 94.44 % out, 0 % undecided
    >>> near.coverage(exact=True).outside
    Fraction(17, 18)
    """
    left = tiling.undecided().parts
    share(replace(tiling, parts=(), chosen=None))  # or the reason why there are no shares
    inside = [part_share(tiling, part, exact) for part in tiling.parts]
    total = sum_of_shares(ends for _, ends in inside)
    undecided = undecided_share(tiling, left, inside, exact)
    if exact and undecided[0] != undecided[1]:
        raise InputError(
            "coverage: what is undecided overlaps for several targets, so that its share is only known to lie between "
            f"{float(undecided[0]):.6g} and {float(undecided[1]):.6g}; leave exact out, or ask for one target at a time"
        )
    found = coverage_of(total, undecided)
    return Coverage(total[0], 1 - total[0] - undecided[0], undecided[0]) if exact else found


def coverage_of(inside: Ends, undecided: Ends) -> Coverage:
    """The three shares of which two are known to lie between some ends."""
    outside = 1 - inside[1] - undecided[1], 1 - inside[0] - undecided[0]
    return Coverage(*map(enclosure, (inside, outside, undecided)))


def undecided_share(
    tiling: Tiling, left: Iterable[Part], inside: Sequence[tuple[Restriction, Ends]], exact: bool = False
) -> Ends:
    """Between which numbers the share that is undecided lies.

    Args:
        tiling: of the domain.
        left: the open cells, by the part of the targets that they wait for.
        inside: for each part that has tiles the share that these fill.
        exact: whether to measure the cells exactly.
    """
    low = high = Fraction(0)
    for part in left:
        restriction, waiting = part_share(tiling, part, exact)
        covered = sum_of_shares(ends for other, ends in inside if other is not restriction)
        low, high = max(low, waiting[0] - covered[1]), high + waiting[1]
    high = min(high, 1 - sum_of_shares(ends for _, ends in inside)[0])
    return min(low, high), high


def part_share(tiling: Tiling, part: Part, exact: bool = False) -> tuple[Restriction, Ends]:
    """What part of a target a source is about, and between which numbers the share lies that its cells fill."""
    found = share(replace(tiling, parts=(part,), chosen=None), exact=exact)
    return part[1].restriction, (found, found) if isinstance(found, Fraction) else _ends(found)


def sum_of_shares(shares: Iterable[Ends]) -> Ends:
    """Between which numbers their sum lies."""
    listed = list(shares)
    return sum((low for low, _ in listed), Fraction(0)), sum((high for _, high in listed), Fraction(0))


def _ends(found: Enclosure) -> Ends:
    return Fraction(*float_ratio(found.low)), Fraction(*float_ratio(found.high))


def enclosure(ends: Ends) -> Enclosure:
    """Floats around two ends of a share."""
    low, high = (min(max(end, Fraction(0)), Fraction(1)) for end in ends)
    return Enclosure(enclosed(low)[0], enclosed(high)[1])


def percent(value: Share) -> str:
    """A share with four digits and no more than four places; zero if it may be, and is not larger than these show."""
    percent = round(100 * float(value), 4)
    is_more = float(value) > 0 and not (isinstance(value, Enclosure) and value.low <= 0)
    return "< 0.0001 %" if not percent and is_more else f"{percent:.4g} %"
