r"""Float filters: signs of affine forms at float points, certified, and exact wherever the certificate fails.

Notation: :math:`u = 2^{-53}` is the unit roundoff of binary64, :math:`\gamma_k = k u / (1 - k u)`, and a hat marks a
computed quantity. Two facts are used throughout [Higham2002]_:

* *Lemma 3.1*: a product of k factors :math:`(1+\delta_i)^{\pm 1}`, :math:`|\delta_i| \le u`, is :math:`1 + \theta_k`
with
  :math:`|\theta_k| \le \gamma_k`; and (Lemma 3.3) :math:`\gamma_j + \gamma_k + \gamma_j \gamma_k \le \gamma_{j+k}`.
* *Section 3.1*: a sum of k products, added in any order, with or without fused operations, has every term perturbed
  by at most :math:`1 + \theta_k`.

**A form at a float point.** Let the form be :math:`v = a \cdot x - b` with integers :math:`a, b` divided by a common
positive scale, which does not change the sign, and stored as the nearest floats :math:`\hat a, \hat b`, so
:math:`\hat a_j = a_j (1 + \delta_j)`. The d products and the final subtraction are d + 1 terms, hence, with
:math:`T = \sum_j |\hat a_j| |x_j| + |\hat b|`,

.. math:: |\hat v - v| \le \gamma_{d+2} T, \qquad T \le (1 + \gamma_{d+1}) \hat T,

because :math:`\hat T` is a sum of d + 1 non-negative terms. So :math:`|\hat v - v| \le \gamma_{2d+3} \hat T`.
Evaluating the right-hand side itself rounds three times (the quotient in :math:`\gamma`, the product, the sum with the
underflow term), which the index absorbs: :math:`\gamma_{2d+6} \hat T`.

**Underflow.** A conversion or product that underflows is off by at most :math:`2^{-1075}` in absolute terms instead.
There are d products and d + 1 conversions, the latter multiplied by at most :math:`|x_j|` or 1, so the total is below
:math:`2^{-1074} (d + 1 + \sum_j |x_j|)`. The bound adds :math:`2^{-1022} (d + 2 + \sum_j |x_j|)`, which is computed
without underflow. Where points are only known within a radius, that is added to :math:`|x_j|` there.

**Zero.** Where every product has a factor that is exactly zero and b is zero, the form is zero and there is no doubt;
silent neurons make this common.

**Overflow** makes the bound infinite or NaN, no comparison succeeds, and the exact branch decides.

**An affine layer** of inputs :math:`\hat x` known within :math:`e` (:math:`|x - \hat x| \le e`) has
:math:`|z - \hat z| \le |W| e + \gamma_{d+2} (|\hat W| |\hat x| + |\hat b|)`, where :math:`|W| \le |\hat W| (1 +
\gamma_1)`.
:func:`affine_with_bound` evaluates :math:`(1 + \gamma_{d+8}) [\,|\hat W| (e + \gamma_{d+2} |\hat x|) + \gamma_{d+2}
|\hat b|\,]`:
the bracket is a sum of d + 1 non-negative terms, each of which has passed at most d + 1 roundings in the sum and six
more in its factors. ReLU moves two numbers no further apart, so the bound
passes through it; where :math:`\hat z + e < 0`, it returns exactly 0.

.. [Higham2002] N. J. Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., SIAM 2002,
   doi:10.1137/1.9780898718027.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from polyrelu.errors import DimensionError, InexactError
from polyrelu.exact import FloatArray

_UNIT_ROUNDOFF = 2.0**-53
_UNDERFLOW = 2.0**-1022

Signs = NDArray[np.int8]


def gamma(k: int) -> float:
    """Higham's gamma_k = k u / (1 - k u) for binary64, rounded to nearest."""
    return k * _UNIT_ROUNDOFF / (1.0 - k * _UNIT_ROUNDOFF)


