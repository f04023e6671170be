"""The operators of ONNX that are piecewise linear, lowered one node at a time.

Their meaning is that of the operator specification, https://onnx.ai/onnx/operators, in exact arithmetic: constants are
their stored numbers, and constants that are computed from constants are not rounded. Integers are computed as such;
they are shapes and indices. ``SUPPORTED`` lists the names.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from polyrelu.errors import DimensionError, InputError
from polyrelu.exact import exact
from polyrelu.formats import operators as op
from polyrelu.formats import windows as win
from polyrelu.formats.lowering import ONE, ZERO, Lowering, Variable, check_size, combine
from polyrelu.formats.operators import Constant, Value

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
_NP_FLOATS = {1: "float32", 10: "float16", 11: "float64", 16: "float64"}  # bfloat16 constants are widened
_NP_INTEGERS = {2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64", 12: "uint32", 13: "uint64"}


class Attributes(dict[str, Any]):
    """Attributes of a node, which remember the ones that were read: the others would be skipped silently."""

    def __init__(self, given: dict[str, Any]) -> None:
        super().__init__(given)
        self.read: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self.read.add(name)
        return super().__getitem__(name)

    def __contains__(self, name: object) -> bool:
        self.read.add(str(name))
        return super().__contains__(name)

    def get(self, name: str, default: Any = None) -> Any:
        """An attribute or a default."""
        self.read.add(name)
        return super().get(name, default)


@dataclass(frozen=True)
class Node:
    """One node of a graph with the values of its inputs.

    Attributes:
        low: the atoms of the graph.
        kind: the operator's name.
        inputs: its values; None where an optional input is left out.
        attributes: as Python values.
        opset: the version of the operators.
        outputs: how many outputs are named.
        where: names the node in errors.
    """

    low: Lowering
    kind: str
    inputs: Sequence[Value | None]
    attributes: Attributes
    opset: int
    outputs: int
    where: str

    def value(self, index: int) -> Value:
        """An input that must be there."""
        found = self.optional(index)
        if found is None:
            raise InputError(f"{self.where}: input {index} is missing")
        return found

    def optional(self, index: int) -> Value | None:
        """An input, or None if it is left out."""
        return self.inputs[index] if index < len(self.inputs) else None

    def variable(self, index: int) -> Variable:
        """An input as a tensor of rows."""
        return op.as_variable(self.value(index), self.where)

    def constant(self, index: int) -> Constant:
        """An input that must not depend on the network's input."""
        found = self.value(index)
        if isinstance(found, Variable):
            raise InputError(f"{self.where}: input {index} depends on the network's input; it must be constant")
        return found

    def integers(self, index: int, attribute: str | None = None) -> list[int] | None:
        """A list of integers, from an input or, in older operator versions, from an attribute."""
        if attribute is not None and attribute in self.attributes:
            return [int(v) for v in self.attributes[attribute]]
        if self.optional(index) is None:
            return None
        given = self.constant(index)
        if given.dtype.kind not in "iu":
            raise InputError(f"{self.where}: input {index} has type {given.dtype}; expected integers")
        return [int(v) for v in given.ravel().tolist()]

    def flag(self, name: str, default: int = 0) -> bool:
        """An attribute that is 0 or 1."""
        return bool(self.attributes.get(name, default))

    def number(self, name: str, default: float) -> Fraction:
        """A float attribute, exactly; defaults are float32 numbers as in the specification."""
        return exact(self.attributes.get(name, float(np.float32(default))), f"{self.where}: {name}")

    def axis(self, default: int, rank: int, beyond: int = 0) -> int:
        """The attribute ``axis``, counted from the start."""
        axis = int(self.attributes.get("axis", default))
        if not -rank <= axis < rank + beyond:
            raise InputError(f"{self.where}: axis {axis} is out of range for a tensor with {rank} axes")
        return axis % rank if axis < 0 else axis


