r"""Float filters: signs of affine forms at float points, certified, and exact wherever the certificate fails.

Notation: u and :math:`\tau` are from the table of :mod:`polyrelu.arithmetic.ieee`, :math:`\gamma_k = k u / (1 - k u)`,
and a hat marks a computed quantity. Two facts are used throughout [Higham2002]_:

* *Lemma 3.1*: a product of k factors :math:`(1+\delta_i)^{\pm 1}`, :math:`|\delta_i| \le u`, is :math:`1 + \theta_k`
  with :math:`|\theta_k| \le \gamma_k`; and (Lemma 3.3) :math:`\gamma_j + \gamma_k + \gamma_j \gamma_k \le
  \gamma_{j+k}`.
* *Section 3.1*: a sum of k products, added in any order, with or without fused operations, has every term pass k
  operations at most.

**Modes.** Everything but products of matrices is computed in the calling thread, where
:func:`~polyrelu.arithmetic.ieee.floats_are_sound` is asked each time: where floats round otherwise or flush subnormal
numbers to zero, every sign is in doubt and every bound infinite. Products of matrices are BLAS's, whose threads have
modes that nobody can ask. So an operation in a product is allowed an error of :math:`2u`, that of every rounding mode,
and counts as two factors; and an operation whose result or operand is subnormal may lose all of it, less than
:math:`\tau`.

**A form at a float point.** Let the form be :math:`v = a \cdot x - b` with integers :math:`a, b` divided by a common
positive scale, the largest of their moduli, and stored as the nearest floats :math:`\hat a, \hat b`, so
:math:`\hat a_j = a_j (1 + \delta_j)`. A term has passed a conversion, a product and d - 1 sums of the matrix product,
and the subtraction of :math:`\hat b`: 2 d + 2 factors. With :math:`T = \sum_j |\hat a_j| |x_j| + |\hat b|`,

.. math:: |\hat v - v| \le \gamma_{2d+2} T, \qquad T \le (1 + \gamma_{2d+1}) \hat T,

because :math:`\hat T` is a sum of non-negative terms. So :math:`|\hat v - v| \le \gamma_{4d+3} \hat T`. Evaluating the
right-hand side rounds four times (the quotient in :math:`\gamma`, the product, two sums), which makes it
:math:`\gamma_{4d+8} \hat T`. A point known within r moves the form by :math:`\sum_j |a_j| r_j`, which is at most
:math:`1 + \gamma_1` times the same sum with :math:`\hat a_j`, computed with 2 d factors; three more roundings evaluate
:math:`(1 + \gamma_{2d+8})` times it.

**Underflow** loses absolute amounts instead. With entries of modulus 1 at most: 2 d operations of a matrix product lose
less than :math:`2 d \tau`, subnormal operands less than :math:`\tau (d + \sum_j |x_j|)`, conversions less than
:math:`\tau (1 + \sum_j (|x_j| + r_j))`; the same again, at most, for :math:`\hat T` and for the sum with r. All that is
below :math:`8 \tau (d + 2 + \sum_j (|x_j| + r_j))`, which the bound adds, and which is normal itself.

**An affine layer** of inputs :math:`\hat x` known within :math:`e` (:math:`|x - \hat x| \le e`) has :math:`|z - \hat z|
\le |W| e + \gamma_{2d+2} (|\hat W| |\hat x| + |\hat b|)`, where :math:`|W| \le |\hat W| (1 + \gamma_1)`. Weights may be
large, so what underflows before it meets them may not be forgotten. Hence :func:`affine_with_bound` evaluates the sum
in units of u,

.. math:: (1 + \gamma_{2d+10}) \, u \, \big[\, |\hat W| (2^{53} e + k |\hat x| + 2^{53} \tau) + k |\hat b| \,\big],
   \qquad k = \gamma_{2d+2} / u ,

where no factor of :math:`|\hat W|` is subnormal, and :math:`\tau |\hat W|` pays for subnormal entries of
:math:`\hat x` that BLAS takes for zero. The bracket's terms have passed at most 2 d + 5 roundings, three more follow,
and one is for :math:`|W|`. What else underflows is bounded as above, and added.

**ReLU** moves two numbers no further apart, so the bound passes through it; where :math:`\hat z < -e` it returns
exactly 0 (:func:`relu_with_bound`).

**Zero.** Where every product has a factor that is exactly zero and b is zero, the form is zero and there is no doubt;
silent neurons make this common.

**Overflow, infinity, NaN.** Where a bound is not less than :math:`2^{960}`, or NaN, it is taken for infinite, and
nothing is known. Where it is less, nothing has overflowed: the bound is at least :math:`2^{-53}` times the sum of the
moduli of all terms, which is therefore below :math:`2^{1013}`, and that sum consists of non-negative terms, so no part
of it has overflowed, either, not even to the greatest float, as in some rounding modes. It includes everything that is
infinite or NaN: a coordinate or a radius, which also enters by itself, or a weight (numbers beyond the range of floats
have infinite floats). Bounds are never NaN. An infinite bound stays so behind ReLU, and makes all bounds of the next
layer infinite. A sign counts where :math:`|\hat v|` is greater than the bound, which no comparison with NaN says.

.. [Higham2002] N. J. Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., SIAM 2002,
   doi:10.1137/1.9780898718027.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyrelu.arithmetic.exact import FloatArray, exact, float_quotients, float_ratio, read_only
from polyrelu.arithmetic.ieee import SMALLEST_NORMAL, UNIT_ROUNDOFF, floats_are_sound, probe
from polyrelu.errors import DimensionError, InexactError
from polyrelu.support.tensors import plain

_UNDERFLOW = 8.0 * SMALLEST_NORMAL  # see *Underflow* above
_LEAST_UNKNOWN = 2.0**960

Signs = NDArray[np.int8]


def gamma(k: int) -> float:
    """Higham's gamma_k = k u / (1 - k u) for binary64, rounded to nearest."""
    return k * UNIT_ROUNDOFF / (1.0 - k * UNIT_ROUNDOFF)


