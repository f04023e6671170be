"""Points inside a set, and whether it ends: what bounds, floats and exact linear programs find out from its rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from polyrelu.arithmetic.exact import ExactVector
from polyrelu.arithmetic.lp import Row, Status, maximise
from polyrelu.polyhedra.canonical import Reduction, split_rows
from polyrelu.polyhedra.guide import look_between
from polyrelu.polyhedra.halfspace import Halfspace
from polyrelu.polyhedra.images import lifted
from polyrelu.polyhedra.sides import Sides

FEW_COORDINATES = 8
"""Up to here exact linear programs are cheap."""

_DECIMALS = 12


def find_point(rows: Sequence[Halfspace], sides: Sides) -> ExactVector | None:
    """A point that satisfies all rows, strict ones included, or None if there is none.

    It is looked for by the rows' sides, which do not contradict each other; then in floats, then by an exact linear
    program.
    """
    others = [rows[i] for i in sides.others]
    if any(map(sides.rule_out, others)):
        return None
    found, impossible = sides.point_within(others), False
    if found is None and sides.dim > FEW_COORDINATES:
        found, impossible = look_between(sides, others)
    if found is not None or impossible:
        return found
    best = maximise([*[0] * sides.dim, 1], *split_rows(lifted(rows, sides.dim)))
    return best.point[:-1] if best.point is not None and best.value else None


def is_bounded(rows: Sequence[Halfspace], dim: int) -> bool:
    """Whether the non-empty set with these rows fits in a box. Cost: two linear programs for each coordinate."""
    inequalities, equalities = split_rows([h._replace(offset=0) for h in rows])
    units = ([sign * (j == i) for j in range(dim)] for i in range(dim) for sign in (1, -1))
    return not any(maximise(unit, inequalities, equalities).status is Status.UNBOUNDED for unit in units)


def deepest_between(sides: Sides, depth: int | None) -> tuple[ExactVector, Fraction]:
    """As :func:`deepest_point`, of the box between these sides."""
    widths = [sides.high[j].value - sides.low[j].value for j in sides.free if j in sides.low and j in sides.high]
    return sides.centre(), min([v / 2 for v in widths] + ([Fraction(depth)] if depth is not None else []))


def deepest_point(reduction: Reduction, dim: int, depth: int | None) -> tuple[ExactVector, Fraction]:
    """The centre and half-width of the largest cube inside, at most ``depth`` if given, modulo the affine hull."""
    rows: list[Row] = [((*h.normal, sum(map(abs, h.normal))), h.offset) for h, _ in reduction.facets]
    flat: list[Row] = [((*h.normal, 0), h.offset) for h in reduction.equalities]
    up = [*[0] * dim, 1]
    best = maximise(up, [*rows, ([-v for v in up], 0)] + ([(up, depth)] if depth is not None else []), flat)
    assert best.point is not None, "a non-empty set contains a cube of width zero"
    assert best.value is not None, "and a bounded one no arbitrarily wide one"
    return best.point[:-1], best.value


def with_few_decimals(point: ExactVector, is_inside: Callable[[ExactVector], bool]) -> ExactVector:
    """A point inside that is rounded to as few decimals as possible; the point itself where many do not do."""
    candidates = (tuple(round(x, places) for x in point) for places in range(_DECIMALS + 1))
    return next(filter(is_inside, candidates), point)
