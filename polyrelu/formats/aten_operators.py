"""PyTorch's operators that compute, lowered one call at a time: affine ones, maxima, and sums along axes.

Signatures are those of the operators. Products of two tensors that both depend on the input are refused.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from polyrelu.arithmetic.exact import exact
from polyrelu.errors import InputError
from polyrelu.formats import operators as op
from polyrelu.formats.aten_conditions import multiplied
from polyrelu.formats.aten_site import Condition, Jumping, Site, along, axes_of, axis_of, numeric
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


def _max(site: Site, x: Any, other: Any = None, keepdim: bool = False) -> Any:
    """``max`` of all entries, of two tensors, or along an axis, which also gives the places."""
    if other is not None and not isinstance(other, int):
        return (_maximum if site.operator == "max" else _minimum)(site, x, other)
    sign = ONE if site.operator == "max" else -ONE
    best = _extreme(site.low, site.variable(x), other, keepdim, sign, site.where)
    return best if other is None else [best, Jumping()]


def _extremes(site: Site, x: Any, dim: Any = None, keepdim: bool = False) -> list[Variable]:
    return [_smallest_entry(site, x, dim, keepdim), _largest_entry(site, x, dim, keepdim)]


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
    **dict.fromkeys(("_prelu_kernel", "prelu"), _prelu),
    **dict.fromkeys(("_to_copy", "to"), _cast),
    **dict.fromkeys(("abs", "absolute"), _absolute),
    **dict.fromkeys(("addbmm", "addmm", "addmv", "baddbmm"), _add_matmul),
    **dict.fromkeys(("bmm", "dot", "matmul", "mm", "mv", "vdot"), _matmul),
    **dict.fromkeys(("clamp", "clip"), _clamp),
    **dict.fromkeys(("div", "divide", "true_divide"), _divide),
    **dict.fromkeys(("alpha_dropout", "dropout", "feature_alpha_dropout", "feature_dropout"), _dropout),
    **dict.fromkeys(("fmax", "maximum"), _maximum),
    **dict.fromkeys(("fmin", "minimum"), _minimum),
    **dict.fromkeys(("linalg_vector_norm", "norm"), _norm),
    **dict.fromkeys(("max", "min"), _max),
    **dict.fromkeys(("mul", "multiply"), _multiply),
    **dict.fromkeys(("neg", "negative"), _negative),
    **dict.fromkeys(("ger", "outer"), _outer),
    **dict.fromkeys(("sub", "subtract"), _subtract),
    "add": _add,
    "addcdiv": _add_quotient,
    "addcmul": _add_product,
    "amax": _largest_entry,
    "amin": _smallest_entry,
    "aminmax": _extremes,
    "clamp_max": _clamp_max,
    "clamp_min": _clamp,
    "cumsum": _cumulative_sum,
    "hardsigmoid": _hard_sigmoid,
    "hardtanh": _hardtanh,
    "leaky_relu": _leaky_relu,
    "lerp": _interpolate,
    "linear": _linear,
    "mean": _mean,
    "native_dropout": lambda site, *args: [_dropout(site, *args)],
    "pow": _power,
    "relu": _relu,
    "relu6": lambda site, x: _clamp(site, x, 0, 6),
    "rrelu": _random_relu,
    "rsub": _reverse_subtract,
    "softshrink": _soft_shrink,
    "sum": _sum,
}
