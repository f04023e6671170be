"""The least axis-parallel box around a polyhedron, exactly."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TypeAlias

from polyrelu.arithmetic.lp import maximise
from polyrelu.polyhedra import canonical
from polyrelu.polyhedra.polyhedron import Polyhedron

ExactBound: TypeAlias = Fraction | float
"""A Fraction, or one of the two infinities."""


_FEW_COORDINATES = 9


def sides_box(polyhedron: Polyhedron) -> tuple[list[ExactBound], list[ExactBound]]:
    """A box around a polyhedron that is not empty: what its rows with a single nonzero entry say. Free of cost."""
    sides, dims = polyhedron.sides, range(polyhedron.ambient_dim)
    low = [sides.low[j].value if j in sides.low else -math.inf for j in dims]
    return low, [sides.high[j].value if j in sides.high else math.inf for j in dims]


def _reach(polyhedron: Polyhedron, direction: list[int]) -> ExactBound:
    """The supremum along a direction."""
    rows = [h.closed() for h in polyhedron.halfspaces]
    value = maximise(direction, *canonical.split_rows(rows)).value
    return math.inf if value is None else value


def box_of(polyhedron: Polyhedron) -> tuple[list[ExactBound], list[ExactBound]]:
    """The least box around a polyhedron that is not empty.

    Cost: of a box none, otherwise the double description in the coordinates that sides do not fix, or two linear
    programs for each of these where they are many.
    """
    sides = polyhedron.sides
    if not sides.others:
        return sides_box(polyhedron)
    small = polyhedron.unfixed()
    if small is not polyhedron:
        least, most = box_of(small)
        inner = dict(zip(sides.free, zip(least, most, strict=True), strict=True))
        pairs = [inner.get(j) or (sides.fixed[j], sides.fixed[j]) for j in range(polyhedron.ambient_dim)]
        return [a for a, _ in pairs], [b for _, b in pairs]
    if polyhedron.ambient_dim > _FEW_COORDINATES:
        units = [[int(j == k) for j in range(polyhedron.ambient_dim)] for k in range(polyhedron.ambient_dim)]
        lowest = [_reach(polyhedron, [-v for v in unit]) for unit in units]
        return [-v for v in lowest], [_reach(polyhedron, unit) for unit in units]
    vertices, rays, lines = polyhedron.generators
    low: list[ExactBound] = []
    high: list[ExactBound] = []
    for j in range(polyhedron.ambient_dim):
        values, steps = [v[j] for v in vertices], [r[j] for r in rays]
        along = any(v[j] for v in lines)
        low.append(-math.inf if along or any(step < 0 for step in steps) else min(values))
        high.append(math.inf if along or any(step > 0 for step in steps) else max(values))
    return low, high
