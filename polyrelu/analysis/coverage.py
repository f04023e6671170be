r"""How much of a bounded domain is decided: the shares that are in, out and undecided, each enclosed, 1 together.

Tiles fill the share that is *in*; the cells that a stopped run left fill the share that is *undecided*; all the rest is
*out*. Both sums are of sets with disjoint interiors, so

.. math:: in + out + undecided = 1.

Where several parts of the targets wait, their cells overlap. If a share u of the domain waits for one part, of which the
tiles of other parts cover t at most, the share that is undecided for some part, and in for none, lies between the
largest :math:`u - t` and the sum of the u, and is at most what the tiles leave.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TypeAlias

from polyrelu.analysis.measure import Enclosure, enclosed, share
from polyrelu.arithmetic.exact import float_ratio
from polyrelu.errors import InputError
from polyrelu.tilings.tiling import Tiling

Ends: TypeAlias = tuple[Fraction, Fraction]

_NOTHING: Ends = (Fraction(0), Fraction(0))


@dataclass(frozen=True)
class Coverage:
    """The shares of a domain, enclosed or exactly; the exact ones sum to 1.

    Attributes:
        inside: what maps into a target.
        outside: what maps into none.
        undecided: what a stopped run did not get to.
    """

    inside: Enclosure | Fraction
    outside: Enclosure | Fraction
    undecided: Enclosure | Fraction

    @property
    def decided(self) -> Enclosure | Fraction:
        """What is in or out."""
        if isinstance(self.undecided, Fraction):
            return 1 - self.undecided
        low, high = _ends(self.undecided)
        return _enclosure((1 - high, 1 - low))

    def __str__(self) -> str:
        named = (("in", self.inside), ("out", self.outside), ("undecided", self.undecided))
        return ", ".join(f"{_percent(value)} {name}" for name, value in named)


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
    one of another engine an exact volume.

    >>> import polyrelu as pr
    >>> distance = pr.Network([([[1, 0], [-1, 0], [0, 1], [0, -1]], [0] * 4), ([[1, 1, 1, 1]], [0])])  # |x0| + |x1|
    >>> near = pr.preimage(distance, "y0 <= 1/3", ([-1, -1], [1, 1]))
    >>> print(near.coverage())
    5.556 % in, 94.44 % out, 0 % undecided
    >>> near.coverage(exact=True).outside
    Fraction(17, 18)
    """
    tiling.undecided()  # or the reason why that is not known
    inside = _share(tiling, exact)
    undecided = _undecided(tiling, inside, exact)
    outside = 1 - inside[1] - undecided[1], 1 - inside[0] - undecided[0]
    if exact:
        return Coverage(inside[0], outside[0], undecided[0])
    return Coverage(*map(_enclosure, (inside, outside, undecided)))


def _undecided(tiling: Tiling, inside: Ends, exact: bool) -> Ends:
    """Between which numbers the share that is undecided lies."""
    low, high = _NOTHING
    for part in tiling.undecided().parts:
        waiting = _share(replace(tiling, parts=(part,), chosen=None), exact)
        others = [own for own in tiling.parts if own[1].restriction is not part[1].restriction]
        covered = _share(replace(tiling, parts=tuple(others), chosen=None), exact) if others else _NOTHING
        low, high = max(low, waiting[0] - covered[1]), high + waiting[1]
    high = min(high, 1 - inside[0])
    if exact and low != high:
        raise InputError(
            "coverage: what is undecided overlaps for several targets, so that its share is only known to lie between "
            f"{float(low):.6g} and {float(high):.6g}; leave exact out, or ask for one target at a time"
        )
    return low, max(low, high)


def _share(tiling: Tiling, exact: bool) -> Ends:
    """Between which numbers the share of the domain lies that the tiles, or open cells, of a tiling fill."""
    found = share(tiling, exact=exact)
    return (found, found) if isinstance(found, Fraction) else _ends(found)


def _ends(found: Enclosure) -> Ends:
    return Fraction(*float_ratio(found.low)), Fraction(*float_ratio(found.high))


def _enclosure(ends: Ends) -> Enclosure:
    """Floats around two ends of a share."""
    low, high = (min(max(end, Fraction(0)), Fraction(1)) for end in ends)
    return Enclosure(enclosed(low)[0], enclosed(high)[1])


def _percent(value: Enclosure | Fraction) -> str:
    return f"{100 * float(value):.4g} %"
