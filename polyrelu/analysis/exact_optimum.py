r"""The smallest value of a goal on a polyhedron, exactly, with the multipliers that prove it.

Floats may say which rows are tight at the optimum, which coordinates lie at ends of the box, and which as far from the
point as any. These equations have few unknowns: one for each coordinate that is none of these. Solved exactly, they
give a point and multipliers, and if the point satisfies all rows, no multiplier is negative, and both have the same
value, that is the optimum (the Karush-Kuhn-Tucker conditions of a linear or a convex quadratic program). If not, or
where there are few coordinates anyhow, the exact methods of :mod:`polyrelu.arithmetic.lp` and
:mod:`polyrelu.arithmetic.complementarity` take all rows.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple

import numpy as np

from polyrelu.analysis.goals import Evidence, ExactRow, Goal, combination, maximum_support
from polyrelu.analysis.nearest import project
from polyrelu.analysis.programs import Proposal
from polyrelu.arithmetic.exact import ExactVector, nearest_floats, primitive, row_echelon
from polyrelu.arithmetic.lp import Status, maximise
from polyrelu.polyhedra.bounding_box import box_rows
from polyrelu.polyhedra.halfspace import Halfspace
from polyrelu.polyhedra.polyhedron import Polyhedron

_FEW = 8
_NEAR = 2.0**-22

_ZERO, _ONE = Fraction(0), Fraction(1)


class Optimum(NamedTuple):
    """The smallest value on a polyhedron.

    Attributes:
        cost: the value, as :meth:`Goal.cost` has it; None where the polyhedron is empty.
        point: where it is attained; None then.
        evidence: the proof.
    """

    cost: Fraction | None
    point: ExactVector | None
    evidence: Evidence


@dataclass(frozen=True)
class Question:
    """What is made small, and where.

    Attributes:
        goal: what.
        rows: of a linear goal the goal itself, and then the conditions.
        low, high: the ends of a box, finite.
    """

    goal: Goal
    rows: Sequence[ExactRow]
    low: ExactVector
    high: ExactVector

    @property
    def first(self) -> int:
        """Where the conditions begin among the rows."""
        return 1 if self.goal.norm is None else 0

    def cost(self, point: ExactVector) -> Fraction:
        """The goal at a point."""
        return self.rows[0].at(point) if self.first else self.goal.cost(point)

    def optimum(self, hint: Proposal | None = None) -> Optimum:
        """The smallest value; ``hint`` is what floats say about it.

        Cost: with a good hint a small linear system, otherwise an exact program with all rows.
        """
        if any(a > b for a, b in zip(self.low, self.high, strict=True)):
            raise AssertionError("the box is not empty")
        if hint is not None and len(self.low) > _FEW:
            found = self._by_hint(hint)
            if found is not None:
                return found
        return self._by_pivots()

    # -- by what floats say -------------------------------------------------------------------------------------------

    def _by_hint(self, hint: Proposal) -> Optimum | None:
        if hint.point is None:
            own = tuple(Fraction(v) for v in hint.multipliers.tolist())
            evidence = Evidence(own, None, True)
            bound = self.goal.exact_bound(self.rows, evidence, self.low, self.high)
            return Optimum(None, None, evidence) if bound is not None and bound > 0 else None
        for holds in (True, False) if self.goal.norm == "linf" else (False,):
            face = _Face(self, hint, holds)
            multipliers = face.multipliers
            point = None if multipliers is None else face.point(multipliers)
            if multipliers is None or point is None or not self._contains(point):
                continue
            found = self._proved(point, multipliers)
            if found is not None:
                return found
        return None

    def _contains(self, point: ExactVector) -> bool:
        inside = all(a <= v <= b for a, v, b in zip(self.low, point, self.high, strict=True))
        return inside and all(row.at(point) <= 0 for row in self.rows[self.first :])

    def _proved(self, point: ExactVector, multipliers: ExactVector) -> Optimum | None:
        """The optimum, if these prove that it is one."""
        cost = self.cost(point)
        evidence = Evidence(multipliers, self._support(point, multipliers))
        bound = self.goal.exact_bound(self.rows, evidence, self.low, self.high)
        return Optimum(cost, point, evidence) if bound == cost else None

    def _support(self, point: ExactVector, multipliers: ExactVector) -> ExactVector | None:
        """The support that belongs to an optimal point and its multipliers."""
        if self.goal.norm is None:
            return None
        normal = self._normal(multipliers)
        p, low, high = self.goal.point, self.low, self.high
        if self.goal.norm == "l2":
            return tuple(v - w for v, w in zip(point, p, strict=True))
        if self.goal.norm == "l1":
            kinks = zip(normal, p, low, high, strict=True)
            return tuple(_ONE if v <= a else -_ONE if v >= b else min(max(-n, -_ONE), _ONE) for n, v, a, b in kinks)
        return tuple(maximum_support(normal, p, low, high, _ONE))

    def _normal(self, multipliers: ExactVector) -> list[Fraction]:
        return combination(self.rows, multipliers, len(self.low))

    # -- by exact programs --------------------------------------------------------------------------------------------

    def _by_pivots(self) -> Optimum:
        sides = box_rows(self.low, self.high)
        conditions = self.rows[self.first :]
        scaled = [primitive((*row.normal, row.constant)) for row in conditions]
        halfspaces = [Halfspace(own[:-1], -own[-1], "<=") for own in scaled]
        factors = [_scale((*row.normal, row.constant)) for row in conditions]
        polyhedron = Polyhedron.from_halfspaces([*halfspaces, *sides], len(self.low))
        unequal = [(h.normal, h.offset) for h in (*halfspaces, *sides) if h.relation != "=="]
        equal = [(h.normal, h.offset) for h in sides if h.relation == "=="]
        costs = primitive(self.rows[0].normal) if self.first else (0,) * len(self.low)
        found = maximise([-v for v in costs], unequal, equal)
        assert found.multipliers is not None, "a box is bounded"
        own = [y * f for y, f in zip(found.multipliers, factors, strict=False)]
        if found.status is Status.INFEASIBLE:
            return Optimum(None, None, Evidence((*[_ZERO] * self.first, *own), None, True))
        if self.first:
            assert found.point is not None
            scale = _scale(self.rows[0].normal)
            own = [y / scale for y in own]
            return self._certain(found.point, (_ONE, *own))
        nearest = project(polyhedron, self.goal.point, str(self.goal.norm))
        return self._certain(nearest.point, tuple(y * f for y, f in zip(nearest.multipliers, factors, strict=False)))

    def why_empty(
        self, strict: Sequence[bool], open_low: Collection[int], open_high: Collection[int]
    ) -> Evidence | None:
        """Multipliers that prove that no point satisfies all rows, some of them strictly; None where one does.

        Args:
            strict: which rows are strict.
            open_low: the sides that are.
            open_high: the same of the upper ones.

        Cost: an exact linear program.
        """
        rows = []
        conditions = range(self.first, len(self.rows))
        for i in conditions:
            own = primitive((*self.rows[i].normal, int(strict[i]), -self.rows[i].constant))
            rows.append((own[:-1], own[-1]))
        for j, (a, b) in enumerate(zip(self.low, self.high, strict=True)):
            for sign, end, opens in ((-1, -a, j in open_low), (1, b, j in open_high)):
                unit = [0] * len(self.low)
                unit[j] = sign
                own = primitive((*unit, int(opens), end))
                rows.append((own[:-1], own[-1]))
        rows.append(((*(0,) * len(self.low), 1), 1))
        found = maximise((*(0,) * len(self.low), 1), rows)
        assert found.multipliers is not None, "the room is at most 1"
        if found.value is not None and found.value > 0:
            return None
        scales = (_scale((*self.rows[i].normal, int(strict[i]), -self.rows[i].constant)) for i in conditions)
        own_multipliers = (y * scale for y, scale in zip(found.multipliers, scales, strict=False))
        return Evidence((*[_ZERO] * self.first, *own_multipliers), None, True)

    def _certain(self, point: ExactVector, multipliers: ExactVector) -> Optimum:
        found = self._proved(point, multipliers)
        if found is None:
            raise AssertionError("an exact optimum has a proof; please report this")
        return found


def _scale(row: Sequence[Fraction | int]) -> Fraction:
    """What :func:`~polyrelu.arithmetic.exact.primitive` multiplies a row by."""
    return next((Fraction(a) / b for a, b in zip(primitive(row), row, strict=True) if b), _ONE)


class _Face:
    """The equations at an optimum, as floats see it.

    Args:
        question: the question.
        hint: what floats say.
        holds: of a coordinate that is as far as any, and at an end, believe the first: ends may be there because a
            distance is known.

    Attributes:
        fixed: the coordinates at a known number.
        held: those that are as far from the point as any, in the maximum norm, with the side.
        free: the others.
        is_loose: whether a coordinate at an end is as far as these.
        is_above: which coordinates are larger than the point's.
        tight: the rows that have a multiplier.
        touched: these, and others that seem to be zero.
    """

    def __init__(self, question: Question, hint: Proposal, holds: bool) -> None:
        self.question = question
        goal, x = question.goal, hint.point
        assert x is not None
        low, high = nearest_floats(question.low), nearest_floats(question.high)
        wide = np.maximum(high - low, 2.0**-60)
        p = goal.near if goal.norm else x
        far = float(np.abs(x - p).max(initial=0.0))
        near = _NEAR * wide
        self.fixed: dict[int, Fraction] = {}
        self.held: dict[int, int] = {}
        self.is_loose = False
        for j, (at_low, at_high) in enumerate(zip(x <= low + near, x >= high - near, strict=True)):
            is_far = goal.norm == "linf" and far > 0 and abs(abs(x[j] - p[j]) - far) <= _NEAR * far
            if holds and is_far:
                self.held[j] = 1 if x[j] > p[j] else -1
            elif at_low or at_high:
                self.fixed[j] = question.low[j] if at_low else question.high[j]
                self.is_loose = self.is_loose or is_far
            elif is_far:
                self.held[j] = 1 if x[j] > p[j] else -1
            elif goal.norm == "l1" and abs(x[j] - p[j]) <= near[j]:
                self.fixed[j] = goal.point[j]
        taken = {*self.fixed, *self.held}
        self.free = [j for j in range(len(x)) if j not in taken]
        largest = float(hint.multipliers[question.first :].max(initial=0.0))
        own = hint.multipliers.tolist()
        self.is_above = (x > p).tolist()
        conditions = range(question.first, len(question.rows))
        self.tight = [i for i in conditions if own[i] > 2.0**-30 * largest]
        loose = hint.slacks > _NEAR if hint.slacks is not None else np.ones(len(own), dtype=np.bool_)
        self.touched = [i for i in conditions if i in set(self.tight) or not loose[i]]

    @cached_property
    def multipliers(self) -> ExactVector | None:
        """Those of all rows, from the equations that say that the free coordinates are at their best; or None."""
        q, rows = self.question, self.question.rows
        if q.goal.norm == "l2":
            return self._euclidean_multipliers()
        equations = [[*(rows[i].normal[j] for i in self.tight), self._slope(j)] for j in self.free]
        if q.goal.norm == "linf" and self.held and not self.is_loose:
            sums = [sum((side * rows[i].normal[j] for j, side in self.held.items()), _ZERO) for i in self.tight]
            equations.append([*sums, _ONE])
        solved = _solution(equations, len(self.tight))
        return None if solved is None else self._spread(solved)

    def _slope(self, j: int) -> Fraction:
        """How the goal itself grows with a free coordinate."""
        q = self.question
        if q.goal.norm is None:
            return q.rows[0].normal[j]
        if q.goal.norm == "linf":
            return _ZERO
        return _ONE if self.is_above[j] else -_ONE

    def _euclidean_multipliers(self) -> ExactVector | None:
        q, rows = self.question, self.question.rows
        equations = []
        for i in self.tight:
            own = rows[i]
            products = [sum((own.normal[j] * rows[k].normal[j] for j in self.free), _ZERO) for k in self.tight]
            there = [self.fixed.get(j, q.goal.point[j]) for j in range(len(q.low))]
            equations.append([*products, -own.at(tuple(there))])
        solved = _solution(equations, len(self.tight))
        return None if solved is None else self._spread(solved)

    def _spread(self, solved: Sequence[Fraction]) -> ExactVector:
        own = dict(zip(self.tight, solved, strict=True))
        first = [_ONE] * self.question.first
        return (*first, *(own.get(i, _ZERO) for i in range(self.question.first, len(self.question.rows))))

    def point(self, multipliers: ExactVector) -> ExactVector | None:
        """The point at which the tight rows are zero; None where there is none."""
        q = self.question
        if q.goal.norm == "l2":
            normal = q._normal(multipliers)
            return tuple(self.fixed.get(j, v - normal[j]) for j, v in enumerate(q.goal.point))
        unknown = [*self.free, None] if self.held else self.free
        equations = []
        for i in self.touched:
            row, moved = q.rows[i], q.rows[i].constant
            moved += sum((row.normal[j] * v for j, v in self.fixed.items()), _ZERO)
            moved += sum((row.normal[j] * q.goal.point[j] for j in self.held), _ZERO)
            along = sum((side * row.normal[j] for j, side in self.held.items()), _ZERO)
            equations.append([*(along if j is None else row.normal[j] for j in unknown), moved])
        solved = _solution(equations, len(unknown))
        if solved is None:
            return None
        values = dict(zip(unknown, solved, strict=True))
        point = {**self.fixed, **{j: v for j, v in values.items() if j is not None}}
        for j, side in self.held.items():
            point[j] = q.goal.point[j] + side * values[None]
        return tuple(point[j] for j in range(len(q.low)))


def _solution(equations: Sequence[Sequence[Fraction]], unknowns: int) -> tuple[Fraction, ...] | None:
    """Numbers v with ``equations . (v, 1) = 0``, where they leave no choice; otherwise None."""
    if not unknowns:
        return () if all(not row[0] for row in equations) else None
    reduced, pivots = row_echelon(equations, unknowns + 1)
    if pivots != tuple(range(unknowns)):
        return None
    return tuple(-row[-1] / row[k] for k, row in enumerate(reduced[:unknowns]))
