"""The one file that imports cdd: exact conversions between H- and V-representation, on plain integer rows.

pycddlib writes a halfspace as ``0 <= b + A x``; everything here takes and returns our ``A x <= b``. Some of its
functions edit their argument, and its equality indices are not checked, so every call builds a matrix of its own from
validated rows and throws it away. Linear programs are not asked of it; :mod:`polyrelu.arithmetic.lp` says why.

A call of cddlib hears nothing while it lasts, neither Ctrl-C nor a limit. So it is asked only where there are few
generators by the upper bound theorem (P. McMullen, The maximum numbers of faces of a convex polytope, 1970), a matter
of milliseconds; :mod:`polyrelu.polyhedra.double_description` does the rest, and is no slower there. It also does those
whose numbers have thousands of digits: pycddlib has Python write and read them, which refuses to.

A *row* here is ``(normal, offset)``; equality rows are passed apart from inequality rows.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import comb
from typing import TypeAlias

import cdd
import cdd.gmp

from polyrelu.arithmetic.exact import ExactVector, primitive
from polyrelu.arithmetic.lp import Row
from polyrelu.polyhedra.double_description import cone_generators
from polyrelu.polyhedra.generators import Generators
from polyrelu.polyhedra.sides import sides_of

RationalRow: TypeAlias = tuple[Sequence[Fraction], Fraction]

_FEW = 200  # generators; cddlib takes up to 30 ms for them, and less than we do


def _matrix(inequalities: Sequence[Row], equalities: Sequence[Row], dim: int) -> cdd.gmp.Matrix:
    rows = [[offset, *(-v for v in normal)] for normal, offset in (*equalities, *inequalities)]
    rows = rows or [[1, *[0] * dim]]  # cdd reads the dimension off a row, so there is always one: 0 <= 1
    return cdd.gmp.matrix_from_array(rows, rep_type=cdd.RepType.INEQUALITY, lin_set=range(len(equalities)))


def generators_from_halfspaces(inequalities: Sequence[Row], equalities: Sequence[Row], dim: int) -> Generators:
    """The V-representation of ``{x : inequalities and equalities}``; no vertex means the empty set.

    Cost: the double description method, exponential in the worst case, in the coordinates that no row fixes alone.
    Boxes do without.

    Raises:
        BudgetExceeded: a box has too many vertices.
    """
    relations = [*["<="] * len(inequalities), *["=="] * len(equalities)]
    rows = [(*row, relation) for row, relation in zip((*inequalities, *equalities), relations, strict=True)]
    sides = sides_of(rows, dim)
    if sides.is_contradictory:
        return Generators(())
    if not sides.others:
        return Generators(*map(tuple, sides.generators()))
    if not sides.fixed:
        return _double_description(inequalities, equalities, dim)
    small: dict[str, list[Row]] = {"<=": [], "==": []}
    for normal, offset, relation in rows:
        free, moved = sides.restricted(normal, offset)
        *entries, last = primitive((*free, moved))
        if any(entries) or last < 0 or (relation == "==" and last):
            small[relation].append((entries, last))
    vertices, rays, lines = generators_from_halfspaces(small["<="], small["=="], len(sides.free))
    return Generators(
        tuple(map(sides.lift, vertices)),
        tuple(map(sides.lift_direction, rays)),
        tuple(map(sides.lift_direction, lines)),
    )


def _double_description(inequalities: Sequence[Row], equalities: Sequence[Row], dim: int) -> Generators:
    forms = ((*normal, offset) for normal, offset in (*inequalities, *equalities))
    if most_generators(len(inequalities), dim) > _FEW or _may_be_too_long(forms, dim):
        return _generators_step_by_step(inequalities, equalities, dim)
    polyhedron = cdd.gmp.polyhedron_from_matrix(_matrix(inequalities, equalities, dim))
    output = cdd.gmp.copy_generators(polyhedron)
    vertices: list[ExactVector] = []
    rays: list[ExactVector] = []
    lines: list[ExactVector] = []
    for i, (kind, *entries) in enumerate(output.array):
        (lines if i in output.lin_set else vertices if kind else rays).append(tuple(entries))
    if not vertices and all(offset == 0 for _, offset in (*inequalities, *equalities)):
        vertices = [(Fraction(0),) * dim]  # cdd leaves the apex of a cone unsaid
    if not vertices:
        return Generators(())
    return Generators(tuple(vertices), tuple(rays), tuple(lines))


def halfspaces_from_generators(generators: Generators, dim: int) -> tuple[list[RationalRow], list[RationalRow]]:
    """The H-representation ``(inequalities, equalities)`` of a set with at least one vertex, irredundant."""
    given = (vector for kind in generators for vector in kind)
    if most_generators(len(generators.vertices) + len(generators.rays), dim) > _FEW or _may_be_too_long(given, dim):
        return _halfspaces_step_by_step(generators, dim)
    zero, one = Fraction(0), Fraction(1)
    points = [[one, *v] for v in generators.vertices] + [[zero, *r] for r in generators.rays]
    lines = [[zero, *v] for v in generators.lines]
    matrix = cdd.gmp.matrix_from_array(
        points + lines, rep_type=cdd.RepType.GENERATOR, lin_set=range(len(points), len(points) + len(lines))
    )
    output = cdd.gmp.copy_inequalities(cdd.gmp.polyhedron_from_matrix(matrix))
    inequalities: list[RationalRow] = []
    equalities: list[RationalRow] = []
    for i, (offset, *entries) in enumerate(output.array):
        (equalities if i in output.lin_set else inequalities).append((tuple(-v for v in entries), offset))
    return inequalities, equalities


def _may_be_too_long(vectors: Iterable[Sequence[Fraction | int]], dim: int) -> bool:
    """Whether the numbers that come out may have more digits than Python converts, as pycddlib wants it to.

    They are minors of the integer matrix of the vectors, each multiplied by its denominators; Hadamard's inequality.
    """
    most = sys.get_int_max_str_digits()
    if not most:
        return False
    bits = 0
    for vector in vectors:
        below = sum(v.denominator.bit_length() - 1 for v in vector)
        bits = max(bits, below + max((v.numerator.bit_length() for v in vector), default=0))
    return (dim + 1) * (bits + (dim + 1).bit_length()) > 3 * most


def most_generators(rows: int, dim: int) -> int:
    """The largest number of vertices and rays that a polyhedron in R^dim with so many rows can have: McMullen's bound.

    A polyhedron without lines is a polytope less one face, that of the row at infinity; in less than ``dim``
    dimensions, or with lines, there are not more.
    """
    facets = max(rows + 1, dim + 1)
    return comb(facets - (dim + 1) // 2, facets - dim) + comb(facets - (dim + 2) // 2, facets - dim)


def _generators_step_by_step(inequalities: Sequence[Row], equalities: Sequence[Row], dim: int) -> Generators:
    forms = [(*normal, -offset) for normal, offset in inequalities]
    flat = [(*normal, -offset) for normal, offset in equalities]
    rays, lines = cone_generators([*forms, (*[0] * dim, -1)], flat, dim + 1)
    if not any(ray[-1] for ray in rays):
        return Generators(())
    return Generators(
        tuple(tuple(Fraction(v, ray[-1]) for v in ray[:-1]) for ray in rays if ray[-1]),
        tuple(tuple(map(Fraction, ray[:-1])) for ray in rays if not ray[-1]),
        tuple(tuple(map(Fraction, line[:-1])) for line in lines),
    )


def _halfspaces_step_by_step(generators: Generators, dim: int) -> tuple[list[RationalRow], list[RationalRow]]:
    """The rows (a, -b) of the polar cone: a . v <= b at all vertices, a . r <= 0 at all rays, zero at all lines."""
    rays, lines = cone_generators(*generators.homogeneous(), dim + 1)

    def rows_of(forms: Sequence[Sequence[int]]) -> list[RationalRow]:
        return [(tuple(map(Fraction, form[:-1])), Fraction(-form[-1])) for form in forms]

    return rows_of(rays), rows_of(lines)
