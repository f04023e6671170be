r"""Symmetric weights, part one: neurons whose hyperplanes are parallel decide each other.

Where w_j = c w_i with c != 0, the values are tied: z_j = c z_i + e with e = b_j - c b_i. So on z_i >= 0

* c > 0 gives z_j >= e: for e > 0 the silent sign (z_j <= 0) has no point, and j is active;
* c < 0 gives z_j <= e: for e < 0 the active sign has no point, and j is silent;

and on z_i <= 0 the same with both inequalities turned. For e = 0 nothing follows: where the two hyperplanes are one,
the closed pieces of both signs of j share z_i = z_j = 0, which may be a piece of its own. A neuron with w = 0 and b !=
0 has one sign everywhere.

Sound by these lines, without an LP. It pays where weights repeat: encoders with tied signs, quantised weights, grids.
On weights in general position no two rows are proportional, and it does nothing. Cost: n rows once, then a union of
masks for each decided neuron.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from itertools import combinations

from polyrelu.engines.search import FaceSearch, Heuristic, Node, bits


class Parallel(Heuristic):
    """Signs that follow because two hyperplanes are parallel."""

    def begin(self, search: FaceSearch) -> None:
        """Tie each pair of neurons with proportional weights."""
        super().begin(search)
        problem = search.problem
        size = problem.layer.output_dim
        # For each sign (silent, active) and neuron the masks (silent, active) that follow.
        self._implied = [[[0, 0] for _ in range(size)] for _ in range(2)]
        self._always = [0, 0]
        classes: dict[tuple[Fraction, ...], list[tuple[int, Fraction]]] = {}
        for i in problem.neurons:
            *w, b = problem.forms[i]
            leading = next((v for v in w if v), 0)
            if leading:
                classes.setdefault(tuple(Fraction(v, leading) for v in w), []).append((i, Fraction(leading)))
            elif b:
                self._always[b > 0] |= 1 << i
        for members in classes.values():
            for (i, v), (j, u) in combinations(members, 2):
                self._tie(i, j, u / v)
                self._tie(j, i, v / u)

    def _tie(self, i: int, j: int, c: Fraction) -> None:
        """What each sign of i says of j, where z_j = c z_i + e."""
        forms = self.search.problem.forms
        e = forms[j][-1] - c * forms[i][-1]
        if e:
            # With e > 0 only "active" can follow: from the sign that makes c z_i non-negative.
            needed = (c > 0) == (e > 0)
            self._implied[needed][i][e > 0] |= 1 << j

    def _following(self, node: Node) -> tuple[int, int]:
        silent, active = self._always
        for is_active, mask in ((0, node.silent), (1, node.active)):
            for i in bits(mask):
                more_silent, more_active = self._implied[is_active][i]
                silent |= more_silent
                active |= more_active
        return silent, active

    def discard(self, node: Node) -> bool:
        """Whether a neuron has been given the sign that another one denies."""
        silent, active = self._following(node)
        return bool(silent & node.active or active & node.silent or silent & active)

    def imply(self, node: Node) -> Mapping[int, bool]:
        """The neurons whose sign follows from a parallel one."""
        silent, active = self._following(node)
        undecided = self.search.problem.undecided(node)
        return dict.fromkeys(bits(silent & undecided), False) | dict.fromkeys(bits(active & undecided), True)
