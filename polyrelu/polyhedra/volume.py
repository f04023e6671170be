"""Exact volume by a pulling triangulation of the vertices.

A polytope is the union of the pyramids from one of its vertices over the facets that miss it; recursing on the facets
gives simplices (Cohen and Hickey, Two algorithms for determining volumes of convex polyhedra, J. ACM 26, 1979,
doi:10.1145/322139.322141). It needs no general position: faces are sets of vertices, and the facets of a face are
its maximal proper intersections with facets of the polytope.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

from polyrelu.arithmetic.exact import ExactVector, flint_matrix, from_flint
from polyrelu.polyhedra.halfspace import Halfspace


def triangulation(vertices: Sequence[ExactVector], rows: Iterable[Halfspace]) -> Iterator[tuple[int, ...]]:
    """Simplices, as vertex numbers, that tile a polytope whose facets are all among the rows.

    Disjoint interiors; each simplex has dim + 1 vertices, where dim is the dimension of the polytope. Cost: exponential
    in the dimension.
    """
    facets = [frozenset(k for k, vertex in enumerate(vertices) if not row.slack(vertex)) for row in rows]
    return _pull(frozenset(range(len(vertices))), facets)


def _pull(face: frozenset[int], facets: Sequence[frozenset[int]]) -> Iterator[tuple[int, ...]]:
    apex = min(face)
    if len(face) == 1:
        yield (apex,)
        return
    proper = {face & facet for facet in facets if not face <= facet}
    for subface in proper:
        if subface and apex not in subface and not any(subface < other for other in proper):
            for simplex in _pull(subface, facets):
                yield (apex, *simplex)


def simplex_volume(vertices: Sequence[ExactVector]) -> Fraction:
    """The volume of a simplex of full dimension, |det| / d!."""
    origin, *others = vertices
    dim = len(origin)
    edges = [[x - y for x, y in zip(vertex, origin, strict=True)] for vertex in others]
    return abs(from_flint(flint_matrix(edges, dim).det())) / math.factorial(dim)
