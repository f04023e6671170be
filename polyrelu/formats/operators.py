r"""Piecewise-linear operations on tensors, exactly, as affine maps and ReLUs.

======================================  ===============================================================
leaky ReLU, PReLU with slope a          :math:`a x + (1 - a) \max(0, x)`
clip to [l, u], so ReLU6, hard tanh     :math:`l + \max(0, x - l) - \max(0, x - u)` for l <= u
absolute value                          :math:`2 \max(0, x) - x`
maximum, minimum                        :math:`b + \max(0, a - b)`, :math:`a - \max(0, a - b)`
max pooling                             maxima in a balanced tree
hard sigmoid                            a clip of :math:`\alpha x + \beta` to [0, 1]
======================================  ===============================================================

Constants are object arrays of Fractions. A tensor that mixes depths is settled, see
:meth:`~polyrelu.formats.lowering.Lowering.settled`.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from fractions import Fraction
from math import prod
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from polyrelu.arithmetic.exact import ExactArray, exact
from polyrelu.errors import BudgetExceeded, DimensionError, InexactError, InputError, RoundedWarning
from polyrelu.formats.lowering import ONE, ZERO, Lowering, Row, Variable, check_size, check_work, combine, float_product

Constant: TypeAlias = NDArray[Any]
Value: TypeAlias = Variable | Constant
_ROOT_BITS = 128
_LARGEST_BITS = 2**14


def fractions(array: Any, where: str) -> ExactArray:
    """An array of numbers as Fractions, each float as the dyadic rational it is.

    Raises:
        InexactError: an entry is NaN or infinite, or the array does not hold real numbers.
    """
    given = np.asarray(array)
    if given.dtype == object:
        return given
    if given.dtype.kind in "iu":
        numbers = given.ravel().tolist()
    else:
        if given.dtype.kind not in "fV":
            raise InexactError(f"{where}: an array of type {given.dtype} does not hold real numbers")
        with np.errstate(invalid="ignore"):  # NaN of other kinds, which are told below
            floats = given.astype(np.float64)
        bad = np.argwhere(~np.isfinite(floats))
        if len(bad):
            index = tuple(bad[0].tolist())
            raise InexactError(f"{where}{list(index)}: {floats[index]} is not a finite number; remove or replace it")
        numbers = floats.ravel().tolist()
    result = np.empty(given.size, dtype=object)
    result[:] = [exact(v, where) for v in numbers]
    return result.reshape(given.shape)


def as_variable(value: Value, where: str) -> Variable:
    """A constant as a tensor whose rows have no atoms; a variable as it is."""
    if isinstance(value, Variable):
        return value
    numbers = fractions(value, where)
    return Variable.of([Row({}, v) for v in numbers.ravel().tolist()], numbers.shape)


def add(low: Lowering, a: Value, b: Value, where: str) -> Value:
    """The broadcast sum."""
    if not isinstance(a, Variable) and not isinstance(b, Variable):
        check_size(np.broadcast_shapes(a.shape, b.shape), where)
        return _short(fractions(a, where) + fractions(b, where), where)
    left, right = _broadcast(as_variable(a, where), as_variable(b, where), where)
    total = Variable.of([p.plus(q) for p, q in zip(left.flat, right.flat, strict=True)], left.shape)
    return low.settled(total) if isinstance(a, Variable) and isinstance(b, Variable) else total


def _short(numbers: Any, where: str) -> Constant:
    """Constants that were computed from constants; refused where repeated products have made them enormous."""
    array = np.asarray(numbers, dtype=object)
    bits = max((max(v.numerator.bit_length(), v.denominator.bit_length()) for v in array.ravel().tolist()), default=0)
    if bits > _LARGEST_BITS:
        raise BudgetExceeded(f"{where}: a constant has {bits} bits, over the limit of {_LARGEST_BITS}")
    return array


def negative(value: Value, where: str) -> Value:
    """The tensor with all signs changed."""
    return affine(value, -ONE, ZERO) if isinstance(value, Variable) else np.asarray(-fractions(value, where))


def subtract(low: Lowering, a: Value, b: Value, where: str) -> Value:
    """The broadcast difference."""
    return add(low, a, negative(b, where), where)


def affine(x: Variable, factor: Fraction, shift: Fraction) -> Variable:
    """``factor * x + shift``."""
    return x.map(lambda row: row.scaled(factor, shift))


def multiply(a: Value, b: Value, where: str) -> Value:
    """The broadcast product, of which one factor at most may be variable.

    Raises:
        InputError: both factors depend on the input.
    """
    if isinstance(a, Variable) and isinstance(b, Variable):
        raise InputError(f"{where}: a product of two tensors that both depend on the input is not piecewise linear")
    if isinstance(b, Variable):
        a, b = b, a
    factors = fractions(b, where)
    if not isinstance(a, Variable):
        check_size(np.broadcast_shapes(a.shape, factors.shape), where)
        return _short(fractions(a, where) * factors, where)
    rows, scales = _broadcast(a, as_variable(factors, where), where)
    return Variable.of([r.scaled(s.constant) for r, s in zip(rows.flat, scales.flat, strict=True)], rows.shape)


def divide(a: Value, b: Value, where: str) -> Value:
    """The broadcast quotient by a constant, exactly.

    Raises:
        InputError: the divisor depends on the input, or has a zero.
    """
    if isinstance(b, Variable):
        raise InputError(f"{where}: a division by a tensor that depends on the input is not piecewise linear")
    divisors = fractions(b, where)
    if not all(divisors.ravel().tolist()):
        raise InputError(f"{where}: the divisor has a zero")
    return multiply(a, np.asarray(ONE / divisors, dtype=object), where)


def _broadcast(a: Variable, b: Variable, where: str) -> tuple[Variable, Variable]:
    try:
        shape = np.broadcast_shapes(a.shape, b.shape)
    except ValueError:
        raise DimensionError(f"{where}: the shapes {a.shape} and {b.shape} do not broadcast") from None
    check_size(shape, where)
    return Variable(np.broadcast_to(a.rows, shape)), Variable(np.broadcast_to(b.rows, shape))


def matmul(a: Value, b: Value, where: str) -> Value:
    """The matrix product, batched as numpy does, of which one factor at most may be variable.

    Raises:
        InputError: both factors depend on the input.
        DimensionError: the shapes do not fit.
    """
    if isinstance(a, Variable) and isinstance(b, Variable):
        raise InputError(
            f"{where}: a product of two tensors that both depend on the input (attention, for example) is not "
            "piecewise linear"
        )
    try:
        if not isinstance(a, Variable) and not isinstance(b, Variable):
            check_work(prod(_matmul_shape(a.shape, b.shape)) * a.shape[-1], where)
            return _short(np.matmul(fractions(a, where), fractions(b, where)), where)
        if isinstance(b, Variable):
            shape = _matmul_shape(a.shape, b.shape)
            return _products(np.asarray(a), b, shape, where, left=True)
        shape = _matmul_shape(a.shape, b.shape)
        assert isinstance(a, Variable)
        return _products(b, a, shape, where, left=False)
    except (ValueError, IndexError) as error:
        if isinstance(error, (InexactError, InputError)):
            raise
        raise DimensionError(f"{where}: the shapes {a.shape} and {b.shape} cannot be multiplied") from None


def _matmul_shape(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of a product, from arrays that take no memory."""
    product = np.matmul(np.broadcast_to(np.int8(0), (*a[:-1], 0)), np.broadcast_to(np.int8(0), _inner(b, 0)))
    if a[-1] != b[max(len(b) - 2, 0)]:
        raise ValueError
    return tuple(product.shape)


