r"""Polyhedra in the format of cddlib and lrs, which polymake reads, too; exact.

An ``.ine`` file states rows ``b -a`` of :math:`0 \le b - a x`, an ``.ext`` file rows ``1 v`` for vertices and ``0 r``
for rays; the numbers after ``linearity`` are those of equalities, or of lines. A comment begins with ``*`` (K. Fukuda,
cddlib reference manual; D. Avis, user's guide for lrs).

The formats know closed polyhedra only: an open one is written as its closure, and a comment names its strict rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from polyrelu.arithmetic.exact import ExactVector
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.numerals import fraction_digits


def ine_text(polyhedron: Polyhedron, comment: str = "") -> str:
    """The H-representation, row by row as in ``polyhedron.halfspaces``.

    Args:
        polyhedron: any.
        comment: a line to put on top.

    >>> print(ine_text(Polyhedron([[1, 2], [-1, 0]], [3, 0])), end="")
    H-representation
    begin
    2 3 rational
    3 -1 -2
    0 1 0
    end
    """
    rows = [(h.offset, *(-v for v in h.normal)) for h in polyhedron.halfspaces]
    equal = [i for i, h in enumerate(polyhedron.halfspaces, 1) if h.relation == "=="]
    strict = [str(i) for i, h in enumerate(polyhedron.halfspaces, 1) if h.relation == "<"]
    comments = [comment] if comment else []
    if strict:
        comments.append(f"strict rows: {' '.join(strict)}; this is the closure")
    rows = rows or [(1, *[0] * polyhedron.ambient_dim)]
    return _block(comments, "H-representation", equal, rows, polyhedron.ambient_dim)


def ext_text(polyhedron: Polyhedron, comment: str = "") -> str:
    """The V-representation of the closure; without rows for the empty set. Cost: one conversion.

    Args:
        polyhedron: any.
        comment: a line to put on top.
    """
    zero, one = Fraction(0), Fraction(1)
    vertices, rays, lines = polyhedron.generators
    rows: list[ExactVector] = [(one, *v) for v in vertices]
    rows += [(zero, *r) for r in (*rays, *lines)]
    linear = list(range(len(rows) - len(lines) + 1, len(rows) + 1))
    comments = [comment] if comment else []
    if not polyhedron.is_closed_form:
        comments.append("this is the closure; some rows of the set are strict")
    return _block(comments, "V-representation", linear, rows, polyhedron.ambient_dim)


def _block(
    comments: Sequence[str], kind: str, linear: Sequence[int], rows: Sequence[Sequence[Fraction | int]], dim: int
) -> str:
    lines = [f"* {comment}" for comment in comments] + [kind]
    if linear:
        lines.append(f"linearity {len(linear)} {' '.join(map(str, linear))}")
    lines += ["begin", f"{len(rows)} {dim + 1} rational"]
    lines += [" ".join(map(fraction_digits, row)) for row in rows]
    return "\n".join([*lines, "end", ""])
