r"""What is made as small as possible, and lower bounds of it by multipliers.

A goal is a linear form :math:`g` of x, or a distance from a point p: :math:`\|x - p\|` in the maximum or the sum norm,
:math:`\tfrac12 \|x - p\|_2^2` in the Euclidean one. A norm is the largest of its supporting forms,

.. math:: \|x - p\| \ge s \cdot (x - p) \quad (\|s\|_* \le 1), \qquad
          \tfrac12 \|x - p\|_2^2 \ge s \cdot (x - p) - \tfrac12 \|s\|_2^2 \quad (\text{any } s),

so on the part of a box where rows :math:`a_i x + c_i \le 0` hold, multipliers :math:`y \ge 0` and a support s prove

.. math:: goal \ge \min_{low \le x \le high} \Big( s \cdot x + \sum_i y_i (a_i x + c_i) \Big) - s \cdot p - \kappa(s),

with :math:`\kappa = \tfrac12 \|s\|^2` in the Euclidean norm and 0 otherwise. Of a linear goal, the first row is g
itself, with the multiplier 1 and no support. Multipliers alone, without a goal, prove that there is no such x where the
minimum is positive. All of it may be evaluated exactly, or in floats with their error.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple, TypeVar

import numpy as np

from polyrelu.analysis.relaxed_rows import ENLARGED, Rows
from polyrelu.arithmetic.exact import ExactVector, FloatArray, nearest_floats
from polyrelu.bounds.linear import sizes

NORMS = ("linf", "l1", "l2")
_ROOT_BITS = 64


class ExactRow(NamedTuple):
    """The row ``normal . x + constant``, in exact numbers; as a condition, that it is not positive."""

    normal: ExactVector
    constant: Fraction

    def at(self, point: ExactVector) -> Fraction:
        """Its value."""
        return sum((a * v for a, v in zip(self.normal, point, strict=True) if a), self.constant)


class Evidence(NamedTuple):
    """Why a goal is no smaller on a part of a box, or why that part is empty.

    Attributes:
        multipliers: one for each row, none negative; of a linear goal the first row is the goal.
        support: s, of a distance; None for a linear goal, and where the part is empty.
        is_empty: whether the multipliers prove that the part is empty.
    """

    multipliers: ExactVector
    support: ExactVector | None
    is_empty: bool = False


@dataclass(frozen=True)
class Goal:
    """What is made small.

    Attributes:
        norm: one of :data:`NORMS`, or None for a linear form of outputs, which is then the first of all rows.
        point: from where distances are measured, d numbers.
    """

    norm: str | None = None
    point: ExactVector = ()

    @cached_property
    def near(self) -> FloatArray:
        """The point as nearest floats."""
        return nearest_floats(self.point)

    def cost(self, point: ExactVector) -> Fraction:
        """The distance of a point as it is compared: half its square in the Euclidean norm."""
        steps = [abs(a - b) for a, b in zip(point, self.point, strict=True)]
        if self.norm == "linf":
            return max(steps, default=Fraction(0))
        return sum(steps, Fraction(0)) if self.norm == "l1" else sum((v * v for v in steps), Fraction(0)) / 2

    def reach(self, cost: Fraction) -> Fraction | None:
        """How far a coordinate may be from the point's where a distance is at most ``cost``, rounded up; else None."""
        if self.norm != "l2":
            return None if self.norm is None else cost
        scale = 4 ** max(0, _ROOT_BITS - cost.numerator.bit_length() + cost.denominator.bit_length())
        return Fraction(math.isqrt(math.ceil(2 * cost * scale)) + 1, math.isqrt(scale))

    # -- in floats ----------------------------------------------------------------------------------------------------

    def bound(
        self, rows: Rows, multipliers: FloatArray, support: FloatArray | None, low: FloatArray, high: FloatArray
    ) -> float:
        """A float that is certainly no larger than the goal on the part of a box where rows hold.

        Without a support, and where the first multiplier of a linear goal is zero, it is of the combination of the
        rows. The errors of the rows cover their evaluation at points of the box; the sums over them are covered once
        more in the same way, as are the products with the support.
        """
        with np.errstate(all="ignore"):
            normal, constant = multipliers @ rows.values, float(multipliers @ rows.constants)
            moduli = sizes(np.maximum(np.abs(low), np.abs(high)))
            size = sizes(multipliers) @ (sizes(rows.values) @ moduli + sizes(rows.constants))
            if support is not None:
                normal = normal + support
                constant -= float(support @ self.near)
                size = size + 2.0 * (sizes(support) @ (moduli + sizes(self.near)))
                if self.norm == "l2":
                    constant -= float(0.5 * (support @ support))
                    size = size + sizes(support) @ sizes(support)
            value = float(np.maximum(normal, 0.0) @ low + np.minimum(normal, 0.0) @ high + constant)
            factor = (16.0 * (len(low) + len(multipliers)) + 64.0) * 2.0**-52
            doubt = float((sizes(multipliers) @ rows.errors + factor * size) * ENLARGED)
            found = value - doubt
        return float(np.nextafter(found, -np.inf)) if np.isfinite(found) else -np.inf

    def support(self, normal: FloatArray, low: FloatArray, high: FloatArray) -> FloatArray:
        """The support with the best bound for a combination of rows with this normal, up to rounding."""
        p = self.near
        if self.norm == "l2":
            return np.asarray(np.clip(p - normal, low, high) - p)
        if self.norm == "l1":
            inner = np.where(p <= low, 1.0, np.where(p >= high, -1.0, np.clip(-normal, -1.0, 1.0)))
            return np.asarray(inner * (1.0 - 2.0**-40))
        found = maximum_support(normal.tolist(), p.tolist(), low.tolist(), high.tolist(), 1.0 - 2.0**-40)
        return np.array(found)

    def is_support(self, support: Sequence[Fraction]) -> bool:
        """Whether a vector is a support of the norm, exactly."""
        if self.norm == "l1":
            return all(abs(v) <= 1 for v in support)
        return self.norm == "l2" or sum(map(abs, support)) <= 1

    # -- exactly ------------------------------------------------------------------------------------------------------

    def exact_bound(
        self, rows: Sequence[ExactRow], evidence: Evidence, low: ExactVector, high: ExactVector
    ) -> Fraction | None:
        """What evidence proves, see the module's docstring; None where it proves nothing."""
        multipliers, support, is_empty = evidence
        if len(multipliers) != len(rows) or any(y < 0 for y in multipliers):
            return None
        dim, constant = len(low), Fraction(0)
        normal = [Fraction(0)] * dim if support is None else list(support)
        if support is not None:
            if len(support) != dim or self.norm is None or is_empty or not self.is_support(support):
                return None
            constant -= sum((s * v for s, v in zip(support, self.point, strict=True) if s), Fraction(0))
            if self.norm == "l2":
                constant -= sum((s * s for s in support), Fraction(0)) / 2
        elif not is_empty and (self.norm is not None or multipliers[0] != 1):
            return None
        if is_empty and self.norm is None and multipliers[0]:
            return None
        for y, row in zip(multipliers, rows, strict=True):
            if y:
                constant += y * row.constant
                normal = [v + y * a if a else v for v, a in zip(normal, row.normal, strict=True)]
        ends = (v * (low[j] if v > 0 else high[j]) for j, v in enumerate(normal) if v)
        return sum(ends, constant)


