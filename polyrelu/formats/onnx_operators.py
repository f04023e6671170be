"""The operators of ONNX that are piecewise linear, lowered one node at a time.

Their meaning is that of the operator specification, https://onnx.ai/onnx/operators, in exact arithmetic: constants are
their stored numbers, and constants that are computed from constants are not rounded. Integers are computed as such;
they are shapes and indices. ``SUPPORTED`` lists the names.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from polyrelu.arithmetic.exact import exact
from polyrelu.errors import DimensionError, InputError
from polyrelu.formats import operators as op
from polyrelu.formats.aten_site import Condition
from polyrelu.formats.lowering import ONE, ZERO, Lowering, Variable, combine
from polyrelu.formats.onnx_conditions import CONDITIONS, MOVES, masked, moved, refuse
from polyrelu.formats.onnx_functions import FUNCTIONS
from polyrelu.formats.onnx_linear import LINEAR
from polyrelu.formats.onnx_made import MADE
from polyrelu.formats.onnx_node import Given, Node, entries, like
from polyrelu.formats.onnx_places import PLACES, PLACES_OF_CONSTANTS
from polyrelu.formats.onnx_refusals import REFUSED, why_constants_only
from polyrelu.formats.onnx_shapes import SHAPES
from polyrelu.formats.onnx_smooth import SMOOTH
from polyrelu.formats.onnx_windows import WINDOWS
from polyrelu.formats.operators import Value
from polyrelu.networks.final_operators import MONOTONE

_FLOAT_MAX = (2 - Fraction(1, 2**23)) * 2**127
"""The largest float32; exporters write it for a bound that is not there."""
_IGNORED = {
    # What only steers training, memory or outputs that are refused, or says again what an input says.
    "BatchNormalization": {"consumed_inputs", "is_test", "momentum", "training_mode"},
    "Cast": {"round_mode", "saturate"},
    "Dropout": {"consumed_inputs", "is_test", "ratio", "seed"},
    "Gemm": {"broadcast"},  # before version 7; C was already broadcast as it is now
    "MaxPool": {"storage_order"},
}
_ALWAYS_IGNORED = {"consumed_inputs"}
_PADS = {"auto_pad", "pads"}
_ALONG_AN_AXIS = {"Add", "And", "Div", "Equal", "Greater", "Less", "Mul", "Or", "Pow", "Sub", "Xor"}


def lower(node: Node) -> list[Given]:
    """The outputs of a node.

    Raises:
        InputError: the operator is not supported, or the node breaks its rules.
        DimensionError: shapes do not fit.
    """
    if node.kind not in _OPERATORS:
        raise InputError(f"{node.where}: {_unsupported(node.kind)}")
    if any(isinstance(given, Condition) for given in node.inputs) and node.kind not in CONDITIONS:
        return _lowered_condition(node)
    values = [value for value in node.inputs if value is not None]
    is_constant = bool(values) and not any(isinstance(value, Variable | Condition) for value in values)
    if node.kind in CONSTANTS_ONLY and not is_constant and node.kind != "Range" and not _is_affine_power(node):
        why = why_constants_only(node.kind)
        raise InputError(f"{node.where}: {node.kind} depends on the network's input: {why}{_if_last(node.kind)}")
    if is_constant:
        node = replace(node, low=Lowering(0, node.where))
    try:
        made = _OPERATORS[node.kind](_unbroadcast(node))
        found: list[Given] = made if isinstance(made, list) else [made]
        if is_constant:
            found = [_evaluated(node.low, value) for value in found]
    except (DimensionError, InputError):
        raise
    except (ValueError, TypeError, LookupError, AttributeError, AssertionError, ArithmeticError) as error:
        if type(error).__module__.startswith("polyrelu"):
            raise
        raise InputError(f"{node.where}: the node is malformed ({type(error).__name__}: {error})") from error
    unread = node.attributes.keys() - node.attributes.read - _IGNORED.get(node.kind, set()) - _ALWAYS_IGNORED
    if unread - (_PADS if node.attributes.read & _PADS else set()):
        raise InputError(f"{node.where}: the attributes {', '.join(sorted(map(str, unread)))} are not understood")
    if node.outputs > len(found) and node.kind != "Dropout":
        raise InputError(f"{node.where}: {node.outputs} outputs are used, but only {len(found)} can be lowered")
    return found


def _unsupported(kind: str) -> str:
    reason = f": {REFUSED[kind]}. Supported" if kind in REFUSED else " is not supported; supported"
    return f"the operator {kind}{reason} are {', '.join(SUPPORTED)}"


def _if_last(kind: str) -> str:
    """What to do about an operator that is mostly the last."""
    if kind not in MONOTONE:
        return ""
    return f'. If it is the last one, drop it with drop_final="{kind}"; before_final says conditions on it before it'


def _lowered_condition(node: Node) -> list[Given]:
    """A node of which an input is truth values that depend on the network's input."""
    first = node.inputs[0]
    if node.kind in {"Cast", "CastLike"} and isinstance(first, Condition):
        return [first]  # they count as 0 and 1, and stay what they are
    if node.kind in MOVES and isinstance(first, Condition):
        return moved(node, first, lower)
    product = masked(node) if node.kind == "Mul" else None
    if product is None:
        refuse(node)
    return [product]  # type: ignore[list-item]


