"""The operators of ONNX that are linear in their own way: transposed convolution, resizing, Einsum, running sums."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from polyrelu.arithmetic.exact import exact
from polyrelu.errors import DimensionError, InputError
from polyrelu.formats import operators as op
from polyrelu.formats import windows as win
from polyrelu.formats.interpolation import Resizing, joined
from polyrelu.formats.lowering import ONE, ZERO, SparseRow, Variable, check_size, check_work, combine
from polyrelu.formats.onnx_node import Node, entries, like
from polyrelu.formats.operators import Value


def _conv_transpose(node: Node) -> Value:
    x, weight = node.variable(0), node.constant(1)
    kernel = tuple(weight.shape[2:])
    rank = len(kernel)
    if tuple(node.attributes.get("kernel_shape", kernel)) != kernel:
        raise InputError(f"{node.where}: kernel_shape disagrees with the weight's shape {weight.shape}")
    strides, dilations = (tuple(node.attributes.get(name, [1] * rank)) for name in ("strides", "dilations"))
    extra = tuple(node.attributes.get("output_padding", [0] * rank))
    pads = list(node.attributes.get("pads", [0] * 2 * rank))
    auto = node.word("auto_pad", "NOTSET")
    space = x.shape[2:]
    lengths = {len(strides), len(dilations), len(extra), len(pads) // 2, len(space)}
    if lengths != {rank} or min((*strides, *dilations), default=1) < 1 or min((*extra, *pads), default=0) < 0:
        raise DimensionError(f"{node.where}: strides, dilations, pads or output_padding do not fit {rank} axes")
    reach = [
        s * (n - 1) + e + d * (k - 1) + 1
        for n, s, e, d, k in zip(space, strides, extra, dilations, kernel, strict=True)
    ]
    wanted = node.attributes.get("output_shape")
    if wanted is None and auto in {"SAME_UPPER", "SAME_LOWER"}:
        wanted = [n * s for n, s in zip(space, strides, strict=True)]
    if wanted is not None:
        cut = [max(0, r - w) for r, w in zip(reach, list(wanted)[-rank:], strict=True)]
        before = [c // 2 if auto == "SAME_UPPER" else c - c // 2 for c in cut]
        pads = [*before, *(c - b for c, b in zip(cut, before, strict=True))]
    elif auto not in {"NOTSET", "VALID"}:
        raise InputError(f"{node.where}: auto_pad is {auto!r}; expected NOTSET, VALID, SAME_UPPER or SAME_LOWER")
    shape = [r - pads[a] - pads[a + rank] for a, r in enumerate(reach)] if wanted is None else list(wanted)[-rank:]
    groups = int(node.attributes.get("group", 1))
    return win.transposed_convolution(
        x, weight, node.optional(2), win.Scattering(kernel, strides, dilations, tuple(pads[:rank]), tuple(shape)),
        groups, node.where,
    )  # fmt: skip


def _resize(node: Node) -> Value:
    x = node.value(0)
    older = node.kind == "Upsample" or node.opset < 11
    where_given = 1 if older else 2
    mode = node.word("mode", "nearest").replace("bilinear", "linear").replace("trilinear", "linear")
    rule = Resizing(
        mode,
        "asymmetric" if older else node.word("coordinate_transformation_mode", "half_pixel"),
        "floor" if older else node.word("nearest_mode", "round_prefer_floor"),
        node.number("cubic_coeff_a", -0.75),
        node.flag("exclude_outside"),
    )
    if node.flag("antialias") or node.word("keep_aspect_ratio_policy", "stretch") != "stretch":
        raise InputError(f"{node.where}: antialias and keep_aspect_ratio_policy are not supported")
    node.attributes.get("extrapolation_value")
    rank = len(x.shape)
    axes = [range(rank)[a] for a in node.attributes.get("axes", range(rank))]
    sizes = node.integers(3) if not older and node.optional(3) is not None else None
    scales = [ONE] * rank
    shape = list(x.shape)
    if sizes:
        for axis, size in zip(axes, sizes, strict=True):
            shape[axis], scales[axis] = size, Fraction(size, x.shape[axis])
    else:
        given: Any = node.attributes.get("scales")
        numbers = op.fractions(node.constant(where_given) if given is None else np.array(given), node.where)
        for axis, scale in zip(axes, numbers.ravel().tolist(), strict=True):
            shape[axis], scales[axis] = math.floor(x.shape[axis] * scale), scale
    check_size(shape, node.where)
    if min((*shape, *x.shape), default=1) < 1:
        raise InputError(f"{node.where}: cannot resize {x.shape} to {tuple(shape)}")
    along = [
        rule.axis(n, m, s, node.where) if n != m or s != 1 else [{i: ONE} for i in range(n)]
        for n, m, s in zip(x.shape, shape, scales, strict=True)
    ]
    if mode == "nearest":
        places = np.array([next(iter(row)) for row in joined(along, x.shape)], dtype=np.int64)
        return like(x, entries(x).ravel()[places].reshape(shape))
    rows = joined(along, x.shape)
    return combine(rows, [ZERO] * len(rows), op.as_variable(x, node.where).flat, shape)


_TERM = re.compile(r"[A-Za-z]*(?:\.\.\.)?[A-Za-z]*")


def _einsum(node: Node) -> Value:
    equation = node.word("equation", "").replace(" ", "")
    given = [node.value(i) for i in range(len(node.inputs))]
    names, result = _subscripts(equation, [len(v.shape) for v in given], node.where)
    variables = [i for i, v in enumerate(given) if isinstance(v, Variable)]
    if len(variables) > 1:
        raise InputError(f"{node.where}: a product of tensors that all depend on the input is not piecewise linear")
    sizes: dict[str, int] = {}
    for own, value in zip(names, given, strict=True):
        for name, size in zip(own, value.shape, strict=True):
            if sizes.setdefault(name, size) != size and 1 not in {size, sizes[name]}:
                raise DimensionError(f"{node.where}: the axis {name!r} has lengths {sizes[name]} and {size}")
            sizes[name] = max(sizes[name], size)
    chosen = variables[0] if variables else 0
    x, own = op.as_variable(given[chosen], node.where), names[chosen]
    order = [*result, *(name for name in sizes if name not in result)]
    lengths = [sizes[name] for name in order]
    check_size([sizes[name] for name in result], node.where)
    check_work(math.prod(lengths), node.where)
    factor = np.full(lengths, ONE, dtype=object)
    for i, (labels, value) in enumerate(zip(names, given, strict=True)):
        if i != chosen:
            factor = factor * _spread(op.fractions(value, node.where), labels, order)
    places = np.broadcast_to(_spread(np.arange(x.rows.size).reshape(x.shape), own, order), lengths)
    count = math.prod(sizes[name] for name in result)
    coefficients: list[SparseRow] = []
    for keys, values in zip(places.reshape(count, -1).tolist(), factor.reshape(count, -1).tolist(), strict=True):
        row: SparseRow = {}
        for k, v in zip(keys, values, strict=True):
            if v:
                row[k] = row.get(k, ZERO) + v
        coefficients.append(row)
    return combine(coefficients, [ZERO] * count, x.flat, [sizes[name] for name in result])


def _subscripts(equation: str, ranks: list[int], where: str) -> tuple[list[list[str]], list[str]]:
    """The axes' names of each operand and of the result; those of an ellipsis are numbers."""
    left, arrow, right = equation.partition("->")
    terms = left.split(",")
    if len(terms) != len(ranks) or not all(map(_TERM.fullmatch, (*terms, right))):
        raise InputError(f"{where}: the equation {equation!r} does not fit {len(ranks)} inputs")
    wide = max((rank - len(term.replace("...", "")) for term, rank in zip(terms, ranks, strict=True)), default=0)

    def named(term: str, rank: int | None) -> list[str]:
        before, dots, after = term.partition("...")
        count = (wide if rank is None else rank - len(before + after)) if dots else 0
        return [*before, *(str(wide - count + k) for k in range(count)), *after]

    names = [named(term, rank) for term, rank in zip(terms, ranks, strict=True)]
    if any(len(own) != rank for own, rank in zip(names, ranks, strict=True)):
        raise DimensionError(f"{where}: the equation {equation!r} does not fit tensors with {ranks} axes")
    everything = [name for own in names for name in own]
    if arrow:
        return names, named(right, None)
    free = sorted({name for name in everything if everything.count(name) == 1 and not name.isdigit()})
    return names, [*map(str, range(wide if "..." in left else 0)), *free]


