r"""Rows and generators under affine maps, and the lift that carries strict rows.

Sets with strict rows are images of closed ones one dimension up, {(x, e) : a_i x + e <= b_i (i in S), ..., 0 <= e <=
1}: x belongs to P iff some (x, e) with e > 0 belongs to the lifted set. Images and sums are taken there, so that open
faces come out right (Bagnara, Hill, Zaffanella, Not necessarily closed convex polyhedra and the double description
method, Formal Aspects of Computing 17, 2005, doi:10.1007/s00165-005-0061-1).
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from polyrelu.arithmetic.exact import ExactMatrix, ExactVector, flint_matrix, matrix_rows
from polyrelu.polyhedra.generators import Generators
from polyrelu.polyhedra.halfspace import Halfspace


def preimage_rows(rows: Sequence[Halfspace], matrix: ExactMatrix, offset: ExactVector, dim: int) -> list[Halfspace]:
    """The rows on x in R^dim that say what the given ones say of ``matrix x + offset``."""
    affine = flint_matrix([(*row, shift) for row, shift in zip(matrix, offset, strict=True)], dim + 1)
    pulled = matrix_rows(flint_matrix([h.normal for h in rows], len(offset)) * affine)
    return [Halfspace.of(row[:-1], h.offset - row[-1], h.relation) for h, row in zip(rows, pulled, strict=True)]


def image(generators: Generators, matrix: Sequence[ExactVector], offset: ExactVector) -> Generators:
    """The generators ``matrix v + offset`` and ``matrix r``."""

    def moved(vectors: Sequence[ExactVector], shift: ExactVector) -> tuple[ExactVector, ...]:
        return tuple(
            tuple(sum((w * x for w, x in zip(row, v, strict=True)), s) for row, s in zip(matrix, shift, strict=True))
            for v in vectors
        )

    none = (Fraction(0),) * len(offset)
    vertices, rays, lines = generators
    return Generators(moved(vertices, offset), moved(rays, none), moved(lines, none))


def lifted(rows: Sequence[Halfspace], dim: int) -> list[Halfspace]:
    """The closed rows on (x, e) that carry the given ones on x in R^dim."""
    zero = (0,) * dim
    return [
        *(Halfspace((*h.normal, int(h.relation == "<")), h.offset, h.closed().relation) for h in rows),
        Halfspace((*zero, -1), 0, "<="),
        Halfspace((*zero, 1), 1, "<="),
    ]


def can_be_lowered(rows: Sequence[Halfspace]) -> bool:
    """Whether no coefficient of e is negative, and none of an equality nonzero, beside a nonzero normal.

    Irredundant rows have no negative one: such a row would be the sum of its own case e = 0, which is valid, and of
    e >= 0.
    """
    own = [h for h in rows if any(h.normal[:-1])]
    return not any(h.normal[-1] < 0 or (h.relation == "==" and h.normal[-1]) for h in own)


def lowered(rows: Sequence[Halfspace]) -> list[Halfspace]:
    """Rows of {x : (x, e) in P for some e > 0}; one with a positive coefficient of e becomes strict.

    P is not empty, lies in e >= 0, and contains with (x, e) every (x, e'), 0 <= e' <= e. Its rows can be lowered, or
    are irredundant.
    """
    own = [h for h in rows if any(h.normal[:-1])]
    return [Halfspace.of(h.normal[:-1], h.offset, "<" if h.normal[-1] > 0 else h.relation) for h in own]
