"""The least axis-parallel box around a set, exactly: of points, and of a polyhedron; and a box by its rows."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, TypeAlias

from polyrelu.arithmetic.exact import ExactVector
from polyrelu.arithmetic.lp import maximise
from polyrelu.polyhedra.canonical import split_rows
from polyrelu.polyhedra.halfspace import Halfspace

if TYPE_CHECKING:
    from polyrelu.polyhedra.polyhedron import Polyhedron

ExactBound: TypeAlias = Fraction | float
"""A Fraction, or one of the two infinities."""

_FEW_COORDINATES = 9


def box_rows(low: Sequence[ExactBound], high: Sequence[ExactBound]) -> list[Halfspace]:
    """The rows of the box with these bounds: none for an infinite one, one equality for equal ones."""
    rows = []
    for j, (least, most) in enumerate(zip(low, high, strict=True)):
        if isinstance(most, Fraction) and least == most:
            rows.append(Halfspace.side(j, 1, most, len(low), "=="))
            continue
        for sign, bound in ((-1, least), (1, most)):
            if isinstance(bound, Fraction):
                rows.append(Halfspace.side(j, sign, bound, len(low)))
    return rows


def box_of_points(points: Iterable[ExactVector]) -> tuple[ExactVector, ExactVector]:
    """The least box around some points, of which there is one at least: its lower and its upper corner."""
    columns = list(zip(*points, strict=True))
    return tuple(map(min, columns)), tuple(map(max, columns))


def box_of(polyhedron: Polyhedron) -> tuple[list[ExactBound], list[ExactBound]]:
    """The least box around a polyhedron that is not empty.

    Cost: of a box none, otherwise the double description in the coordinates that sides do not fix, or two linear
    programs for each of these where they are many.
    """
    sides, dims = polyhedron.sides, range(polyhedron.ambient_dim)
    if not sides.others:
        return _box_of_sides(polyhedron)
    small = polyhedron.unfixed()
    if small is not polyhedron:
        inner = dict(zip(sides.free, zip(*box_of(small), strict=True), strict=True))
        pairs = [inner.get(j) or (sides.fixed[j], sides.fixed[j]) for j in dims]
        return [a for a, _ in pairs], [b for _, b in pairs]
    if polyhedron.ambient_dim > _FEW_COORDINATES:
        units = [[int(j == k) for j in dims] for k in dims]
        lowest = [_reach(polyhedron, [-v for v in unit]) for unit in units]
        return [-v for v in lowest], [_reach(polyhedron, unit) for unit in units]
    vertices, rays, lines = polyhedron.generators
    low, high = (list[ExactBound](corner) for corner in box_of_points(vertices))
    for direction in (*rays, *lines, *(tuple(-v for v in line) for line in lines)):
        for j, step in enumerate(direction):
            if step:
                (high if step > 0 else low)[j] = math.inf if step > 0 else -math.inf
    return low, high


def quick_box_of(polyhedron: Polyhedron) -> tuple[list[ExactBound], list[ExactBound]]:
    """The least box where that takes no linear programs, otherwise the one that sides make; the set is not empty."""
    return box_of(polyhedron) if len(polyhedron.sides.free) <= _FEW_COORDINATES else _box_of_sides(polyhedron)


def _box_of_sides(polyhedron: Polyhedron) -> tuple[list[ExactBound], list[ExactBound]]:
    sides, dims = polyhedron.sides, range(polyhedron.ambient_dim)
    low = [sides.low[j].value if j in sides.low else -math.inf for j in dims]
    return low, [sides.high[j].value if j in sides.high else math.inf for j in dims]


def _reach(polyhedron: Polyhedron, direction: list[int]) -> ExactBound:
    """The supremum along a direction."""
    value = maximise(direction, *split_rows([h.closed() for h in polyhedron.halfspaces])).value
    return math.inf if value is None else value
