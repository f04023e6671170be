"""PyTorch's convolutions, poolings and normalisation by stored statistics, lowered one call at a time.

Signatures are those of the operators.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyrelu.arithmetic.exact import exact
from polyrelu.errors import InputError
from polyrelu.formats import operators as op
from polyrelu.formats import windows as win
from polyrelu.formats.aten_site import Site, along, each
from polyrelu.formats.lowering import ZERO, Variable


def _bias(site: Site, bias: Any) -> NDArray[Any] | None:
    return None if bias is None else site.constant(bias)


def _padding(padding: Any, kernel: Sequence[int], dilation: Sequence[int]) -> tuple[int, ...]:
    """What is added before every axis, then after."""
    rank = len(kernel)
    if padding == "same":
        return win.same_pads([1] * rank, kernel, [1] * rank, dilation, upper=True)
    return (0,) * 2 * rank if padding == "valid" else each(padding, rank) * 2


def _batched(x: Variable, rank: int) -> Variable:
    """An image without its axis for the batch gets one."""
    return Variable(x.rows[None]) if x.rows.ndim == rank + 1 else x


def _unbatched(made: Variable, x: Variable) -> Variable:
    return Variable(made.rows[0]) if made.rows.ndim > x.rows.ndim else made


def _convolution(
    site: Site,
    x: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Variable:
    image, kernel = site.variable(x), site.constant(weight)
    size = kernel.shape[2:]
    dilations = each(dilation, len(size))
    windows = win.Windows(size, each(stride, len(size)), dilations, _padding(padding, size, dilations))
    made = win.convolution(_batched(image, len(size)), kernel, _bias(site, bias), windows, groups, site.where)
    return _unbatched(made, image)


def _transposed_convolution(
    site: Site,
    x: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Variable:
    image, kernel = site.variable(x), site.constant(weight)
    size = kernel.shape[2:]
    rank = len(size)
    batched = _batched(image, rank)
    strides, dilations, pads, extra = (each(v, rank) for v in (stride, dilation, padding, output_padding))
    reach = zip(batched.shape[2:], size, strides, dilations, pads, extra, strict=True)
    shape = tuple((n - 1) * s + (k - 1) * d + 1 - 2 * p + more for n, k, s, d, p, more in reach)
    scattering = win.Scattering(size, strides, dilations, pads, shape)
    made = win.transposed_convolution(batched, kernel, _bias(site, bias), scattering, groups, site.where)
    return _unbatched(made, image)


def _any_convolution(
    site: Site,
    x: Any,
    weight: Any,
    bias: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    transposed: bool,
    output_padding: Any,
    groups: int,
) -> Variable:
    if transposed:
        return _transposed_convolution(site, x, weight, bias, stride, padding, output_padding, groups, dilation)
    return _convolution(site, x, weight, bias, stride, padding, dilation, groups)


def _pool_windows(
    site: Site, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool
) -> win.Windows:
    rank = int(site.operator.partition("_pool")[2][0])
    kernel = each(kernel_size, rank)
    strides = each(stride, rank) if stride not in (None, []) else kernel
    return win.Windows(kernel, strides, each(dilation, rank), each(padding, rank) * 2, ceil_mode)


def _max_pool(
    site: Site,
    x: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
) -> Variable:
    image = site.variable(x)
    windows = _pool_windows(site, kernel_size, stride, padding, dilation, ceil_mode)
    return _unbatched(win.max_pool(site.low, _batched(image, len(windows.kernel)), windows, site.where), image)


def _average_pool(
    site: Site,
    x: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Variable:
    if divisor_override is not None:
        raise InputError(f"{site.where}: divisor_override is not supported")
    image = site.variable(x)
    windows = _pool_windows(site, kernel_size, stride, padding, 1, ceil_mode)
    return _unbatched(
        win.average_pool(_batched(image, len(windows.kernel)), windows, count_include_pad, site.where), image
    )


def _adaptive_average_pool(site: Site, x: Any, output_size: Sequence[int]) -> Variable:
    image = site.variable(x)
    first = image.rows.ndim - len(output_size)
    for axis, size in enumerate(output_size, first):
        length = image.shape[axis]
        shares = np.full((size, length), ZERO, dtype=object)
        for i in range(size):
            start, end = i * length // size, -(-(i + 1) * length // size)
            shares[i, start:end] = Fraction(1, end - start)
        image = along(shares, image, axis, site.where)
    return image


def _batch_norm(site: Site, x: Any, weight: Any, bias: Any, mean: Any, variance: Any, *rest: Any) -> Variable:
    training, epsilon = (rest[0], rest[2]) if len(rest) > 2 else (False, rest[-1])
    if training or mean is None:
        raise InputError(f"{site.where}: it normalises by the batch's own statistics; call module.eval() first")
    centre, spread = site.constant(mean), site.constant(variance)
    scale = np.ones(centre.shape) if weight is None else site.constant(weight)
    shift = np.zeros(centre.shape) if bias is None else site.constant(bias)
    return op.batch_norm(site.variable(x), scale, shift, centre, spread, exact(epsilon, site.where), site.where)


WINDOWS: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(("_adaptive_avg_pool1d", "adaptive_avg_pool1d"), _adaptive_average_pool),
    **dict.fromkeys(("_adaptive_avg_pool2d", "adaptive_avg_pool2d"), _adaptive_average_pool),
    **dict.fromkeys(("_adaptive_avg_pool3d", "adaptive_avg_pool3d"), _adaptive_average_pool),
    **dict.fromkeys(("avg_pool1d", "avg_pool2d", "avg_pool3d"), _average_pool),
    **dict.fromkeys(("conv1d", "conv2d", "conv3d"), _convolution),
    **dict.fromkeys(("conv_transpose1d", "conv_transpose2d", "conv_transpose3d"), _transposed_convolution),
    **dict.fromkeys(("max_pool1d", "max_pool2d", "max_pool3d"), _max_pool),
    "_native_batch_norm_legit_no_training": lambda site, *args: [_batch_norm(site, *args)],
    "batch_norm": _batch_norm,
    "convolution": _any_convolution,
}
