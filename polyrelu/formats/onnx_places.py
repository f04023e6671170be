"""The operators of ONNX that put numbers at chosen places, or in order.

Places are constants. Those that depend on the input, such as the places of the largest entries, jump; the entries
themselves do not, so the values of ``TopK`` are read, and its indices are nothing that another operator takes.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from polyrelu.errors import InputError
from polyrelu.formats import operators as op
from polyrelu.formats.aten_site import Jumping
from polyrelu.formats.lowering import Row, Variable, check_size
from polyrelu.formats.onnx_node import Given, Node, entries, like
from polyrelu.formats.operators import Constant, Value
from polyrelu.formats.sorting import ordered


def _indices(node: Node, index: int) -> Constant:
    found = node.constant(index)
    if found.dtype.kind not in "iu":
        raise InputError(f"{node.where}: the indices have type {found.dtype}; expected integers")
    return found


def _written(node: Node, places: Any, count: int) -> Value:
    """Input 0 with the entries of input 2 at places that are an index of it, or added, or the larger or smaller."""
    x, updates = node.value(0), node.value(2)
    how = node.word("reduction", "none")
    ways: dict[str, Callable[[Value, Value], Value]] = {
        "none": lambda old, new: new,
        "add": lambda old, new: op.add(node.low, old, new, node.where),
        "max": lambda old, new: op.maximum(node.low, old, new, node.where),
        "min": lambda old, new: op.minimum(node.low, old, new, node.where),
        "mul": lambda old, new: op.multiply(old, new, node.where),
    }
    if how not in ways:
        raise InputError(f"{node.where}: the reduction is {how!r}; expected one of {', '.join(ways)}")
    numbers = np.arange(int(np.prod(x.shape))).reshape(x.shape)[places].reshape(count, -1)
    flat: list[Row] = op.as_variable(x, node.where).flat
    new = op.as_variable(updates, node.where).rows.reshape(numbers.shape)
    for own, given in zip(numbers.tolist(), new, strict=True):  # a place may be written several times
        before, after = (Variable.of(rows, (len(rows),)) for rows in ([flat[k] for k in own], given.tolist()))
        for k, row in zip(own, op.as_variable(ways[how](before, after), node.where).flat, strict=True):
            flat[k] = row
    return node.low.settled(Variable.of(flat, x.shape))


def _scatter_elements(node: Node) -> Value:
    x, index = node.value(0), _indices(node, 1)
    axis = node.axis(0, len(x.shape))
    grid: list[Any] = list(np.indices(index.shape))
    grid[axis] = index
    return _written(node, tuple(part.ravel() for part in grid), index.size)


def _scatter_nd(node: Node) -> Value:
    index = _indices(node, 1)
    rows = index.reshape(-1, index.shape[-1])
    return _written(node, tuple(rows.T), len(rows))


def _compress(node: Node) -> Value:
    x, kept = node.value(0), node.constant(1)
    if kept.dtype != np.bool_:
        raise InputError(f"{node.where}: the condition has type {kept.dtype}; expected truth values")
    if "axis" not in node.attributes:
        return like(x, entries(x).ravel()[np.flatnonzero(kept)])
    return like(x, np.take(entries(x), np.flatnonzero(kept), axis=node.axis(0, len(x.shape))))


def _eye_like(node: Node) -> Value:
    shape = node.value(0).shape
    if len(shape) != 2:
        raise InputError(f"{node.where}: expected a matrix, got a tensor of shape {shape}")
    height, width = shape
    node.attributes.get("dtype")
    return np.eye(height, width, k=int(node.attributes.get("k", 0)), dtype=np.int64)


def _one_hot(node: Node) -> Value:
    index, depth = _indices(node, 0), int(node.constant(1).ravel()[0])
    values = node.value(2)
    axis = range(index.ndim + 1)[int(node.attributes.get("axis", -1))]
    check_size((*index.shape, depth), node.where)
    wrapped = np.where((index >= -depth) & (index < depth), index % max(depth, 1), -1)
    on = np.moveaxis(wrapped[..., None] == np.arange(depth), -1, axis)
    return like(values, entries(values)[on.astype(np.int64)])


def _reverse_sequence(node: Node) -> Value:
    x, lengths = node.value(0), _indices(node, 1)
    time, batch = int(node.attributes.get("time_axis", 0)), int(node.attributes.get("batch_axis", 1))
    lines = np.moveaxis(entries(x), (batch, time), (0, 1)).copy()
    for line, length in zip(lines, lengths.tolist(), strict=True):
        line[:length] = line[:length][::-1].copy()
    return like(x, np.moveaxis(lines, (0, 1), (batch, time)))


def _center_crop_pad(node: Node) -> Value:
    x, sizes = node.value(0), node.integers(1) or []
    rank = len(x.shape)
    axes = [range(rank)[a] for a in node.attributes.get("axes", range(rank))]
    wanted = list(x.shape)
    for axis, size in zip(axes, sizes, strict=True):
        wanted[axis] = size
    check_size(wanted, node.where)
    made = (
        entries(op.as_variable(np.zeros(wanted), node.where)) if isinstance(x, Variable) else np.zeros(wanted, x.dtype)
    )
    spans = [(abs(n - m) // 2, min(n, m)) for n, m in zip(x.shape, wanted, strict=True)]
    source = tuple(
        slice(at, at + k) if n > m else slice(0, k) for (at, k), n, m in zip(spans, x.shape, wanted, strict=True)
    )
    there = tuple(
        slice(at, at + k) if n < m else slice(0, k) for (at, k), n, m in zip(spans, x.shape, wanted, strict=True)
    )
    made[there] = entries(x)[source]
    return like(x, made)


def _top(node: Node) -> list[Given]:
    x = node.variable(0)
    axis = node.axis(-1, x.rows.ndim)
    count = int(node.attributes["k"]) if "k" in node.attributes else int(_indices(node, 1).ravel()[0])
    places = range(x.shape[axis])
    places = (places[::-1] if node.flag("largest", 1) else places)[:count]
    if not node.flag("sorted", 1) and len(places) > 1:
        raise InputError(f"{node.where}: sorted=0 leaves the order of the values open; export it with sorted=1")
    depth = max(x.shape[axis] - 1, 0).bit_length()
    check_size((x.rows.size, depth * (depth + 1) // 4), f"{node.where}: putting numbers in order")
    columns = [Variable(np.asarray(column, dtype=object)) for column in np.moveaxis(x.rows, axis, 0)]
    found = ordered(node.low, columns, places, node.where)
    rows = [found[place].rows for place in places]
    stacked = np.stack(rows, axis=axis) if rows else x.rows.take([], axis)
    return [node.low.settled(Variable(stacked)), Jumping()]


def _rows_along(node: Node) -> tuple[Any, int]:
    """The numbers of a constant, and an axis of it."""
    numbers = op.fractions(node.constant(0), node.where)
    default = 0 if node.kind != "Hardmax" else 1 if node.opset < 13 else -1
    return numbers, node.axis(default, numbers.ndim)


def _first_extreme(node: Node) -> Value:
    """The places of the largest or smallest entries of a constant."""
    numbers, axis = _rows_along(node)
    sign = 1 if node.kind == "ArgMax" else -1
    last = node.flag("select_last_index")

    def place(line: Any) -> int:
        best = [k for k, v in enumerate(line) if sign * v == max(sign * w for w in line)]
        return best[-1 if last else 0]

    found = np.apply_along_axis(place, axis, numbers).astype(np.int64)
    return np.expand_dims(found, axis) if node.flag("keepdims", 1) else found


def _hardmax(node: Node) -> Value:
    numbers, axis = _rows_along(node)
    first = np.argmax(numbers, axis=axis)
    if node.opset < 13:  # of all that follows the axis
        flat = numbers.reshape(int(np.prod(numbers.shape[:axis])), -1)
        return np.asarray(np.eye(flat.shape[1], dtype=np.int64)[np.argmax(flat, axis=1)].reshape(numbers.shape))
    return np.moveaxis(np.asarray(np.eye(numbers.shape[axis], dtype=np.int64)[first]), -1, axis)


def _non_zero(node: Node) -> Value:
    given = node.constant(0)
    return np.array(np.nonzero(given != Fraction(0) if given.dtype == object else given), dtype=np.int64)


PLACES: dict[str, Callable[[Node], Any]] = {
    "CenterCropPad": _center_crop_pad,
    "Compress": _compress,
    "EyeLike": _eye_like,
    "OneHot": _one_hot,
    "ReverseSequence": _reverse_sequence,
    "Scatter": _scatter_elements,
    "ScatterElements": _scatter_elements,
    "ScatterND": _scatter_nd,
    "TopK": _top,
}
PLACES_OF_CONSTANTS: dict[str, Callable[[Node], Value | list[Value]]] = {
    "ArgMax": _first_extreme,
    "ArgMin": _first_extreme,
    "Hardmax": _hardmax,
    "NonZero": _non_zero,
}
"""Those that take constants only."""
