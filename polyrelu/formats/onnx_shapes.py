"""The operators of ONNX that move numbers around, or make constants."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from polyrelu.errors import InputError
from polyrelu.formats import operators as op
from polyrelu.formats.lowering import Variable, check_size
from polyrelu.formats.onnx_node import Node, entries, like
from polyrelu.formats.operators import Value

_NP_FLOATS = {1: "float32", 10: "float16", 11: "float64", 16: "float64"}  # bfloat16 constants are widened
_NP_INTEGERS = {2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64", 12: "uint32", 13: "uint64"}


def _flatten(node: Node) -> Value:
    x = node.value(0)
    axis = node.axis(1, len(x.shape), beyond=1)
    return like(x, entries(x).reshape(math.prod(x.shape[:axis]), math.prod(x.shape[axis:])))


def _reshape(node: Node) -> Value:
    x, shape = node.value(0), node.integers(1, "shape") or []
    if not node.flag("allowzero"):
        shape = [x.shape[i] if n == 0 else n for i, n in enumerate(shape)]
    return like(x, entries(x).reshape(shape))


def _transpose(node: Node) -> Value:
    x = node.value(0)
    return like(x, entries(x).transpose(node.attributes.get("perm")))


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
    return like(x, entries(x)[tuple(index)])


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
    return [like(x, part) for part in np.split(entries(x), ends, axis=axis)]


def _squeeze(node: Node) -> Value:
    x, axes = node.value(0), node.integers(1, "axes")
    return like(x, np.squeeze(entries(x), None if axes is None else tuple(axes)))


def _unsqueeze(node: Node) -> Value:
    return like(node.value(0), np.expand_dims(entries(node.value(0)), tuple(node.integers(1, "axes") or ())))


def _gather(node: Node) -> Value:
    x, index = node.value(0), node.constant(1)
    if index.dtype.kind not in "iu":
        raise InputError(f"{node.where}: the indices have type {index.dtype}; expected integers")
    axis = node.axis(0, len(x.shape))
    check_size((*x.shape[:axis], *index.shape, *x.shape[axis + 1 :]), node.where)
    return like(x, np.take(entries(x), index, axis=axis))


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
    return like(x, np.broadcast_to(entries(x), np.broadcast_shapes(x.shape, tuple(shape))))


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


SHAPES: dict[str, Callable[[Node], Value | list[Value]]] = {
    "Cast": _cast,
    "Concat": _concat,
    "Constant": _constant,
    "ConstantOfShape": _constant_of_shape,
    "Dropout": _dropout,
    "Expand": _expand,
    "Flatten": _flatten,
    "Gather": _gather,
    "Identity": _identity,
    "Pad": _pad,
    "Reshape": _reshape,
    "Shape": _shape,
    "Slice": _slice,
    "Split": _split,
    "Squeeze": _squeeze,
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
}