def float_points(points: Any, dim: int, where: str) -> FloatArray:
    """``points`` as a float64 array of shape (n, dim).

    Raises:
        DimensionError: the points live in another space.
        InexactError: a coordinate is NaN or infinite, or no float64: nothing is rounded.
    """
    try:
        given = np.asarray(plain(points, where))
        if given.dtype.kind == "c":
            raise TypeError("they are complex")
        array = np.ascontiguousarray(given, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise InexactError(
            f"{where}: the points are not an array of floats ({error}); pass numpy floats of shape (n, {dim}), or one "
            f"exact point at a time"
        ) from None
    if array.ndim != 2 or array.shape[1] != dim:
        raise DimensionError(f"{where}: expected points of shape (n, {dim}), got {array.shape}")
    if not np.isfinite(array).all():
        i, j = np.argwhere(~np.isfinite(array))[0]
        raise InexactError(f"{where}: point {i} has coordinate {j} = {array[i, j]}; drop such points first")
    if not _keeps_values(given):
        for i, row in enumerate(given):
            for j, value in enumerate(row):
                if exact(value, f"{where}: point {i}, coordinate {j}") != Fraction(*float_ratio(float(array[i, j]))):
                    raise InexactError(
                        f"{where}: point {i} has coordinate {j} = {value}, which is no float64; pass exact points one "
                        "at a time"
                    )
    return array


def _keeps_values(given: NDArray[Any]) -> bool:
    """Whether it is clear that every number of an array is a float64 and arrives as it."""
    if given.dtype.kind in "iu":
        return not given.size or (int(given.min()) >= -(2**53) and int(given.max()) <= 2**53)
    return given.dtype == np.float64 or (given.dtype in (np.float32, np.float16) and all(probe().values()))


class AffineForms:
    """Affine forms ``normal . x - offset`` with integer coefficients, whose signs at float points are exact.

    ``normals`` are rows of d integers, ``offsets`` as many integers, of any size.
    """

    def __init__(self, normals: Sequence[Sequence[int]], offsets: Sequence[int], dim: int) -> None:
        self.dim = dim
        self._normals = normals
        self._offsets = offsets
        scales = [max(1, *map(abs, row), abs(offset)) for row, offset in zip(normals, offsets, strict=True)]
        entries = ((v, s) for row, s in zip(normals, scales, strict=True) for v in row)
        self._float_normals = float_quotients(entries).reshape(len(scales), dim)
        self._float_offsets = float_quotients(zip(offsets, scales, strict=True))
        supports = np.array([[v != 0 for v in row] for row in normals], dtype=np.float64)
        self._supports = read_only(supports.reshape(len(scales), dim))
        self._no_offset = read_only(np.array([offset == 0 for offset in offsets], dtype=np.bool_))

    def signs(self, points: FloatArray) -> Signs:
        """The exact sign (-1, 0 or 1) of every form at every float point, of shape (points, forms)."""
        signs, doubtful = self.certified_signs(points, np.zeros(points.shape))
        for i, j in np.argwhere(doubtful):
            signs[i, j] = self._exact_sign(j, points[i])
        return signs

    def certified_signs(self, points: FloatArray, radius: FloatArray) -> tuple[Signs, NDArray[np.bool_]]:
        """Signs at points known within ``radius``, and where they remain in doubt; both of shape (points, forms).

        ``points`` may be anything where ``radius`` is infinite. A sign in doubt is given as 0. All are in doubt where
        this thread's floats are not sound.
        """
        shape = len(points), len(self._float_offsets)
        if not floats_are_sound():
            return np.zeros(shape, dtype=np.int8), np.ones(shape, dtype=np.bool_)
        values, bound = self.values_with_bound(points, radius)
        with np.errstate(invalid="ignore"):
            positive, negative = values > bound, values < -bound
            still = ((points == 0) & (radius == 0)).astype(np.float64)
        moving = (1.0 - still) @ self._supports.T
        exactly_zero = (moving == 0) & self._no_offset
        return positive.astype(np.int8) - negative.astype(np.int8), ~(positive | negative | exactly_zero)

    def values_with_bound(self, points: FloatArray, radius: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The forms' values over their scales, and bounds on how far they are off, infinite where nothing is known.

        Whoever calls has asked whether floats are sound.
        """
        magnitudes, normals = np.abs(points), np.abs(self._float_normals)
        with np.errstate(over="ignore", invalid="ignore"):
            values = points @ self._float_normals.T - self._float_offsets
            total = magnitudes @ normals.T + np.abs(self._float_offsets)
            underflow = _UNDERFLOW * (self.dim + 2 + (magnitudes + radius).sum(axis=1, keepdims=True))
            spread = (1.0 + gamma(2 * self.dim + 8)) * (radius @ normals.T)
            return values, _certain_bound(gamma(4 * self.dim + 8) * total + underflow + spread)

    def _exact_sign(self, form: int, point: FloatArray) -> int:
        ratios = [float_ratio(v) for v in point.tolist()]
        scale = max((denominator for _, denominator in ratios), default=1)  # denominators are powers of two
        value = sum(a * (p * (scale // q)) for a, (p, q) in zip(self._normals[form], ratios, strict=True))
        value -= self._offsets[form] * scale
        return (value > 0) - (value < 0)


def affine_with_bound(
    weight: FloatArray, bias: FloatArray, points: FloatArray, radius: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """``points @ weight.T + bias`` and a bound on its distance from the exact affine image.

    ``weight`` (n, d) and ``bias`` (n,) are nearest floats of exact numbers, infinite where those are out of range, and
    the exact points lie within ``radius`` of ``points``, both (k, d); ``points`` may be anything where ``radius`` is
    infinite. Returns two (k, n) arrays. Bounds are never NaN; they are infinite where something may have overflowed,
    where a coordinate of the point is unknown, and everywhere where this thread's floats are not sound.
    """
    dim = weight.shape[1]
    factor = gamma(2 * dim + 2) / UNIT_ROUNDOFF
    magnitudes = np.abs(points)
    with np.errstate(over="ignore", invalid="ignore"):
        values = points @ weight.T + bias
        if not floats_are_sound():
            return values, np.full(values.shape, np.inf)
        inputs = radius / UNIT_ROUNDOFF + factor * magnitudes + SMALLEST_NORMAL / UNIT_ROUNDOFF
        spread = UNIT_ROUNDOFF * (inputs @ np.abs(weight).T + factor * np.abs(bias))
        underflow = _UNDERFLOW * (dim + 2 + (magnitudes + radius).sum(axis=1, keepdims=True))
        return values, _certain_bound((1.0 + gamma(2 * dim + 10)) * spread + underflow)


def _certain_bound(bound: FloatArray) -> FloatArray:
    """The bound, infinite where something may have overflowed."""
    return np.where(bound < _LEAST_UNKNOWN, bound, np.inf)


def relu_with_bound(values: FloatArray, radius: FloatArray, mask: NDArray[np.bool_]) -> tuple[FloatArray, FloatArray]:
    """ReLU of the columns in ``mask``, of values known within ``radius``: the values, and how far they may be off now.

    What is unknown, with an infinite radius, stays unknown.
    """
    with np.errstate(invalid="ignore"):
        silent = mask & (values < -radius)
        return np.where(mask, np.maximum(values, 0.0), values), np.where(silent, 0.0, radius)


def middle_and_half(low: FloatArray, high: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The middles of finite boxes and half-widths around them that reach both ends; arrays of one shape.

    Halves may underflow and the sum may round, so a middle is any float near; the differences to the ends are rounded
    to nearest (exact where they are subnormal), and one float further they are no less than the true ones. The middle
    of finite ends is finite, because they are halved first; a half-width may be infinite at the end of the floats.
    Where an end is infinite or NaN, the half-width is infinite or NaN.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        middle = 0.5 * low + 0.5 * high
        return middle, np.nextafter(np.maximum(high - middle, middle - low), np.inf)
