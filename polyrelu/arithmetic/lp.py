r"""Exact linear programs, each answered with a certificate.

.. math:: \max\; c \cdot x \quad\text{subject to}\quad a_i \cdot x \le b_i, \qquad d_k \cdot x = e_k,

with integer data and free x. The answer is exactly one of

* *optimal*: a feasible x and multipliers y >= 0 (free for equalities) with :math:`\sum y_i a_i = c` and
  :math:`\sum y_i b_i = c \cdot x`, which prove that no feasible point does better;
* *infeasible*: multipliers with :math:`\sum y_i a_i = 0` and :math:`\sum y_i b_i < 0` (Farkas);
* *unbounded*: a feasible x.

The method is the least-index criss-cross method, which needs no first phase, and no case distinction for degeneracy:
it is finite by its pivot rule alone (T. Terlaky, A convergent criss-cross method, Optimization 16, 1985,
doi:10.1080/02331938508843067; K. Fukuda and T. Terlaky, Criss-cross methods: a fresh view on pivot algorithms,
Mathematical Programming 79, 1997, doi:10.1007/BF02614325). Pivots preserve integers: all entries share one
denominator, and every entry is a minor of the input, so the divisions are exact (J. Edmonds; see D. Avis, lrs: a
revised implementation of the reverse search vertex enumeration algorithm, 2000).

We do not ask cdd for this: its rational solver tries floats first, and on some degenerate programs with large numbers
that attempt writes outside its arrays and ends the process.

A :class:`Program` can grow: a row that is added is written in the basis at hand, and the method goes on from there,
since it may start from any basis. One more row then costs a few pivots, where a fresh start costs about as many as
there are rows.

Cost: each pivot takes (rows x columns) integer operations; the number of pivots is exponential in the worst case and
about rows + columns in practice.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from enum import Enum
from fractions import Fraction
from typing import NamedTuple, TypeAlias

from polyrelu.arithmetic.exact import ExactVector
from polyrelu.support.limits import check

Row: TypeAlias = tuple[Sequence[int], int]


class Status(Enum):
    """How a linear program ended."""

    OPTIMAL = "optimal"
    INFEASIBLE = "infeasible"
    UNBOUNDED = "unbounded"


class Solution(NamedTuple):
    """The answer to a linear program.

    Attributes:
        status: which of the three cases it is.
        value: the optimum; None unless optimal.
        point: a feasible point, optimal where there is an optimum; None when infeasible.
        multipliers: one for each inequality, then one for each equality; None when unbounded.
    """

    status: Status
    value: Fraction | None
    point: ExactVector | None
    multipliers: ExactVector | None


def maximise(objective: Sequence[int], inequalities: Sequence[Row], equalities: Sequence[Row] = ()) -> Solution:
    """Maximise ``objective . x`` over ``normal . x <= offset`` and ``normal . x == offset``, in integers, x free."""
    return Program(objective, inequalities, equalities).solve()


class Program:
    """A linear program in the state its last pivot left it: basic variables as affine functions of the nonbasic ones.

    Row i says ``variable[basis[i]] = (rows[i][0] + sum_j rows[i][j + 1] * variable[cobasis[j]]) / denominator``, and
    ``costs`` says the same of the objective. Variables 0..dim-1 are x, the next ones the slacks of the equalities
    (zero at every solution), the last ones those of the inequalities, in the order in which these were added.

    Attributes:
        pivots: how many were made so far.
    """

    def __init__(self, objective: Sequence[int], inequalities: Sequence[Row], equalities: Sequence[Row] = ()) -> None:
        self.dim = len(objective)
        self.first_slack = self.dim + len(equalities)
        self.denominator = 1
        self.rows = [[offset, *(-v for v in normal)] for normal, offset in (*equalities, *inequalities)]
        self.costs = [0, *objective]
        self.basis = list(range(self.dim, self.dim + len(self.rows)))
        self.cobasis = list(range(self.dim))
        self.pivots = 0

    def copy(self) -> Program:
        """The same program in the same state, to be grown differently."""
        other = copy.copy(self)
        other.rows = [row.copy() for row in self.rows]
        other.costs, other.basis, other.cobasis = self.costs.copy(), self.basis.copy(), self.cobasis.copy()
        return other

    def add(self, normal: Sequence[int], offset: int) -> None:
        """Add ``normal . x <= offset``, in integers."""
        row_of = {j: r for r, j in enumerate(self.basis) if j < self.dim}
        row = [offset * self.denominator, *(-normal[j] * self.denominator if j < self.dim else 0 for j in self.cobasis)]
        for j, r in row_of.items():
            if normal[j]:
                row = [v - normal[j] * w for v, w in zip(row, self.rows[r], strict=True)]
        self.basis.append(self.dim + len(self.rows))
        self.rows.append(row)

    def solve(self) -> Solution:
        """The solution, from the present state."""
        solution = self._solve()
        if solution is not None:
            return solution
        feasible = self.copy()
        feasible.costs = [0] * len(self.costs)
        any_point = feasible._solve()
        self.pivots = feasible.pivots
        assert any_point is not None, "the zero objective is bounded"
        if any_point.status is Status.INFEASIBLE:
            return any_point
        return Solution(Status.UNBOUNDED, None, any_point.point, None)

    def _pivot(self, r: int, s: int) -> None:
        """Exchange the basic variable of row r with the nonbasic one of column s (counted without the constant)."""
        check()
        self.pivots += 1
        pivot_row, column, q = self.rows[r], s + 1, self.denominator
        p = pivot_row[column]
        sign = 1 if p > 0 else -1
        size = sign * p
        for row in (*self.rows, self.costs):
            if row is pivot_row:
                continue
            factor = row[column]
            if factor:
                factor *= sign
                row[:] = [(v * size - factor * w) // q for v, w in zip(row, pivot_row, strict=True)]
                row[column] = factor
            elif size != q:
                row[:] = [v * size // q for v in row]
        pivot_row[:] = [-sign * v for v in pivot_row]
        pivot_row[column] = sign * q
        self.denominator = size
        self.basis[r], self.cobasis[s] = self.cobasis[s], self.basis[r]

    def _solve(self) -> Solution | None:
        """The solution, or None when the dual is infeasible: then it is infeasible or unbounded."""
        infeasible = self._remove_free_variables()
        if infeasible is not None:
            return infeasible
        while True:
            step = self._least_infeasible_variable()
            if step is None:
                return Solution(
                    Status.OPTIMAL,
                    Fraction(self.costs[0], self.denominator),
                    self._point(),
                    self._multipliers(self.costs, -1),
                )
            is_basic, position = step
            if is_basic:
                column = self._entering_column(position)
                if column is None:
                    return self._farkas(position)
                self._pivot(position, column)
            else:
                row = self._leaving_row(position)
                if row is None:
                    return None
                self._pivot(row, position)

    def _remove_free_variables(self) -> Solution | None:
        """Make x basic and the equalities' slacks nonbasic wherever that is possible; a contradiction is returned."""
        for r, i in enumerate(self.basis):
            if self.dim <= i < self.first_slack:
                s = next((s for s, j in enumerate(self.cobasis) if j < self.dim and self.rows[r][s + 1]), None)
                if s is not None:
                    self._pivot(r, s)
                elif self.rows[r][0]:
                    return self._farkas(r)
        for s, j in enumerate(self.cobasis):
            if j < self.dim:
                usable = (r for r, i in enumerate(self.basis) if self._is_slack(i) and self.rows[r][s + 1])
                leaving = next(usable, None)
                if leaving is not None:
                    self._pivot(leaving, s)
        return None

    def _is_slack(self, variable: int) -> bool:
        return variable >= self.first_slack

    def _least_infeasible_variable(self) -> tuple[bool, int] | None:
        """The least variable that is negative while basic, or would improve while nonbasic; x that stayed is free."""
        best: tuple[int, bool, int] | None = None
        for r, i in enumerate(self.basis):
            if self._is_slack(i) and self.rows[r][0] < 0 and (best is None or i < best[0]):
                best = i, True, r
        for s, j in enumerate(self.cobasis):
            cost = self.costs[s + 1]
            improves = cost > 0 if self._is_slack(j) else bool(cost) and j < self.dim
            if improves and (best is None or j < best[0]):
                best = j, False, s
        return None if best is None else best[1:]

    def _entering_column(self, r: int) -> int | None:
        row = self.rows[r]
        columns = [(j, s) for s, j in enumerate(self.cobasis) if self._is_slack(j) and row[s + 1] > 0]
        return min(columns)[1] if columns else None

    def _leaving_row(self, s: int) -> int | None:
        rows = [(i, r) for r, i in enumerate(self.basis) if self._is_slack(i) and self.rows[r][s + 1] < 0]
        return min(rows)[1] if rows else None

    def _point(self) -> ExactVector:
        x = [Fraction(0)] * self.dim
        for i, row in zip(self.basis, self.rows, strict=True):
            if i < self.dim:
                x[i] = Fraction(row[0], self.denominator)
        return tuple(x)

    def _multiplier_index(self, variable: int) -> int:
        """Where the multiplier of a row stands, by the row's slack: inequalities first, then equalities."""
        if self._is_slack(variable):
            return variable - self.first_slack
        return len(self.rows) - self.first_slack + variable

    def _multipliers(self, row: Sequence[int], sign: int) -> ExactVector:
        y = [Fraction(0)] * len(self.rows)
        for s, j in enumerate(self.cobasis):
            if j >= self.dim:
                y[self._multiplier_index(j)] = Fraction(sign * row[s + 1], self.denominator)
        return tuple(y)

    def _farkas(self, r: int) -> Solution:
        """Row r is negative for all non-negative slacks: the combination of rows that it is, is a contradiction."""
        sign = 1 if self.rows[r][0] > 0 else -1
        y = list(self._multipliers(self.rows[r], sign))
        y[self._multiplier_index(self.basis[r])] -= sign
        return Solution(Status.INFEASIBLE, None, None, tuple(y))
