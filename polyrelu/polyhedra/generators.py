r"""V-representations, and the homogeneous vectors that stand for their vertices, rays and lines.

A point x of Q^d is the vector (x, 1) of the cone over a polyhedron, and a direction r is (r, 0), both up to positive
multiples; here they are written in primitive integers. Modulo the lines, whose reduced echelon form is unique, the
vertices and extreme rays of a closed polyhedron are unique.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from polyrelu.arithmetic.exact import ExactMatrix, ExactVector, exact_matrix, primitive, row_echelon
from polyrelu.errors import DimensionError, InputError
from polyrelu.polyhedra.double_description import Vector
from polyrelu.support.arguments import dimension


class Generators(NamedTuple):
    """A V-representation: the convex hull of ``vertices`` plus the cone of ``rays`` plus the span of ``lines``."""

    vertices: tuple[ExactVector, ...]
    rays: tuple[ExactVector, ...] = ()
    lines: tuple[ExactVector, ...] = ()

    @classmethod
    def checked(
        cls,
        vertices: Iterable[Iterable[Any]],
        rays: Iterable[Iterable[Any]],
        lines: Iterable[Iterable[Any]],
        dim: int | None,
    ) -> tuple[Generators, int]:
        """Generators that agree on one dimension, with it.

        Raises:
            DimensionError: generators of different lengths, or ``dim`` missing when there are none.
            InputError: rays or lines without a vertex.
        """
        where = "from_generators"
        kinds = [exact_matrix(g, f"{where}: {n}") for g, n in zip((vertices, rays, lines), cls._fields, strict=True)]
        widths = {len(g) for kind in kinds for g in kind}
        if dim is not None:
            widths.add(dimension(dim, f"{where}: dim"))
        if len(widths) != 1:
            raise DimensionError(f"{where}: generators and dim must agree on one dimension, got {sorted(widths)}")
        if any(kinds) and not kinds[0]:
            raise InputError(f"{where}: rays and lines need a vertex to start from; add the origin for a cone")
        return cls(*kinds), widths.pop()

    def homogeneous(self) -> tuple[list[Vector], list[Vector]]:
        """Vertices and then rays, and lines, as homogeneous vectors."""
        pointed = [homogeneous(v, 1) for v in self.vertices] + [homogeneous(r, 0) for r in self.rays]
        return pointed, [homogeneous(line, 0) for line in self.lines]

    def modulo_lines(self) -> tuple[list[Vector], ExactMatrix]:
        """Vertices and then rays, reduced by the lines, as homogeneous vectors; and the lines' echelon form."""
        generators, _ = self.homogeneous()
        if not self.lines:
            return generators, ()
        basis, pivots = row_echelon(self.lines, len(self.lines[0]))
        return [modulo(generator, basis, pivots) for generator in generators], basis


def homogeneous(vector: Sequence[Fraction | int], last: int) -> Vector:
    """A point as a vector, with ``last`` 1; or a direction, with 0."""
    return primitive((*vector, last))


def modulo(generator: Vector, basis: ExactMatrix, pivots: Sequence[int]) -> Vector:
    """A homogeneous vector moved along lines, to where it is zero at the pivots of their reduced echelon form."""
    moved: Sequence[Fraction | int] = generator
    for line, pivot in zip(basis, pivots, strict=True):
        factor = moved[pivot]
        if factor:
            moved = [*(v - factor * w for v, w in zip(moved, line, strict=False)), moved[-1]]
    return primitive(moved)