def _unbroadcast(node: Node) -> Node:
    """A node of before version 7, whose second input stood along an axis of the first, as one that broadcasts."""
    if node.opset >= 7 or node.kind not in _ALONG_AN_AXIS or not node.flag("broadcast"):
        return node
    a, b = node.value(0), node.value(1)
    axis = node.axis(len(a.shape) - len(b.shape), len(a.shape))
    shape = (*b.shape, *(1,) * (len(a.shape) - axis - len(b.shape)))
    return replace(node, inputs=[a, like(b, entries(b).reshape(shape)), *node.inputs[2:]])


def _evaluated(low: Lowering, value: Given) -> Given:
    """What was lowered of constants as the constants that it is."""
    if not isinstance(value, Variable):
        return value
    (numbers,) = low.network(value).evaluate([()]) if value.rows.size else ((),)
    made = np.empty(len(numbers), dtype=object)
    made[:] = numbers
    return made.reshape(value.shape)


def _integral(*values: Value) -> bool:
    return all(not isinstance(v, Variable) and v.dtype.kind in "iu" for v in values)


# -- affine -------------------------------------------------------------------------------------------------------


def _add(node: Node) -> Value:
    a, b = node.value(0), node.value(1)
    return np.asarray(a + b) if _integral(a, b) else op.add(node.low, a, b, node.where)  # type: ignore[operator]


def _sub(node: Node) -> Value:
    a, b = node.value(0), node.value(1)
    return np.asarray(a - b) if _integral(a, b) else op.subtract(node.low, a, b, node.where)  # type: ignore[operator]


def _mul(node: Node) -> Value:
    a, b = node.value(0), node.value(1)
    return np.asarray(a * b) if _integral(a, b) else op.multiply(a, b, node.where)  # type: ignore[operator]


def _div(node: Node) -> Value:
    a, b = node.value(0), node.value(1)
    if not _integral(a, b):
        return op.divide(a, b, node.where)
    if not np.all(entries(b)):
        raise InputError(f"{node.where}: the divisor has a zero")
    quotient = np.abs(entries(a)) // np.abs(entries(b))  # integers divide towards zero
    return np.asarray(quotient * np.sign(entries(a)) * np.sign(entries(b)))


def _is_affine_power(node: Node) -> bool:
    """Whether it raises numbers to the powers 0 and 1."""
    powers = node.inputs[1] if node.kind == "Pow" and len(node.inputs) == 2 else None
    return isinstance(powers, np.ndarray) and {0, 1}.issuperset(powers.ravel().tolist())


def _pow(node: Node) -> Value | list[Value]:
    if not isinstance(node.value(0), Variable):
        return FUNCTIONS["Pow"](node)
    powers = op.fractions(node.constant(1), node.where)
    ones = np.asarray(ONE - powers, dtype=object)
    return op.add(node.low, op.multiply(node.value(0), powers, node.where), ones, node.where)


def _gemm(node: Node) -> Value:
    a, b = node.value(0), node.value(1)
    a = like(a, entries(a).T) if node.flag("transA") else a
    b = like(b, entries(b).T) if node.flag("transB") else b
    alpha, beta = node.number("alpha", 1), node.number("beta", 1)
    product = op.matmul(a, b, node.where)
    product = product if alpha == 1 else op.multiply(product, op.fractions([alpha], node.where), node.where)
    shift = node.optional(2)
    if shift is None:
        return product
    shift = shift if beta == 1 else op.multiply(shift, np.array([beta], dtype=object), node.where)
    return op.add(node.low, product, shift, node.where)


def _sum(node: Node) -> Value:
    total = node.value(0)
    for i in range(1, len(node.inputs)):
        total = op.add(node.low, total, node.value(i), node.where)
    return total


def _mean(node: Node) -> Value:
    return op.divide(_sum(node), np.array([len(node.inputs)]), node.where)


def _batch_norm(node: Node) -> Value:
    if node.flag("training_mode") or (node.opset < 7 and not node.flag("is_test")):
        raise InputError(f"{node.where}: the node is in training mode; export the network in evaluation mode")
    epsilon = node.number("epsilon", 1e-5)
    scale, shift, mean, variance = (node.constant(i) for i in range(1, 5))
    return op.batch_norm(node.variable(0), scale, shift, mean, variance, epsilon, node.where)


def _reduced(node: Node) -> tuple[Variable, tuple[int, ...]]:
    """The input with its reduced axes joined as the last, and the shape of the result."""
    x = node.variable(0)
    axes = node.integers(1, "axes")
    if not axes:
        axes = [] if node.flag("noop_with_empty_axes") else list(range(x.rows.ndim))
    gone = sorted({range(x.rows.ndim)[a] for a in axes})
    kept = [a for a in range(x.rows.ndim) if a not in gone]
    count = math.prod(x.shape[a] for a in gone)
    if not count:
        raise InputError(f"{node.where}: the reduction is over no entries")
    ordered = x.rows.transpose(*kept, *gone).reshape(-1, count)
    one = [1 if a in gone else n for a, n in enumerate(x.shape)]
    shape = one if node.flag("keepdims", 1) else [x.shape[a] for a in kept]
    return Variable(ordered), tuple(shape)


