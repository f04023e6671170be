r"""Where rows leave the most room, in floats: a linear program that proposes, and decides nothing.

For rows :math:`a_i x + c_i \le 0` between ends, it looks for the x with the largest t for which a cube of half-width t
around x satisfies all of them,

.. math:: \max\; t \quad\text{subject to}\quad a_i x + \|a_i\|_1 t \le -c_i, \quad low \le x \le high, \quad t \le 1.

Where t is positive x is likely to be inside; where it is negative the multipliers y of the rows are likely to prove
that nothing is, because :math:`\sum y_i (a_i x + c_i) > 0` between the ends. Whoever asks checks what it is told. The
solver is HiGHS, through highspy where that is installed, which saves four fifths of the time, and scipy otherwise.
"""

from __future__ import annotations

import importlib.util
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from polyrelu.arithmetic.exact import FloatArray

_LARGEST = 2.0**300


class Proposal(NamedTuple):
    """What floats say.

    Attributes:
        point: an x with the most room, (d,).
        room: the t there.
        multipliers: one for each row, none negative, (n,).
    """

    point: FloatArray
    room: float
    multipliers: FloatArray


def most_room(rows: FloatArray, constants: FloatArray, low: FloatArray, high: FloatArray) -> Proposal | None:
    """The point between ``low`` and ``high`` with the most room under n rows ``rows . x + constants <= 0``, (n, d).

    None where a row has no direction, numbers are too large, or the solver gives up. Cost: about a millisecond.
    """
    lengths = np.abs(rows).max(axis=1, initial=0.0)
    with np.errstate(all="ignore"):
        scaled, offsets = rows / lengths[:, None], -constants / lengths
    if not (np.isfinite(scaled).all() and (np.abs(offsets) < _LARGEST).all() and np.isfinite([*low, *high]).all()):
        return None
    matrix = np.column_stack([scaled, np.abs(scaled).sum(axis=1)])
    solve = _by_highspy if importlib.util.find_spec("highspy") is not None else _by_scipy
    found = solve(matrix, offsets, np.append(low, -np.inf), np.append(high, 1.0))
    if found is None:
        return None
    point, duals = found
    if not (np.isfinite(point).all() and np.isfinite(duals).all()):
        return None
    return Proposal(np.clip(point[:-1], low, high), float(point[-1]), np.maximum(-duals, 0.0) / lengths)


def _by_scipy(
    matrix: FloatArray, offsets: FloatArray, low: FloatArray, high: FloatArray
) -> tuple[FloatArray, FloatArray] | None:
    """The largest last coordinate with ``matrix @ x <= offsets`` between ends, and the rows' duals, not positive."""
    from scipy.optimize import linprog  # takes a while to import

    costs = np.zeros(len(low))
    costs[-1] = -1.0
    found = linprog(costs, A_ub=matrix, b_ub=offsets, bounds=np.column_stack([low, high]), method="highs")
    return (found.x, found.ineqlin.marginals) if found.status == 0 else None


@cache
def _solver() -> Any:
    import highspy  # optional

    solver = highspy.Highs()
    for option, value in (("output_flag", False), ("presolve", "off"), ("threads", 1)):
        solver.setOptionValue(option, value)
    return solver


def _by_highspy(
    matrix: FloatArray, offsets: FloatArray, low: FloatArray, high: FloatArray
) -> tuple[FloatArray, FloatArray] | None:
    """The same without the detour through scipy's checks of arguments."""
    import highspy  # optional

    (count, width), solver, program = matrix.shape, _solver(), highspy.HighsLp()
    program.num_col_, program.num_row_ = width, count
    program.col_cost_ = np.array([*[0.0] * (width - 1), -1.0])
    program.col_lower_, program.col_upper_ = low, high
    program.row_lower_, program.row_upper_ = np.full(count, -np.inf), offsets
    program.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    program.a_matrix_.start_ = np.arange(count + 1, dtype=np.int32) * width
    program.a_matrix_.index_ = np.tile(np.arange(width, dtype=np.int32), count)
    program.a_matrix_.value_ = matrix.ravel()
    solver.passModel(program)
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None
    solution = solver.getSolution()
    return np.array(solution.col_value), np.array(solution.row_dual)
