"""Convex polygons in the plane, exactly."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

from polyrelu.exact import ExactVector


def cross(origin: ExactVector, a: ExactVector, b: ExactVector) -> Fraction:
    """Twice the signed area of the triangle (origin, a, b): positive when counter-clockwise."""
    return (a[0] - origin[0]) * (b[1] - origin[1]) - (a[1] - origin[1]) * (b[0] - origin[0])


def convex_polygon(points: Iterable[ExactVector]) -> tuple[ExactVector, ...]:
    """The convex hull's corners, counter-clockwise from the lowest of the leftmost; collinear points are dropped.

    Andrew's monotone chain: O(n log n) exact operations.
    """
    ordered = sorted(set(points))
    if len(ordered) <= 2:
        return tuple(ordered)
    lower, upper = _chain(ordered), _chain(ordered[::-1])
    return tuple(lower[:-1] + upper[:-1])


def _chain(points: Sequence[ExactVector]) -> list[ExactVector]:
    chain: list[ExactVector] = []
    for point in points:
        while len(chain) >= 2 and cross(chain[-2], chain[-1], point) <= 0:
            chain.pop()
        chain.append(point)
    return chain
