r"""The point of a tiling nearest to a given input: the smallest change that reaches the target. Exact.

**Onto one tile.** Let P be the closure of a tile, :math:`a_i x \le b_i` (and equalities), and p the input.

* In the maximum norm and the sum norm, :math:`\min \{\|x - p\| : x \in P\}` is a linear program with one more variable,
  or one more for each coordinate, solved exactly by :mod:`polyrelu.arithmetic.lp`. Its multipliers y prove the
  distance: :math:`\|x - p\| \ge \sum y_i (a_i p - b_i)` for all x in P whenever the dual norm of :math:`\sum y_i a_i`
  is at most 1.
* In the Euclidean norm the nearest point is rational too, because it solves :math:`x = p - A^T y,\ y \ge 0,\ b - A x
  \ge 0,\ y (b - A x) = 0`, the linear complementarity problem of the matrix :math:`A A^T`, for
  :mod:`polyrelu.arithmetic.complementarity` to solve. No float, no tolerance: the squared distance is exact.

**Among many tiles.** Lower bounds on the distances of all tiles are computed in floats, with proof, by
:mod:`polyrelu.analysis.distance_bounds`, and tiles are visited in their order until the next bound exceeds the best
distance. So only the tiles close to the point are ever built.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from polyrelu.analysis.distance_bounds import lower_bounds
from polyrelu.arithmetic.complementarity import complementary_solution
from polyrelu.arithmetic.exact import ExactVector, exact_vector
from polyrelu.arithmetic.lp import maximise
from polyrelu.errors import EmptySetError
from polyrelu.polyhedra.canonical import split_rows
from polyrelu.polyhedra.halfspace import Halfspace
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.arguments import instance, one_of
from polyrelu.support.numerals import record_text
from polyrelu.support.progress import progress_bar
from polyrelu.tilings.tiling import Tiling

NORMS = ("linf", "l1", "l2")

_ROOT_BITS = 80


class Distance:
    """What has a ``squared_distance``, exact."""

    squared_distance: Fraction | None

    @property
    def distance(self) -> Fraction | None:
        """The exact distance; None where it is irrational, which happens in the Euclidean norm only."""
        if self.squared_distance is None:
            return None
        roots = [math.isqrt(v) for v in self.squared_distance.as_integer_ratio()]
        root = Fraction(*roots)
        return root if root**2 == self.squared_distance else None

    def __float__(self) -> float:
        """The distance as a float, off by an ulp at most, for reading; infinite beyond the range of floats."""
        if self.squared_distance is None:
            return math.inf
        numerator, denominator = self.squared_distance.as_integer_ratio()
        shift = _ROOT_BITS - (numerator.bit_length() - denominator.bit_length()) // 2
        scaled = numerator << 2 * shift if shift >= 0 else numerator
        root = math.isqrt(scaled // (denominator if shift >= 0 else denominator << -2 * shift))
        try:
            return math.ldexp(root, -shift)
        except OverflowError:
            return math.inf


@dataclass(frozen=True, repr=False)
class Nearest(Distance):
    """The answer of :func:`nearest_point`.

    Attributes:
        point: a point of the closure of the tile at the least distance; of the tile itself when ``attained``.
        tile: the tile's number: the lowest of those that attain the distance, or of all at that distance if none does.
        norm: the norm.
        squared_distance: the square of the distance, exact.
        attained: whether the tiling has a point at that distance; if not, strict rows keep it open there.
        projected: onto how many tiles the input was projected; the others are certainly farther away.
    """

    point: ExactVector
    tile: int
    norm: str
    squared_distance: Fraction
    attained: bool
    projected: int

    def __repr__(self) -> str:
        return record_text(self)


class Projection(NamedTuple):
    """The nearest point of the closure of a polyhedron.

    Attributes:
        cost: the distance; in the Euclidean norm its square.
        point: a nearest point.
        multipliers: one for each row of the polyhedron, the proof (see the module's docstring).
    """

    cost: Fraction
    point: ExactVector
    multipliers: ExactVector


def nearest_point(tiling: Tiling, point: Iterable[Any], norm: str = "linf", *, progress: bool | None = None) -> Nearest:
    """The point of the closure of a tiling (or of a zone) nearest to an input: the smallest change that reaches it.

    Args:
        tiling: at least one tile.
        point: the input, d numbers.
        norm: ``"linf"``, the largest change of a coordinate; ``"l1"``, the sum of changes; ``"l2"``, Euclidean.
        progress: show a bar; by default only for long runs on a terminal.

    Returns:
        A :class:`Nearest`, exact in all three norms.

    Raises:
        EmptySetError: the tiling has no tiles.
        DimensionError: the point does not live in R^d.
        InputError: the norm is unknown.

    Cost: float bounds for all tiles, below a hundred microseconds each; one exact program for each tile whose bound
    is not above the distance.

    Example:
        >>> from polyrelu import Network, nearest_point, parse, preimage
        >>> net = Network([([[1], [-1]], [0, 0]), ([[1, 1]], [0])])  # |x|
        >>> found = nearest_point(preimage(net, parse("y0 > 1", dim=1)), ["1/3"])
        >>> found.point, found.distance, found.attained
        ((Fraction(1, 1),), Fraction(2, 3), False)
    """
    instance(tiling, Tiling, "nearest_point: tiling", "ask polyrelu.engines.preimage for one")
    one_of(norm, NORMS, "nearest_point", "norm")
    p = exact_vector(point, "nearest_point: point", tiling.domain.ambient_dim)
    if not len(tiling):
        raise EmptySetError("nearest_point: the tiling has no tiles; ask len(tiling) first")
    bounds = lower_bounds(tiling, p, norm)
    order = np.argsort(bounds, kind="stable").tolist()
    best: tuple[Fraction, bool, int, ExactVector] | None = None
    projected = 0
    for i in progress_bar(progress, order, desc="nearest", unit=" tiles"):
        if best is not None:
            bound = Fraction(bounds[i]) ** (2 if norm == "l2" else 1)
            if bound > best[0]:
                break
            if bound == best[0] and best[1:3] < (False, i):
                continue
        projected += 1
        polyhedron = tiling[i].polyhedron
        projection = project(polyhedron, p, norm)
        if best is None or projection.cost <= best[0]:
            inside = _in_the_set(polyhedron, p, norm, projection)
            found = (projection.cost, inside is None, i, projection.point if inside is None else inside)
            best = found if best is None else min(best, found)
    assert best is not None, "there is at least one tile"
    cost, is_open, number, x = best
    return Nearest(x, number, norm, cost if norm == "l2" else cost**2, not is_open, projected)


# -- one tile -----------------------------------------------------------------------------------------------------


def project(polyhedron: Polyhedron, point: ExactVector, norm: str) -> Projection:
    """The exact projection of a point onto the closure of a non-empty polyhedron.

    Cost: one linear program with d + 1 (2 d for ``"l1"``) variables; for ``"l2"`` pivots of the rows times the rows.
    """
    rows = polyhedron.halfspaces
    if not point:  # R^0 has one point, and no coordinate whose change a program could count
        return Projection(Fraction(0), (), (Fraction(0),) * len(rows))
    if norm == "l2":
        return _euclidean(rows, point)
    around, costs = _norm_rows(point, norm)
    padding = (0,) * len(costs)
    lifted = [h._replace(normal=(*h.normal, *padding)) for h in rows]
    inequalities, equalities = split_rows([*lifted, *around])
    best = maximise([*(0,) * len(point), *(-c for c in costs)], inequalities, equalities)
    assert best.value is not None, "the set is not empty and distances are not negative"
    assert best.point is not None
    assert best.multipliers is not None
    unequal, equal = iter(best.multipliers), iter(best.multipliers[len(inequalities) :])
    multipliers = tuple(next(equal if h.relation == "==" else unequal) for h in rows)
    return Projection(-best.value, best.point[: len(point)], multipliers)


def _norm_rows(point: ExactVector, norm: str) -> tuple[list[Halfspace], tuple[int, ...]]:
    """Rows on (x, s), and costs of s, such that the least cost of s at x is the distance of x from the point."""
    dim = len(point)
    extra = 1 if norm == "linf" else dim
    rows = []
    for i, value in enumerate(point):
        for sign in (1, -1):
            unit = [sign * (j == i) for j in range(dim)]
            bound = [-int(j == min(i, extra - 1)) for j in range(extra)]
            rows.append(Halfspace.of([*unit, *bound], sign * value))
    return rows, (1,) * extra


def _euclidean(rows: Sequence[Halfspace], point: ExactVector) -> Projection:
    """The Euclidean projection by the complementarity problem of the rows; an equality is two inequalities there."""
    sided = [(i, sign) for i, h in enumerate(rows) for sign in ((1, -1) if h.relation == "==" else (1,))]
    normals = [tuple(sign * v for v in rows[i].normal) for i, sign in sided]
    slacks = [sign * rows[i].slack(point) for i, sign in sided]
    products = [[Fraction(sum(v * w for v, w in zip(a, b, strict=True))) for b in normals] for a in normals]
    solution = complementary_solution(products, slacks)
    multipliers = [Fraction(0)] * len(rows)
    for (i, sign), y in zip(sided, solution, strict=True):
        multipliers[i] += sign * y
    step = [
        sum((y * h.normal[j] for y, h in zip(multipliers, rows, strict=True)), Fraction(0)) for j in range(len(point))
    ]
    x = tuple(v - s for v, s in zip(point, step, strict=True))
    return Projection(sum((s * s for s in step), Fraction(0)), x, tuple(multipliers))


def _in_the_set(polyhedron: Polyhedron, point: ExactVector, norm: str, projection: Projection) -> ExactVector | None:
    """A point of the set itself, strict rows included, at the distance of the projection; None if there is none."""
    if projection.point in polyhedron:
        return projection.point
    return attained_at(polyhedron, point, norm, projection.cost, projection.point)


def attained_at(
    polyhedron: Polyhedron, point: ExactVector, norm: str, cost: Fraction, nearest: ExactVector
) -> ExactVector | None:
    """A point of a set at the least distance of its closure; None if there is none.

    Args:
        polyhedron: the set.
        point: from where distances are measured.
        norm: one of :data:`NORMS`.
        cost: the distance, not used in the Euclidean norm.
        nearest: a nearest point of the closure.
    """
    if norm == "l2":  # the nearest point is unique
        return nearest if nearest in polyhedron else None
    around, costs = _norm_rows(point, norm)
    lifted = [h._replace(normal=(*h.normal, *(0,) * len(costs))) for h in polyhedron.halfspaces]
    close = Halfspace.of([*(0,) * len(point), *costs], cost)
    candidates = Polyhedron.from_halfspaces([*lifted, *around, close], len(point) + len(costs))
    return None if candidates.is_empty() else candidates.sample_point()[: len(point)]
