r"""The point of a tiling nearest to a given input: the smallest change that reaches the target. Exact.

**Onto one tile.** Let P be the closure of a tile, :math:`a_i x \le b_i` (and equalities), and p the input.

* In the maximum norm and the sum norm, :math:`\min \{\|x - p\| : x \in P\}` is a linear program with one more variable,
  or one more for each coordinate, solved exactly by :mod:`polyrelu.lp`. Its multipliers y prove the distance:
  :math:`\|x - p\| \ge \sum y_i (a_i p - b_i)` for all x in P whenever the dual norm of :math:`\sum y_i a_i` is at most
  1.
* In the Euclidean norm the nearest point is rational too, because it solves :math:`x = p - A^T y,\ y \ge 0,\ b - A x
  \ge 0,\ y (b - A x) = 0`, the linear complementarity problem of the matrix :math:`A A^T`. The least-index criss-cross
  method solves it in finitely many rational pivots, since positive semidefinite matrices are sufficient (D. den
  Hertog, C. Roos, T. Terlaky, The linear complementarity problem, sufficient matrices, and the criss-cross method,
  Linear Algebra and its Applications 187, 1993, doi:10.1016/0024-3795(93)90124-7). No float, no tolerance: the squared
  distance is exact.

**Among many tiles.** A tile with activation bits lies where its neurons' forms have their signs and its target rows
hold. A form :math:`a x + c` that is at least zero on the tile and has the value v < 0 at p keeps the tile at least
:math:`|v| / \|a\|_*` away, in the dual norm. These lower bounds are computed in floats for all tiles at once, and tiles
are visited in their order until the next bound exceeds the best distance. So only the tiles close to p are ever built.

**The float bounds** are certified. :func:`~polyrelu.floats.affine_with_bound` carries each column of the map to a layer
through the layer, with the bias as one more weight; it gives :math:`\hat a_j, \hat c` with radii :math:`r_j, r_c`. With
:math:`|p_j - \hat p_j| \le e_j`, Lemma 3.1 and Section 3.1 of the sources in :mod:`polyrelu.floats` give

.. math:: |v - \hat v| \le \sum_j (|\hat a_j| e_j + r_j (|\hat p_j| + e_j)) + r_c
          + \gamma_{d+2} \Big( \sum_j |\hat a_j| |\hat p_j| + |\hat c| \Big),

sums of d + 1 products whose evaluation is off by a factor of at most :math:`1 + \gamma_{d+8}`; products that underflow
add at most :math:`2^{-1074}` each, for which :math:`2^{-1022} (2d + 2)` is added. The dual norm of a is at most that of
:math:`|\hat a| + r`, computed to within :math:`1 + \gamma_{d+4}`; for the Euclidean one the largest entry is taken out
of the root, so that no square that counts underflows. Subtraction, division and these factors together round fewer
than d + 16 times, for which the quotient is multiplied by :math:`1 - \gamma_{d+16}`. Where anything overflows the bound
is zero.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from polyrelu.errors import EmptySetError, InputError
from polyrelu.exact import ExactVector, FloatArray, exact_vector, to_floats
from polyrelu.floats import affine_with_bound, gamma
from polyrelu.lp import maximise
from polyrelu.polyhedron import Halfspace, Polyhedron
from polyrelu.polyhedron.canonical import split_rows
from polyrelu.tiling import TileSource, Tiling

NORMS = ("linf", "l1", "l2")

_CHUNK = 4096
_UNIT_ROUNDOFF = 2.0**-53
_SMALLEST = 2.0**-1074
_UNDERFLOW = 2.0**-1022


@dataclass(frozen=True)
class Nearest:
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

    @property
    def distance(self) -> Fraction | None:
        """The exact distance; None where it is irrational, which happens in the Euclidean norm only."""
        roots = [math.isqrt(v) for v in self.squared_distance.as_integer_ratio()]
        root = Fraction(*roots)
        return root if root**2 == self.squared_distance else None

    def __float__(self) -> float:
        """The distance as a float, for reading."""
        return float(self.distance) if self.distance is not None else math.sqrt(self.squared_distance)


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
    if norm not in NORMS:
        raise InputError(f"nearest_point: unknown norm {norm!r}; choose one of {', '.join(NORMS)}")
    p = exact_vector(point, "nearest_point: point", tiling.domain.ambient_dim)
    if not len(tiling):
        raise EmptySetError("nearest_point: the tiling has no tiles; ask len(tiling) first")
    bounds = lower_bounds(tiling, p, norm)
    order = np.argsort(bounds, kind="stable").tolist()
    disable = None if progress is None else not progress
    best: tuple[Fraction, bool, int, ExactVector] | None = None
    projected = 0
    for i in tqdm(order, desc="nearest", unit=" tiles", delay=1, disable=disable, leave=False):
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


def complementary_solution(matrix: Sequence[Sequence[Fraction]], constants: Sequence[Fraction]) -> ExactVector:
    """The y >= 0 with w = matrix y + constants >= 0 and y w = 0.

    The matrix is symmetric positive semidefinite, and some y >= 0 has w >= 0. By the least-index criss-cross method:
    the least variable that is negative changes places with its partner; where that is impossible, together with the
    least other pair that can raise it.
    """
    size = len(constants)
    # Row i: basic_i = constants_i + sum_j table_ij nonbasic_j. In pair i, either w_i or y_i is basic.
    table = [[constant, *row] for constant, row in zip(constants, matrix, strict=True)]
    is_y = [False] * size
    while True:
        k = next((i for i, row in enumerate(table) if row[0] < 0), None)
        if k is None:
            return tuple(row[0] if basic else Fraction(0) for row, basic in zip(table, is_y, strict=True))
        if table[k][k + 1]:
            _exchange(table, k, k)
            is_y[k] = not is_y[k]
            continue
        other = next(j for j, v in enumerate(table[k][1:]) if v > 0)
        _exchange(table, k, other)
        _exchange(table, other, k)
        table[k], table[other] = table[other], table[k]
        for row in table:
            row[k + 1], row[other + 1] = row[other + 1], row[k + 1]
        is_y[k], is_y[other] = not is_y[k], not is_y[other]


def _exchange(table: list[list[Fraction]], r: int, s: int) -> None:
    """Make the nonbasic variable of column s basic, in row r, and the row's variable nonbasic, in its column."""
    pivot = table[r][s + 1]
    solved = [-v / pivot for v in table[r]]
    solved[s + 1] = 1 / pivot
    for i, row in enumerate(table):
        factor = row[s + 1]
        if i != r and factor:
            table[i] = [v + factor * w for v, w in zip(row, solved, strict=True)]
            table[i][s + 1] = factor * solved[s + 1]
    table[r] = solved


