r"""Coordinates in which a domain is full-dimensional and nothing is constant along a line.

A chart is x = origin + basis u, with u in R^k. The origin and the basis span the domain's affine hull, less the
directions along which neither the domain ends nor the first layer changes (the common lineality, which every tile
has). Cells are split in u; their facets are numbered, and mean the same rows in x.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from flint import fmpq_mat

from polyrelu.arithmetic.exact import ExactMatrix, ExactVector, flint_matrix, matrix_rows, primitive, row_echelon
from polyrelu.networks.layer import Layer
from polyrelu.networks.sparse_rows import Rows
from polyrelu.polyhedra.cell import Cell, cell_of
from polyrelu.polyhedra.double_description import Vector
from polyrelu.polyhedra.halfspace import Halfspace
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.carried import Carried


@dataclass(frozen=True)
class Chart(Carried):
    """A domain in its own coordinates.

    Attributes:
        origin, basis: x = origin + basis u; the basis has d rows and k columns.
        facets: the domain's facets as rows in x; facet number j of a cell is ``facets[j]``.
        forms: the same as forms on (u, t), at most zero inside.
        lineality: the dimension of the directions left out.
        closure: the domain's closure, in x.
    """

    origin: ExactVector
    basis: ExactMatrix
    facets: tuple[Halfspace, ...]
    forms: tuple[Vector, ...]
    lineality: int
    closure: Polyhedron

    @cached_property
    def start(self) -> Cell:
        """The domain as a cell in u. Cost: one double description, none of a box."""
        same = self.closure if self.is_identity else None
        return cell_of(self.forms, range(len(self.forms)), self.dim, same)

    @property
    def dim(self) -> int:
        """The number k of coordinates u."""
        return len(self.basis[0]) if self.basis else 0

    @cached_property
    def is_identity(self) -> bool:
        """Whether u is x."""
        return _is_identity(self.origin, self.basis)

    @cached_property
    def embedding(self) -> fmpq_mat:
        """The matrix that takes (u, 1) to (x, 1)."""
        rows: list[ExactVector] = [(*row, o) for row, o in zip(self.basis, self.origin, strict=True)]
        return flint_matrix([*rows, (*[Fraction(0)] * self.dim, Fraction(1))], self.dim + 1)

    def form(self, halfspace: Halfspace) -> Vector:
        """The form on (u, t) that is at most zero where a halfspace in x holds."""
        return _form(halfspace, self.basis, self.origin)

    def pulled_back(self, layers: tuple[Layer, ...]) -> tuple[Layer, ...]:
        """Layers on x as layers on u, kept for the next question with their float views, which take a while to make."""
        if self.is_identity:
            return layers
        first, *others = layers
        return (self.latest(_pulled_back, first, first), *others)


def chart(domain: Polyhedron, moving: Rows) -> Chart:
    """The chart of a non-empty domain for a problem that sees x through these rows only.

    Cost: the canonical form of the domain, whose fixed coordinates and sides cost nothing; once for a bounded domain,
    which remembers its chart, and for others while the rows are the same.
    """
    return domain.once(_of_bounded) if domain.sides.is_bounded else domain.latest(_chart, moving, moving)


def _pulled_back(where: Chart, first: Layer) -> Layer:
    """A layer on x as one on u."""
    rows = matrix_rows(first.after(where.embedding))
    return Layer.from_rows(tuple(r[:-1] for r in rows), tuple(r[-1] for r in rows), first.relu, where.dim)


def _of_bounded(domain: Polyhedron) -> Chart:
    """The chart of a domain that has no lineality, whatever a problem sees."""
    return _chart(domain, ())


def _chart(domain: Polyhedron, moving: Rows) -> Chart:
    closure = domain.closure()
    canonical = closure.canonical()
    dim = domain.ambient_dim
    facets = tuple(h for h in canonical.halfspaces if h.relation != "==")
    origin, hull = _solve([h for h in canonical.halfspaces if h.relation == "=="], dim)
    kept = hull
    if not domain.sides.is_bounded:
        rows = _along(hull, [*moving, *(h.normal for h in facets)], dim)
        _, pivots = row_echelon(rows, len(hull))
        kept = [hull[j] for j in pivots]
    basis = tuple(tuple(column[i] for column in kept) for i in range(dim))
    if _is_identity(origin, basis):
        forms = tuple(primitive([*h.normal, -h.offset]) for h in facets)
    else:
        forms = tuple(_form(h, basis, origin) for h in facets)
    return Chart(origin, basis, facets, forms, len(hull) - len(kept), closure)


def _along(
    hull: Sequence[ExactVector], rows: Sequence[Sequence[Fraction | int]], dim: int
) -> Sequence[Sequence[Fraction | int]]:
    """The rows on the coordinates of a hull."""
    if len(hull) == dim:
        return rows  # no equations, so the hull's directions are the unit vectors
    return matrix_rows(flint_matrix(rows, dim) * flint_matrix(hull, dim).transpose())


def _is_identity(origin: ExactVector, basis: ExactMatrix) -> bool:
    square = len(basis) == (len(basis[0]) if basis else 0)
    unit = all(v == (i == j) for i, row in enumerate(basis) for j, v in enumerate(row))
    return square and unit and not any(origin)


def _form(halfspace: Halfspace, basis: ExactMatrix, origin: ExactVector) -> Vector:
    """The form on (u, t) that is at most zero where the halfspace holds."""
    columns = zip(*basis, strict=True) if basis else ()
    products = ((a * v for a, v in zip(halfspace.normal, column, strict=True) if a and v) for column in columns)
    along = [sum(column, Fraction(0)) for column in products]
    return primitive([*along, -halfspace.slack(origin)])


def _solve(equations: Sequence[Halfspace], dim: int) -> tuple[ExactVector, list[ExactVector]]:
    """A solution of canonical equations, and a basis of the directions along which they stay solved."""
    point = [Fraction(0)] * dim
    solved: dict[int, list[tuple[int, Fraction]]] = {}
    for normal, offset, _ in equations:
        (pivot, lead), *rest = ((j, v) for j, v in enumerate(normal) if v)
        point[pivot] = Fraction(offset, lead)
        solved[pivot] = [(j, Fraction(-v, lead)) for j, v in rest]
    directions = {j: [Fraction(0)] * dim for j in range(dim) if j not in solved}
    for j, direction in directions.items():
        direction[j] = Fraction(1)
    for pivot, entries in solved.items():
        for j, value in entries:
            directions[j][pivot] = value
    return tuple(point), [tuple(direction) for direction in directions.values()]
