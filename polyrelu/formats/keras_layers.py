r"""The layers of Keras that are piecewise linear, lowered one call at a time.

Their meaning is that of the layer reference, https://keras.io/api/layers, in inference and in exact arithmetic; numbers
in the configuration (a slope, an epsilon) are the binary64 numbers that its decimals denote. Tensors have the batch
first and, unless ``data_format`` says otherwise, the channels last. Average pooling with ``padding="same"`` leaves the
padding out of its means, as with TensorFlow and JAX; with PyTorch, Keras 3.15 gives other numbers there. ``SUPPORTED``
lists the names.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from polyrelu.arithmetic.exact import exact
from polyrelu.errors import DimensionError, InputError, PolyreluError
from polyrelu.formats import operators as op
from polyrelu.formats import windows as win
from polyrelu.formats.lowering import ONE, ZERO, Lowering, Variable, check_size
from polyrelu.formats.operators import Constant, Value, as_variable

GROUPS = {
    "BatchNormalization": "batch_normalization",
    "Conv1D": "conv1d",
    "Conv2D": "conv2d",
    "Conv3D": "conv3d",
    "Dense": "dense",
    "PReLU": "p_re_lu",
}
"""The names of weight groups of layers that have weights: their classes in snake case."""


_LARGEST_SIZE = 2**31


@dataclass(frozen=True)
class Item:
    """One call of a layer.

    Attributes:
        low: the atoms of the graph.
        kind: the layer's class.
        config: the layer's configuration.
        inputs: the tensors it reads.
        weights: its stored arrays.
        where: names the layer and its class in errors.
    """

    low: Lowering
    kind: str
    config: dict[str, Any]
    inputs: Sequence[Variable]
    weights: Sequence[Constant]
    where: str

    @property
    def x(self) -> Variable:
        """The tensor that a layer of one input reads."""
        if len(self.inputs) != 1:
            raise InputError(f"{self.where}: reads {len(self.inputs)} tensors; expected one")
        return self.inputs[0]

    def arrays(self, count: int) -> Sequence[Constant]:
        """The stored arrays, as many as there must be."""
        if len(self.weights) != count:
            raise InputError(f"{self.where}: has {len(self.weights)} stored weights; expected {count}")
        return self.weights

    def number(self, name: str, default: float) -> Fraction:
        """A number of the configuration, exactly."""
        return exact(self.config.get(name, default), f"{self.where}: {name}")


def lower(item: Item) -> Variable:
    """The value of a layer's call.

    Raises:
        InputError: the layer, its activation or an option is not supported, or its configuration is malformed.
        DimensionError: shapes do not fit.
    """
    if item.kind not in _LAYERS:
        raise InputError(f"{item.where}: not supported; supported are {', '.join(SUPPORTED)}{_hint(item.kind)}")
    _check_sizes(item)
    if item.config.get("quantization_config") is not None:
        raise InputError(f"{item.where}: quantised layers are not supported")
    try:
        made = as_variable(_LAYERS[item.kind](item), item.where)
        return made if item.kind in _OWN_ACTIVATION else _activated(item, made)
    except PolyreluError:
        raise
    except (ValueError, TypeError, LookupError, AttributeError, AssertionError, ArithmeticError) as error:
        raise InputError(f"{item.where}: cannot be lowered ({type(error).__name__}: {error})") from error


def _check_sizes(item: Item) -> None:
    """Refuse numbers in the configuration that are no sizes, before anything is computed with them."""
    for name, value in item.config.items():
        for number in value if isinstance(value, list) else [value]:
            if name != "seed" and isinstance(number, int) and abs(number) > _LARGEST_SIZE:
                shown = number if abs(number) < 10**30 else "an integer of more than 30 digits"
                raise InputError(f"{item.where}: {name} is {shown}; sizes are at most {_LARGEST_SIZE}")


def _hint(name: str) -> str:
    """What to do about a softmax."""
    likely = name.lower() in {"softmax", "sigmoid", "log_softmax"}
    return f'. If it is the last one and order is all that matters, drop it with drop_final="{name}"' if likely else ""


# -- activations --------------------------------------------------------------------------------------------------


def _activated(item: Item, x: Variable) -> Variable:
    name = item.config.get("activation")
    if name is None:
        return x
    if not isinstance(name, str) or name not in _ACTIVATIONS:
        shown = name if isinstance(name, str) else f"of class {name.get('class_name')}"
        raise InputError(
            f"{item.where}: the activation {shown} is not supported; supported are {', '.join(sorted(_ACTIVATIONS))}"
            f"{_hint(str(shown))}"
        )
    return _ACTIVATIONS[name](item.low, x, item.where)


def _slope(low: Lowering, x: Variable, slope: Fraction, where: str) -> Variable:
    return x if slope == 1 else op.leaky_relu(low, x, np.array([slope], dtype=object), where) if slope else low.relu(x)


_ACTIVATIONS: dict[str, Callable[[Lowering, Variable, str], Variable]] = {
    "hard_sigmoid": lambda low, x, where: op.clip(low, op.affine(x, Fraction(1, 6), Fraction(1, 2)), ZERO, ONE, where),
    "hard_tanh": lambda low, x, where: op.clip(low, x, -ONE, ONE, where),
    "leaky_relu": lambda low, x, where: _slope(low, x, exact(0.2), where),
    "linear": lambda low, x, where: x,
    "relu": lambda low, x, where: low.relu(x),
    "relu6": lambda low, x, where: op.clip(low, x, ZERO, Fraction(6), where),
}


def _relu(item: Item) -> Variable:
    if item.number("threshold", 0.0):
        raise InputError(f"{item.where}: a threshold of {item.config['threshold']} makes it discontinuous")
    made = _slope(item.low, item.x, item.number("negative_slope", 0.0), item.where)
    top = item.config.get("max_value")
    if top is None:
        return made
    return op.clip(item.low, made, None, exact(top, f"{item.where}: max_value"), item.where)


def _leaky_relu(item: Item) -> Variable:
    return _slope(item.low, item.x, item.number("negative_slope", 0.3), item.where)


def _prelu(item: Item) -> Variable:
    (slope,) = item.arrays(1)
    return op.leaky_relu(item.low, item.x, slope, item.where)


# -- affine -------------------------------------------------------------------------------------------------------


def _dense(item: Item) -> Value:
    biased = bool(item.config["use_bias"])
    kernel, *bias = item.arrays(1 + biased)
    _check_width(item, "units", kernel)
    product = op.matmul(item.x, kernel, item.where)
    return op.add(item.low, product, bias[0], item.where) if biased else product


def _check_width(item: Item, name: str, weight: Constant) -> None:
    """Refuse a layer whose configuration and weight disagree on how many numbers it returns."""
    if weight.ndim < 2 or item.config.get(name, weight.shape[-1]) != weight.shape[-1]:
        raise DimensionError(
            f"{item.where}: {name} is {item.config.get(name)}, but its weight has shape {weight.shape}"
        )


def _channels_first(item: Item, x: Variable) -> bool:
    """Whether the channels come first; the batch is before them."""
    order = item.config.get("data_format", "channels_last")
    if order not in ("channels_first", "channels_last"):
        raise InputError(f"{item.where}: data_format is {order!r}; expected channels_first or channels_last")
    return bool(order == "channels_first")


def _in_space(item: Item, function: Callable[[Variable], Variable]) -> Variable:
    """A function of tensors (batch, channels, *space), on one whose channels may come last."""
    x = item.x
    if _channels_first(item, x):
        return function(x)
    made = function(Variable(np.moveaxis(x.rows, -1, 1)))
    return Variable(np.moveaxis(made.rows, 1, -1))


def _each(value: Any, rank: int) -> tuple[int, ...]:
    return (int(value),) * rank if isinstance(value, int) else tuple(map(int, value))


def _pads(
    item: Item, space: Sequence[int], kernel: Sequence[int], strides: Sequence[int], dilations: Sequence[int]
) -> tuple[int, ...]:
    padding = item.config["padding"]
    if padding == "same":
        return win.same_pads(space, kernel, strides, dilations, upper=True)
    if padding == "valid":
        return (0,) * 2 * len(space)
    if padding == "causal" and len(space) == 1:
        return (dilations[0] * (kernel[0] - 1), 0)
    raise InputError(f"{item.where}: padding is {padding!r}; supported are same and valid, and causal in one dimension")


def _conv(item: Item) -> Variable:
    biased = bool(item.config["use_bias"])
    weight, *bias = item.arrays(1 + biased)
    _check_width(item, "filters", weight)
    rank = weight.ndim - 2
    kernel = tuple(weight.shape[:-2])
    strides, dilations = _each(item.config["strides"], rank), _each(item.config["dilation_rate"], rank)
    if _each(item.config["kernel_size"], rank) != kernel:
        raise DimensionError(f"{item.where}: kernel_size is {item.config['kernel_size']}, the weight {weight.shape}")
    turned = np.moveaxis(weight, (-1, -2), (0, 1))  # (*kernel, in, out) to (out, in, *kernel)

    def convolved(x: Variable) -> Variable:
        if x.rows.ndim != rank + 2:
            raise DimensionError(f"{item.where}: reads a tensor of shape {x.shape}; expected {rank + 2} axes")
        windows = win.Windows(kernel, strides, dilations, _pads(item, x.shape[2:], kernel, strides, dilations))
        shift = bias[0] if biased else None
        return win.convolution(x, turned, shift, windows, int(item.config.get("groups", 1)), item.where)

    return _in_space(item, convolved)


def _pool(item: Item) -> Variable:
    def pooled(x: Variable) -> Variable:
        space = x.shape[2:]
        kernel = _each(item.config["pool_size"], len(space))
        given = item.config.get("strides")
        strides = kernel if given is None else _each(given, len(space))
        ones = (1,) * len(space)
        windows = win.Windows(kernel, strides, ones, _pads(item, space, kernel, strides, ones))
        if item.kind.startswith("Max"):
            return win.max_pool(item.low, x, windows, item.where)
        return win.average_pool(x, windows, False, item.where)

    return _in_space(item, pooled)


def _global_pool(item: Item) -> Variable:
    first = _channels_first(item, item.x)
    x = item.x if first else Variable(np.moveaxis(item.x.rows, -1, 1))
    ones = (1,) * (x.rows.ndim - 2)
    windows = win.Windows(x.shape[2:], ones, ones, (0,) * 2 * len(ones))
    if item.kind.startswith("GlobalMax"):
        made = win.max_pool(item.low, x, windows, item.where)
    else:
        made = win.average_pool(x, windows, False, item.where)
    if not item.config.get("keepdims", False):
        return Variable(made.rows.reshape(made.shape[:2]))
    return made if first else Variable(np.moveaxis(made.rows, 1, -1))


def _batch_norm(item: Item) -> Variable:
    scaled, centred = bool(item.config["scale"]), bool(item.config["center"])
    *own, mean, variance = item.arrays(2 + scaled + centred)
    scale = own.pop(0) if scaled else np.ones(mean.shape)
    shift = own.pop(0) if centred else np.zeros(mean.shape)
    rank = item.x.rows.ndim
    axis = item.config["axis"]
    axis = range(rank)[axis[0] if isinstance(axis, list) else axis]
    moved = Variable(np.moveaxis(item.x.rows, axis, 1))
    made = op.batch_norm(moved, scale, shift, mean, variance, item.number("epsilon", 1e-3), item.where)
    return Variable(np.moveaxis(made.rows, 1, axis))


def _rescaling(item: Item) -> Variable:
    return op.affine(item.x, item.number("scale", 1.0), item.number("offset", 0.0))


# -- shapes and sums ----------------------------------------------------------------------------------------------


def _flatten(item: Item) -> Variable:
    rows = item.x.rows
    if _channels_first(item, item.x) and rows.ndim > 2:
        rows = np.moveaxis(rows, 1, -1)  # as Keras does, so that both orders flatten alike
    return Variable(rows.reshape(rows.shape[0], -1))


def _reshape(item: Item) -> Variable:
    sizes = tuple(map(int, item.config["target_shape"]))
    return Variable(item.x.rows.reshape(item.x.shape[0], *sizes))


def _permute(item: Item) -> Variable:
    return Variable(item.x.rows.transpose(0, *map(int, item.config["dims"])))


def _concatenate(item: Item) -> Variable:
    joined = np.concatenate([x.rows for x in item.inputs], axis=int(item.config.get("axis", -1)))
    return item.low.settled(Variable(joined))


def _folded(function: Callable[[Lowering, Value, Value, str], Value]) -> Callable[[Item], Value]:
    def folded(item: Item) -> Value:
        total: Value = item.inputs[0]
        for other in item.inputs[1:]:
            total = function(item.low, total, other, item.where)
        return total

    return folded


def _average(item: Item) -> Value:
    return op.divide(_folded(op.add)(item), np.array([len(item.inputs)]), item.where)


def _zero_padding(item: Item) -> Variable:
    def padded(x: Variable) -> Variable:
        space = x.rows.ndim - 2
        given = item.config["padding"]
        pairs = [given] if space == 1 else given
        widths = [(0, 0), (0, 0), *(_each(pair, 2) for pair in pairs)]
        if min(min(pair) for pair in widths) < 0:
            raise InputError(f"{item.where}: padding is {given}; expected numbers that are not negative")
        shape = [n + a + b for n, (a, b) in zip(x.shape, widths, strict=True)]
        check_size(shape, item.where)
        rows = as_variable(np.zeros(math.prod(shape)).reshape(shape), item.where).rows
        inside = tuple(slice(a, a + n) for n, (a, _) in zip(x.shape, widths, strict=True))
        rows[inside] = x.rows
        return Variable(rows)

    return _in_space(item, padded)


_LAYERS: dict[str, Callable[[Item], Value]] = {
    "Activation": lambda item: item.x,
    "Add": _folded(op.add),
    "Average": _average,
    **dict.fromkeys(("AveragePooling1D", "AveragePooling2D", "AveragePooling3D"), _pool),
    "BatchNormalization": _batch_norm,
    "Concatenate": _concatenate,
    **dict.fromkeys(("Conv1D", "Conv2D", "Conv3D"), _conv),
    "Dense": _dense,
    **dict.fromkeys(
        (
            "Dropout",
            "GaussianDropout",
            "GaussianNoise",
            "Identity",
            "SpatialDropout1D",
            "SpatialDropout2D",
            "SpatialDropout3D",
        ),
        lambda item: item.x,
    ),
    "Flatten": _flatten,
    **dict.fromkeys(("GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalAveragePooling3D"), _global_pool),
    **dict.fromkeys(("GlobalMaxPooling1D", "GlobalMaxPooling2D", "GlobalMaxPooling3D"), _global_pool),
    "LeakyReLU": _leaky_relu,
    **dict.fromkeys(("MaxPooling1D", "MaxPooling2D", "MaxPooling3D"), _pool),
    "Maximum": _folded(op.maximum),
    "Minimum": _folded(op.minimum),
    "PReLU": _prelu,
    "Permute": _permute,
    "ReLU": _relu,
    "Rescaling": _rescaling,
    "Reshape": _reshape,
    "Subtract": _folded(op.subtract),
    **dict.fromkeys(("ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D"), _zero_padding),
}
_OWN_ACTIVATION = {"LeakyReLU", "PReLU", "ReLU"}
SUPPORTED = tuple(sorted(_LAYERS))
