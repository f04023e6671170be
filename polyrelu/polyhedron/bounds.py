"""The least axis-parallel box around a polyhedron, exactly."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TypeAlias

from polyrelu.polyhedron.core import Polyhedron

ExactBound: TypeAlias = Fraction | float
"""A Fraction, or one of the two infinities."""


def box_of(polyhedron: Polyhedron) -> tuple[list[ExactBound], list[ExactBound]]:
    """The least box around a polyhedron that is not empty."""
    vertices, rays, lines = polyhedron.generators
    low: list[ExactBound] = []
    high: list[ExactBound] = []
    for j in range(polyhedron.ambient_dim):
        values, steps = [v[j] for v in vertices], [r[j] for r in rays]
        along = any(v[j] for v in lines)
        low.append(-math.inf if along or any(step < 0 for step in steps) else min(values))
        high.append(math.inf if along or any(step > 0 for step in steps) else max(values))
    return low, high
