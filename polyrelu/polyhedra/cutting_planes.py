"""The few rows that matter of many: in low dimensions most of a thousand rows touch nothing.

Rows are added where they are violated, as in cutting-plane methods for linear programs (Dantzig, Fulkerson and Johnson,
Solution of a large-scale traveling-salesman problem, Operations Research 2, 1954, doi:10.1287/opre.2.4.393): the
generators of the rows so far are known exactly, and a row that none of them violates follows from those rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from polyrelu.arithmetic.exact import flint_matrix, matrix_rows
from polyrelu.polyhedra.halfspace import Halfspace
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.limits import check


def without_implied(rows: Sequence[Halfspace], dim: int) -> Polyhedron:
    """The set of points that satisfy all rows, by some of them; those left out follow from the others.

    Args:
        rows: on R^dim, strict ones and equalities among them.
        dim: the dimension, small; few of the rows have to touch the set for this to be faster than using all.

    Cost: about as many rounds as rows that matter, each with the generators of these, and an exact product of all rows
    with the generators.
    """
    chosen = {k for k, row in enumerate(rows) if row.relation == "==" or row.is_trivial}
    matrix = flint_matrix([(*row.normal, -row.offset) for row in rows], dim + 1)
    while True:
        check()
        found = Polyhedron.from_halfspaces([rows[k] for k in sorted(chosen)], dim)
        if found.is_empty():
            return found
        vertices, rays, lines = found.generators
        back = [tuple(-v for v in line) for line in lines]
        columns = [(*v, Fraction(1)) for v in vertices] + [(*r, Fraction(0)) for r in (*rays, *lines, *back)]
        violations = matrix_rows(flint_matrix(columns, dim + 1) * matrix.transpose())
        new = {_worst(rows, values) for values in violations} - {None}
        if not new - chosen:
            break
        chosen |= {k for k in new if k is not None}
    # A strict row that no generator violates matters all the same where it holds with equality.
    touching = {
        k
        for k, row in enumerate(rows)
        if row.relation == "<" and any(values[k] == 0 for values in violations[: len(vertices)])
    }
    return Polyhedron.from_halfspaces([rows[k] for k in sorted(chosen | touching)], dim)


def _worst(rows: Sequence[Halfspace], values: Sequence[Fraction]) -> int | None:
    """The row that a generator violates by most, in units of its largest coefficient; None where there is none."""
    violated = [k for k, value in enumerate(values) if value > 0]
    return max(violated, key=lambda k: values[k] / max(map(abs, rows[k].normal), default=1), default=None)
