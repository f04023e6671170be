r"""What bounds of each neuron say about a partial assignment: shared by the ideas that differ in how they find bounds.

Let l_i <= z_i <= h_i on all points that matter (infinite where nothing is known). Then a_i lies

* between max(0, l_i) and max(0, h_i) if neuron i is undecided,
* between max(0, l_i) and h_i if it is active,
* at 0 if it is silent,
* between l_i and h_i if it does not pass through the ReLU.

So ``p a`` is at least the sum of the least values of p_i a_i, and a row ``p a <= q`` fails on the whole node when that
sum exceeds q, a strict one also when it equals q. A sign follows when the other one makes some row fail, or lies
outside the bounds: h_i < 0 denies active, l_i > 0 denies silent. A bound of exactly 0 denies nothing, because the
closed pieces of both signs may share z_i = 0.

Everything here is exact; a pass costs the non-zero entries of P.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TypeAlias

from polyrelu.engines.search import FaceProblem, Heuristic, Node, bits
from polyrelu.engines.search.boxes import interval
from polyrelu.polyhedra.bounding_box import ExactBound

Interval: TypeAlias = tuple[ExactBound, ExactBound]


class Bounded(Heuristic):
    """Prune by bounds of z that hold in the whole search; who derives from this says which.

    Attributes:
        bounds: for each coordinate its least and greatest value before the ReLU; empty when no x is admitted at all,
            None when nothing is known.
    """

    bounds: Sequence[Interval] | None

    def discard(self, node: Node) -> bool:
        """Whether a sign lies outside the bounds, or some row of P."""
        if self.bounds is None:
            return False
        if not self.bounds:
            return True
        problem = self.search.problem
        outside = any(self.bounds[i][1] < 0 for i in bits(node.active)) or any(
            self.bounds[i][0] > 0 for i in bits(node.silent)
        )
        return outside or not rows_can_hold(problem, self.bounds, node)

    def imply(self, node: Node) -> Mapping[int, bool]:
        """The neurons whose other sign is outside the bounds, or makes a row of P fail."""
        if not self.bounds:
            return {}
        signs = {}
        for i in bits(self.search.problem.undecided(node)):
            low, high = self.bounds[i]
            if low > 0 or high < 0:
                signs[i] = low > 0
        return signs or self._by_rows(node)

    def _by_rows(self, node: Node) -> Mapping[int, bool]:
        assert self.bounds is not None
        problem = self.search.problem
        signs = {}
        for i in bits(problem.undecided(node) & problem.seen):
            possible = [
                is_active
                for is_active in (False, True)
                if rows_can_hold(problem, self.bounds, node.with_sign(i, is_active))
            ]
            if len(possible) == 1:
                signs[i] = possible[0]
        return signs


def after_relu(problem: FaceProblem, bounds: Sequence[Interval], node: Node, coordinate: int) -> Interval:
    """The least and the greatest value of a coordinate after the ReLU."""
    low, high = bounds[coordinate]
    bit = 1 << coordinate
    if not problem.mask & bit:
        return low, high
    if node.silent & bit:
        return Fraction(0), Fraction(0)
    least = max(low, Fraction(0))
    return least, high if node.active & bit else max(high, Fraction(0))


def rows_can_hold(problem: FaceProblem, bounds: Sequence[Interval], node: Node) -> bool:
    """Whether each row of P, by itself, is within reach of the bounds."""
    low, high = zip(*(after_relu(problem, bounds, node, i) for i in range(len(bounds))), strict=True)
    for row in problem.wanted.halfspaces:
        least, most = interval([Fraction(p) for p in row.normal], Fraction(-row.offset), low, high)
        if least > 0 or (row.relation == "<" and least == 0) or (row.relation == "==" and most < 0):
            return False
    return True


def is_known(bounds: Sequence[Interval]) -> bool:
    """Whether any of the bounds is finite."""
    return not all(math.isinf(bound) for pair in bounds for bound in pair)