def _spread(array: Any, labels: list[str], order: list[str]) -> Any:
    """An array with an axis for each name in the order, of length 1 if it has none; of a name twice, the diagonal."""
    for name in dict.fromkeys(labels):
        while labels.count(name) > 1:
            first = labels.index(name)
            second = labels.index(name, first + 1)
            array = np.moveaxis(np.diagonal(array, axis1=first, axis2=second), -1, first)
            labels = labels[:second] + labels[second + 1 :]
    moved = array.transpose([labels.index(name) for name in order if name in labels])
    return moved.reshape(
        [moved.shape[[n for n in order if n in labels].index(name)] if name in labels else 1 for name in order]
    )


def _cumulative_sum(node: Node) -> Value:
    x = node.variable(0)
    (axis,) = node.integers(1) or [0]
    axis = range(x.rows.ndim)[axis]
    places = np.moveaxis(np.arange(x.rows.size).reshape(x.shape), axis, -1)
    length = x.shape[axis]
    check_work(x.rows.size * length, node.where)
    rows = []
    for line in places.reshape(-1, length).tolist():
        for i in range(length):
            kept = (
                line[i + node.flag("exclusive") :] if node.flag("reverse") else line[: i + 1 - node.flag("exclusive")]
            )
            rows.append(dict.fromkeys(kept, ONE))
    sums = combine(rows, [ZERO] * len(rows), x.flat, places.shape)
    return Variable(np.moveaxis(sums.rows, -1, axis))


def _shrink(node: Node) -> Value:
    """Towards zero by lambd, where the two sides meet."""
    bias, threshold = node.number("bias", 0), node.number("lambd", 0.5)
    if threshold < 0 or bias != threshold:
        raise InputError(
            f"{node.where}: with bias {bias} and lambd {threshold} it jumps at the threshold, and regions and "
            "certificates rest on continuity; it is read where bias and lambd are equal"
        )
    x = node.variable(0)
    return op.subtract(node.low, x, op.clip(node.low, x, -exact(threshold), threshold, node.where), node.where)


LINEAR: dict[str, Callable[[Node], Value | list[Value]]] = {
    "ConvTranspose": _conv_transpose,
    "CumSum": _cumulative_sum,
    "Einsum": _einsum,
    "Resize": _resize,
    "Shrink": _shrink,
    "Upsample": _resize,
}
