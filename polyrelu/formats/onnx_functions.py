"""The operators of ONNX that are not piecewise linear: on constants they make constants, on the input they are refused.

Exporters leave such nodes behind where weights are computed from stored numbers: a weight norm, a scale that is a
square root, quantised weights. What is rational is exact. What is not is replaced by its nearest binary64 number, and
a :class:`~polyrelu.errors.RoundedWarning` says so.
"""

from __future__ import annotations

import math
import operator
import warnings
from collections.abc import Callable
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
from flint import arb, ctx, fmpq

from polyrelu.errors import BudgetExceeded, InputError, RoundedWarning
from polyrelu.formats import operators as op
from polyrelu.formats.lowering import ONE, check_size
from polyrelu.formats.onnx_node import Node
from polyrelu.formats.operators import Constant, Value

_LARGEST_BITS = 2**14  # of an exact power
_PRECISIONS = (128, 512, 2048, 8192)  # of balls; the last is tried where a value is close to the middle of two floats
_BEYOND = 2000  # powers of two: more than any float has, and less than the least one
Number: TypeAlias = tuple[Fraction, bool]
"""A number, and whether it is the value itself."""


def _entrywise(function: Callable[[Fraction, str], Number]) -> Callable[[Node], Value]:
    """The operator that takes a function of each entry of a constant."""

    def lowered(node: Node) -> Value:
        given = op.fractions(node.constant(0), node.where)
        found = [function(value, node.where) for value in given.ravel().tolist()]
        return announced(found, given.shape, node)

    return lowered


def announced(found: list[Number], shape: tuple[int, ...], node: Node) -> Constant:
    """Numbers as a constant, with a warning of those that are not the values themselves."""
    rounded = sum(not is_exact for _, is_exact in found)
    if rounded:
        warnings.warn(
            f"{node.where}: {rounded} of {len(found)} values are irrational; their nearest binary64 numbers are taken, "
            "and results are about the network with these",
            RoundedWarning,
            stacklevel=2,
        )
    result = np.empty(len(found), dtype=object)
    result[:] = [value for value, _ in found]
    return result.reshape(shape)


def nearest_float(value_at: Callable[[], Any], where: str) -> Number:
    """A real number, given as a ball of any precision: itself if a ball is a point, else its nearest float.

    Raises:
        InputError: the number is not finite, or beyond the range of floats.
        BudgetExceeded: it lies so close to the middle of two floats that 8192 bits do not tell the nearer one.
    """
    for bits in _PRECISIONS:
        with ctx.workprec(bits):
            ball = value_at()
            if not ball.is_finite():
                raise InputError(f"{where}: the value is not a finite number")
            is_point = ball.is_exact()
            ends = [_fraction(end, where) for end in (ball.lower(), ball.upper())]
        try:
            low, high = map(float, ends)
        except OverflowError:
            raise InputError(f"{where}: the value is beyond the range of floats") from None
        if is_point:
            return ends[0], True
        if low == high:
            return Fraction(low), False
    raise BudgetExceeded(f"{where}: {_PRECISIONS[-1]} bits do not tell which float is nearest")


def _fraction(end: arb, where: str) -> Fraction:
    """An end of a ball; far below the least float any number does, since exponents of balls know no bounds."""
    mantissa, exponent = map(int, end.man_exp())
    top = mantissa.bit_length() + exponent
    if mantissa and top > _BEYOND:
        raise InputError(f"{where}: the value is beyond the range of floats")
    if mantissa and top < -_BEYOND:
        return Fraction(1 if mantissa > 0 else -1, 2**_BEYOND)
    return Fraction(mantissa) * Fraction(2) ** exponent


def ball(value: Fraction) -> arb:
    """A ball around a number, in the precision of the time."""
    return arb(fmpq(value.numerator, value.denominator))


def _real(function: Callable[[arb], arb]) -> Callable[[Node], Value]:
    return _entrywise(lambda value, where: nearest_float(lambda: function(ball(value)), where))


def _sigmoid(x: arb) -> arb:
    return 1 / (1 + (-x).exp())


# -- powers -------------------------------------------------------------------------------------------------------


def power(base: Fraction, exponent: Fraction, where: str) -> Number:
    """``base ** exponent``: exact where it is rational.

    Raises:
        InputError: zero to a negative power, or a negative number to one that is not whole.
        BudgetExceeded: the result would have more than 16384 bits.
    """
    if base == 0 and exponent < 0:
        raise InputError(f"{where}: zero has no power {exponent}")
    if base < 0 and exponent.denominator != 1:
        raise InputError(f"{where}: {base} has no real power {exponent}")
    root = _root(base, exponent.denominator)
    if root is None:
        return nearest_float(lambda: ball(base) ** ball(exponent), where)
    bits = max(root.numerator.bit_length(), root.denominator.bit_length())
    if abs(exponent.numerator) * (bits - (abs(root) in {0, 1})) > _LARGEST_BITS:
        raise BudgetExceeded(f"{where}: a power has over {_LARGEST_BITS} bits")
    return root**exponent.numerator, True


def _root(value: Fraction, degree: int) -> Fraction | None:
    """The root of a number, if it is rational."""
    if degree == 1:
        return value
    parts = [_whole_root(part, degree) for part in (value.numerator, value.denominator)]
    return None if None in parts else Fraction(*parts)  # type: ignore[arg-type]