def lower(node: Node) -> list[Value]:
    """The outputs of a node.

    Raises:
        InputError: the operator is not supported, or the node breaks its rules.
        DimensionError: shapes do not fit.
    """
    if node.kind not in _OPERATORS:
        raise InputError(
            f"{node.where}: the operator {node.kind} is not supported; supported are {', '.join(SUPPORTED)}. "
            f'If it is the last one and order is all that matters, drop it with drop_final="{node.kind}"'
        )
    try:
        found = _OPERATORS[node.kind](node)
    except (DimensionError, InputError):
        raise
    except (ValueError, TypeError, IndexError, KeyError, ZeroDivisionError, OverflowError) as error:
        if type(error).__module__.startswith("polyrelu"):
            raise
        raise InputError(f"{node.where}: the node is malformed ({type(error).__name__}: {error})") from error
    unread = node.attributes.keys() - node.attributes.read - _IGNORED.get(node.kind, set()) - _ALWAYS_IGNORED
    if unread - (_PADS if node.attributes.read & _PADS else set()):
        raise InputError(f"{node.where}: the attributes {', '.join(sorted(unread))} are not understood")
    values = found if isinstance(found, list) else [found]
    if node.outputs > len(values) and node.kind != "Dropout":
        raise InputError(f"{node.where}: {node.outputs} outputs are used, but only {len(values)} can be lowered")
    return values


def entries(value: Value) -> Any:
    """The array that shape operators move around: rows or numbers."""
    return value.rows if isinstance(value, Variable) else value


def _like(value: Value, array: Any) -> Value:
    return Variable(np.asarray(array, dtype=object)) if isinstance(value, Variable) else np.asarray(array)


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


def _gemm(node: Node) -> Value:
    a, b = node.value(0), node.value(1)
    a = _like(a, entries(a).T) if node.flag("transA") else a
    b = _like(b, entries(b).T) if node.flag("transB") else b
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


def _windows(node: Node, space: Sequence[int], kernel: Sequence[int]) -> win.Windows:
    rank = len(space)
    strides, dilations = (tuple(node.attributes.get(name, [1] * rank)) for name in ("strides", "dilations"))
    padding = node.attributes.get("auto_pad", b"NOTSET")
    padding = padding.decode() if isinstance(padding, bytes) else padding
    if padding in {"SAME_UPPER", "SAME_LOWER"}:
        if min((*strides, *dilations, *kernel), default=1) < 1:
            raise InputError(f"{node.where}: kernel, strides and dilations must be positive")
        pads = win.same_pads(space, kernel, strides, dilations, padding == "SAME_UPPER")
    elif padding == "VALID":
        pads = (0,) * 2 * rank
    elif padding == "NOTSET":
        pads = tuple(node.attributes.get("pads", [0] * 2 * rank))
    else:
        raise InputError(f"{node.where}: auto_pad is {padding!r}; expected NOTSET, VALID, SAME_UPPER or SAME_LOWER")
    return win.Windows(tuple(kernel), strides, dilations, pads, node.flag("ceil_mode"))


def _conv(node: Node) -> Value:
    x, weight = node.variable(0), node.value(1)
    kernel = weight.shape[2:]
    if tuple(node.attributes.get("kernel_shape", kernel)) != tuple(kernel):
        raise InputError(f"{node.where}: kernel_shape disagrees with the weight's shape {weight.shape}")
    groups = int(node.attributes.get("group", 1))
    return win.convolution(x, weight, node.optional(2), _windows(node, x.shape[2:], kernel), groups, node.where)


def _average_pool(node: Node) -> Value:
    x = node.variable(0)
    windows = _windows(node, x.shape[2:], node.attributes["kernel_shape"])
    return win.average_pool(x, windows, node.flag("count_include_pad"), node.where)


def _max_pool(node: Node) -> Value:
    x = node.variable(0)
    return win.max_pool(node.low, x, _windows(node, x.shape[2:], node.attributes["kernel_shape"]), node.where)


def _whole(node: Node, x: Variable) -> win.Windows:
    ones = (1,) * (x.rows.ndim - 2)
    return win.Windows(x.shape[2:], ones, ones, (0,) * 2 * len(ones))


def _global_average_pool(node: Node) -> Value:
    x = node.variable(0)
    return win.average_pool(x, _whole(node, x), False, node.where)


def _global_max_pool(node: Node) -> Value:
    x = node.variable(0)
    return win.max_pool(node.low, x, _whole(node, x), node.where)


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


def _hard_sigmoid(node: Node) -> Value:
    x = op.affine(node.variable(0), node.number("alpha", 0.2), node.number("beta", 0.5))
    return op.clip(node.low, x, ZERO, ONE, node.where)


