"""Convex polygons in the plane, exactly."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import cmp_to_key
from typing import TypeAlias

from polyrelu.arithmetic.exact import ExactVector
from polyrelu.polyhedra.halfspace import Halfspace

HomogeneousPoint: TypeAlias = tuple[int, int, int]


def cross(origin: ExactVector, a: ExactVector, b: ExactVector) -> Fraction:
    """Twice the signed area of the triangle (origin, a, b): positive when counter-clockwise."""
    return (a[0] - origin[0]) * (b[1] - origin[1]) - (a[1] - origin[1]) * (b[0] - origin[0])


def turn(a: HomogeneousPoint, b: HomogeneousPoint, c: HomogeneousPoint) -> int:
    """Positive, zero or negative where a, b, c turn left, are collinear, turn right: the sign of their determinant."""
    return a[0] * (b[1] * c[2] - b[2] * c[1]) - a[1] * (b[0] * c[2] - b[2] * c[0]) + a[2] * (b[0] * c[1] - b[1] * c[0])


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


def polygon_in_plane(points: Iterable[ExactVector], normal: Sequence[Fraction | int]) -> tuple[ExactVector, ...]:
    """The convex hull's corners of points in a plane of R^3, counter-clockwise for whom its normal points at.

    Seen along an axis that the plane is not parallel to, they are a planar polygon (:func:`convex_polygon`).
    """
    drop = next(k for k, v in enumerate(normal) if v)
    first, second = (drop + 1) % 3, (drop + 2) % 3
    shadow = {(point[first], point[second]): point for point in points}
    ring = tuple(shadow[x, y] for x, y in convex_polygon(shadow))
    return ring if normal[drop] > 0 else ring[::-1]


def cyclic_facets(rows: Iterable[Halfspace]) -> list[tuple[Halfspace, HomogeneousPoint, HomogeneousPoint]] | None:
    """The facets of a bounded polygon counter-clockwise, each with the corners where it begins and ends.

    A corner is ``(x w, y w, w)`` in primitive integers with w > 0, so that equal corners are equal tuples.

    Args:
        rows: canonical rows of a set of full dimension, in any order.

    Returns:
        The facets by the angle of their normals; None where the set is unbounded. Cost: O(n log n) integer operations;
        neighbours in that order meet in a corner, and a row that removes a mere corner is seen by its length of zero.
    """
    ordered = sorted(rows, key=lambda row: angle(row.normal))
    corners = []
    for row, after in zip(ordered, [*ordered[1:], *ordered[:1]], strict=True):
        (a, b), (c, d) = row.normal, after.normal
        weight = a * d - b * c
        if weight <= 0:
            return None
        corner = (row.offset * d - after.offset * b, after.offset * a - row.offset * c, weight)
        divisor = math.gcd(*corner)
        corners.append((corner[0] // divisor, corner[1] // divisor, weight // divisor))
    if len(ordered) <= 2:
        return None
    return [
        (row, begin, end)
        for row, begin, end in zip(ordered, [corners[-1], *corners[:-1]], corners, strict=True)
        if begin != end
    ]


def _by_angle(left: Sequence[int], right: Sequence[int]) -> int:
    """Compare the angles of two vectors, from (1, 0) counter-clockwise: negative, zero or positive."""
    (a, b), (c, d) = left, right
    upper, other_upper = b > 0 or (b == 0 and a > 0), d > 0 or (d == 0 and c > 0)
    if upper != other_upper:
        return -1 if upper else 1
    turn = a * d - b * c
    return (turn < 0) - (turn > 0)


angle = cmp_to_key(_by_angle)
"""A vector's place in the order of angles, for sorting."""
