r"""How far each tile of a tiling is from a point at least, in floats: which tiles need no exact projection.

A tile with a sign vector lies where its neurons' forms have these signs and its target rows hold. A form
:math:`a x + c` that is at least zero on the tile and has the value v < 0 at p keeps the tile at least
:math:`|v| / \|a\|_*` away, in the dual norm. :func:`lower_bounds` computes these quotients for all tiles at once. It
multiplies the layers itself and not by :mod:`polyrelu.networks.affine_outputs`: in floats, for thousands of tiles in
one product, with the bound of the next paragraph, which is proven for these operations in this order.

**The bound is proven**, in the notation of :mod:`polyrelu.arithmetic.rounding`.
:func:`~polyrelu.arithmetic.rounding.affine_with_bound` carries each column of the map to a layer through the layer,
with the bias as one more weight; it gives :math:`\hat a_j, \hat c` with radii :math:`r_j, r_c`, the *forms' radii*. The
nearest floats of the point are :math:`\hat p`, so :math:`p_j = \hat p_j (1 + \delta_j) + \epsilon_j` with
:math:`|\epsilon_j| \le 2^{-1075}`. Were :math:`\epsilon_j` zero, then :math:`\hat v`, the sum of d + 1 products in
floats, which perturbs each by :math:`1 + \theta_{d+1}`, had

.. math:: |v - \hat v| \le S = \sum_j r_j |\hat p_j| + r_c + \gamma_{d+2} \Big( \sum_j |\hat a_j| |\hat p_j|
          + |\hat c| \Big),

up to a factor 1 + u of :math:`r_j`; and :math:`\|a\|_* \le \|\,|\hat a| + r\|_*` entry by entry. So the quotient is at
least :math:`(|\hat v| - S) / \|\,|\hat a| + r\|_*` where :math:`\hat v` has the wrong sign.

*Rounding.* S consists of non-negative terms, each of which passes at most d + 5 roundings on its way into the sum, and
three more while a factor is put before it: :math:`(1 + \gamma_{3d+16}) S` covers them and the factor 1 + u. The norm
rounds at most d + 7 times (for the Euclidean one the largest entry is taken out of the root, so that the sum of squares
is at least 1), the difference, the quotient and the factor itself six times together: d + 13 of the roundings for which
the quotient is multiplied by :math:`1 - \gamma_{3d+16}`.

*Underflow.* A quotient below :math:`2^{-1022}` may have been rounded up by as much as half of it, and is taken for
zero. Of a larger one, the :math:`\epsilon_j` are a small part: they change v by at most :math:`\sum_j |a_j| 2^{-1075}
\le d u\, 2^{-1022} \|a\|_*`, for which the factor has d roundings more. Products that underflow are off by at most
:math:`2^{-1075}` each, of which there are fewer than 4 d + 4 in :math:`\hat v` and S; :math:`2^{-1022}` is added to S
for them. It is added to the norm, too, whose last product may underflow where all entries are subnormal.

*Zero, overflow, infinity and NaN.* One number of :math:`\hat a, r, \hat c, r_c, \hat p` that is not finite (a
coordinate or a weight beyond the range of floats is infinite) makes :math:`\hat v` or S infinite or NaN, because it
enters by itself or with a product, infinity times zero being NaN. So does a sum that overflows. Where S is not finite,
the difference is negative or NaN, and the comparison with :math:`2^{-1022}` fails; where :math:`\hat v` alone is not,
or the norm is zero, the quotient is infinite or NaN, which is asked; an infinite norm makes it zero or NaN. In all
these cases, and where floats are not IEEE 754's default (:mod:`polyrelu.arithmetic.ieee`), the bound is zero: nothing
is known, and the tile is projected onto exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from polyrelu.arithmetic.exact import ExactVector, FloatArray, nearest_floats, to_floats
from polyrelu.arithmetic.ieee import SMALLEST_NORMAL, floats_are_sound
from polyrelu.arithmetic.rounding import affine_with_bound, gamma
from polyrelu.networks.activation_pattern import sign_rows
from polyrelu.networks.layer import neuron_starts
from polyrelu.tilings.tile_source import TileSource
from polyrelu.tilings.tiling import Tiling

_CHUNK = 4096


def lower_bounds(tiling: Tiling, point: ExactVector, norm: str) -> FloatArray:
    """For each tile a float that is certainly not above its distance from the point, zero where nothing is known.

    Args:
        tiling: of sets in R^d.
        point: d numbers of any size.
        norm: ``"linf"``, ``"l1"`` or ``"l2"``.
    """
    bounds = np.zeros(len(tiling))
    if not point or not floats_are_sound():
        return bounds
    near = nearest_floats(point)
    for source, local, own in tiling.by_source():
        for start in range(0, len(own), _CHUNK):
            chunk = slice(start, start + _CHUNK)
            bounds[own[chunk]] = _bounds_of(source, local[chunk].tolist(), near, norm)
    return bounds


def _bounds_of(source: TileSource, numbers: Sequence[int], point: FloatArray, norm: str) -> FloatArray:
    bounds = np.zeros(len(numbers))
    for values, radius, signs in forms(source, numbers, len(point)):
        bounds = np.maximum(bounds, distances(values, radius, signs, point, norm).max(axis=1, initial=0.0))
    return bounds


def forms(
    source: TileSource, numbers: Sequence[int], dim: int
) -> Iterator[tuple[FloatArray, FloatArray, NDArray[np.int8]]]:
    """Layer by layer the forms that the tiles give a sign, with their radii and signs; the target's rows come last.

    Values and radii have shape (tiles, d + 1, forms): the normals, then the constants. Signs, (tiles, forms), are 1
    where the form is at least zero on the tile, -1 where at most, 0 where nothing is said.
    """
    restriction, count = source.restriction, len(numbers)
    starts = neuron_starts(restriction.layers)
    active = sign_rows([source.bits(number) for number in numbers], starts[-1])
    values = np.tile(np.eye(dim + 1)[:, :dim], (count, 1, 1))
    radius = np.zeros(values.shape)
    for layer, (first, after) in zip(restriction.layers, pairwise(starts), strict=True):
        values, radius = _through(layer.float_weight, layer.float_bias, values, radius)
        signs = np.zeros((count, layer.output_dim), dtype=np.int8)
        signs[:, list(layer.neurons)] = np.where(active[:, first:after], 1, -1)
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


def distances(
    values: FloatArray, radius: FloatArray, signs: NDArray[np.int8], point: FloatArray, norm: str
) -> FloatArray:
    """For each tile and form of :func:`forms` how far its sign keeps the tile from the point at least, or zero.

    The point is given by the nearest floats of its coordinates, infinite beyond the range of floats.
    """
    p = point[:, None]
    rounding = gamma(3 * len(point) + 16)
    with np.errstate(all="ignore"):
        a, c, r, r_c = values[:, :-1], values[:, -1], radius[:, :-1], radius[:, -1]
        doubt = (1.0 + rounding) * value_error(a, c, r, r_c, p) + SMALLEST_NORMAL
        size = DUAL_NORMS[norm](np.abs(a) + r) + SMALLEST_NORMAL
        bounds = (1.0 - rounding) * ((-signs * value_at(a, c, p) - doubt) / size)
        return np.where((bounds >= SMALLEST_NORMAL) & np.isfinite(bounds), bounds, 0.0)


def value_at(a: FloatArray, c: FloatArray, p: FloatArray) -> FloatArray:
    """The forms' values at the point."""
    return np.asarray((a * p).sum(axis=1) + c)


