"""The operators of ONNX that look through windows: convolution, pooling, and columns to an image."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from polyrelu.errors import InputError
from polyrelu.formats import operators as op
from polyrelu.formats import windows as win
from polyrelu.formats.aten_site import Jumping
from polyrelu.formats.lowering import ONE, ZERO, Variable, combine
from polyrelu.formats.onnx_node import Given, Node
from polyrelu.formats.operators import Value


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


def _max_pool(node: Node) -> list[Given]:
    x = node.variable(0)
    windows = _windows(node, x.shape[2:], node.attributes["kernel_shape"])
    return [win.max_pool(node.low, x, windows, node.where), Jumping()]


def _sum_of_sizes(node: Node, windows: Callable[[Variable], win.Windows]) -> Value:
    """The sum of the moduli in each window; a norm of another degree is not piecewise linear."""
    degree = node.attributes.get("p", 2)
    if degree != 1:
        raise InputError(f"{node.where}: the norm of degree {degree} is not piecewise linear; only p=1 is")
    x = op.as_variable(op.absolute(node.low, node.variable(0), node.where), node.where)
    own = windows(x)
    means = win.average_pool(x, own, True, node.where)
    return op.affine(means, Fraction(math.prod(own.kernel)), ZERO)


def _lp_pool(node: Node) -> Value:
    return _sum_of_sizes(node, lambda x: _windows(node, x.shape[2:], node.attributes["kernel_shape"]))


def _column_to_image(node: Node) -> Value:
    """Blocks of columns, added where they lie: a transposed convolution of every entry with its own tap."""
    x = node.variable(0)
    space, block = node.integers(1) or [], node.integers(2) or []
    rank = len(space)
    strides, dilations = (tuple(node.attributes.get(name, [1] * rank)) for name in ("strides", "dilations"))
    pads = tuple(node.attributes.get("pads", [0] * 2 * rank))
    places, _ = win.Windows(tuple(block), strides, dilations, pads).places(space, node.where)
    batch, depth, _ = x.shape
    channels, size = depth // math.prod(block), math.prod(space)
    rows: list[dict[int, Fraction]] = [{} for _ in range(batch * channels * size)]
    numbers = np.arange(x.rows.size).reshape(batch, channels, math.prod(block), -1)
    for n, c in np.ndindex(batch, channels):
        for at, window in enumerate(places.tolist()):
            for tap, place in enumerate(window):
                if place >= 0:
                    rows[(n * channels + c) * size + place][int(numbers[n, c, tap, at])] = ONE
    return combine(rows, [ZERO] * len(rows), x.flat, (batch, channels, *space))


def _whole(node: Node, x: Variable) -> win.Windows:
    ones = (1,) * (x.rows.ndim - 2)
    return win.Windows(x.shape[2:], ones, ones, (0,) * 2 * len(ones))


def _global_average_pool(node: Node) -> Value:
    x = node.variable(0)
    return win.average_pool(x, _whole(node, x), False, node.where)


def _global_max_pool(node: Node) -> Value:
    x = node.variable(0)
    return win.max_pool(node.low, x, _whole(node, x), node.where)


WINDOWS: dict[str, Callable[[Node], Any]] = {
    "AveragePool": _average_pool,
    "Col2Im": _column_to_image,
    "Conv": _conv,
    "GlobalAveragePool": _global_average_pool,
    "GlobalLpPool": lambda node: _sum_of_sizes(node, lambda x: _whole(node, x)),
    "GlobalMaxPool": _global_max_pool,
    "LpPool": _lp_pool,
    "MaxPool": _max_pool,
}
