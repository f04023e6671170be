r"""The operators of ONNX that make constants of a few numbers, and those that store them in fewer bits.

:math:`y = \mathrm{sat}(\mathrm{round}(x / s) + z)` quantises with scale s and zero point z, rounding halves to even,
and :math:`(y - z) s` is what comes back of it. Windows are sums of cosines; those that are irrational are replaced by
their nearest binary64 numbers, with a warning.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np
from flint import arb, fmpq

from polyrelu.errors import InputError
from polyrelu.formats import operators as op
from polyrelu.formats.lowering import check_size
from polyrelu.formats.onnx_functions import announced, ball, nearest_float
from polyrelu.formats.onnx_node import Node
from polyrelu.formats.operators import Constant, Value

_QUANTISED = {2: np.uint8, 3: np.int8, 4: np.uint16, 5: np.int16}  # by the number of the type in ONNX


def _dequantised(node: Node) -> Value:
    """``(x - zero_point) * scale``, with a scale for all, for each place of an axis, or for blocks along it."""
    x, scale, shift = _scaled(node)
    return np.asarray((x - shift) * scale, dtype=object)


def _quantised(node: Node) -> Value:
    """``saturate(round(x / scale) + zero_point)``, whole numbers of the zero point's type."""
    x, scale, shift = _scaled(node)
    zero, said = node.optional(2), int(node.attributes.get("output_dtype", 0))
    kind = np.dtype(_QUANTISED.get(said or 2, np.void)) if zero is None else zero.dtype  # type: ignore[union-attr]
    if kind not in list(map(np.dtype, _QUANTISED.values())) or (said and _QUANTISED.get(said) != kind):
        raise InputError(f"{node.where}: quantises to {said or kind}; expected integers of 8 or 16 bits")
    if not all(scale.ravel().tolist()):
        raise InputError(f"{node.where}: a scale is zero")
    whole = np.vectorize(round, otypes=[object])(x / scale) + shift if x.size else x
    ends = np.iinfo(kind)
    return np.clip(whole, int(ends.min), int(ends.max)).astype(kind)


def _scaled(node: Node) -> tuple[Constant, Constant, Constant]:
    """The numbers of a node, and for each its scale and its zero point."""
    x, scale = op.fractions(node.constant(0), node.where), op.fractions(node.constant(1), node.where)
    shift = op.fractions(node.constant(2), node.where) if node.optional(2) is not None else np.zeros_like(scale)
    axis = int(node.attributes.get("axis", 1))
    block = int(node.attributes.get("block_size", 0))
    if scale.size > 1 or scale.ndim > 1:
        axis = range(x.ndim)[axis]
        if block:
            scale, shift = (
                np.repeat(part, block, axis=axis).take(range(x.shape[axis]), axis) for part in (scale, shift)
            )
        else:
            around = [1] * x.ndim
            around[axis] = scale.size
            scale, shift = scale.reshape(around), shift.reshape(around)
    return x, scale, shift


def _range(node: Node) -> Value:
    start, limit, step = (op.fractions(node.constant(i), node.where).ravel()[0] for i in range(3))
    if not step:
        raise InputError(f"{node.where}: the step is zero")
    count = max(0, math.ceil((limit - start) / step))
    check_size((count,), node.where)
    values = [start + i * step for i in range(count)]
    if all(node.constant(i).dtype.kind in "iu" for i in range(3)):
        return np.array(list(map(int, values)), dtype=np.int64)
    result = np.empty(count, dtype=object)
    result[:] = values
    return result


def _window(coefficients: Sequence[Fraction]) -> Callable[[Node], Value]:
    """The window ``sum of c_k cos(2 pi k n / N)`` for n from 0, periodic, or symmetric with N - 1 in the place of N."""

    def lowered(node: Node) -> Value:
        size = int(node.constant(0).ravel()[0])
        check_size((size,), node.where)
        node.attributes.get("output_datatype")
        period = max(size - (not node.flag("periodic", 1)), 1)

        def value_at(n: int) -> Any:
            waves = (ball(c) * arb.cos_pi_fmpq(fmpq(2 * k * n, period)) for k, c in enumerate(coefficients))
            return sum(waves, arb(0))

        return announced([nearest_float(partial(value_at, n), node.where) for n in range(size)], (size,), node)

    return lowered


MADE: dict[str, Callable[[Node], Value]] = {
    "BlackmanWindow": _window([Fraction(21, 50), Fraction(-1, 2), Fraction(2, 25)]),
    "DequantizeLinear": _dequantised,
    "HammingWindow": _window([Fraction(25, 46), Fraction(-21, 46)]),
    "HannWindow": _window([Fraction(1, 2), Fraction(-1, 2)]),
    "QuantizeLinear": _quantised,
    "Range": _range,
}
"""By name; every one of them takes constants only."""