# -- shapes -------------------------------------------------------------------------------------------------------


def _flatten(node: Node) -> Value:
    x = node.value(0)
    axis = node.axis(1, len(x.shape), beyond=1)
    return _like(x, entries(x).reshape(math.prod(x.shape[:axis]), math.prod(x.shape[axis:])))


def _reshape(node: Node) -> Value:
    x, shape = node.value(0), node.integers(1, "shape") or []
    if not node.flag("allowzero"):
        shape = [x.shape[i] if n == 0 else n for i, n in enumerate(shape)]
    return _like(x, entries(x).reshape(shape))


def _transpose(node: Node) -> Value:
    x = node.value(0)
    return _like(x, entries(x).transpose(node.attributes.get("perm")))


def _concat(node: Node) -> Value:
    values = [node.value(i) for i in range(len(node.inputs))]
    axis = node.axis(1, len(values[0].shape))
    if any(isinstance(v, Variable) for v in values):
        rows = [op.as_variable(v, node.where).rows for v in values]
        return node.low.settled(Variable(np.concatenate(rows, axis=axis)))
    if len({v.dtype.kind for v in values if not isinstance(v, Variable)}) > 1:
        values = [op.fractions(v, node.where) for v in values]
    return np.concatenate([entries(v) for v in values], axis=axis)


def _slice(node: Node) -> Value:
    x = node.value(0)
    starts, ends = node.integers(1, "starts"), node.integers(2, "ends")
    if starts is None or ends is None:
        raise InputError(f"{node.where}: starts or ends are missing")
    axes = node.integers(3, "axes")
    axes = list(range(len(starts))) if axes is None else axes
    steps = node.integers(4) or [1] * len(starts)
    index = [slice(None)] * len(x.shape)
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        index[axis] = slice(start, end, step)
    return _like(x, entries(x)[tuple(index)])


