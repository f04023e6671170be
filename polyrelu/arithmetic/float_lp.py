r"""Where rows leave the most room, in floats: a linear program that proposes, and decides nothing.

For rows :math:`a_i x + c_i \le 0` between ends, it looks for the x with the largest t for which a cube of half-width t
around x satisfies all of them,

.. math:: \max\; t \quad\text{subject to}\quad a_i x + \|a_i\|_1 t \le -c_i, \quad low \le x \le high, \quad t \le 1.

Where t is positive x is likely to be inside; where it is negative the multipliers y of the rows are likely to prove
that nothing is, because :math:`\sum y_i (a_i x + c_i) > 0` between the ends. Whoever asks checks what it is told.

With :math:`x = low + u` and :math:`t = 1 - s` all variables and slacks are to be non-negative, and the objective is -s:
so the corner u = 0, s = 0 is dual feasible, and the dual simplex method (C. E. Lemke, The dual method of solving the
linear programming problem, Naval Research Logistics Quarterly 1, 1954) starts there, on a dense dictionary. Its
objective falls, and may be believed at each step: where it is negative, nothing has room, and the method ends. That
takes tens of microseconds a pivot, and about as many pivots as there are inputs; a general solver spends more on
looking at its arguments. Many inputs go to such a one, HiGHS, and so does what the pivots do not settle.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from polyrelu.arithmetic.exact import FloatArray
from polyrelu.support.limits import check

_LARGEST = 2.0**300
_NEGATIVE = -(2.0**-34)  # what is no less counts as satisfied in pivoting; nothing is decided by it
_HOPELESS = -(2.0**-16)
_PIVOT = 2.0**-30
_FEW_INPUTS = 48


class Proposal(NamedTuple):
    """What floats say.

    Attributes:
        point: an x with the most room, (d,).
        room: the t there; where it is negative, no more than a bound of it, and the point says nothing.
        multipliers: one for each row, none negative, (n,).
    """

    point: FloatArray
    room: float
    multipliers: FloatArray


def most_room(rows: FloatArray, constants: FloatArray, low: FloatArray, high: FloatArray) -> Proposal | None:
    """The point between ``low`` and ``high`` with the most room under n rows ``rows . x + constants <= 0``, (n, d).

    None where a row has no direction, numbers are too large, or the solver gives up. Cost: less than a millisecond for
    few inputs.
    """
    with np.errstate(all="ignore"):
        lengths = np.abs(rows).max(axis=1, initial=0.0)
        scaled, offsets = rows / lengths[:, None], -constants / lengths
        sound = np.isfinite(scaled).all() and (np.abs(offsets) < _LARGEST).all()
        if not (sound and (np.abs(low) < _LARGEST).all() and (np.abs(high) < _LARGEST).all()):
            return None
        slopes = np.abs(scaled).sum(axis=1)
        found = by_pivots(scaled, slopes, offsets, low, high) if len(low) <= _FEW_INPUTS else None
        if found is None:
            found = by_highs(scaled, slopes, offsets, low, high)
        if found is None or not (np.isfinite(found.point).all() and np.isfinite(found.multipliers).all()):
            return None
        return Proposal(np.clip(found.point, low, high), found.room, np.maximum(found.multipliers, 0.0) / lengths)


def by_pivots(
    rows: FloatArray, slopes: FloatArray, offsets: FloatArray, low: FloatArray, high: FloatArray
) -> Proposal | None:
    """The largest t in ``rows . x + slopes t <= offsets`` by the dual simplex method; None if it does not end soon.

    The dictionary has a row for each basic variable, one column of constants and one for each nonbasic variable, and
    last the objective. Variables 0..d-1 are u, the next one s, then come the rows' slacks and those of the upper ends.
    """
    count, dim = rows.shape
    table = np.zeros((count + dim + 1, dim + 2))
    table[:count, 0] = offsets - rows @ low - slopes
    table[:count, 1:-1], table[:count, -1] = -rows, slopes
    table[count:-1, 0] = high - low
    table[count:-1, 1:-1][np.diag_indices(dim)] = -1.0
    table[-1, 0], table[-1, -1] = 1.0, -1.0
    basic, nonbasic = np.arange(dim + 1, dim + 1 + count + dim), np.arange(dim + 1)
    for _ in range(20 * (dim + 2) + count):
        leaving = int(np.argmin(table[:-1, 0]))
        if table[leaving, 0] >= _NEGATIVE or table[-1, 0] < _HOPELESS:
            return _read(table, basic, nonbasic, low, count)
        row = table[leaving, 1:]
        ratios = np.where(row > _PIVOT, -table[-1, 1:] / row, np.inf)
        best = ratios.min()
        if not best < np.inf:
            return None
        # Of equal ratios the largest pivot.
        entering = int(np.argmax(np.where(ratios <= best + _PIVOT, row, 0.0))) + 1
        _exchange(table, leaving, entering)
        basic[leaving], nonbasic[entering - 1] = nonbasic[entering - 1], basic[leaving]
    check()
    return None


def _exchange(table: FloatArray, leaving: int, entering: int) -> None:
    """Make the basic variable of a row nonbasic, and the nonbasic one of a column basic."""
    pivot, column = table[leaving, entering], table[:, entering].copy()
    row = table[leaving] / -pivot
    row[entering] = 1.0 / pivot
    column[leaving] = 0.0
    table[:, entering] = 0.0
    table[leaving] = row
    table += column[:, None] * row


def _read(table: FloatArray, basic: FloatArray, nonbasic: FloatArray, low: FloatArray, count: int) -> Proposal:
    """The point, the room and the rows' multipliers of the dictionary at the end."""
    dim = len(low)
    values = np.zeros(dim + 1)
    structural = basic <= dim
    values[basic[structural]] = table[:-1, 0][structural]
    multipliers = np.zeros(count)
    slacks = (nonbasic > dim) & (nonbasic <= dim + count)
    multipliers[nonbasic[slacks] - dim - 1] = -table[-1, 1:][slacks]
    return Proposal(low + values[:-1], float(table[-1, 0]), multipliers)


def by_highs(
    rows: FloatArray, slopes: FloatArray, offsets: FloatArray, low: FloatArray, high: FloatArray
) -> Proposal | None:
    """The same by HiGHS."""
    from scipy.optimize import linprog  # takes a while to import

    costs = np.zeros(len(low) + 1)
    costs[-1] = -1.0
    ends = np.column_stack([np.append(low, -np.inf), np.append(high, 1.0)])
    found = linprog(costs, A_ub=np.column_stack([rows, slopes]), b_ub=offsets, bounds=ends, method="highs")
    if found.status != 0:
        return None
    return Proposal(found.x[:-1], float(found.x[-1]), -found.ineqlin.marginals)
