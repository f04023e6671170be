"""The one file that imports cdd: exact conversions between H- and V-representation, on plain integer rows.

pycddlib writes a halfspace as ``0 <= b + A x``; everything here takes and returns our ``A x <= b``. Some of its
functions edit their argument, and its equality indices are not checked, so every call builds a matrix of its own from
validated rows and throws it away. Linear programs are not asked of it; :mod:`polyrelu.lp` says why.

A *row* here is ``(normal, offset)``; equality rows are passed apart from inequality rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple, TypeAlias

import cdd
import cdd.gmp

from polyrelu.exact import ExactVector, primitive
from polyrelu.lp import Row
from polyrelu.polyhedron.sides import sides_of

RationalRow: TypeAlias = tuple[Sequence[Fraction], Fraction]


class Generators(NamedTuple):
    """A V-representation: the convex hull of ``vertices`` plus the cone of ``rays`` plus the span of ``lines``."""

    vertices: tuple[ExactVector, ...]
    rays: tuple[ExactVector, ...] = ()
    lines: tuple[ExactVector, ...] = ()


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
        moved = offset - sum((normal[j] * value for j, value in sides.fixed.items() if normal[j]), Fraction(0))
        *entries, last = primitive((*(normal[j] for j in sides.free), moved))
        if any(entries) or last < 0 or (relation == "==" and last):
            small[relation].append((entries, last))
    vertices, rays, lines = generators_from_halfspaces(small["<="], small["=="], len(sides.free))
    return Generators(
        tuple(map(sides.lift, vertices)),
        tuple(map(sides.lift_direction, rays)),
        tuple(map(sides.lift_direction, lines)),
    )


def _double_description(inequalities: Sequence[Row], equalities: Sequence[Row], dim: int) -> Generators:
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
