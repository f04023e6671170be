r"""The facets of many bounded polyhedra in R^3 as rings of corners, exactly and fast.

A polyhedron with f facets has at most 2 f - 4 vertices, by Euler's formula, and that many iff it is simple: three
facets meet in each. So of all triples of facets the 2 f - 4 that floats like best are taken, and judged exactly: where
each meets in one point, strictly inside all other facets, these are vertices, and there are no others (unbounded sets
have fewer, and flat ones none like that). The rings follow from the triples. Polyhedra of which that is not so, which
are not simple as a rule, are left to the double description.

**Rings.** At a vertex the facets with outer normals :math:`n_i, n_j, n_k` are *in turn* if
:math:`\det(n_i, n_j, n_k) < 0`. Then the ring of facet i, counter-clockwise seen from outside, arrives along its edge
with facet k and leaves along its edge with facet j: the direction :math:`n_i \times n_j` leaves facet k to the inside,
and has the facet on its left.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import combinations
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from polyrelu.arithmetic.exact import ExactVector, FloatArray
from polyrelu.errors import DimensionError, UnboundedError
from polyrelu.polyhedra.convex_polygon import polygon_in_plane
from polyrelu.polyhedra.halfspace import Halfspace
from polyrelu.polyhedra.polyhedron import Polyhedron

Corner: TypeAlias = tuple[int, int, int, int]
"""``(x w, y w, z w, w)`` in primitive integers with w > 0, so that equal corners are equal tuples."""

_ENTRIES = 1 << 21  # of the largest table of floats


class FacetRing(NamedTuple):
    """A facet.

    Attributes:
        row: the canonical row, whose normal looks outwards.
        corners: counter-clockwise seen from outside.
    """

    row: Halfspace
    corners: tuple[Corner, ...]


def facet_rings(polyhedra: Sequence[Polyhedron]) -> list[tuple[FacetRing, ...]]:
    """The facets of each polyhedron's closure, in the order of its :attr:`~Polyhedron.facets`.

    Args:
        polyhedra: in R^3, bounded, with an inside.

    Raises:
        DimensionError: one does not live in R^3, or has no inside.
        UnboundedError: one is unbounded.

    Cost: a tenth of a millisecond for a simple polyhedron with few facets whose facets are known, otherwise that of its
    facets and vertices.

    >>> (facets,) = facet_rings([Polyhedron.box([0, 0, 0], [1, 1, 1])])
    >>> len(facets), facets[0].row.normal, sorted(facets[0].corners)
    (6, (-1, 0, 0), [(0, 0, 0, 1), (0, 0, 1, 1), (0, 1, 0, 1), (0, 1, 1, 1)])
    """
    for polyhedron in polyhedra:
        if polyhedron.ambient_dim != 3:
            raise DimensionError(f"facet_rings: a set in R^{polyhedron.ambient_dim}; only in R^3 facets are polygons")
    rings: list[tuple[FacetRing, ...]] = [()] * len(polyhedra)
    for number, triples in _likely_vertices([polyhedron.facets for polyhedron in polyhedra]):
        rings[number] = _simple(polyhedra[number].facets, triples) or _by_double_description(polyhedra[number])
    return rings


def corner_of(point: ExactVector) -> Corner:
    """A point as a corner."""
    weight = math.lcm(*(x.denominator for x in point))
    x, y, z = (v.numerator * (weight // v.denominator) for v in point)
    return x, y, z, weight


def point_of(corner: Corner) -> ExactVector:
    """A corner as a point."""
    return tuple(Fraction(x, corner[3]) for x in corner[:3])


# -- which triples of facets meet in vertices -------------------------------------------------------------------------


def _likely_vertices(tables: Sequence[tuple[Halfspace, ...]]) -> Iterator[tuple[int, NDArray[np.intp]]]:
    """For each polyhedron, by number, the triples of its rows that floats take for its vertices: (2 f - 4, 3)."""
    by_size: dict[int, list[int]] = defaultdict(list)
    for number, rows in enumerate(tables):
        by_size[len(rows)].append(number)
    for size, numbers in by_size.items():
        triples = np.array(list(combinations(range(size), 3)), dtype=np.intp).reshape(-1, 3)
        if size < 4:
            yield from ((number, triples[:0]) for number in numbers)
            continue
        step = max(1, _ENTRIES // (len(triples) * size))
        for start in range(0, len(numbers), step):
            own = numbers[start : start + step]
            depths = _depths(np.array([[_scaled(row) for row in tables[number]] for number in own]), triples)
            best = np.argpartition(-depths, 2 * size - 5, axis=1)[:, : 2 * size - 4]
            yield from zip(own, triples[np.sort(best, axis=1)], strict=True)


def _scaled(row: Halfspace) -> tuple[float, ...]:
    """A row in floats, its normal's greatest entry 1; an offset that is too large for that is infinite."""
    size = max(map(abs, row.normal))
    offset = row.offset / size if row.offset.bit_length() - size.bit_length() < 1000 else math.inf
    return (*(v / size for v in row.normal), offset)