def _split(node: Node) -> list[Value]:
    x = node.value(0)
    axis = node.axis(0, len(x.shape))
    sizes = node.integers(1, "split")
    if sizes is None:
        count = int(node.attributes.get("num_outputs", node.outputs))
        chunk = -(-x.shape[axis] // count)
        sizes = [min(chunk, x.shape[axis] - i * chunk) for i in range(count)]
    if sum(sizes) != x.shape[axis] or min(sizes) < 0:
        raise InputError(f"{node.where}: parts of sizes {sizes} do not make an axis of {x.shape[axis]}")
    ends = np.cumsum(sizes)[:-1]
    return [_like(x, part) for part in np.split(entries(x), ends, axis=axis)]


def _squeeze(node: Node) -> Value:
    x, axes = node.value(0), node.integers(1, "axes")
    return _like(x, np.squeeze(entries(x), None if axes is None else tuple(axes)))


def _unsqueeze(node: Node) -> Value:
    return _like(node.value(0), np.expand_dims(entries(node.value(0)), tuple(node.integers(1, "axes") or ())))


def _gather(node: Node) -> Value:
    x, index = node.value(0), node.constant(1)
    if index.dtype.kind not in "iu":
        raise InputError(f"{node.where}: the indices have type {index.dtype}; expected integers")
    axis = node.axis(0, len(x.shape))
    check_size((*x.shape[:axis], *index.shape, *x.shape[axis + 1 :]), node.where)
    return _like(x, np.take(entries(x), index, axis=axis))


def _pad(node: Node) -> Value:
    mode = node.attributes.get("mode", b"constant")
    if mode not in {b"constant", "constant"}:
        raise InputError(f"{node.where}: the padding mode is {mode!r}; only constant padding is supported")
    x, pads = node.variable(0), node.integers(1, "pads") or []
    axes = [range(x.rows.ndim)[a] for a in node.integers(3) or range(x.rows.ndim)]
    if len(pads) != 2 * len(axes) or min(pads, default=0) < 0:
        raise InputError(f"{node.where}: pads are {pads}; expected {2 * len(axes)} numbers that are not negative")
    fill = node.optional(2)
    filled = op.as_variable(np.array(node.attributes.get("value", 0.0)) if fill is None else fill, node.where)
    widths = {axis: (pads[i], pads[i + len(axes)]) for i, axis in enumerate(axes)}
    both = [widths.get(axis, (0, 0)) for axis in range(x.rows.ndim)]
    check_size([n + a + b for n, (a, b) in zip(x.shape, both, strict=True)], node.where)
    places = np.pad(np.arange(1, x.rows.size + 1).reshape(x.shape), both)
    rows = [*filled.flat[:1], *x.flat]
    return Variable.of([rows[i] for i in places.ravel().tolist()], places.shape)


def _expand(node: Node) -> Value:
    x, shape = node.value(0), node.integers(1) or []
    check_size(shape, node.where)
    return _like(x, np.broadcast_to(entries(x), np.broadcast_shapes(x.shape, tuple(shape))))


def _identity(node: Node) -> Value:
    return node.value(0)


def _dropout(node: Node) -> Value:
    if node.optional(2) is not None and bool(node.constant(2).any()):
        raise InputError(f"{node.where}: the node is in training mode; export the network in evaluation mode")
    return node.value(0)


def _cast(node: Node) -> Value:
    x, to = node.value(0), int(node.attributes["to"])
    if isinstance(x, Variable) or x.dtype == object:
        if to not in _NP_FLOATS:
            raise InputError(f"{node.where}: a cast to ONNX type {to} rounds; only casts to float types are supported")
        return x
    if to not in _NP_FLOATS and (to not in _NP_INTEGERS or x.dtype.kind == "f"):
        raise InputError(f"{node.where}: a cast of {x.dtype} to ONNX type {to} is not supported")
    return x.astype(_NP_FLOATS.get(to) or _NP_INTEGERS[to])


def _constant(node: Node) -> Value:
    for name in ("value", "value_float", "value_int", "value_floats", "value_ints"):
        if name in node.attributes:
            given = node.attributes[name]
            return given if isinstance(given, np.ndarray) else np.array(given)
    raise InputError(f"{node.where}: a constant of kind {sorted(node.attributes)} is not supported")


def _constant_of_shape(node: Node) -> Value:
    shape = node.integers(0) or []
    check_size(shape, node.where)
    fill = node.attributes.get("value", np.zeros(1, dtype=np.float32))
    return np.full(shape, np.asarray(fill).ravel()[0])


def _shape(node: Node) -> Value:
    start, end = node.attributes.get("start", 0), node.attributes.get("end")
    return np.array(node.value(0).shape[start:end], dtype=np.int64)


_OPERATORS: dict[str, Callable[[Node], Value | list[Value]]] = {
    "Abs": lambda node: op.absolute(node.low, node.variable(0), node.where),
    "Add": _add,
    "AveragePool": _average_pool,
    "BatchNormalization": _batch_norm,
    "Cast": _cast,
    "Clip": _clip,
    "Concat": _concat,
    "Constant": _constant,
    "ConstantOfShape": _constant_of_shape,
    "Conv": _conv,
    "Div": _div,
    "Dropout": _dropout,
    "Expand": _expand,
    "Flatten": _flatten,
    "Gather": _gather,
    "Gemm": _gemm,
    "GlobalAveragePool": _global_average_pool,
    "GlobalMaxPool": _global_max_pool,
    "HardSigmoid": _hard_sigmoid,
    "Identity": _identity,
    "LeakyRelu": _leaky_relu,
    "MatMul": lambda node: op.matmul(node.value(0), node.value(1), node.where),
    "Max": _extreme,
    "MaxPool": _max_pool,
    "Mean": _mean,
    "Min": _extreme,
    "Mul": _mul,
    "Neg": lambda node: op.negative(node.value(0), node.where),
    "PRelu": lambda node: op.leaky_relu(node.low, node.variable(0), node.constant(1), node.where),
    "Pad": _pad,
    "ReduceMax": _reduce_extreme,
    "ReduceMean": _reduce_linear,
    "ReduceMin": _reduce_extreme,
    "ReduceSum": _reduce_linear,
    "Relu": lambda node: op.relu(node.low, node.variable(0)),
    "Reshape": _reshape,
    "Shape": _shape,
    "Slice": _slice,
    "Split": _split,
    "Squeeze": _squeeze,
    "Sub": _sub,
    "Sum": _sum,
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
}
SUPPORTED = tuple(sorted(_OPERATORS))
