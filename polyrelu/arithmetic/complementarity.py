r"""Linear complementarity problems in exact rationals: find y >= 0 with w = M y + q >= 0 and y w = 0.

For a positive semidefinite M the least-index criss-cross method finds y in finitely many pivots, because such matrices
are sufficient (D. den Hertog, C. Roos, T. Terlaky, The linear complementarity problem, sufficient matrices, and the
criss-cross method, Linear Algebra and its Applications 187, 1993, doi:10.1016/0024-3795(93)90124-7): the least variable
that is negative changes places with its partner; where that is impossible, together with the least other pair that can
raise it. No first phase, no case distinction for degeneracy.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from polyrelu.arithmetic.exact import ExactVector


def complementary_solution(matrix: Sequence[Sequence[Fraction]], constants: Sequence[Fraction]) -> ExactVector:
    """The y >= 0 with w = M y + constants >= 0 and y w = 0.

    The matrix M is symmetric positive semidefinite, and some y >= 0 has w >= 0. Cost: finitely many pivots, each a
    change of all entries of the matrix.
    """
    size = len(constants)
    # Row i: basic_i = constants_i + sum_j table_ij nonbasic_j. In pair i, either w_i or y_i is basic.
    table = [[constant, *row] for constant, row in zip(constants, matrix, strict=True)]
    is_y = [False] * size
    while True:
        k = next((i for i, row in enumerate(table) if row[0] < 0), None)
        if k is None:
            return tuple(row[0] if basic else Fraction(0) for row, basic in zip(table, is_y, strict=True))
        if table[k][k + 1]:
            _exchange(table, k, k)
            is_y[k] = not is_y[k]
            continue
        other = next(j for j, v in enumerate(table[k][1:]) if v > 0)
        _exchange(table, k, other)
        _exchange(table, other, k)
        table[k], table[other] = table[other], table[k]
        for row in table:
            row[k + 1], row[other + 1] = row[other + 1], row[k + 1]
        is_y[k], is_y[other] = not is_y[k], not is_y[other]


def _exchange(table: list[list[Fraction]], r: int, s: int) -> None:
    """Make the nonbasic variable of column s basic, in row r, and the row's variable nonbasic, in its column."""
    pivot = table[r][s + 1]
    solved = [-v / pivot for v in table[r]]
    solved[s + 1] = 1 / pivot
    for i, row in enumerate(table):
        factor = row[s + 1]
        if i != r and factor:
            table[i] = [v + factor * w for v, w in zip(row, solved, strict=True)]
            table[i][s + 1] = factor * solved[s + 1]
    table[r] = solved
