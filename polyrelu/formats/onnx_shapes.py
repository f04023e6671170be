"""The operators of ONNX that move numbers around, or make constants."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

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
    mode = node.word("mode", "constant")
    if mode not in {"constant", "reflect", "edge", "wrap"}:
        raise InputError(f"{node.where}: the padding mode is {mode!r}; expected constant, reflect, edge or wrap")
    x, pads = node.variable(0), node.integers(1, "pads") or []
    axes = [range(x.rows.ndim)[a] for a in node.integers(3) or range(x.rows.ndim)]
    if len(pads) != 2 * len(axes):
        raise InputError(f"{node.where}: pads are {pads}; expected {2 * len(axes)} numbers")
    if any(min(0, pads[i]) + min(0, pads[i + len(axes)]) <= -x.shape[axis] for i, axis in enumerate(axes)):
        raise InputError(f"{node.where}: negative pads {pads} take more than there is in a tensor of shape {x.shape}")
    x = Variable(x.rows[_cropped(x.rows.ndim, axes, pads)])
    pads = [max(0, p) for p in pads]
    fill = node.optional(2)
    filled = op.as_variable(np.array(node.attributes.get("value", 0.0)) if fill is None else fill, node.where)
    widths = {axis: (pads[i], pads[i + len(axes)]) for i, axis in enumerate(axes)}
    both = [widths.get(axis, (0, 0)) for axis in range(x.rows.ndim)]
    check_size([n + a + b for n, (a, b) in zip(x.shape, both, strict=True)], node.where)
    places = np.pad(np.arange(1, x.rows.size + 1).reshape(x.shape), both, mode)  # type: ignore[call-overload]
    rows = [*filled.flat[:1], *x.flat]
    return Variable.of([rows[i] for i in places.ravel().tolist()], places.shape)


def _cropped(rank: int, axes: list[int], pads: list[int]) -> tuple[slice, ...]:
    """What negative pads leave of each axis."""
    kept = [slice(None)] * rank
    for i, axis in enumerate(axes):
        kept[axis] = slice(max(0, -pads[i]), min(0, pads[i + len(axes)]) or None)
    return tuple(kept)


def _tile(node: Node) -> Value:
    x, repeats = node.value(0), node.integers(1) or []
    if len(repeats) != len(x.shape) or min(repeats, default=0) < 0:
        raise InputError(f"{node.where}: the repeats {repeats} do not fit a tensor with {len(x.shape)} axes")
    check_size([n * r for n, r in zip(x.shape, repeats, strict=True)], node.where)
    return like(x, np.tile(entries(x), repeats))


def _depth_to_space(node: Node) -> Value:
    x, block = node.value(0), int(node.attributes["blocksize"])
    n, c, h, w = x.shape
    if block < 1 or c % block**2:
        raise InputError(f"{node.where}: blocks of {block} do not divide {c} channels")
    if node.word("mode", "DCR") == "CRD":
        parts, order = (n, c // block**2, block, block, h, w), (0, 1, 4, 2, 5, 3)
    else:
        parts, order = (n, block, block, c // block**2, h, w), (0, 3, 4, 1, 5, 2)
    return like(x, entries(x).reshape(parts).transpose(order).reshape(n, c // block**2, h * block, w * block))


def _space_to_depth(node: Node) -> Value:
    x, block = node.value(0), int(node.attributes["blocksize"])
    n, c, h, w = x.shape
    if block < 1 or h % block or w % block:
        raise InputError(f"{node.where}: blocks of {block} do not divide an image of {h} x {w}")
    parts = entries(x).reshape(n, c, h // block, block, w // block, block).transpose(0, 3, 5, 1, 2, 4)
    return like(x, parts.reshape(n, c * block**2, h // block, w // block))


def _gather_elements(node: Node) -> Value:
    x, index = node.value(0), node.constant(1)
    axis = node.axis(0, len(x.shape))
    check_size(index.shape, node.where)
    size = x.shape[axis]
    if index.dtype.kind not in "iu" or (index.size and not (-size <= index.min() and index.max() < size)):
        raise InputError(f"{node.where}: the indices are no integers from {-size} to {size - 1}")
    return like(
        x,
        np.take_along_axis(
            entries(x)[tuple(slice(0, n) if a != axis else slice(None) for a, n in enumerate(index.shape))],
            index % size,
            axis,
        ),
    )


def _gather_nd(node: Node) -> Value:
    x, index = node.value(0), node.constant(1)
    batch = int(node.attributes.get("batch_dims", 0))
    if index.dtype.kind not in "iu":
        raise InputError(f"{node.where}: the indices have type {index.dtype}; expected integers")
    if x.shape[:batch] != index.shape[:batch] or not 0 <= batch < index.ndim:
        raise InputError(f"{node.where}: the first {batch} axes of {x.shape} and {index.shape} do not agree")
    check_size((*index.shape[:-1], *x.shape[batch + index.shape[-1] :]), node.where)
    own = np.indices(index.shape[:-1])[:batch]
    return like(x, entries(x)[(*own, *np.moveaxis(index, -1, 0))])


def _triangle(node: Node) -> Value:
    x = node.value(0)
    k = int(node.integers(1)[0]) if node.optional(1) is not None else 0  # type: ignore[index]
    kept = (np.triu if node.flag("upper", 1) else np.tril)(np.ones(x.shape[-2:], dtype=np.bool_), k)
    zero: Any = op.as_variable(np.zeros(1), node.where).flat[0] if isinstance(x, Variable) else 0
    return like(x, np.where(kept, entries(x), zero))


def _where(node: Node) -> Value:
    """Entries of one tensor or the other, as constants say."""
    chosen, values = node.constant(0), [node.value(1), node.value(2)]
    if chosen.dtype != np.bool_:
        raise InputError(f"{node.where}: the condition has type {chosen.dtype}; expected truth values")
    shape = np.broadcast_shapes(chosen.shape, *(v.shape for v in values))
    check_size(shape, node.where)
    if any(isinstance(v, Variable) for v in values):
        rows = [np.broadcast_to(op.as_variable(v, node.where).rows, shape) for v in values]
        return node.low.settled(Variable(np.where(chosen, *rows)))
    if len({v.dtype.kind for v in values if not isinstance(v, Variable)}) > 1:
        values = [op.fractions(v, node.where) for v in values]
    return np.asarray(np.where(chosen, *(entries(v) for v in values)))


def _cast_like(node: Node) -> Value:
    like_what = node.value(1)
    if isinstance(like_what, Variable) or like_what.dtype.kind in "fO":
        return node.value(0) if isinstance(node.value(0), Variable) else op.fractions(node.value(0), node.where)
    x = node.constant(0)
    if x.dtype.kind not in "iub":
        raise InputError(
            f"{node.where}: a cast of {x.dtype} to {like_what.dtype} rounds; only casts to floats are read"
        )
    return x.astype(like_what.dtype)


def _size(node: Node) -> Value:
    return np.array(math.prod(node.value(0).shape), dtype=np.int64)


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
    "CastLike": _cast_like,
    "Concat": _concat,
    "Constant": _constant,
    "ConstantOfShape": _constant_of_shape,
    "DepthToSpace": _depth_to_space,
    "Dropout": _dropout,
    "Expand": _expand,
    "Flatten": _flatten,
    "Gather": _gather,
    "GatherElements": _gather_elements,
    "GatherND": _gather_nd,
    "Identity": _identity,
    "Pad": _pad,
    "Reshape": _reshape,
    "Shape": _shape,
    "Size": _size,
    "Slice": _slice,
    "SpaceToDepth": _space_to_depth,
    "Split": _split,
    "Squeeze": _squeeze,
    "Tile": _tile,
    "Transpose": _transpose,
    "Trilu": _triangle,
    "Unsqueeze": _unsqueeze,
    "Where": _where,
}
