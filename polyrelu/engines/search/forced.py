r"""Signs that the wanted polyhedron forces by itself.

Let ``p a <= q`` be a row of P. After the ReLU, a_j >= 0 for each neuron. If neuron u is the only coordinate with a
negative coefficient, then ``p a >= p_u a_u``, so the row can only hold with a_u > 0, that is with u active, when it
fails at a = 0: when q < 0, or q = 0 and the row is strict. A linear coordinate in the row can take any value, so then
nothing is forced. A row without negative coefficients that fails at a = 0 holds nowhere.

The other way round nothing follows for closed faces: where P says a_u = 0, the active face still has the piece z_u = 0,
which unrelu counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from polyrelu.engines.search.heuristic import Heuristic
from polyrelu.engines.search.problem import Node

if TYPE_CHECKING:
    from polyrelu.engines.search.tree import FaceSearch


class Forced(Heuristic):
    """Neurons that a single row of P forces to be active; looked at once, at the root."""

    def begin(self, search: FaceSearch) -> None:
        """Look at every row of P, an equality as two."""
        super().begin(search)
        self._hopeless = False
        self._active: set[int] = set()
        for row in search.problem.wanted.halfspaces:
            self._look_at(row.normal, row.offset, row.relation == "<")
            if row.relation == "==":
                self._look_at(tuple(-p for p in row.normal), -row.offset, False)

    def discard(self, node: Node) -> bool:
        """Whether some row of P holds nowhere after a ReLU."""
        return self._hopeless

    def imply(self, node: Node) -> Mapping[int, bool]:
        """The forced neurons, at the root."""
        return {} if node.parent is not None else {u: True for u in self._active if not node.decided >> u & 1}

    def _look_at(self, p: tuple[int, ...], q: int, is_strict: bool) -> None:
        problem = self.search.problem
        is_linear = any(v for j, v in enumerate(p) if not problem.mask >> j & 1)
        negative = [j for j, v in enumerate(p) if v < 0]
        if is_linear or not (q < 0 or (q == 0 and is_strict)) or len(negative) > 1:
            return
        if negative:
            self._active.update(negative)
        else:
            self._hopeless = True
