r"""Whether a flat tile is needed, for who hands tiles out and forgets them: it is found out near one of its points.

A flat tile F is what the target T leaves of a closed cell, where that has no inside. It is needed unless a tile of
higher dimension contains it, or an equal one has a lesser pattern.

* Whatever contains F contains a point p of its relative interior, so its cell has a part of full dimension in each box
  around p. A run on such a box comes by all patterns that matter.
* If G, of the dimension of F, contains F, both are equal. Otherwise some neuron that is silent on the cell of F, say,
  is active somewhere on G beyond F, so it is active on the cell of G; on F, which lies in both, it is zero; and what
  enters it is affine on G, of which F is a part of the same dimension, so it is zero on G.

So the answer depends on nothing that was found before, and no order of tiles makes another one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction

from polyrelu.arithmetic.exact import ExactVector
from polyrelu.networks.activation_pattern import SignVector
from polyrelu.polyhedra.polyhedron import Polyhedron

_AROUND = Fraction(1, 2**20)


def around(domain: Polyhedron, point: ExactVector) -> Polyhedron:
    """The part of a domain in a small box around a point."""
    return domain & Polyhedron.box([x - _AROUND for x in point], [x + _AROUND for x in point])


def is_needed(
    signs: SignVector, tile: Polyhedron, others: Iterable[SignVector], tile_of: Callable[[SignVector], Polyhedron]
) -> bool:
    """Whether a flat tile with these signs is needed.

    Args:
        signs: of its cell.
        tile: the set.
        others: signs of all cells near a point of its relative interior of which the target leaves something.
        tile_of: what the target leaves of one of these.

    Cost: for each of the others some exact linear programs at most.
    """
    point = tile.relative_interior_point()
    for own in others:
        if own == signs:
            continue
        other = tile_of(own)
        if other.contains(point) and tile.is_subset(other) and (other.dim > tile.dim or own < signs):
            return False
    return True
