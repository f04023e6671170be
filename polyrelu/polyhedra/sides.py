r"""What rows with a single nonzero entry say: bounds on coordinates.

A row ``c x_j <= b`` is a *side*. A set whose rows are all sides is a box, bounded or not, and everything about it can
be read off its bounds, in any dimension. A coordinate whose two sides have equal bounds is *fixed*: the other rows are
then rows in the remaining, *free* coordinates, and the set is a copy of one of fewer dimensions. So neither boxes nor
fixed coordinates cost linear programs or double descriptions.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from polyrelu.arithmetic.exact import ExactVector, FloatArray, exact_vector, read_only, to_floats
from polyrelu.arithmetic.ieee import floats_are_sound
from polyrelu.errors import BudgetExceeded
from polyrelu.polyhedra.halfspace import Halfspace, Relation

MOST_VERTICES = 2**18
"""Boxes with more vertices do not list them."""

_ZERO, _ONE = Fraction(0), Fraction(1)
_LONGEST = 2**13  # bits of a denominator


class Side(NamedTuple):
    """One bound of a coordinate: its value, whether it is left out, and the number of the row that says so."""

    value: Fraction
    is_open: bool
    source: int


@dataclass(frozen=True)
class Sides:
    """The sides among the rows of a set in R^dim.

    Attributes:
        dim: the dimension of the space.
        low, high: the tightest bound of each coordinate that has one; of equal ones an open one, else the first.
        others: the numbers of the rows with more than one nonzero entry.
        is_contradictory: whether the sides, or a row without nonzero entry, leave no point.
    """

    dim: int
    low: dict[int, Side]
    high: dict[int, Side]
    others: tuple[int, ...]
    is_contradictory: bool

    @cached_property
    def fixed(self) -> dict[int, Fraction]:
        """The coordinates with equal bounds, in order, and their values."""
        low, high = self.low, self.high
        return {j: low[j].value for j in sorted(low) if j in high and low[j].value == high[j].value}

    @cached_property
    def free(self) -> tuple[int, ...]:
        """The other coordinates."""
        return tuple(j for j in range(self.dim) if j not in self.fixed)

    @property
    def is_bounded(self) -> bool:
        """Whether each coordinate has both sides."""
        return len(self.low) == len(self.high) == self.dim

    def lift(self, vector: Sequence[Fraction]) -> ExactVector:
        """A point of the free coordinates as a point of the space."""
        point = [_ZERO] * self.dim
        for j, value in self.fixed.items():
            point[j] = value
        for j, value in zip(self.free, vector, strict=True):
            point[j] = value
        return tuple(point)

    def lift_direction(self, vector: Sequence[Any], zero: Any = _ZERO) -> tuple[Any, ...]:
        """A direction of the free coordinates, or a normal, as one of the space."""
        lifted = [zero] * self.dim
        for j, value in zip(self.free, vector, strict=True):
            lifted[j] = value
        return tuple(lifted)

    def restricted(self, normal: Sequence[int], offset: int) -> tuple[list[int], Fraction]:
        """A row on the free coordinates: its normal there, and its offset less what the fixed ones make of it."""
        moved = offset - sum((normal[j] * value for j, value in self.fixed.items() if normal[j]), _ZERO)
        return [normal[j] for j in self.free], moved

    def free_rows(self, rows: Sequence[Halfspace]) -> tuple[tuple[Halfspace, int], ...]:
        """All rows on the free coordinates, each with the number of the row it comes from; these are their sides."""
        dim, found = len(self.free), []
        place = {j: k for k, j in enumerate(self.free)}
        for sign, bounds in ((-1, self.low), (1, self.high)):
            for j, bound in bounds.items():
                if j in place:
                    relation: Relation = "<" if bound.is_open else "<="
                    found.append((Halfspace.side(place[j], sign, bound.value, dim, relation), bound.source))
        for number in self.others:
            normal, moved = self.restricted(rows[number].normal, rows[number].offset)
            found.append((Halfspace.of(normal, moved, rows[number].relation), number))
        return tuple(found)

    def centre(self) -> ExactVector:
        """A point strictly between the sides where they differ; zero where there are none."""
        return tuple(map(self._middle, range(self.dim)))

    def _middle(self, j: int) -> Fraction:
        low, high = self.low.get(j), self.high.get(j)
        if low is not None and high is not None:
            return low.value if low.value == high.value else (low.value + high.value) / 2
        if low is None and high is None:
            return _ZERO
        return low.value + 1 if low is not None else high.value - 1  # type: ignore[union-attr]

    def hold(self, point: ExactVector) -> bool:
        """Whether a point satisfies all of them, exactly."""
        if self.is_contradictory:
            return False
        above = all(point[j] > s.value if s.is_open else point[j] >= s.value for j, s in self.low.items())
        return above and all(point[j] < s.value if s.is_open else point[j] <= s.value for j, s in self.high.items())

    def least(self, normal: Sequence[int]) -> tuple[Fraction | None, bool]:
        """The infimum of ``normal . x`` between the sides, None where there is none, and whether it is taken on."""
        total, taken = _ZERO, True
        for j, a in enumerate(normal):
            if a:
                side = (self.low if a > 0 else self.high).get(j)
                if side is None:
                    return None, False
                total += a * side.value
                taken = taken and not side.is_open
        return total, taken

    def rule_out(self, row: Halfspace) -> bool:
        """Whether no point between the sides satisfies a row."""
        least, taken = self.least(row.normal)
        if least is not None and (least > row.offset or (least == row.offset and not (taken and row.relation != "<"))):
            return True
        return row.relation == "==" and self.rule_out(Halfspace(tuple(-v for v in row.normal), -row.offset, "<="))

    def imply(self, row: Halfspace) -> bool:
        """Whether all points between the sides satisfy a row."""
        return all(map(self.rule_out, row.violated()))

    def point_within(self, rows: Sequence[Halfspace]) -> ExactVector | None:
        """A point between the sides, on none where they differ, that satisfies all rows, if a few steps find one.

        Each step moves a point from the inside straight towards where a row that it breaks is smallest, but not all the
        way. For a single inequality that succeeds wherever there is a point that satisfies it strictly.
        """
        point = self.centre()
        for number in range(len(rows) + 2):
            if number > 1 and any(v.denominator.bit_length() > _LONGEST for v in point):
                return None  # each step may double the digits
            broken = next((row for row in rows if not row.holds(point)), None)
            if broken is None:
                return point
            normal, offset = broken.normal, broken.offset
            value = offset - broken.slack(point)
            if value < offset:  # an equality
                normal, offset, value = tuple(-v for v in normal), -offset, -value
            least, _ = self.least(normal)
            if least is None:
                j = next(j for j, a in enumerate(normal) if a and j not in (self.low if a > 0 else self.high))
                step = (value - offset + (broken.relation != "==")) / normal[j]
                point = (*point[:j], point[j] - step, *point[j + 1 :])
                continue
            goal = Fraction(offset) if broken.relation == "==" else (offset + least) / 2
            if goal <= least:
                return None
            part = (value - goal) / (value - least)
            point = tuple(
                x + part * ((self.low if a > 0 else self.high)[j].value - x) if a else x
                for j, (x, a) in enumerate(zip(point, normal, strict=True))
            )
        return None

    def generators(self) -> tuple[list[ExactVector], list[ExactVector], list[ExactVector]]:
        """Vertices, rays and lines of the closure of the box with these sides, which is not empty.

        Raises:
            BudgetExceeded: it has more than 2^18 vertices.
        """
        choices: list[tuple[Fraction, ...]] = []
        rays, lines = [], []
        for j in range(self.dim):
            low, high = self.low.get(j), self.high.get(j)
            sides = [side.value for side in (low, high) if side is not None]
            choices.append(tuple(dict.fromkeys(sides)) or (_ZERO,))
            if low is None and high is None:
                lines.append(self._unit(j, _ONE))
            elif low is None or high is None:
                rays.append(self._unit(j, _ONE if high is None else -_ONE))
        count = sum(len(choice) == 2 for choice in choices)
        if 2**count > MOST_VERTICES:
            raise BudgetExceeded(
                f"vertices: a box in {count} dimensions has 2^{count} of them, more than {MOST_VERTICES}; ask for its "
                f"bounds instead (bounding_box), or intersect it with a smaller set"
            )
        return [tuple(vertex) for vertex in itertools.product(*choices)], rays, lines

    def _unit(self, j: int, value: Fraction) -> ExactVector:
        return (*(_ZERO,) * j, value, *(_ZERO,) * (self.dim - 1 - j))

    @cached_property
    def _floats(self) -> tuple[NDArray[np.intp], FloatArray, NDArray[np.intp], FloatArray]:
        """Which coordinates have a low side, and the least float that is inside it; and the same of high sides."""
        low = [(j, -_greatest_float(-s.value, s.is_open)) for j, s in sorted(self.low.items())]
        high = [(j, _greatest_float(s.value, s.is_open)) for j, s in sorted(self.high.items())]
        (at_low, least), (at_high, most) = (zip(*own, strict=True) if own else ((), ()) for own in (low, high))
        return (
            read_only(np.array(at_low, dtype=np.intp)),
            read_only(np.array(least, dtype=np.float64)),
            read_only(np.array(at_high, dtype=np.intp)),
            read_only(np.array(most, dtype=np.float64)),
        )

    def hold_at_floats(self, points: FloatArray) -> NDArray[np.bool_]:
        """Whether each of n finite float points, (n, dim), satisfies all of them, exactly.

        A float is at most a number iff it is at most the greatest float that is, so no rounding takes part; that float
        may be infinite. Floats that are not IEEE 754's default decide nothing.
        """
        if self.is_contradictory:
            return np.zeros(len(points), dtype=np.bool_)
        if not floats_are_sound():
            return np.array([self.hold(exact_vector(point, "point")) for point in points], dtype=np.bool_)
        at_low, least, at_high, most = self._floats
        inside = (points[:, at_low] >= least).all(axis=1) & (points[:, at_high] <= most).all(axis=1)
        return np.asarray(inside, dtype=np.bool_)


def sides_of(rows: Iterable[tuple[Sequence[int], int, str]], dim: int) -> Sides:
    """The sides among rows ``(normal, offset, relation)``, and those that they force.

    Where a row holds between the sides only in the corner in which its left side is least, its coordinates are fixed
    there. Cost: a look at every entry.
    """
    rows = tuple(rows)
    low: dict[int, Side] = {}
    high: dict[int, Side] = {}
    others, holds = [], True
    for number, (normal, offset, relation) in enumerate(rows):
        zeros = tuple(normal).count(0)
        if zeros < dim - 1:
            others.append(number)
        elif zeros == dim:
            holds = holds and (offset == 0 if relation == "==" else offset > 0 if relation == "<" else offset >= 0)
        else:
            entry = max(normal) or min(normal)
            j, side = normal.index(entry), Side(Fraction(offset, entry), relation == "<", number)
            if relation == "==" or entry > 0:
                _keep_tighter(high, j, side, -1)
            if relation == "==" or entry < 0:
                _keep_tighter(low, j, side, 1)
    while any(_force(*rows[number], low, high) for number in others):
        pass
    both = [(low[j], high[j]) for j in low.keys() & high.keys()]
    meet = all(a.value < b.value or (a.value == b.value and not (a.is_open or b.is_open)) for a, b in both)
    return Sides(dim, low, high, tuple(others), not (holds and meet))


def _force(normal: Sequence[int], offset: int, relation: str, low: dict[int, Side], high: dict[int, Side]) -> bool:
    """Fix the coordinates of a row that holds in one corner only; whether any was not fixed before."""
    forced = False
    for sign in (1, -1) if relation == "==" else (1,) if relation == "<=" else ():
        entries = [(j, sign * a) for j, a in enumerate(normal) if a]
        corner = [(j, a, (low if a > 0 else high).get(j)) for j, a in entries]
        if any(side is None or side.is_open for _, _, side in corner):
            continue
        if sum(a * side.value for _, a, side in corner if side is not None) != sign * offset:
            continue
        for j, a, side in corner:
            opposite = high if a > 0 else low
            if side is not None and (j not in opposite or opposite[j].value != side.value):
                if j in opposite and (opposite[j].value < side.value) == (a > 0):
                    continue  # the sides contradict each other
                opposite[j] = side
                forced = True
    return forced


def _keep_tighter(known: dict[int, Side], j: int, side: Side, sign: int) -> None:
    other = known.get(j)
    if other is None or (sign * side.value, side.is_open) > (sign * other.value, other.is_open):
        known[j] = side


def _greatest_float(value: Fraction, is_open: bool) -> float:
    """The greatest float, or infinity, that is at most a number, or below it."""
    try:
        nearest = float(to_floats([value])[0])
    except OverflowError:
        nearest = math.inf if value > 0 else -math.inf
    while not (nearest < value if is_open else nearest <= value):
        nearest = math.nextafter(nearest, -math.inf)
    return nearest
