"""The tightest bounds of every neuron over the domain and P's relaxation, by linear programs at the root.

Sound: every piece lies in the root's relaxation, so the least and the greatest value of z_i there, closed, are bounds
for every piece; what follows from bounds is proven in ``scripts/pruning/bounds.py``. Unlike interval arithmetic this
sees the domain as it is, and what P says of single neurons.

Cost: 2 n exact linear programs at the root, counted in the record, then as for intervals.
"""

from __future__ import annotations

import math
from fractions import Fraction

from bounds import Bounded, Interval

from polyrelu.arithmetic.lp import Program, Row, Status
from polyrelu.engines.search import FaceSearch, Node
from polyrelu.polyhedra.bounding_box import ExactBound


class LinearBounds(Bounded):
    """Signs and rows of P that the exact bounds of each neuron at the root decide."""

    @property
    def name(self) -> str:
        """What to call it in tables."""
        return "LP bounds"

    def begin(self, search: FaceSearch) -> None:
        """Bound every neuron over the root's relaxation."""
        super().begin(search)
        problem = search.problem
        relaxation = problem.relaxation(Node())
        width = problem.layer.input_dim + len(relaxation.undecided) + 1
        rows = [*relaxation.inequalities, ([0] * (width - 1) + [-1], 0)]  # t >= 0: strict rows as closed ones
        bounds: list[Interval] = []
        for form in problem.forms:
            padding = [0] * (width - len(form) + 1)
            greatest = self._greatest([*form[:-1], *padding], rows, relaxation.equalities)
            if greatest is None:
                self.bounds = ()  # no x at all
                return
            least = self._greatest([*(-v for v in form[:-1]), *padding], rows, relaxation.equalities)
            assert least is not None
            bounds.append(((form[-1] - least) / problem.scale, (form[-1] + greatest) / problem.scale))
        self.bounds = bounds or None

    def _greatest(self, objective: list[int], rows: list[Row], equalities: list[Row]) -> ExactBound | None:
        """The greatest value of an objective, None where there is no point."""
        program = Program(objective, rows, equalities)
        solution = program.solve()
        self.search.record.lps += 1
        self.search.record.pivots += program.pivots
        if solution.status is Status.INFEASIBLE:
            return None
        return math.inf if solution.value is None else Fraction(solution.value)