def value_error(a: FloatArray, c: FloatArray, r: FloatArray, r_c: FloatArray, p: FloatArray) -> FloatArray:
    """S of the module's docstring: the bound on how far :func:`value_at` in floats may be off."""
    size = (np.abs(a) * np.abs(p)).sum(axis=1) + np.abs(c)
    return np.asarray((r * np.abs(p)).sum(axis=1) + r_c + gamma(len(p) + 2) * size)


def _sum_norm(sizes: FloatArray) -> FloatArray:
    return np.asarray(sizes.sum(axis=1))


def _maximum_norm(sizes: FloatArray) -> FloatArray:
    return np.asarray(sizes.max(axis=1, initial=0.0))


def _euclidean_norm(sizes: FloatArray) -> FloatArray:
    largest = sizes.max(axis=1, initial=0.0)
    ratios = np.divide(sizes, largest[:, None], out=np.zeros_like(sizes), where=largest[:, None] > 0)
    return np.asarray(largest * np.sqrt((ratios * ratios).sum(axis=1)))


DUAL_NORMS: dict[str, Callable[[FloatArray], FloatArray]] = {
    "linf": _sum_norm,
    "l1": _maximum_norm,
    "l2": _euclidean_norm,
}
"""The norm of a form that belongs to each norm of a step."""