def _whole_root(value: int, degree: int) -> int | None:
    if value in {0, 1}:
        return value
    if degree >= value.bit_length():
        return None
    low, high = 1, 1 << -(-value.bit_length() // degree)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if middle**degree <= value else (low, middle - 1)
    return low if low**degree == value else None


def _pow(node: Node) -> Value:
    bases, exponents = (op.fractions(node.constant(i), node.where) for i in (0, 1))
    check_size(np.broadcast_shapes(bases.shape, exponents.shape), node.where)
    both = np.broadcast_arrays(bases, exponents)
    pairs = zip(*(part.ravel().tolist() for part in both), strict=True)
    return announced([power(base, exponent, node.where) for base, exponent in pairs], both[0].shape, node)


def _sqrt(value: Fraction, where: str) -> Number:
    if value < 0:
        raise InputError(f"{where}: {value} has no real square root")
    return power(value, Fraction(1, 2), where)


def _log(value: Fraction, where: str) -> Number:
    if value <= 0:
        raise InputError(f"{where}: {value} has no logarithm")
    return nearest_float(lambda: ball(value).log(), where)


def _reciprocal(value: Fraction, where: str) -> Number:
    if not value:
        raise InputError(f"{where}: zero has no reciprocal")
    return ONE / value, True


# -- rounding, and comparisons ------------------------------------------------------------------------------------


def _to_even(value: Fraction, where: str) -> Number:
    return Fraction(round(value)), True


def _compared(function: Callable[[Any, Any], Any]) -> Callable[[Node], Value]:
    def lowered(node: Node) -> Value:
        a, b = (_comparable(node.constant(i), node.where) for i in (0, 1))
        check_size(np.broadcast_shapes(a.shape, b.shape), node.where)
        return np.asarray(function(a, b), dtype=np.bool_)

    return lowered


def _comparable(given: Constant, where: str) -> Constant:
    return given if given.dtype.kind in "iub" else op.fractions(given, where)


def _logical(function: Callable[..., Any], count: int = 2) -> Callable[[Node], Value]:
    def lowered(node: Node) -> Value:
        given = [node.constant(i) for i in range(count)]
        if any(part.dtype != np.bool_ for part in given):
            raise InputError(f"{node.where}: takes truth values, got {', '.join(str(part.dtype) for part in given)}")
        return np.asarray(function(*given))

    return lowered


# -- sums ---------------------------------------------------------------------------------------------------------


def reduced(node: Node) -> tuple[Any, tuple[int, ...]]:
    """The entries of a constant, those of one sum in a row, and the shape of the result."""
    given = op.fractions(node.constant(0), node.where)
    axes = node.integers(1, "axes")
    if not axes:
        axes = [] if node.flag("noop_with_empty_axes") else list(range(given.ndim))
    gone = sorted({range(given.ndim)[a] for a in axes})
    kept = [a for a in range(given.ndim) if a not in gone]
    ordered = given.transpose(*kept, *gone).reshape(-1, math.prod(given.shape[a] for a in gone))
    one = [1 if a in gone else n for a, n in enumerate(given.shape)]
    return ordered, tuple(one if node.flag("keepdims", 1) else (given.shape[a] for a in kept))


def _reduction(function: Callable[[list[Fraction], str], Number]) -> Callable[[Node], Value]:
    def lowered(node: Node) -> Value:
        rows, shape = reduced(node)
        return announced([function(row, node.where) for row in rows.tolist()], shape, node)

    return lowered


def _log_sum_exp(row: list[Fraction], where: str) -> Number:
    return nearest_float(lambda: sum((ball(v).exp() for v in row), arb(0)).log(), where)


FUNCTIONS: dict[str, Callable[[Node], Value | list[Value]]] = {
    "Acos": _real(arb.acos),
    "Acosh": _real(arb.acosh),
    "And": _logical(np.logical_and),
    "Asin": _real(arb.asin),
    "Asinh": _real(arb.asinh),
    "Atan": _real(arb.atan),
    "Atanh": _real(arb.atanh),
    "Ceil": _entrywise(lambda value, where: (Fraction(math.ceil(value)), True)),
    "Cos": _real(arb.cos),
    "Cosh": _real(arb.cosh),
    "Equal": _compared(operator.eq),
    "Erf": _real(arb.erf),
    "Exp": _real(arb.exp),
    "Floor": _entrywise(lambda value, where: (Fraction(math.floor(value)), True)),
    "Greater": _compared(operator.gt),
    "GreaterOrEqual": _compared(operator.ge),
    "Less": _compared(operator.lt),
    "LessOrEqual": _compared(operator.le),
    "Log": _entrywise(_log),
    "Not": _logical(np.logical_not, 1),
    "Or": _logical(np.logical_or),
    "Pow": _pow,
    "Reciprocal": _entrywise(_reciprocal),
    "ReduceL2": _reduction(lambda row, where: _sqrt(sum((v * v for v in row), Fraction(0)), where)),
    "ReduceLogSum": _reduction(lambda row, where: _log(sum(row, Fraction(0)), where)),
    "ReduceLogSumExp": _reduction(_log_sum_exp),
    "ReduceProd": _reduction(lambda row, where: (math.prod(row, start=ONE), True)),
    "ReduceSumSquare": _reduction(lambda row, where: (sum((v * v for v in row), Fraction(0)), True)),
    "Round": _entrywise(_to_even),
    "Sigmoid": _real(_sigmoid),
    "Sign": _entrywise(lambda value, where: (Fraction((value > 0) - (value < 0)), True)),
    "Sin": _real(arb.sin),
    "Sinh": _real(arb.sinh),
    "Softplus": _real(lambda x: (1 + x.exp()).log()),
    "Softsign": _entrywise(lambda value, where: (value / (1 + abs(value)), True)),
    "Sqrt": _entrywise(_sqrt),
    "Tan": _real(arb.tan),
    "Tanh": _real(arb.tanh),
    "Xor": _logical(np.logical_xor),
}
"""By name; every one of them takes constants only."""
