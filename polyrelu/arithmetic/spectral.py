r"""The spectral norm of a matrix: enclosed exactly, and bounded from above for many matrices of floats.

:math:`\|J\|_2^2` is the largest root of the characteristic polynomial p of :math:`J J^T`, whose roots are all real. A
number :math:`\lambda` is no smaller than any of them iff no coefficient of :math:`p(\lambda + t)` is negative: then p
has no positive root beyond it, and conversely :math:`p(\lambda + t) = \prod (t + \lambda - \lambda_i)`. So floats are
compared with the norm exactly, and an enclosure by two of them is as narrow as floats are where an estimate is good.

For a matrix of floats whose entries are known within r, with :math:`S = \hat J \hat J^T` of k rows, Cholesky's method
that comes to an end on :math:`\lambda I - S - c I` proves :math:`S \preceq \lambda I` if c bounds what rounding does:
:math:`\gamma_{k+1} / (1 - \gamma_{k+1})` times the trace (S. M. Rump, Verification of positive definiteness, BIT 46,
2006), and the error of S itself, at most :math:`\gamma_n` times its trace in norm. Four times as much is allowed here,
because an operation in a product of matrices may round in any mode; entries that are too small for that to pay for
underflow are left alone. What the entries are off adds at most :math:`r \sqrt{m n}`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from flint import fmpq, fmpq_poly

from polyrelu.arithmetic.exact import ExactMatrix, FloatArray, enclosing_floats, flint_matrix, to_flint
from polyrelu.arithmetic.rounding import gamma

_SAFE, _LARGEST = 2.0**-300, 2.0**300


def spectral_norm(matrix: ExactMatrix) -> tuple[float, float]:
    """Two floats between which the norm lies; the upper one is infinite where it is beyond them.

    Cost: a characteristic polynomial in exact numbers, of the smaller dimension; and some evaluations.
    """
    rows = [row for row in matrix if any(row)]
    if not rows:
        return 0.0, 0.0
    largest = max(abs(v) for row in rows for v in row)
    exponent = largest.numerator.bit_length() - largest.denominator.bit_length()
    scale = Fraction(2) ** exponent
    low, high = _of_moderate([[v / scale for v in row] for row in rows])
    return enclosing_floats(Fraction(low) * scale)[0], enclosing_floats(Fraction(high) * scale)[1]


def _of_moderate(rows: Sequence[Sequence[Fraction]]) -> tuple[float, float]:
    """The same of a matrix whose largest entry is about 1."""
    square = _smaller_gram(rows)
    size = len(square)
    charpoly = flint_matrix(square, size).charpoly()

    def is_above(value: float) -> bool:
        shifted = charpoly(fmpq_poly([to_flint(Fraction(value) ** 2), fmpq(1)]))
        return all(v >= 0 for v in shifted.coeffs())

    trace = sum((square[i][i] for i in range(size)), Fraction(0))
    low, high = 0.0, 2.0 * math.sqrt(enclosing_floats(trace)[1])
    estimate = float(np.linalg.norm(np.array([[float(v) for v in row] for row in rows]), 2))
    for near in (estimate, estimate * (1 - 2.0**-40), estimate * (1 + 2.0**-40)):
        if low < near < high:
            low, high = (low, near) if is_above(near) else (near, high)
    while low < (middle := low + 0.5 * (high - low)) < high:
        low, high = (low, middle) if is_above(middle) else (middle, high)
    return low, high


def _smaller_gram(rows: Sequence[Sequence[Fraction]]) -> list[list[Fraction]]:
    """The products of rows with rows, or of columns with columns where these are fewer."""
    columns = list(zip(*rows, strict=True))
    vectors: Sequence[Sequence[Fraction]] = rows if len(rows) <= len(columns) else columns
    return [[sum((a * b for a, b in zip(u, v, strict=True)), Fraction(0)) for v in vectors] for u in vectors]


def spectral_bounds(matrices: FloatArray, radius: FloatArray) -> FloatArray:
    """Floats that are certainly no smaller than the norms of k matrices (k, m, n), known within radius (k,).

    Infinite where entries are too large or too small to tell. Whoever calls has asked whether floats are sound.
    """
    count, m, n = matrices.shape
    if not count or not m or not n:
        return np.zeros(count)
    with np.errstate(all="ignore"):
        own = matrices if m <= n else matrices.transpose(0, 2, 1)
        size = np.abs(own).max(axis=(1, 2))
        told = (size == 0) | ((size < _LARGEST) & (size > _SAFE))
        safe = np.where(told, size, 1.0)
        own = np.where(told[:, None, None], own, 0.0)
        square = own @ own.transpose(0, 2, 1)
        trace = np.trace(square, axis1=1, axis2=2)
        k = square.shape[1]
        doubt = 8.0 * (gamma(k + 1) + gamma(max(m, n))) * trace + 2.0**-100 * safe * safe
        top = _about_largest(square) * (1.0 + 2.0**-30) + 2.0 * doubt
        square_bound = np.where(_certified(square, top - doubt), top, trace * (1.0 + 2.0**-30) + doubt)
        bound = np.sqrt(square_bound) * (1.0 + 2.0**-50) + radius * math.sqrt(m * n) * (1.0 + 2.0**-50)
    return np.where(told & np.isfinite(bound), bound, np.inf)


def _about_largest(square: FloatArray) -> FloatArray:
    try:
        return np.asarray(np.linalg.eigvalsh(square)[:, -1])
    except np.linalg.LinAlgError:
        return np.asarray(np.trace(square, axis1=1, axis2=2))


def _certified(square: FloatArray, top: FloatArray) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Whether Cholesky's method comes to an end on each ``top I - square``; none is where one is not."""
    shifted = top[:, None, None] * np.eye(square.shape[1]) - square
    try:
        factors = np.linalg.cholesky(shifted)
    except np.linalg.LinAlgError:
        if len(square) == 1:
            return np.zeros(1, dtype=np.bool_)
        half = len(square) // 2
        return np.concatenate([_certified(square[:half], top[:half]), _certified(square[half:], top[half:])])
    return np.asarray(np.isfinite(factors).all(axis=(1, 2)))