def _inner(shape: tuple[int, ...], size: int) -> tuple[int, ...]:
    return (size,) if len(shape) == 1 else (*shape[:-2], size, shape[-1])


def _products(weight: Constant, x: Variable, shape: tuple[int, ...], where: str, left: bool) -> Variable:
    check_size(shape, where)
    check_work(prod(shape) * (weight.shape[-1] if left else x.shape[-1]), where)
    if not left and weight.ndim == 2 and x.rows.size == len(weight):  # of one vector
        product = float_product(weight.T, x.flat, shape)
        if product is not None:
            return product
    numbers = fractions(weight, where)
    places = np.arange(x.rows.size).reshape(x.shape)
    # Bring both to (..., rows, inner) and (..., inner, columns), as numpy.matmul does with vectors.
    factors: tuple[Constant, Constant] = (numbers, places) if left else (places, numbers)
    a, b = factors
    a = a[None, :] if a.ndim == 1 else a
    b = b[:, None] if b.ndim == 1 else b
    batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    a, b = np.broadcast_to(a, (*batch, *a.shape[-2:])), np.broadcast_to(b, (*batch, *b.shape[-2:]))
    coefficients = []
    for index in np.ndindex(*batch):
        columns = b[index].T.tolist()
        for row in a[index].tolist():
            for column in columns:
                keys, values = (column, row) if left else (row, column)
                coefficients.append(dict(zip(keys, values, strict=True)))
    return combine(coefficients, [ZERO] * len(coefficients), x.flat, shape)


# -- piecewise linear ---------------------------------------------------------------------------------------------


def relu(low: Lowering, x: Variable) -> Variable:
    """``max(0, x)``."""
    return low.relu(x)


def leaky_relu(low: Lowering, x: Variable, slope: Value, where: str) -> Variable:
    """``x`` where it is positive and ``slope * x`` elsewhere; the slope broadcasts to x."""
    kept = multiply(x, slope, where)
    positive = multiply(low.relu(x), np.asarray(ONE - fractions(slope, where), dtype=object), where)
    if kept.shape != x.shape:
        raise DimensionError(f"{where}: a slope of shape {np.shape(slope)} does not broadcast to {x.shape}")
    return _variable(add(low, kept, positive, where))


