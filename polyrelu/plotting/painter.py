r"""Painter's order: which of many flat convex pieces in space hides which, exactly.

Pieces are convex polygons, segments and points. A *binary space partition* (Fuchs, Kedem and Naylor, On visible surface
generation by a priori tree structures, SIGGRAPH 1980, doi:10.1145/965105.807481) takes the plane of one polygon, cuts
the pieces that cross it, and goes on with those on either side. From any eye, what lies behind the plane is painted
first, then what lies in it, then what lies on the eye's side; so translucent faces that cut each other come out right,
which no order of whole faces can do.

A stroke that lies in several faces, an edge for example, is painted after the last of them, not under it.

Points are homogeneous, (x w, y w, z w, w) in primitive integers with w > 0, and a plane is (a, b, c, -d) for ax + by +
cz = d. In the code p and q are pieces, a, b and c homogeneous points, and ``at`` lists the dot products of a plane with
a piece's corners: negative, zero or positive where a corner is below, in or above the plane.

Every cut is exact. The eye alone is given in floats: its rounding matters only for planes seen edge-on, which hide
nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, pairwise
from typing import NamedTuple, TypeAlias

from polyrelu.arithmetic.exact import ExactVector, FloatArray, exact_vector, primitive

SpacePoint: TypeAlias = tuple[int, ...]
Plane: TypeAlias = tuple[int, ...]


class Piece(NamedTuple):
    """A convex polygon (three corners or more, in order around it), a segment (two) or a point (one).

    Attributes:
        corners: homogeneous points.
        plane: of a polygon; None for segments and points.
        tag: of the thing it is part of; cutting keeps it.
    """

    corners: tuple[SpacePoint, ...]
    plane: Plane | None
    tag: int


@dataclass(frozen=True)
class Partition:
    """A plane, the pieces in it, and the partitions of what lies on its negative and on its positive side."""

    plane: Plane | None
    within: tuple[Piece, ...]
    negative: Partition | None = None
    positive: Partition | None = None


def piece(points: Sequence[ExactVector], tag: int) -> Piece:
    """The piece with these corners in R^3; three of them or more must be in order, planar, and not all on a line."""
    corners = tuple(homogeneous(point) for point in points)
    return Piece(corners, plane_through(points) if len(points) > 2 else None, tag)


def homogeneous(point: ExactVector) -> SpacePoint:
    """A point in primitive integers, its weight last."""
    return primitive((*point, Fraction(1)))


def plane_through(points: Sequence[ExactVector]) -> Plane:
    """The plane of a polygon; its normal has the polygon counter-clockwise when seen from its tip."""
    origin, others = points[0], points[1:]
    for first, second in pairwise(others):
        u = [b - a for a, b in zip(origin, first, strict=True)]
        v = [b - a for a, b in zip(origin, second, strict=True)]
        normal = (u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0])
        if any(normal):
            return primitive((*normal, -sum((n * x for n, x in zip(normal, origin, strict=True)), Fraction(0))))
    raise AssertionError("a polygon has three corners that are not on one line")


@dataclass(frozen=True)
class Painting:
    """A partition, and for each of its strokes (segments and points) the polygons that hold it."""

    tree: Partition | None
    holders: dict[Piece, tuple[Piece, ...]]

    def order(self, eye: FloatArray) -> list[tuple[Piece, ...]]:
        """The pieces in an order in which each may be painted over those before it.

        Args:
            eye: a homogeneous point (x, y, z, 1), or (x, y, z, 0): the direction towards an eye infinitely far away.

        Returns:
            Strokes one by one; polygons together with parts of the same thing that may be painted at the same time, so
            that no seam shows between them.
        """
        groups = _joined([[p] for p in back_to_front(self.tree, eye)], primitive(exact_vector(eye, "eye", 4)))
        place = {p: k for k, group in enumerate(groups) for p in group}
        due = [
            max([k, *(place[holder] for holder in self.holders.get(group[0], ()))]) for k, group in enumerate(groups)
        ]
        order = sorted(range(len(groups)), key=lambda k: (due[k], groups[k][0].plane is None, k))
        return [tuple(groups[k]) for k in order]


def _joined(groups: list[list[Piece]], eye: SpacePoint) -> list[list[Piece]]:
    """The groups, with two of one face joined where one of them overlaps nothing that is painted between them."""
    parts = Counter(group[0].tag for group in groups if group[0].plane is not None)
    for tag in (tag for tag, count in parts.items() if count > 1):
        k = next(k for k, group in enumerate(groups) if group[0].tag == tag)
        later = k + 1
        while later < len(groups):
            if groups[later][0].tag != tag:
                later += 1
                continue
            between = [p for group in groups[k + 1 : later] for p in group]
            if not any(overlap(p, q, eye) for q in between for p in groups[k]):
                earlier = groups.pop(k)
                k = later - 1
                groups[k] = earlier + groups[k]
            elif not any(overlap(p, q, eye) for q in between for p in groups[later]):
                groups[k] += groups.pop(later)
            else:
                k, later = later, later + 1
    return groups


def overlap(p: Piece, q: Piece, eye: SpacePoint) -> bool:
    """Whether the shadows of two pieces overlap, as seen from a homogeneous point; touching is not overlapping.

    Otherwise a plane through the eye and a side of one of them separates them.
    """
    for piece in (p, q):
        for a, b in zip(piece.corners, (*piece.corners[1:], piece.corners[0]), strict=True):
            plane = _plane(eye, a, b)
            here = [_dot(plane, corner) for corner in p.corners]
            there = [_dot(plane, corner) for corner in q.corners]
            if any(plane) and (max(here) <= 0 <= min(there) or max(there) <= 0 <= min(here)):
                return False
    return True


def _plane(a: SpacePoint, b: SpacePoint, c: SpacePoint) -> Plane:
    """Through three homogeneous points."""

    def minor(i: int, j: int, k: int) -> int:
        return (
            a[i] * (b[j] * c[k] - b[k] * c[j]) - a[j] * (b[i] * c[k] - b[k] * c[i]) + a[k] * (b[i] * c[j] - b[j] * c[i])
        )

    return minor(1, 2, 3), -minor(0, 2, 3), minor(0, 1, 3), -minor(0, 1, 2)


def prepare(pieces: Sequence[Piece]) -> Painting:
    """All that does not depend on the eye. Cost: that of the partition."""
    tree = partition(pieces)
    parts = list(_parts(tree))
    polygons = [p for p in parts if p.plane is not None]
    strokes = [p for p in parts if p.plane is None]
    return Painting(tree, {stroke: tuple(p for p in polygons if _holds(p, stroke)) for stroke in strokes})


def creases(pieces: Sequence[Piece]) -> list[tuple[SpacePoint, SpacePoint]]:
    """The segments in which polygons cut each other, each through both. Cost: a few dot products for each pair."""
    polygons = [p for p in pieces if p.plane is not None]
    found = []
    for p, q in combinations(polygons, 2):
        if p.tag == q.tag or p.plane == q.plane:
            continue
        through = [_section(p, q.plane), _section(q, p.plane)]
        if all(through):
            (a, b), (c, d) = (sorted(ends, key=_point) for ends in through if ends)
            start, end = max(a, c, key=_point), min(b, d, key=_point)
            if _point(start) < _point(end):
                found.append((start, end))
    return list(dict.fromkeys(found))


def _section(polygon: Piece, plane: Plane | None) -> tuple[SpacePoint, SpacePoint] | None:
    """The segment in which a plane cuts a polygon; None if it does not, or touches it alone."""
    assert plane is not None, "it is a polygon's"
    at = [_dot(plane, corner) for corner in polygon.corners]
    if not min(at) < 0 < max(at):
        return None
    above = _part(polygon, at, 1)
    start, end = (corner for corner in above.corners if not _dot(plane, corner))
    return start, end


def _point(place: SpacePoint) -> tuple[Fraction, ...]:
    return tuple(Fraction(x, place[-1]) for x in place[:-1])


def _parts(tree: Partition | None) -> Iterator[Piece]:
    if tree is not None:
        yield from tree.within
        yield from _parts(tree.negative)
        yield from _parts(tree.positive)


def _holds(polygon: Piece, stroke: Piece) -> bool:
    """Whether a segment or point lies in a polygon, its rim included."""
    assert polygon.plane is not None, "it is a polygon"
    if any(_dot(polygon.plane, corner) for corner in stroke.corners):
        return False
    up = (*polygon.plane[:3], 0)
    sides = zip(polygon.corners, (*polygon.corners[1:], polygon.corners[0]), strict=True)
    turns = [_dot(_plane(p, q, up), corner) for p, q in sides for corner in stroke.corners]
    return min(turns) >= 0 or max(turns) <= 0


def _dot(plane: Plane, point: SpacePoint) -> int:
    return sum(a * x for a, x in zip(plane, point, strict=True))


def partition(pieces: Sequence[Piece]) -> Partition | None:
    """The binary space partition of the pieces; None of none.

    Each step takes the plane that cuts fewest polygons; of equals, the first. Cost: quadratic in the pieces it ends
    with, as integer dot products, and cubic as look-ups of their signs.
    """
    return _partition(list(pieces), {})


def _partition(pieces: list[Piece], known: dict[tuple[Plane, Piece], bool]) -> Partition | None:
    if not pieces:
        return None
    polygons = [p for p in pieces if p.plane is not None]
    if not polygons:
        return Partition(None, tuple(pieces))

    def cuts(plane: Plane, p: Piece) -> bool:
        key = (plane, p)
        if key not in known:
            at = [_dot(plane, corner) for corner in p.corners]
            known[key] = min(at) < 0 < max(at)
        return known[key]

    best, fewest = None, len(polygons)
    for plane in dict.fromkeys(p.plane for p in polygons):
        assert plane is not None, "it is a polygon's"
        count = 0
        for p in polygons:
            count += cuts(plane, p)
            if count >= fewest:
                break
        else:
            best, fewest = plane, count
        if not fewest:
            break
    assert best is not None, "a polygon's plane does not cut the polygon itself"
    below: list[Piece] = []
    within: list[Piece] = []
    above: list[Piece] = []
    for p in pieces:
        at = [_dot(best, corner) for corner in p.corners]
        if min(at) < 0 < max(at):
            below.append(_part(p, at, -1))
            above.append(_part(p, at, 1))
        else:
            (below if min(at) < 0 else above if max(at) > 0 else within).append(p)
    return Partition(best, tuple(within), _partition(below, known), _partition(above, known))


def _part(cut: Piece, at: Sequence[int], sign: int) -> Piece:
    """The part of a piece on one side of a plane that its corners are ``at`` (up to their weights)."""
    corners: list[SpacePoint] = []
    count = len(cut.corners)
    for i, corner in enumerate(cut.corners):
        if at[i] * sign >= 0:
            corners.append(corner)
        j = (i + 1) % count
        if at[i] * at[j] < 0 and (count > 2 or i == 0):
            here, there = abs(at[i]), abs(at[j])
            corners.append(primitive([there * x + here * y for x, y in zip(corner, cut.corners[j], strict=True)]))
    return cut._replace(corners=tuple(corners))


def back_to_front(tree: Partition | None, eye: FloatArray) -> Iterator[Piece]:
    """The pieces in an order in which each may be painted over those before it; ``eye`` as in :class:`Painting`."""
    if tree is None:
        return
    if tree.plane is None:
        yield from tree.within
        return
    in_front = sum(float(a) * float(x) for a, x in zip(scaled(tree.plane), eye, strict=True)) > 0
    yield from back_to_front(tree.negative if in_front else tree.positive, eye)
    yield from sorted(tree.within, key=lambda p: p.plane is None)
    yield from back_to_front(tree.positive if in_front else tree.negative, eye)


def scaled(plane: Plane) -> list[float]:
    """A plane divided by its largest entry, as floats."""
    largest = max(map(abs, plane))
    return [a / largest for a in plane]
