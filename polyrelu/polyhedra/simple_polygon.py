r"""Simple polygons in the plane, convex or not: is a traced outline simple, its triangles, and cuts of convex pieces.

A polygon is *simple* when its edges meet in shared end points only. Every simple polygon without straight vertices has
an *ear*, a convex corner whose closed triangle holds no other vertex (Meisters, Polygons have ears, American
Mathematical Monthly 82, 1975, doi:10.2307/2319703). Cutting it off leaves a simple polygon, so n - 2 cuts triangulate
it. Everything is decided by signs of exact determinants.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TypeAlias

from polyrelu.arithmetic.exact import ExactVector
from polyrelu.errors import InputError
from polyrelu.polyhedra.convex_polygon import HomogeneousPoint, cross
from polyrelu.polyhedra.generators import homogeneous

Corners: TypeAlias = tuple[ExactVector, ...]


def require_simple(
    vertices: Sequence[ExactVector],
    where: str,
    names: Sequence[str] | None = None,
    fix: str = "trace a polygon whose edges meet in shared vertices only",
) -> None:
    """Refuse an outline that meets itself; vertices repeated in a row count as one.

    Args:
        vertices: in the order in which they are traced; edge k runs from vertex k to the next.
        where: names the outline in the error.
        names: of the vertices, in the error; by default their numbers.
        fix: what the error says to do.

    Raises:
        InputError: two edges cross, touch or overlap; the message names both.

    Cost: quadratic in the number of edges.
    """
    count = len(vertices)
    called = [f"vertex {k}" for k in range(count)] if names is None else names
    edges = [
        (k, vertices[k], vertices[(k + 1) % count]) for k in range(count) if vertices[k] != vertices[(k + 1) % count]
    ]
    for i, (k, a, b) in enumerate(edges):
        for j, (m, c, d) in enumerate(edges[i + 1 :], i + 1):
            how = _meeting((a, b), (c, d), follows=j == i + 1, precedes=(j + 1) % len(edges) == i)
            if how:
                first, second = (f"edge {n} ({called[n]} to {called[(n + 1) % count]})" for n in (k, m))
                place = _shown(_meeting_point((a, b), (c, d)))
                raise InputError(f"{where}: {first} and {second} {how} near {place}; {fix}")


def _meeting(first: Corners, second: Corners, follows: bool, precedes: bool) -> str | None:
    """How two edges break the rule, if they do; a fold back from a shared vertex is an overlap."""
    (a, b), (c, d) = first, second
    if follows or precedes:
        shared, back, forth = (b, a, d) if follows else (a, b, c)
        ahead = sum((x - s) * (y - s) for x, y, s in zip(back, forth, shared, strict=True))
        return "overlap" if cross(shared, back, forth) == 0 and ahead > 0 else None
    sides = cross(a, b, c), cross(a, b, d), cross(c, d, a), cross(c, d, b)
    if sides[0] * sides[1] < 0 and sides[2] * sides[3] < 0:
        return "cross"
    ends = ((c, first), (d, first), (a, second), (b, second))
    touching = any(
        side == 0 and min(edge) <= point <= max(edge) for side, (point, edge) in zip(sides, ends, strict=True)
    )
    return "touch" if touching else None


def _meeting_point(first: Corners, second: Corners) -> ExactVector:
    (a, b), (c, d) = first, second
    left, right = cross(c, d, a), cross(c, d, b)
    if left == right:
        return sorted([a, b, c, d])[1]
    part = left / (left - right)
    return tuple(x + part * (y - x) for x, y in zip(a, b, strict=True))


def _shown(point: ExactVector) -> str:
    return "(" + ", ".join(f"{float(x):.6g}" for x in point) + ")"


def triangulate(vertices: Sequence[ExactVector]) -> tuple[Corners, ...]:
    """Counter-clockwise triangles with disjoint interiors whose union is a simple polygon.

    Args:
        vertices: of a simple polygon of positive area, either way round; straight and repeated ones may occur.

    Returns:
        Triangles; where a straight vertex was passed over, a corner of one may lie in an edge of another.

    Cost: cubic in the number of vertices at worst.
    """
    rest = list(vertices)
    if signed_area(rest) < 0:
        rest.reverse()
    triangles: list[Corners] = []
    while True:
        rest = _without_straight_vertices(rest)
        if len(rest) == 3:
            return (*triangles, (rest[0], rest[1], rest[2]))
        k = next(k for k in range(len(rest)) if _is_ear(rest, k))
        triangles.append((rest[k - 1], rest[k], rest[(k + 1) % len(rest)]))
        del rest[k]


def _without_straight_vertices(ring: list[ExactVector]) -> list[ExactVector]:
    distinct = [point for k, point in enumerate(ring) if point != ring[k - 1]]
    count = len(distinct)
    return [p for k, p in enumerate(distinct) if cross(distinct[k - 1], p, distinct[(k + 1) % count])]


def _is_ear(ring: Sequence[ExactVector], k: int) -> bool:
    a, b, c = ring[k - 1], ring[k], ring[(k + 1) % len(ring)]
    if cross(a, b, c) <= 0:
        return False
    others = (point for point in ring if point not in (a, b, c))
    return not any(cross(a, b, p) >= 0 and cross(b, c, p) >= 0 and cross(c, a, p) >= 0 for p in others)


def signed_area(ring: Sequence[ExactVector]) -> Fraction:
    """The area that a closed outline surrounds, positive when counter-clockwise."""
    pairs = zip(ring, [*ring[1:], *ring[:1]], strict=True)
    return sum((a[0] * b[1] - a[1] * b[0] for a, b in pairs), Fraction(0)) / 2


def split(corners: Corners, normal: ExactVector, offset: Fraction) -> tuple[Corners, Corners]:
    """A convex polygon of positive area cut by a line: where ``normal . x + offset > 0``, and the rest.

    Both are closed polygons; one without area has no corners. A form that is zero everywhere leaves all to the rest.
    Sutherland and Hodgman's clipping (Reentrant polygon clipping, Communications of the ACM 17, 1974,
    doi:10.1145/360767.360802) against both sides. Cost: linear.
    """
    values = [normal[0] * x + normal[1] * y + offset for x, y in corners]
    if all(value <= 0 for value in values):
        return (), corners
    if all(value >= 0 for value in values):
        return corners, ()
    above: list[ExactVector] = []
    below: list[ExactVector] = []
    for k, (point, value) in enumerate(zip(corners, values, strict=True)):
        before, earlier = corners[k - 1], values[k - 1]
        if earlier * value < 0:
            part = earlier / (earlier - value)
            crossing = tuple(a + part * (b - a) for a, b in zip(before, point, strict=True))
            above.append(crossing)
            below.append(crossing)
        if value >= 0:
            above.append(point)
        if value <= 0:
            below.append(point)
    return tuple(above), tuple(below)


def directed_edges(corners: Corners) -> list[tuple[HomogeneousPoint, HomogeneousPoint]]:
    """The edges of a polygon in its own order, between points (x w, y w, w) in primitive integers with w > 0."""
    vectors = [homogeneous(point, 1) for point in corners]
    points = [(x, y, w) for x, y, w in vectors]
    return list(zip(points, [*points[1:], *points[:1]], strict=True))
