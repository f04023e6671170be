"""More operators of ONNX that take constants only: activations that bend smoothly, and arithmetic of whole numbers.

As in :mod:`polyrelu.formats.onnx_functions`, what is rational is exact, and other numbers are replaced by their nearest
binary64 numbers, with a warning.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
from flint import arb

from polyrelu.arithmetic.exact import flint_matrix, from_flint
from polyrelu.errors import DimensionError, InputError
from polyrelu.formats import operators as op
from polyrelu.formats.lowering import ONE, ZERO
from polyrelu.formats.onnx_functions import Number, announced, ball, nearest_float, power
from polyrelu.formats.onnx_node import Node
from polyrelu.formats.operators import Constant, Value


def _of_each(function: Callable[[Node, Fraction], Number]) -> Callable[[Node], Value]:
    """The operator that takes a function of each entry, in which attributes may be read."""

    def lowered(node: Node) -> Value:
        given = op.fractions(node.constant(0), node.where)
        return announced([function(node, value) for value in given.ravel().tolist()], given.shape, node)

    return lowered


def _exponential(node: Node, x: Fraction, scale: Fraction, rate: Fraction) -> Number:
    """``scale (exp(rate x) - 1)``, which is 0 at 0."""
    if not x or not scale:
        return ZERO, True
    return nearest_float(lambda: ball(scale) * (ball(rate * x).exp() - 1), node.where)


def _elu(node: Node, x: Fraction) -> Number:
    return (x, True) if x >= 0 else _exponential(node, x, node.number("alpha", 1.0), ONE)


def _celu(node: Node, x: Fraction) -> Number:
    alpha = node.number("alpha", 1.0)
    if not alpha:
        raise InputError(f"{node.where}: alpha is 0, and x is divided by it")
    return (x, True) if x >= 0 else _exponential(node, x, alpha, ONE / alpha)


def _selu(node: Node, x: Fraction) -> Number:
    alpha, gamma = node.number("alpha", 1.6732632423543772), node.number("gamma", 1.0507009873554805)
    return (gamma * x, True) if x >= 0 else _exponential(node, x, gamma * alpha, ONE)


def _gelu(node: Node, x: Fraction) -> Number:
    if node.word("approximate", "none") == "tanh":
        cubic = x + Fraction(44715, 1000000) * x**3
        return nearest_float(lambda: ball(x) / 2 * (1 + ((arb(2) / arb.pi()).sqrt() * ball(cubic)).tanh()), node.where)
    return nearest_float(lambda: ball(x) / 2 * (1 + (ball(x) / arb(2).sqrt()).erf()), node.where)


def _mish(node: Node, x: Fraction) -> Number:
    return nearest_float(lambda: ball(x) * (1 + ball(x).exp()).log().tanh(), node.where)


def _swish(node: Node, x: Fraction) -> Number:
    alpha = node.number("alpha", 1.0)
    return nearest_float(lambda: ball(x) / (1 + (-ball(alpha * x)).exp()), node.where)


def _hard_swish(node: Node, x: Fraction) -> Number:
    return x * min(ONE, max(ZERO, x / 6 + Fraction(1, 2))), True


def _softmax(node: Node) -> Value:
    """Along an axis; before version 13, of all that follows it."""
    given = op.fractions(node.constant(0), node.where)
    older = node.opset < 13
    axis = node.axis(1 if older else -1, given.ndim)
    lines = given.reshape(math.prod(given.shape[:axis]), -1) if older else np.moveaxis(given, axis, -1)
    found = [_shares(line, node) for line in lines.reshape(-1, lines.shape[-1]).tolist()]
    made: Any = announced([number for line in found for number in line], lines.shape, node)
    return np.asarray(made.reshape(given.shape) if older else np.moveaxis(made, -1, axis))


def _shares(line: list[Fraction], node: Node) -> list[Number]:
    is_log, largest = node.kind == "LogSoftmax", max(line, default=ZERO)

    def share(x: Fraction) -> Any:
        if is_log:
            return ball(x - largest) - sum(((ball(v - largest)).exp() for v in line), arb(0)).log()
        return 1 / sum(((ball(v - x)).exp() for v in line), arb(0))

    if len(set(line)) == 1 and not is_log:
        return [(Fraction(1, len(line)), True)] * len(line)
    return [nearest_float(lambda x=x: share(x), node.where) for x in line]  # type: ignore[misc]


def _normalised(node: Node) -> Value:
    """Lines divided by their norms; lines of zeros stay."""
    given = op.fractions(node.constant(0), node.where)
    axis, p = node.axis(-1, given.ndim), int(node.attributes.get("p", 2))
    moved = np.moveaxis(given, axis, -1)
    found: list[Number] = []
    for line in moved.reshape(-1, moved.shape[-1]).tolist():
        squares = sum((v * v for v in line), ZERO)
        for v in line:
            if not v:
                found.append((ZERO, True))
            elif p == 1:
                found.append((v / sum(map(abs, line)), True))
            else:
                size, is_exact = power(v * v / squares, Fraction(1, 2), node.where)
                found.append((size if v > 0 else -size, is_exact))
    return np.moveaxis(np.asarray(announced(found, moved.shape, node)), -1, axis)


def _determinant(node: Node) -> Value:
    given = op.fractions(node.constant(0), node.where)
    if given.ndim < 2 or given.shape[-1] != given.shape[-2]:
        raise DimensionError(f"{node.where}: expected square matrices, got a tensor of shape {given.shape}")
    size = given.shape[-1]
    matrices = given.reshape(-1, size, size)
    found: list[Number] = [(from_flint(flint_matrix(rows.tolist(), size).det()), True) for rows in matrices]
    return announced(found, given.shape[:-2], node)


def _running_product(node: Node) -> Value:
    given = op.fractions(node.constant(0), node.where)
    (axis,) = node.integers(1) or [0]
    moved = np.moveaxis(given, axis, -1)
    lines = moved.reshape(-1, moved.shape[-1]).tolist()
    reverse, exclusive = node.flag("reverse"), node.flag("exclusive")
    found = []
    for line in lines:
        products = [ONE]
        for v in line[::-1] if reverse else line:
            products.append(products[-1] * v)
        kept = products[:-1] if exclusive else products[1:]
        found += kept[::-1] if reverse else kept
    made = announced([(value, True) for value in found], moved.shape, node)
    return np.moveaxis(np.asarray(made), -1, axis)


def _modulo(node: Node) -> Value:
    """With the sign of the divisor; with ``fmod``, of the dividend."""
    a, b = node.constant(0), node.constant(1)
    whole = a.dtype.kind in "iu" and b.dtype.kind in "iu"
    one, other = np.broadcast_arrays(op.fractions(a, node.where), op.fractions(b, node.where))
    if not all(other.ravel().tolist()):
        raise InputError(f"{node.where}: the divisor has a zero")
    sign = node.flag("fmod")
    numbers = [
        abs(x) % abs(y) * (1 if x >= 0 else -1) if sign else x % y
        for x, y in zip(one.ravel().tolist(), other.ravel().tolist(), strict=True)
    ]
    if whole:
        return np.array(list(map(int, numbers)), dtype=np.result_type(a, b)).reshape(one.shape)
    return announced([(value, True) for value in numbers], one.shape, node)


def _bits(function: Callable[..., Any]) -> Callable[[Node], Value]:
    def lowered(node: Node) -> Value:
        given = [node.constant(i) for i in range(len(node.inputs))]
        if any(part.dtype.kind not in "iu" for part in given):
            raise InputError(f"{node.where}: takes integers, got {', '.join(str(part.dtype) for part in given)}")
        return np.asarray(function(*given))

    return lowered


def _shift(node: Node) -> Value:
    function = np.left_shift if node.word("direction", "") == "LEFT" else np.right_shift
    return _bits(function)(node)


def _told(function: Callable[[Any], Any]) -> Callable[[Node], Value]:
    """What numbers are infinite, or none: the only place where such constants may stand."""

    def lowered(node: Node) -> Value:
        given: Constant = node.constant(0)
        numbers = np.zeros(given.shape) if given.dtype == object else given.astype(np.float64)
        found = np.asarray(function(numbers))
        if node.kind == "IsInf":
            found &= (numbers > 0) & node.flag("detect_positive", 1) | (numbers < 0) & node.flag("detect_negative", 1)
        return found

    return lowered


SMOOTH: dict[str, Callable[[Node], Value | list[Value]]] = {
    "BitShift": _shift,
    "BitwiseAnd": _bits(np.bitwise_and),
    "BitwiseNot": _bits(np.bitwise_not),
    "BitwiseOr": _bits(np.bitwise_or),
    "BitwiseXor": _bits(np.bitwise_xor),
    "Celu": _of_each(_celu),
    "CumProd": _running_product,
    "Det": _determinant,
    "Elu": _of_each(_elu),
    "Gelu": _of_each(_gelu),
    "HardSwish": _of_each(_hard_swish),
    "IsInf": _told(np.isinf),
    "IsNaN": _told(np.isnan),
    "LogSoftmax": _softmax,
    "LpNormalization": _normalised,
    "Mish": _of_each(_mish),
    "Mod": _modulo,
    "Selu": _of_each(_selu),
    "Softmax": _softmax,
    "Swish": _of_each(_swish),
}
"""By name."""