def _in_the_set(polyhedron: Polyhedron, point: ExactVector, norm: str, projection: Projection) -> ExactVector | None:
    """A point of the set itself, strict rows included, at the distance of the projection; None if there is none."""
    if projection.point in polyhedron:
        return projection.point
    if norm == "l2":
        return None  # the nearest point is unique
    around, costs = _norm_rows(point, norm)
    lifted = [h._replace(normal=(*h.normal, *(0,) * len(costs))) for h in polyhedron.halfspaces]
    close = Halfspace.of([*(0,) * len(point), *costs], projection.cost)
    candidates = Polyhedron.from_halfspaces([*lifted, *around, close], len(point) + len(costs))
    return None if candidates.is_empty() else candidates.sample_point()[: len(point)]


# -- many tiles ---------------------------------------------------------------------------------------------------


def lower_bounds(tiling: Tiling, point: ExactVector, norm: str) -> FloatArray:
    """For each tile a float that is certainly not above its distance from the point (see the module's docstring)."""
    bounds = np.zeros(len(tiling))
    by_source: dict[int, tuple[TileSource, list[int], list[int]]] = {}
    for i, tile in enumerate(tiling):
        _, places, numbers = by_source.setdefault(id(tile.source), (tile.source, [], []))
        places.append(i)
        numbers.append(tile.number)
    for source, places, numbers in by_source.values():
        for start in range(0, len(places), _CHUNK):
            chunk = slice(start, start + _CHUNK)
            bounds[places[chunk]] = _bounds_of(source, numbers[chunk], point, norm)
    return bounds


def _bounds_of(source: TileSource, numbers: Sequence[int], point: ExactVector, norm: str) -> FloatArray:
    bounds = np.zeros(len(numbers))
    for values, radius, signs in _forms(source, numbers, len(point)):
        # values: (tiles, d + 1, forms); signs: +1 where the form is at least zero on the tile, -1 at most, 0 unknown
        bounds = np.maximum(bounds, _distances(values, radius, signs, point, norm).max(axis=1, initial=0.0))
    return bounds


