r"""The faces of a polyhedron, each by its generators.

A *generator* is one homogeneous vector (:mod:`polyrelu.polyhedra.generators`), a line the two opposite directions.
Modulo the lines they are unique; so two faces, of whichever polyhedra, are equal sets iff they have equal sets of
generators.

A face of P is given by the generators that lie on some of P's facets, one of them at least being a point; its own
facets are its largest intersections with facets of P that do not contain it, and have one dimension less (A. Schrijver,
Theory of Linear and Integer Programming, 1986, section 8).
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from polyrelu.polyhedra.canonical import split_rows
from polyrelu.polyhedra.cddlib import generators_from_halfspaces
from polyrelu.polyhedra.generators import Generators, homogeneous
from polyrelu.polyhedra.halfspace import Halfspace
from polyrelu.polyhedra.polyhedron import Polyhedron

Generator: TypeAlias = tuple[int, ...]
Closure: TypeAlias = frozenset[Generator]


class Face(NamedTuple):
    """A face of a polyhedron's closure.

    Attributes:
        closure: its generators, which say which closed set it is.
        dim: its dimension.
        inside: whether its relative interior belongs to the polyhedron; otherwise it is disjoint from it.
        facets: its own facets.
        equalities, inequalities: rows of the closed face; no inequality is tight on all of it.
    """

    closure: Closure
    dim: int
    inside: bool
    facets: tuple[Closure, ...]
    equalities: tuple[Halfspace, ...]
    inequalities: tuple[Halfspace, ...]


def faces(polyhedron: Polyhedron) -> list[Face]:
    """All faces of the closure except the empty one, from the closure itself down to the smallest.

    A strict row removes the face on which it is tight and nothing else, so each face's relative interior lies inside
    the polyhedron or outside. Cost: one conversion between representations, and for each face the square of the
    number of facets.
    """
    canonical = polyhedron.canonical()
    equalities = tuple(h for h in canonical.halfspaces if h.relation == "==")
    rows = tuple(h for h in canonical.halfspaces if h.relation != "==")
    given = split_rows(canonical.halfspaces)
    generators = sorted(closure_of(generators_from_halfspaces(*given, canonical.ambient_dim)))
    points = sum(1 << k for k, g in enumerate(generators) if g[-1])
    tight = [sum(1 << k for k, g in enumerate(generators) if not excess(row, g)) for row in rows]
    removed = [mask for row, mask in zip(rows, tight, strict=True) if row.relation == "<"]
    hyperplanes = list(zip([row.boundary() for row in rows], tight, strict=True))
    halfspaces = list(zip([row.closed() for row in rows], tight, strict=True))
    found: list[Face] = []
    level = [(1 << len(generators)) - 1] if points else []
    dim = canonical.ambient_dim - len(equalities)
    while level:
        below: dict[int, None] = {}
        for face in level:
            proper = {face & mask for mask in tight if face & ~mask and face & mask & points}
            facets = [small for small in proper if not any(small != large and not small & ~large for large in proper)]
            below.update(dict.fromkeys(facets))
            found.append(
                Face(
                    closure=_chosen(generators, face),
                    dim=dim,
                    inside=all(face & ~mask for mask in removed),
                    facets=tuple(_chosen(generators, facet) for facet in facets),
                    equalities=equalities + tuple(h for h, mask in hyperplanes if not face & ~mask),
                    inequalities=tuple(h for h, mask in halfspaces if face & ~mask),
                )
            )
        level = list(below)
        dim -= 1
    return found


def _chosen(generators: list[Generator], mask: int) -> Closure:
    return frozenset(g for k, g in enumerate(generators) if mask >> k & 1)


def closure_of(generators: Generators) -> Closure:
    """The unique generators of a closed polyhedron, from irredundant ones."""
    reduced, basis = generators.modulo_lines()
    return frozenset(reduced).union(homogeneous([sign * v for v in row], 0) for row in basis for sign in (1, -1))


def excess(row: Halfspace, generator: Generator) -> int:
    """How far a point or direction lies beyond a row's hyperplane: negative inside, zero on it; up to scaling."""
    return sum(a * x for a, x in zip(row.normal, generator[:-1], strict=True)) - row.offset * generator[-1]