def clip(low: Lowering, x: Variable, lower: Fraction | None, upper: Fraction | None, where: str) -> Variable:
    """``min(max(x, lower), upper)``; None is no bound."""
    if lower is not None and upper is not None and lower >= upper:
        return x.map(lambda _: Row({}, upper))
    result = x
    if lower is not None:
        result = affine(low.relu(affine(x, ONE, -lower)), ONE, lower)
    if upper is not None:
        over = affine(low.relu(affine(x, ONE, -upper)), -ONE, ZERO)
        result = _variable(add(low, result, over, where))
    return result


def absolute(low: Lowering, x: Variable, where: str) -> Variable:
    """``|x|``."""
    return _variable(add(low, affine(low.relu(x), Fraction(2), ZERO), affine(x, -ONE, ZERO), where))


def maximum(low: Lowering, a: Value, b: Value, where: str) -> Value:
    """The larger, entry by entry, with broadcasting."""
    if not isinstance(a, Variable) and not isinstance(b, Variable):
        return np.maximum(fractions(a, where), fractions(b, where))
    if not isinstance(b, Variable):
        a, b = b, a
    left, right = _broadcast(as_variable(a, where), as_variable(b, where), where)
    pairs = list(zip(left.flat, right.flat, strict=True))
    differ = [i for i, (p, q) in enumerate(pairs) if p is not q]
    if len(differ) == len(pairs):
        return add(low, b, low.relu(_variable(subtract(low, a, b, where))), where)
    larger = [p for p, _ in pairs]  # windows that padding cuts repeat an entry, which needs no neuron
    if differ:
        one, other = (Variable.of([pairs[i][side] for i in differ], (len(differ),)) for side in (0, 1))
        for i, row in zip(differ, _variable(maximum(low, one, other, where)).flat, strict=True):
            larger[i] = row
    return Variable.of(larger, left.shape)


def minimum(low: Lowering, a: Value, b: Value, where: str) -> Value:
    """The smaller, entry by entry, with broadcasting."""
    return negative(maximum(low, negative(a, where), negative(b, where), where), where)


def largest(low: Lowering, columns: Sequence[Variable], where: str) -> Variable:
    """The entry-wise maximum of tensors of one shape, in a balanced tree: depth log2 of their number."""
    level = list(columns)
    while len(level) > 1:
        pairs = [_variable(maximum(low, a, b, where)) for a, b in zip(level[::2], level[1::2], strict=False)]
        level = pairs + level[len(pairs) * 2 :]
    return level[0]


def _variable(value: Value) -> Variable:
    assert isinstance(value, Variable)
    return value


# -- normalisation ------------------------------------------------------------------------------------------------


def batch_norm(
    x: Variable, scale: Value, shift: Value, mean: Value, variance: Value, epsilon: Fraction, where: str
) -> Variable:
    """``scale * (x - mean) / sqrt(variance + epsilon) + shift`` along axis 1.

    A standard deviation that is irrational is replaced by the nearest binary64 number, the one rounding of this
    package, and a :class:`~polyrelu.errors.RoundedWarning` says so; all else is exact.

    Raises:
        InputError: a variance is negative.
    """
    numbers = [fractions(v, where).ravel().tolist() for v in (scale, shift, mean, variance)]
    if x.rows.ndim < 2 or any(len(v) != x.shape[1] for v in numbers):
        raise DimensionError(
            f"{where}: parameters of {', '.join(str(len(v)) for v in numbers)} numbers do not fit axis 1 of {x.shape}"
        )
    columns = []
    rounded = 0
    for gamma, beta, centre, spread in zip(*numbers, strict=True):
        root, is_exact = square_root(spread + epsilon, where)
        rounded += not is_exact
        columns.append((gamma / root, beta - gamma * centre / root))
    if rounded:
        warnings.warn(
            f"{where}: {rounded} of {len(columns)} standard deviations sqrt(variance + epsilon) are irrational; their "
            "nearest binary64 numbers are taken, and results are about the network with these",
            RoundedWarning,
            stacklevel=2,
        )
    rows = np.moveaxis(x.rows, 1, -1)
    flat = rows.reshape(-1, len(columns)).tolist()
    normal = [row.scaled(*pair) for channels in flat for row, pair in zip(channels, columns, strict=True)]
    return Variable(np.moveaxis(Variable.of(normal, rows.shape).rows, -1, 1))


def square_root(value: Fraction, where: str) -> tuple[Fraction, bool]:
    """The square root if it is rational and True, else its nearest binary64 number and False.

    Raises:
        InputError: the value is not positive.
    """
    if value <= 0:
        raise InputError(f"{where}: variance + epsilon is {value}; it must be positive")
    root = Fraction(math.isqrt(value.numerator), math.isqrt(value.denominator))
    if root * root == value:
        return root, True
    # An integer root of more than 100 bits, odd so that no tie appears where there is none: it is never exact here.
    shift = max(0, _ROOT_BITS - (value.numerator.bit_length() - value.denominator.bit_length()) // 2)
    scaled = 2 * math.isqrt((value.numerator << 2 * shift) // value.denominator) + 1
    return Fraction(float(Fraction(scaled, 2 << shift))), False
