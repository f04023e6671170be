r"""Floats that say where to look: a linear program in floats proposes, exact arithmetic disposes.

For rows ``a_i x < b_i`` between sides, a solver in floats looks for the x with the largest slack t. Either it names a
point, which then satisfies the rows exactly or is forgotten; or its multipliers :math:`y \ge 0` name a combination of
the rows, :math:`\sum y_i a_i x < \sum y_i b_i`, which every solution satisfies, whatever the y are, and which then is
impossible between the sides exactly (:meth:`polyrelu.polyhedra.sides.Sides.rule_out`) or is forgotten. Where all hangs
on ties, floats say which sides and rows are tight, and the point and the multipliers are solved exactly from these. So
no float decides anything, and what is undecided is left to an exact linear program, which costs a hundred times more.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from polyrelu.arithmetic.exact import ExactVector, row_echelon
from polyrelu.polyhedra.halfspace import Halfspace
from polyrelu.polyhedra.sides import Sides

_LARGEST = 2.0**332
_TIGHT = 2.0**-23  # how near floats propose to look for ties; nothing is decided by it


class _Proposal(NamedTuple):
    """What floats say: where the rows' least slack is largest, that slack, each row's own, and the multipliers."""

    point: list[float]
    slack: float
    slacks: list[float]
    multipliers: list[float]


def look_between(sides: Sides, rows: Sequence[Halfspace]) -> tuple[ExactVector | None, bool]:
    """A point between the sides that satisfies all rows, and whether there certainly is none; both are exact.

    Neither is found where that hangs on more digits than floats have. Cost: a linear program in floats.
    """
    lengths = [max(map(abs, row.normal), default=0) for row in rows]
    proposal = _propose(sides, rows, lengths) if all(lengths) and rows else None
    if proposal is None:
        return None, False
    found: ExactVector | None = None
    impossible = False
    if proposal.slack > 0:
        found = _between(sides, tuple(map(Fraction, proposal.point)))
    else:
        floats = zip(proposal.multipliers, lengths, strict=True)
        impossible = _is_impossible(sides, rows, [Fraction(y) / length for y, length in floats])
        if not impossible and proposal.slack >= -_TIGHT:
            tight = [row for row, slack in zip(rows, proposal.slacks, strict=True) if abs(slack) <= _TIGHT]
            found = _snapped(sides, tight, proposal.point)
            impossible = _is_impossible(sides, tight, _balanced(sides, tight, found))
    if found is not None and sides.hold(found) and all(row.holds(found) for row in rows):
        return found, False
    return None, impossible


def _propose(sides: Sides, rows: Sequence[Halfspace], lengths: Sequence[int]) -> _Proposal | None:
    """The answer of a linear program in floats; None where the numbers are too large, or the solver gives up."""
    from scipy.optimize import linprog  # takes a while to import

    try:
        normals = np.array([[v / s for v in row.normal] for row, s in zip(rows, lengths, strict=True)])
        offsets = np.array([row.offset / s for row, s in zip(rows, lengths, strict=True)])
        bounds = [
            tuple(None if (side := own.get(j)) is None else float(side.value) for own in (sides.low, sides.high))
            for j in range(sides.dim)
        ]
    except OverflowError:
        return None
    if not all(abs(v) < _LARGEST for v in (*offsets.tolist(), *(v for pair in bounds for v in pair if v is not None))):
        return None
    equal = np.array([row.relation == "==" for row in rows])
    slopes = np.where(equal, 0.0, np.abs(normals).sum(axis=1))
    matrix = np.column_stack([normals, slopes])
    found = linprog(
        np.array([*[0.0] * sides.dim, -1.0]),
        A_ub=matrix[~equal],
        b_ub=offsets[~equal],
        A_eq=matrix[equal] if equal.any() else None,
        b_eq=offsets[equal] if equal.any() else None,
        bounds=[*bounds, (None, 1.0)],
        method="highs",
    )
    if found.status != 0:
        return None
    multipliers = np.zeros(len(rows))
    multipliers[~equal] = np.maximum(-found.ineqlin.marginals, 0.0)
    multipliers[equal] = -found.eqlin.marginals if equal.any() else 0.0
    if not (np.isfinite(found.x).all() and np.isfinite(multipliers).all()):
        return None
    slacks = offsets - normals @ found.x[:-1]
    return _Proposal(found.x[:-1].tolist(), float(found.x[-1]), slacks.tolist(), multipliers.tolist())


def _at_side(sides: Sides, j: int, value: Fraction | float) -> Fraction | None:
    """The side that a coordinate is on, up to a little."""
    bounds = [own[j].value for own in (sides.low, sides.high) if j in own]
    return next((bound for bound in bounds if abs(value - float(bound)) <= _TIGHT * (1 + abs(float(bound)))), None)


def _snapped(sides: Sides, tight: Sequence[Halfspace], guess: Sequence[float]) -> ExactVector:
    """The point on the sides that the guess is on, and on the boundaries of the tight rows, if it is there."""
    on_side = [_at_side(sides, j, value) for j, value in enumerate(guess)]
    point = [Fraction(value) if bound is None else bound for value, bound in zip(guess, on_side, strict=True)]
    loose = [j for j, bound in enumerate(on_side) if bound is None]
    equations: list[list[Fraction | int]] = [
        [*(row.normal[j] for j in loose), row.slack(tuple(point))] for row in tight
    ]
    reduced, pivots = row_echelon(equations, len(loose) + 1)
    for step, pivot in zip(reduced, pivots, strict=True):
        if pivot < len(loose):
            point[loose[pivot]] += step[-1]
    return tuple(point)


def _balanced(sides: Sides, tight: Sequence[Halfspace], point: ExactVector) -> ExactVector:
    """Multipliers under which tight rows cancel in the coordinates that are on no side; zero if they are not unique."""
    loose = [j for j, value in enumerate(point) if _at_side(sides, j, value) is None]
    reduced, pivots = row_echelon([[row.normal[j] for row in tight] for j in loose], len(tight))
    free = [k for k in range(len(tight)) if k not in pivots]
    if len(free) != 1:
        return (Fraction(0),) * len(tight)
    multipliers = [Fraction(0)] * len(tight)
    multipliers[free[0]] = Fraction(1)
    for step, pivot in zip(reduced, pivots, strict=True):
        multipliers[pivot] = -step[free[0]]
    return tuple(multipliers)


def _between(sides: Sides, point: ExactVector) -> ExactVector:
    """The point moved a little off sides that it touches, and onto those that are equal."""
    centre, share = sides.centre(), Fraction(1, 2**20)
    moved = []
    for j, value in enumerate(point):
        low, high = sides.low.get(j), sides.high.get(j)
        if (low is not None and value <= low.value) or (high is not None and value >= high.value):
            bound = low.value if low is not None and value <= low.value else high.value  # type: ignore[union-attr]
            value = bound + share * (centre[j] - bound)
        moved.append(value)
    return tuple(moved)


def _is_impossible(sides: Sides, rows: Sequence[Halfspace], multipliers: Sequence[Fraction]) -> bool:
    """Whether the combination of the rows with these multipliers shows that no point satisfies all of them."""
    used = [(y, row) for y, row in zip(multipliers, rows, strict=True) if y]
    if not used or any(y < 0 and row.relation != "==" for y, row in used):
        return False
    total, offset = [Fraction(0)] * sides.dim, Fraction(0)
    for y, (normal, value, _) in used:
        offset += y * value
        total = [t + y * v if v else t for t, v in zip(total, normal, strict=True)]
    is_strict = any(row.relation == "<" for _, row in used)
    return sides.rule_out(Halfspace.of(total, offset, "<" if is_strict else "<="))