def _forms(
    source: TileSource, numbers: Sequence[int], dim: int
) -> Iterator[tuple[FloatArray, FloatArray, NDArray[np.int8]]]:
    """Layer by layer the forms that the tiles give a sign, with their radii and signs; the target's rows come last."""
    restriction, count = source.restriction, len(numbers)
    bits = [source.bits(number) for number in numbers]
    values = np.tile(np.eye(dim + 1)[:, :dim], (count, 1, 1))
    radius = np.zeros(values.shape)
    for depth, layer in enumerate(restriction.layers):
        values, radius = _through(layer.float_weight, layer.float_bias, values, radius)
        mask = np.array(layer.relu, dtype=np.bool_)
        signs = np.zeros((count, layer.output_dim), dtype=np.int8)
        signs[:, mask] = np.where(
            np.array([own[depth] for own in bits], dtype=np.bool_).reshape(count, mask.sum()), 1, -1
        )
        yield values, radius, signs
        silent = (signs < 0)[:, None, :]
        values, radius = np.where(silent, 0.0, values), np.where(silent, 0.0, radius)
    rows = restriction.target.halfspaces
    if rows:
        scales = [max(1, *map(abs, h.normal), abs(h.offset)) for h in rows]
        normals = np.array([to_floats(Fraction(-v, s) for v in h.normal) for h, s in zip(rows, scales, strict=True)])
        offsets = to_floats(Fraction(h.offset, s) for h, s in zip(rows, scales, strict=True))
        values, radius = _through(normals.reshape(len(rows), values.shape[2]), offsets, values, radius)
        equal = np.array([h.relation == "==" for h in rows], dtype=np.bool_)
        yield values, radius, np.ones((count, len(rows)), dtype=np.int8)
        yield values[:, :, equal], radius[:, :, equal], -np.ones((count, int(equal.sum())), dtype=np.int8)


def _through(
    weight: FloatArray, bias: FloatArray, values: FloatArray, radius: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Affine maps, the last row of each the constants, followed by a layer; the bias counts as one more weight."""
    tiles, rows, width = values.shape
    one = np.zeros((tiles, rows, 1))
    one[:, -1] = 1.0
    columns = np.concatenate([values, one], axis=2).reshape(-1, width + 1)
    spread = np.concatenate([radius, np.zeros_like(one)], axis=2).reshape(-1, width + 1)
    extended = np.concatenate([weight, bias[:, None]], axis=1)
    after, bound = affine_with_bound(extended, np.zeros(len(bias)), columns, spread)
    shape = (tiles, rows, len(bias))
    return after.reshape(shape), bound.reshape(shape)


def _distances(
    values: FloatArray, radius: FloatArray, signs: NDArray[np.int8], point: ExactVector, norm: str
) -> FloatArray:
    """For each tile and form how far the form's sign keeps the tile from the point at least; zero where it does not."""
    dim = len(point)
    p = to_floats(point)[:, None]
    error = _UNIT_ROUNDOFF * np.abs(p) + _SMALLEST
    with np.errstate(all="ignore"):
        a, c, r, r_c = values[:, :-1], values[:, -1], radius[:, :-1], radius[:, -1]
        at_point = (a * p).sum(axis=1) + c
        doubt = (np.abs(a) * error + r * (np.abs(p) + error)).sum(axis=1) + r_c
        doubt += gamma(dim + 2) * ((np.abs(a) * np.abs(p)).sum(axis=1) + np.abs(c))
        doubt = (1.0 + gamma(dim + 8)) * doubt + _UNDERFLOW * (2 * dim + 2)
        size = (1.0 + gamma(dim + 4)) * _DUAL_NORMS[norm](np.abs(a) + r) + _UNDERFLOW
        bounds = (1.0 - gamma(dim + 16)) * ((-signs * at_point - doubt) / size)
        return np.where((signs != 0) & (bounds > 0) & np.isfinite(bounds), bounds, 0.0)


def _sum_norm(sizes: FloatArray) -> FloatArray:
    return np.asarray(sizes.sum(axis=1))


def _maximum_norm(sizes: FloatArray) -> FloatArray:
    return np.asarray(sizes.max(axis=1, initial=0.0))


def _euclidean_norm(sizes: FloatArray) -> FloatArray:
    largest = sizes.max(axis=1, initial=0.0)
    ratios = np.divide(sizes, largest[:, None], out=np.zeros_like(sizes), where=largest[:, None] > 0)
    return np.asarray(largest * np.sqrt((ratios * ratios).sum(axis=1)))


_DUAL_NORMS: dict[str, Callable[[FloatArray], FloatArray]] = {
    "linf": _sum_norm,
    "l1": _maximum_norm,
    "l2": _euclidean_norm,
}