def _depths(rows: FloatArray, triples: NDArray[np.intp]) -> FloatArray:
    """How far inside the other rows, (n, f, 4), the common point of each triple is: (n, triples); -inf without one."""
    a, b, c = (rows[:, triples[:, k]] for k in range(3))
    with np.errstate(all="ignore"):
        crossed = [np.cross(u[..., :3], v[..., :3]) for u, v in ((b, c), (c, a), (a, b))]
        point = sum(row[..., 3:] * normal for row, normal in zip((a, b, c), crossed, strict=True))
        point = point / np.sum(a[..., :3] * crossed[0], axis=-1, keepdims=True)
        slack = rows[:, None, :, 3] - np.einsum("ntk,nfk->ntf", point, rows[..., :3])
    np.put_along_axis(slack, np.broadcast_to(triples, (len(rows), *triples.shape)), np.inf, axis=2)
    depth: FloatArray = slack.min(axis=2)
    return np.where(np.isnan(depth), -np.inf, depth)


# -- rings ------------------------------------------------------------------------------------------------------------


def _simple(rows: Sequence[Halfspace], triples: NDArray[np.intp]) -> tuple[FacetRing, ...] | None:
    """The facets of a simple polyhedron from the triples that meet in its vertices; None if these do not."""
    corners: list[Corner] = []
    leaves: dict[tuple[int, int], tuple[int, int]] = {}  # of a ring that arrives along a facet: corner, leaves along
    if not len(triples):
        return None
    for triple in triples.tolist():
        met = _meeting(rows, triple)
        if met is None:
            return None
        corner, in_turn = met
        for k, facet in enumerate(in_turn):
            leaves[facet, in_turn[k - 1]] = len(corners), in_turn[k - 2]
        corners.append(corner)
    starts = dict(leaves.keys())  # for each facet another one, which it has an edge with
    return tuple(
        FacetRing(row, tuple(corners[k] for k in _ring(facet, starts[facet], leaves))) for facet, row in enumerate(rows)
    )


def _meeting(rows: Sequence[Halfspace], triple: Sequence[int]) -> tuple[Corner, tuple[int, int, int]] | None:
    """The point where three rows meet and the three in turn; None unless it is strictly inside all other rows."""
    i, j, k = triple
    (n, p, _), (m, q, _), (o, r, _) = rows[i], rows[j], rows[k]
    across = _cross(m, o)
    weight = sum(map(int.__mul__, n, across))
    if not weight:
        return None
    sign = -1 if weight < 0 else 1
    sums = zip(across, _cross(o, n), _cross(n, m), strict=True)
    x, y, z = (sign * (p * a + q * b + r * c) for a, b, c in sums)
    weight *= sign
    for number, (normal, offset, _) in enumerate(rows):
        if number not in triple and normal[0] * x + normal[1] * y + normal[2] * z >= offset * weight:
            return None
    divisor = math.gcd(x, y, z, weight)
    return (x // divisor, y // divisor, z // divisor, weight // divisor), (i, j, k) if sign < 0 else (i, k, j)


def _ring(facet: int, start: int, leaves: dict[tuple[int, int], tuple[int, int]]) -> Iterator[int]:
    """The corners around a facet, from the one to which its edge with facet ``start`` leads."""
    along = start
    while True:
        corner, along = leaves[facet, along]
        yield corner
        if along == start:
            return


def _cross(u: Sequence[int], v: Sequence[int]) -> tuple[int, int, int]:
    return u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]


def _by_double_description(polyhedron: Polyhedron) -> tuple[FacetRing, ...]:
    if polyhedron.dim < 3:
        raise DimensionError(f"facet_rings: {polyhedron} has dimension {polyhedron.dim}, and no inside")
    vertices, rays, lines = polyhedron.generators
    if rays or lines:
        raise UnboundedError(f"facet_rings: {polyhedron} is unbounded; intersect it with a box first")
    return tuple(
        FacetRing(row, tuple(map(corner_of, polygon_in_plane(_tight(vertices, row), row.normal))))
        for row in polyhedron.facets
    )


def _tight(vertices: Sequence[ExactVector], row: Halfspace) -> list[ExactVector]:
    return [vertex for vertex in vertices if not row.slack(vertex)]
