r"""Linear and quadratic programs in floats, which propose points and multipliers, and decide nothing.

Over the x of a box at which rows :math:`a_i x + c_i \le 0` hold, a :class:`~polyrelu.analysis.goals.Goal` is made
small: by HiGHS where it is linear or a distance in the maximum or the sum norm, and in the Euclidean norm by its dual,

.. math:: \max_{y \ge 0}\; \min_{low \le x \le high}\; \tfrac12 \|x - p\|^2 + \sum_i y_i (a_i x + c_i),

whose inner minimum is at x = clip(p - A^T y), so that it is a concave function of a few multipliers.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from polyrelu.analysis.goals import Goal
from polyrelu.analysis.relaxed_rows import Rows
from polyrelu.arithmetic.exact import FloatArray
from polyrelu.arithmetic.float_lp import most_room

_LARGEST = 2.0**300
_INFEASIBLE = 2


class Proposal(NamedTuple):
    """What floats say.

    Attributes:
        point: where the goal is smallest, (d,); None where there seems to be no point.
        multipliers: one for each row, none negative, (r,); of a linear goal the first is 1, or 0 where there is no
            point.
        slacks: how far below zero each row is at the point, divided by its largest number, (r,).
    """

    point: FloatArray | None
    multipliers: FloatArray
    slacks: FloatArray | None = None


def propose(goal: Goal, rows: Rows, low: FloatArray, high: FloatArray) -> Proposal | None:
    """The smallest value of a goal on the part of a box where rows hold; None where floats give up.

    Cost: a linear program, milliseconds.
    """
    first = 1 if goal.norm is None else 0
    with np.errstate(all="ignore"):
        sizes = np.abs(rows.values).max(axis=1, initial=0.0)
        sizes = np.maximum(sizes, np.abs(rows.constants) * 2.0**-40)
        finite = np.isfinite(rows.values).all() and (np.abs(rows.constants) < _LARGEST).all() and (sizes < np.inf).all()
        ends = (np.abs(low) < _LARGEST).all() and (np.abs(high) < _LARGEST).all()
        if not (finite and ends) or (goal.norm is not None and not (np.abs(goal.near) < _LARGEST).all()):
            return None
        sizes = np.where(sizes > 0, sizes, 1.0)
        values, constants = rows.values / sizes[:, None], rows.constants / sizes
        empty = _hopeless(rows, first, low, high)
        if empty is not None:
            return Proposal(None, empty)
        found = _solved(goal, values, constants, low, high)
    if found is None:
        return None
    multipliers = np.maximum(found.multipliers, 0.0)
    if found.point is None:
        if first:
            multipliers[0] = 0.0
        return Proposal(None, multipliers / sizes)
    multipliers = multipliers / sizes
    if first:
        multipliers[0] = 1.0
    point = np.clip(found.point, low, high)
    return Proposal(point, multipliers, -(values @ point + constants))


def _hopeless(rows: Rows, first: int, low: FloatArray, high: FloatArray) -> FloatArray | None:
    """The multiplier of a single row that holds nowhere on the box, if there is any."""
    least = np.maximum(rows.values, 0.0) @ low + np.minimum(rows.values, 0.0) @ high + rows.constants - rows.errors
    worst = first + int(np.argmax(least[first:])) if len(least) > first else -1
    if worst < 0 or not least[worst] > 0:
        return None
    multipliers = np.zeros(len(least))
    multipliers[worst] = 1.0
    return multipliers


def _solved(
    goal: Goal, values: FloatArray, constants: FloatArray, low: FloatArray, high: FloatArray
) -> Proposal | None:
    if goal.norm == "l2":
        return _euclidean(goal.near, values, constants, low, high)
    first = 1 if goal.norm is None else 0
    if len(values) == first:  # nothing but a box
        nearest = np.clip(goal.near, low, high) if goal.norm else np.where(values[0] > 0, low, high)
        return Proposal(nearest, np.ones(first))
    found = _program(goal, values, constants, low, high)
    if found.status == _INFEASIBLE:
        room = most_room(values[first:], constants[first:], low, high)
        return None if room is None else Proposal(None, np.concatenate([np.zeros(first), room.multipliers]))
    if found.status != 0:
        return None
    own = -found.ineqlin.marginals[: len(values) - first]
    point = found.x[: len(low)]
    if goal.norm == "l1":
        point = goal.near + found.x[: len(low)] - found.x[len(low) :]
    return Proposal(point, np.concatenate([np.ones(first), own]))


def _program(goal: Goal, values: FloatArray, constants: FloatArray, low: FloatArray, high: FloatArray) -> Any:
    """HiGHS's answer."""
    from scipy.optimize import linprog  # takes a while to import
    from scipy.sparse import csr_array, eye_array, hstack, vstack

    dim, p = len(low), goal.near
    if goal.norm is None:
        ends = np.column_stack([low, high])
        return linprog(values[0], A_ub=values[1:], b_ub=-constants[1:], bounds=ends, method="highs")
    if goal.norm == "l1":  # x = p + up - down, of which one is zero at the best
        least = np.maximum(np.concatenate([low - p, p - high]), 0.0)
        most = np.maximum(np.concatenate([high - p, p - low]), 0.0)
        ends = np.column_stack([least, most])
        matrix = np.column_stack([values, -values])
        return linprog(np.ones(2 * dim), A_ub=matrix, b_ub=-constants - values @ p, bounds=ends, method="highs")
    column = csr_array(np.full((dim, 1), -1.0))
    matrix = vstack(
        [
            csr_array(np.column_stack([values, np.zeros(len(values))])),
            hstack([eye_array(dim), column]),
            hstack([-eye_array(dim), column]),
        ]
    )
    costs = np.append(np.zeros(dim), 1.0)
    ends = np.column_stack([np.append(low, 0.0), np.append(high, np.inf)])
    return linprog(costs, A_ub=matrix, b_ub=np.concatenate([-constants, p, -p]), bounds=ends, method="highs")