def float_points(points: FloatArray, dim: int, where: str) -> FloatArray:
    """``points`` as a float64 array of shape (n, dim).

    Raises:
        DimensionError: the points live in another space.
        InexactError: a coordinate is NaN or infinite.
    """
    array = np.ascontiguousarray(points, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] != dim:
        raise DimensionError(f"{where}: expected points of shape (n, {dim}), got {array.shape}")
    if not np.isfinite(array).all():
        i, j = np.argwhere(~np.isfinite(array))[0]
        raise InexactError(f"{where}: point {i} has coordinate {j} = {array[i, j]}; drop such points first")
    return array


class AffineForms:
    """Affine forms ``normal . x - offset`` with integer coefficients, whose signs at float points are exact.

    ``normals`` are rows of d integers, ``offsets`` as many integers.
    """

    def __init__(self, normals: Sequence[Sequence[int]], offsets: Sequence[int], dim: int) -> None:
        self.dim = dim
        self._normals = normals
        self._offsets = offsets
        scales = [max(1, *map(abs, row), abs(offset)) for row, offset in zip(normals, offsets, strict=True)]
        self._float_normals = np.array(
            [[v / s for v in row] for row, s in zip(normals, scales, strict=True)], dtype=np.float64
        ).reshape(len(scales), dim)
        self._supports = np.array([[float(v != 0) for v in row] for row in normals]).reshape(len(scales), dim)
        self._no_offset = np.array([offset == 0 for offset in offsets], dtype=np.bool_)
        self._float_offsets = np.array([v / s for v, s in zip(offsets, scales, strict=True)], dtype=np.float64)

    def signs(self, points: FloatArray) -> Signs:
        """The exact sign (-1, 0 or 1) of every form at every float point, of shape (points, forms)."""
        signs, doubtful = self.certified_signs(points, np.zeros(points.shape))
        for i, j in np.argwhere(doubtful):
            signs[i, j] = self._exact_sign(j, points[i])
        return signs

    def certified_signs(self, points: FloatArray, radius: FloatArray) -> tuple[Signs, NDArray[np.bool_]]:
        """Signs at points known within ``radius``, and where they remain in doubt; both of shape (points, forms)."""
        magnitudes = np.abs(points)
        normals = np.abs(self._float_normals)
        with np.errstate(over="ignore", invalid="ignore"):
            values = points @ self._float_normals.T - self._float_offsets
            total = magnitudes @ normals.T + np.abs(self._float_offsets)
            underflow = _UNDERFLOW * (self.dim + 2 + (magnitudes + radius).sum(axis=1, keepdims=True))
            spread = (1.0 + gamma(self.dim + 8)) * (radius @ normals.T)
            bound = gamma(2 * self.dim + 6) * total + underflow + (1.0 + gamma(2)) * spread
            signs = np.where(values > bound, 1, np.where(values < -bound, -1, 0)).astype(np.int8)
        moving = ((magnitudes > 0) | (radius > 0)).astype(np.float64) @ self._supports.T
        exactly_zero = (moving == 0) & self._no_offset
        return signs, (signs == 0) & ~exactly_zero

    def _exact_sign(self, form: int, point: FloatArray) -> int:
        ratios = [float(v).as_integer_ratio() for v in point]
        scale = max(denominator for _, denominator in ratios)  # denominators are powers of two
        value = sum(a * (p * (scale // q)) for a, (p, q) in zip(self._normals[form], ratios, strict=True))
        value -= self._offsets[form] * scale
        return (value > 0) - (value < 0)


def affine_with_bound(
    weight: FloatArray, bias: FloatArray, points: FloatArray, radius: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """``points @ weight.T + bias`` and a bound on its distance from the exact affine image.

    ``weight`` (n, d) and ``bias`` (n,) are nearest floats of exact numbers, and the exact points lie within
    ``radius`` of ``points``, both (k, d). Returns two (k, n) arrays.
    """
    dim = weight.shape[1]
    magnitudes = np.abs(points)
    with np.errstate(over="ignore", invalid="ignore"):
        values = points @ weight.T + bias
        spread = (radius + gamma(dim + 2) * magnitudes) @ np.abs(weight).T + gamma(dim + 2) * np.abs(bias)
        underflow = _UNDERFLOW * (dim + 2 + (magnitudes + radius).sum(axis=1, keepdims=True))
        return values, (1.0 + gamma(dim + 8)) * spread + underflow
