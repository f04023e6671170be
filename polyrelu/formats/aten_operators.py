"""PyTorch's operators that compute, lowered one call at a time: affine ones, maxima, convolutions, pooling, sums.

Signatures are those of the operators. Products of two tensors that both depend on the input are refused.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyrelu.arithmetic.exact import exact
from polyrelu.errors import InputError
from polyrelu.formats import operators as op
from polyrelu.formats import windows as win
from polyrelu.formats.aten_conditions import multiplied
from polyrelu.formats.aten_site import Condition, Site, along, axes_of, axis_of, each, numeric
from polyrelu.formats.lowering import ONE, ZERO, Lowering, Variable, combine
from polyrelu.formats.operators import Value

# -- sums and products --------------------------------------------------------------------------------------------


def _scaled(site: Site, x: Any, factor: Any) -> Value:
    value = numeric(site.value(x))
    return value if factor == 1 else op.multiply(value, site.constant(factor), site.where)


def _add(site: Site, a: Any, b: Any, alpha: Any = 1) -> Value:
    return op.add(site.low, numeric(site.value(a)), _scaled(site, b, alpha), site.where)


def _subtract(site: Site, a: Any, b: Any, alpha: Any = 1) -> Value:
    return op.subtract(site.low, numeric(site.value(a)), _scaled(site, b, alpha), site.where)


def _reverse_subtract(site: Site, a: Any, b: Any, alpha: Any = 1) -> Value:
    return _subtract(site, b, a, alpha)


def _multiply(site: Site, a: Any, b: Any) -> Value:
    masked = multiplied(site, (a, b))
    return op.multiply(numeric(site.value(a)), numeric(site.value(b)), site.where) if masked is None else masked


def _divide(site: Site, a: Any, b: Any, rounding_mode: str | None = None) -> Value:
    if rounding_mode is not None:
        raise InputError(f"{site.where}: {site.operator} with rounding_mode={rounding_mode!r} is not continuous")
    return op.divide(numeric(site.value(a)), numeric(site.value(b)), site.where)


def _negative(site: Site, x: Any) -> Value:
    return op.negative(site.value(x), site.where)


def _power(site: Site, x: Any, exponent: Any) -> Value:
    if isinstance(exponent, (int, float)) and exponent in (0, 1):
        return site.value(x) if exponent == 1 else np.ones(x.shape, dtype=np.int64)
    raise InputError(f"{site.where}: the power with exponent {exponent} is not piecewise linear")


def _add_product(site: Site, x: Any, a: Any, b: Any, value: Any = 1) -> Value:
    return _add(site, x, _multiply(site, a, b), value)


def _add_quotient(site: Site, x: Any, a: Any, b: Any, value: Any = 1) -> Value:
    return _add(site, x, _divide(site, a, b), value)


def _interpolate(site: Site, a: Any, b: Any, weight: Any) -> Value:
    return _add(site, a, _multiply(site, _subtract(site, b, a), weight))


# -- products of matrices -----------------------------------------------------------------------------------------


def _matmul(site: Site, a: Any, b: Any) -> Value:
    return op.matmul(numeric(site.value(a)), numeric(site.value(b)), site.where)


def _turned(value: Value) -> Value:
    """The transpose of a matrix; a vector as it is."""
    return Variable(value.rows.T) if isinstance(value, Variable) else value.T


def _linear(site: Site, x: Any, weight: Any, bias: Any = None) -> Value:
    product = op.matmul(site.value(x), _turned(site.value(weight)), site.where)
    return product if bias is None else op.add(site.low, product, site.value(bias), site.where)


def _add_matmul(site: Site, x: Any, a: Any, b: Any, beta: Any = 1, alpha: Any = 1) -> Value:
    return _add(site, _scaled(site, x, beta), _matmul(site, a, b), alpha)


def _outer(site: Site, a: Any, b: Any) -> Value:
    left, right = site.value(a), site.value(b)
    column = Variable(left.rows[:, None]) if isinstance(left, Variable) else left[:, None]
    return op.multiply(column, right, site.where)


# -- convolution, pooling, normalisation --------------------------------------------------------------------------


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
    windows = win.Windows(size, each(stride, rank), each(dilation, rank), each(padding, rank) * 2)
    extra = each(output_padding, rank)
    made = win.transposed_convolution(
        _batched(image, rank), kernel, _bias(site, bias), windows, extra, groups, site.where
    )
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


def _dropout(site: Site, x: Any, p: float = 0.5, train: bool = True) -> Any:
    if train and p:
        raise InputError(f"{site.where}: {site.operator} is in training mode; call module.eval() first")
    return x


# -- piecewise linear ---------------------------------------------------------------------------------------------


def _relu(site: Site, x: Any) -> Variable:
    return op.relu(site.low, site.variable(x))


def _leaky_relu(site: Site, x: Any, negative_slope: Any = 0.01) -> Variable:
    return op.leaky_relu(site.low, site.variable(x), site.constant(negative_slope), site.where)


def _prelu(site: Site, x: Any, weight: Any) -> Variable:
    rows, slope = site.variable(x), np.asarray(site.constant(weight))
    if slope.size > 1 and site.operator == "prelu":
        slope = slope.reshape(-1, *(1,) * (rows.rows.ndim - 2))
    return op.leaky_relu(site.low, rows, slope.reshape(()) if slope.size == 1 else slope, site.where)


def _random_relu(
    site: Site, x: Any, lower: float = 1 / 8, upper: float = 1 / 3, training: bool = False, generator: Any = None
) -> Variable:
    if training:
        raise InputError(f"{site.where}: {site.operator} is in training mode; call module.eval() first")
    return _leaky_relu(site, x, (lower + upper) / 2)


def _clamp(site: Site, x: Any, min: Any = None, max: Any = None) -> Value:
    bounds = [None if _absent(bound) else bound for bound in (min, max)]
    if all(bound is None or isinstance(bound, (int, float)) for bound in bounds):
        lower, upper = (None if bound is None else exact(bound, site.where) for bound in bounds)
        return op.clip(site.low, site.variable(x), lower, upper, site.where)
    result: Value = site.variable(x)
    if bounds[0] is not None:
        result = op.maximum(site.low, result, site.value(bounds[0]), site.where)
    return result if bounds[1] is None else op.minimum(site.low, result, site.value(bounds[1]), site.where)


def _absent(bound: Any) -> bool:
    return bound is None or (isinstance(bound, float) and math.isinf(bound))


def _clamp_max(site: Site, x: Any, max: Any) -> Value:
    return _clamp(site, x, None, max)


def _hardtanh(site: Site, x: Any, min_val: float = -1.0, max_val: float = 1.0) -> Value:
    return _clamp(site, x, min_val, max_val)


def _hard_sigmoid(site: Site, x: Any) -> Variable:
    sixth = op.affine(site.variable(x), Fraction(1, 6), Fraction(1, 2))
    return op.clip(site.low, sixth, ZERO, ONE, site.where)


def _soft_shrink(site: Site, x: Any, lambd: Any = 0.5) -> Value:
    return _subtract(site, x, _clamp(site, x, -lambd, lambd))


def _absolute(site: Site, x: Any) -> Variable:
    return op.absolute(site.low, site.variable(x), site.where)


def _maximum(site: Site, a: Any, b: Any) -> Value:
    return op.maximum(site.low, numeric(site.value(a)), numeric(site.value(b)), site.where)


def _minimum(site: Site, a: Any, b: Any) -> Value:
    return op.minimum(site.low, numeric(site.value(a)), numeric(site.value(b)), site.where)


# -- along axes ---------------------------------------------------------------------------------------------------


def _joined(x: Variable, dims: Any, keepdim: bool) -> tuple[Variable, tuple[int, ...]]:
    """The tensor as a matrix whose rows are what is reduced to one number, and the shape of the result."""
    rank = x.rows.ndim
    gone = axes_of(dims, rank)
    kept = [axis for axis in range(rank) if axis not in gone]
    lines = x.rows.transpose(*kept, *gone).reshape(math.prod(x.shape[axis] for axis in kept), -1)
    shape = tuple(1 if axis in gone else n for axis, n in enumerate(x.shape) if keepdim or axis not in gone)
    return Variable(lines), shape


def _sum(site: Site, x: Any, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Variable:
    return _weighted_sum(site.variable(x), dim, keepdim, mean=False)


def _mean(site: Site, x: Any, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Variable:
    return _weighted_sum(site.variable(x), dim, keepdim, mean=True)


def _weighted_sum(x: Variable, dim: Any, keepdim: bool, mean: bool) -> Variable:
    lines, shape = _joined(x, dim, keepdim)
    count = lines.shape[1]
    share = Fraction(1, count) if mean else ONE
    sums = [dict.fromkeys(range(i * count, (i + 1) * count), share) for i in range(lines.shape[0])]
    return combine(sums, [ZERO] * len(sums), lines.flat, shape)


def _extreme(low: Lowering, x: Variable, dim: Any, keepdim: bool, sign: Fraction, where: str) -> Variable:
    lines, shape = _joined(op.affine(x, sign, ZERO), dim, keepdim)
    best = op.largest(low, [Variable(column) for column in lines.rows.T], where)
    return Variable(op.affine(best, sign, ZERO).rows.reshape(shape))


def _largest_entry(site: Site, x: Any, dim: Any = None, keepdim: bool = False) -> Variable:
    return _extreme(site.low, site.variable(x), dim, keepdim, ONE, site.where)


def _smallest_entry(site: Site, x: Any, dim: Any = None, keepdim: bool = False) -> Variable:
    return _extreme(site.low, site.variable(x), dim, keepdim, -ONE, site.where)


class _Places:
    """Where the largest entries stand: nobody may ask, because that jumps."""


def _max(site: Site, x: Any, other: Any = None, keepdim: bool = False) -> Any:
    """``max`` of all entries, of two tensors, or along an axis, which also says where."""
    if other is not None and not isinstance(other, int):
        return (_maximum if site.operator == "max" else _minimum)(site, x, other)
    sign = ONE if site.operator == "max" else -ONE
    best = _extreme(site.low, site.variable(x), other, keepdim, sign, site.where)
    return best if other is None else [best, _Places()]


def _cumulative_sum(site: Site, x: Any, dim: int, dtype: Any = None) -> Variable:
    tensor = site.variable(x)
    axis = axis_of(dim, tensor.rows.ndim)
    return along(np.tri(tensor.shape[axis], dtype=np.int64), tensor, axis, site.where)


def _norm(site: Site, x: Any, ord: Any = 2, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Variable:
    if ord not in (1, math.inf):
        raise InputError(f"{site.where}: the norm of order {ord} is not piecewise linear; those of order 1 and inf are")
    moduli = _absolute(site, x)
    return _sum(site, moduli, dim, keepdim) if ord == 1 else _largest_entry(site, moduli, dim, keepdim)


# -- made from nothing, and made another type ---------------------------------------------------------------------


def _cast(site: Site, x: Any, dtype: Any = None, **_: Any) -> Any:
    """Another type of numbers: floats are exact here, and truth values are 0 and 1; integers would round."""
    if (
        dtype is None
        or isinstance(x, Condition)
        or str(dtype).startswith(("torch.float", "torch.bfloat", "torch.double"))
    ):
        return x
    raise InputError(f"{site.where}: a cast of what depends on the input to {dtype} is not continuous")


OPERATORS: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(("_adaptive_avg_pool1d", "adaptive_avg_pool1d"), _adaptive_average_pool),
    **dict.fromkeys(("_adaptive_avg_pool2d", "adaptive_avg_pool2d"), _adaptive_average_pool),
    **dict.fromkeys(("_adaptive_avg_pool3d", "adaptive_avg_pool3d"), _adaptive_average_pool),
    **dict.fromkeys(("_prelu_kernel", "prelu"), _prelu),
    **dict.fromkeys(("_to_copy", "to"), _cast),
    **dict.fromkeys(("abs", "absolute"), _absolute),
    **dict.fromkeys(("addbmm", "addmm", "addmv", "baddbmm"), _add_matmul),
    **dict.fromkeys(("avg_pool1d", "avg_pool2d", "avg_pool3d"), _average_pool),
    **dict.fromkeys(("bmm", "dot", "matmul", "mm", "mv", "vdot"), _matmul),
    **dict.fromkeys(("clamp", "clip"), _clamp),
    **dict.fromkeys(("conv1d", "conv2d", "conv3d"), _convolution),
    **dict.fromkeys(("conv_transpose1d", "conv_transpose2d", "conv_transpose3d"), _transposed_convolution),
    **dict.fromkeys(("div", "divide", "true_divide"), _divide),
    **dict.fromkeys(("alpha_dropout", "dropout", "feature_alpha_dropout", "feature_dropout"), _dropout),
    **dict.fromkeys(("fmax", "maximum"), _maximum),
    **dict.fromkeys(("fmin", "minimum"), _minimum),
    **dict.fromkeys(("linalg_vector_norm", "norm"), _norm),
    **dict.fromkeys(("max", "min"), _max),
    **dict.fromkeys(("max_pool1d", "max_pool2d", "max_pool3d"), _max_pool),
    **dict.fromkeys(("mul", "multiply"), _multiply),
    **dict.fromkeys(("neg", "negative"), _negative),
    **dict.fromkeys(("ger", "outer"), _outer),
    **dict.fromkeys(("sub", "subtract"), _subtract),
    "_native_batch_norm_legit_no_training": lambda site, *args: [_batch_norm(site, *args)],
    "add": _add,
    "addcdiv": _add_quotient,
    "addcmul": _add_product,
    "amax": _largest_entry,
    "amin": _smallest_entry,
    "batch_norm": _batch_norm,
    "clamp_max": _clamp_max,
    "clamp_min": _clamp,
    "convolution": _any_convolution,
    "cumsum": _cumulative_sum,
    "hardsigmoid": _hard_sigmoid,
    "hardtanh": _hardtanh,
    "leaky_relu": _leaky_relu,
    "lerp": _interpolate,
    "linear": _linear,
    "mean": _mean,
    "pow": _power,
    "relu": _relu,
    "relu6": lambda site, x: _clamp(site, x, 0, 6),
    "rrelu": _random_relu,
    "rsub": _reverse_subtract,
    "softshrink": _soft_shrink,
    "sum": _sum,
}