def combination(rows: Sequence[ExactRow], multipliers: Sequence[Fraction], dim: int) -> list[Fraction]:
    """The normal of the sum of rows times multipliers."""
    normal = [Fraction(0)] * dim
    for y, row in zip(multipliers, rows, strict=True):
        if y:
            normal = [v + y * a if a else v for v, a in zip(normal, row.normal, strict=True)]
    return normal


Number = TypeVar("Number", Fraction, float)


def maximum_support(
    normal: Sequence[Number], point: Sequence[Number], low: Sequence[Number], high: Sequence[Number], most: Number
) -> list[Number]:
    r"""The support of the maximum norm with the best bound for a combination of rows with this normal.

    The bound is a sum of concave functions of the entries :math:`s_j`, whose slope is :math:`high_j - p_j` below
    :math:`-a_j` and :math:`low_j - p_j` above. So ``most``, which the entries' moduli may sum to, is spent where it
    gains the most first. Exact for exact numbers. Cost: sorting them.
    """
    gains: list[tuple[Number, int, int, Number | None]] = []
    for j, (a, p, least, greatest) in enumerate(zip(normal, point, low, high, strict=True)):
        if a < 0 and greatest > p:
            gains.append((greatest - p, j, 1, -a))
        if a > 0 and least < p:
            gains.append((p - least, j, -1, a))
        if least > p:
            gains.append((least - p, j, 1, None))
        if greatest < p:
            gains.append((p - greatest, j, -1, None))
    support, left = [most - most] * len(normal), most
    for _, j, side, size in sorted(gains, key=lambda own: -own[0]):
        spent = left if size is None else min(size, left)
        support[j] += side * spent
        left -= spent
        if not left:
            break
    return support