def _reduce_linear(node: Node) -> Value:
    x, shape = _reduced(node)
    count = x.shape[1]
    share = Fraction(1, count) if node.kind == "ReduceMean" else ONE
    sums = [dict.fromkeys(range(i * count, (i + 1) * count), share) for i in range(x.shape[0])]
    return combine(sums, [ZERO] * len(sums), x.flat, shape)


def _reduce_absolute(node: Node) -> Value:
    x, shape = _reduced(node)
    sums = combine(
        [dict.fromkeys(range(i * x.shape[1], (i + 1) * x.shape[1]), ONE) for i in range(x.shape[0])],
        [ZERO] * x.shape[0],
        op.absolute(node.low, x, node.where).flat,
        (x.shape[0],),
    )
    return Variable(sums.rows.reshape(shape))


def _reduce_extreme(node: Node) -> Value:
    x, shape = _reduced(node)
    sign = ONE if node.kind == "ReduceMax" else -ONE
    columns = [op.affine(Variable(x.rows[:, j]), sign, ZERO) for j in range(x.shape[1])]
    best = op.affine(op.largest(node.low, columns, node.where), sign, ZERO)
    return Variable(best.rows.reshape(shape))


# -- piecewise linear ---------------------------------------------------------------------------------------------


def _clip(node: Node) -> Value:
    bounds: list[Fraction | None] = []
    for index, name in ((1, "min"), (2, "max")):
        given: Any = node.attributes.get(name)
        if given is None and node.optional(index) is not None:
            array = node.constant(index)
            if array.size != 1:
                raise InputError(f"{node.where}: {name} has shape {array.shape}; expected a single number")
            given = array.ravel()[0]
        absent = given is None or (not isinstance(given, Fraction) and np.isinf(given) and (given > 0) == (index == 2))
        bound = None if absent else exact(given, f"{node.where}: {name}")
        bounds.append(None if bound is None or (abs(bound) >= _FLOAT_MAX and (bound > 0) == (index == 2)) else bound)
    return op.clip(node.low, node.variable(0), bounds[0], bounds[1], node.where)


def _extreme(node: Node) -> Value:
    function = op.maximum if node.kind == "Max" else op.minimum
    best = node.value(0)
    for i in range(1, len(node.inputs)):
        best = function(node.low, best, node.value(i), node.where)
    return best


def _leaky_relu(node: Node) -> Value:
    slope = np.array([node.number("alpha", 0.01)], dtype=object)
    return op.leaky_relu(node.low, node.variable(0), slope, node.where)


def _thresholded_relu(node: Node) -> Value:
    if node.number("alpha", 1.0):
        raise InputError(f"{node.where}: it jumps at its threshold alpha, unless that is 0")
    return node.low.relu(node.variable(0))


def _hard_sigmoid(node: Node) -> Value:
    x = op.affine(node.variable(0), node.number("alpha", 0.2), node.number("beta", 0.5))
    return op.clip(node.low, x, ZERO, ONE, node.where)


CONSTANTS_ONLY = (FUNCTIONS.keys() | MADE.keys() | SMOOTH.keys() | PLACES_OF_CONSTANTS.keys()) - CONDITIONS.keys()
"""The operators that are read where they take constants."""
_OPERATORS: dict[str, Callable[[Node], Any]] = {
    **FUNCTIONS,
    **MADE,
    **SMOOTH,
    **PLACES_OF_CONSTANTS,
    **LINEAR,
    **WINDOWS,
    **SHAPES,
    **PLACES,
    **CONDITIONS,
    "Abs": lambda node: op.absolute(node.low, node.variable(0), node.where),
    "Add": _add,
    "BatchNormalization": _batch_norm,
    "Clip": _clip,
    "Div": _div,
    "Gemm": _gemm,
    "HardSigmoid": _hard_sigmoid,
    "LeakyRelu": _leaky_relu,
    "MatMul": lambda node: op.matmul(node.value(0), node.value(1), node.where),
    "Max": _extreme,
    "Mean": _mean,
    "Min": _extreme,
    "Mul": _mul,
    "Neg": lambda node: op.negative(node.value(0), node.where),
    "Pow": _pow,
    "PRelu": lambda node: op.leaky_relu(node.low, node.variable(0), node.constant(1), node.where),
    "ReduceL1": _reduce_absolute,
    "ReduceMax": _reduce_extreme,
    "ReduceMean": _reduce_linear,
    "ReduceMin": _reduce_extreme,
    "ReduceSum": _reduce_linear,
    "Relu": lambda node: op.relu(node.low, node.variable(0)),
    "Sub": _sub,
    "Sum": _sum,
    "ThresholdedRelu": _thresholded_relu,
}
BRANCHES = "If"
"""What the reader itself chooses a branch of, where the condition is constant."""
SUPPORTED = tuple(sorted([*_OPERATORS, BRANCHES]))