def _euclidean(p: FloatArray, values: FloatArray, constants: FloatArray, low: FloatArray, high: FloatArray) -> Proposal:
    """By the dual; where that has no end, there is no point, and its direction proves it."""
    from scipy.optimize import minimize  # takes a while to import

    if not len(values):
        return Proposal(np.clip(p, low, high), np.zeros(0))
    room = most_room(values, constants, low, high)
    if room is not None and room.room < 0:
        return Proposal(None, room.multipliers)

    def dual(y: FloatArray) -> tuple[float, FloatArray]:
        x = np.clip(p - y @ values, low, high)
        slack = values @ x + constants
        return -float(0.5 * ((x - p) @ (x - p)) + y @ slack), -slack

    ends = [(0.0, None)] * len(values)
    start = np.zeros(len(values))
    options = {"maxiter": 200, "maxfun": 400, "ftol": 1e-15, "gtol": 1e-10}
    y = np.asarray(minimize(dual, start, jac=True, method="L-BFGS-B", bounds=ends, options=options).x)
    y = _polished(p, values, constants, low, high, y)
    return Proposal(np.clip(p - y @ values, low, high), y)


def _polished(
    p: FloatArray, values: FloatArray, constants: FloatArray, low: FloatArray, high: FloatArray, y: FloatArray
) -> FloatArray:
    """Multipliers with the last digits: those of the rows that have some, by the equations of their face."""
    tight = np.flatnonzero(y > 2.0**-20 * max(1.0, float(y.max(initial=0.0))))
    moved = p - y @ values
    free = (low < moved) & (moved < high)
    if not len(tight) or not free.any():
        return y
    own = values[tight]
    there = np.where(free, p, np.clip(moved, low, high))
    solved, *_ = np.linalg.lstsq(own[:, free] @ own[:, free].T, own @ there + constants[tight], rcond=None)
    better = np.zeros_like(y)
    better[tight] = solved
    return better if (solved >= 0).all() and np.isfinite(solved).all() else y
