"""PyTorch modules as networks, through ``torch.fx``: the forward method is traced, and its graph lowered exactly.

Weights are their exact values, and Python floats (a slope, an epsilon, a constant in ``forward``) are what Python
stores, where PyTorch would round them to the tensor's type. The first axis of the input is the batch, of size 1.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from polyrelu.arithmetic.exact import exact
from polyrelu.errors import InputError, PolyreluError
from polyrelu.formats import operators as op
from polyrelu.formats import windows as win
from polyrelu.formats.lowering import ONE, ZERO, Lowering, Variable
from polyrelu.formats.operators import Value
from polyrelu.formats.torch_weights import tensor_array
from polyrelu.networks.network import Network
from polyrelu.support.extras import require


def from_torch(module: Any, input_shape: Sequence[int] | None = None) -> Network:
    """The network that a PyTorch module computes, exactly.

    Args:
        module: a ``torch.nn.Module`` in evaluation mode whose forward method takes one tensor.
        input_shape: the shape of that tensor without the batch axis; by default what the first Linear layer takes.

    Raises:
        InputError: not a module, in training mode, not traceable, or with an operation that is not supported.
        DimensionError: shapes do not fit.
        InexactError: a weight is NaN or infinite.
        MissingExtraError: torch is not installed.
    """
    fx = require("torch.fx", "Network.from_torch")
    torch = require("torch", "Network.from_torch")
    if not isinstance(module, torch.nn.Module):
        raise InputError(f"Network.from_torch: {type(module).__name__} is not a torch.nn.Module")
    for name, part in module.named_modules():
        if part.training and type(part).__name__.startswith(("Dropout", "BatchNorm")):
            raise InputError(f"Network.from_torch: {_title(name, part)} is in training mode; call module.eval() first")
        if part._forward_hooks or part._forward_pre_hooks:
            raise InputError(
                f"Network.from_torch: {_title(name, part)} has forward hooks; remove them or export to ONNX"
            )
    # A leaf by itself has no forward graph; inside a Sequential it does.
    root = module if type(module).__module__ not in _TORCH_LAYERS else torch.nn.Sequential(module)
    try:
        graph = fx.symbolic_trace(root).graph
    except Exception as error:  # whatever the user's forward method raises on a traced tensor
        raise InputError(
            f"Network.from_torch: {type(module).__name__} cannot be traced by torch.fx ({error}); export it to ONNX"
        ) from error
    return _Trace(torch, root, input_shape).run(graph)


_TORCH_LAYERS = {
    f"torch.nn.modules.{name}"
    for name in ("activation", "batchnorm", "conv", "dropout", "flatten", "linear", "pooling")
}


def _title(name: str, module: Any) -> str:
    return f"module {name!r} ({type(module).__name__})"


class _Trace:
    def __init__(self, torch: Any, root: Any, shape: Sequence[int] | None) -> None:
        self.torch, self.root = torch, root
        self.modules = dict(root.named_modules())
        first = next((m for m in root.modules() if type(m).__name__ == "Linear"), None)
        if shape is None and first is None:
            raise InputError("Network.from_torch: there is no Linear layer to tell the input's shape; pass input_shape")
        self.shape = (1, first.in_features) if shape is None else (1, *map(int, shape))  # type: ignore[union-attr]
        if min(self.shape) < 1:
            raise InputError(f"Network.from_torch: input_shape is {shape}; expected positive sizes")
        self.low = Lowering(math.prod(self.shape), "Network.from_torch")
        self.values: dict[Any, Any] = {}

    def run(self, graph: Any) -> Network:
        inputs = [node for node in graph.nodes if node.op == "placeholder"]
        if len(inputs) != 1:
            raise InputError(f"Network.from_torch: forward takes {len(inputs)} tensors; expected one")
        for node in graph.nodes:
            if node.op == "output":
                return self._network(self._resolved(node.args[0]))
            self.values[node] = self._lowered(node)
        raise InputError("Network.from_torch: forward returns nothing")

    def _network(self, output: Any) -> Network:
        if not isinstance(output, (Variable, np.ndarray)):
            raise InputError(f"Network.from_torch: forward returns {type(output).__name__}; expected one tensor")
        return self.low.network(op.as_variable(output, "Network.from_torch: output"))

    def _resolved(self, value: Any) -> Any:
        if isinstance(value, (tuple, list)):
            return type(value)(self._resolved(v) for v in value)
        if isinstance(value, slice):
            return slice(*map(self._resolved, (value.start, value.stop, value.step)))
        return self.values.get(value, value) if isinstance(value, self.torch.fx.Node) else value

    def _lowered(self, node: Any) -> Any:
        args = self._resolved(list(node.args))
        kwargs = {key: self._resolved(value) for key, value in node.kwargs.items()}
        if node.op == "placeholder":
            return self.low.inputs(self.shape)
        if node.op == "get_attr":
            found: Any = self.root
            for part in node.target.split("."):
                found = getattr(found, part)
            return tensor_array(found, f"Network.from_torch: {node.target}")
        if node.op == "call_module":
            module = self.modules[node.target]
            where = f"Network.from_torch: {_title(node.target, module)}"
            name, table, first = type(module).__name__, _MODULES, [self.low, where, module]
        else:
            name = node.target if isinstance(node.target, str) else getattr(node.target, "__name__", str(node.target))
            where = f"Network.from_torch: {name} in forward"
            home = getattr(node.target, "__module__", None) or "torch"  # torch's compiled functions have none
            if not isinstance(node.target, str) and home.split(".")[0] not in {"torch", "_operator", "builtins"}:
                raise InputError(f"{where}: a function of {home}, not of torch; write it with torch's own")
            table, first = _FUNCTIONS, [self.low, where]
        if name not in table:
            raise InputError(f"{where}: not supported; supported are {', '.join(sorted(table))}")
        try:
            return table[name](*first, *args, **kwargs)
        except PolyreluError:
            raise
        except (ValueError, TypeError, IndexError, KeyError, AttributeError, AssertionError, RuntimeError) as error:
            raise InputError(f"{where}: cannot be lowered ({type(error).__name__}: {error})") from error


def _array(value: Any, where: str) -> Value:
    """A tensor, a parameter of a module or a Python number."""
    if isinstance(value, (Variable, np.ndarray)):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return np.array([exact(value, where)], dtype=object).reshape(())
    return np.asarray(tensor_array(value, where))


def _each(value: Any, rank: int) -> tuple[int, ...]:
    return (int(value),) * rank if isinstance(value, int) else tuple(map(int, value))


# -- modules ------------------------------------------------------------------------------------------------------


def _linear(low: Lowering, where: str, module: Any, x: Variable) -> Value:
    product = op.matmul(x, _array(module.weight, where).T, where)  # type: ignore[union-attr]
    return product if module.bias is None else op.add(low, product, _array(module.bias, where), where)


def _conv(low: Lowering, where: str, module: Any, x: Variable) -> Value:
    if module.padding_mode != "zeros":
        raise InputError(f"{where}: padding_mode is {module.padding_mode!r}; only zeros are supported")
    kernel = tuple(module.kernel_size)
    if module.padding == "same":
        pads = win.same_pads([1] * len(kernel), kernel, [1] * len(kernel), module.dilation, upper=True)
    else:
        pads = (0,) * 2 * len(kernel) if module.padding == "valid" else tuple(module.padding) * 2
    windows = win.Windows(kernel, tuple(module.stride), tuple(module.dilation), pads)
    bias = None if module.bias is None else _array(module.bias, where)
    return win.convolution(x, _array(module.weight, where), bias, windows, module.groups, where)


def _batch_norm(low: Lowering, where: str, module: Any, x: Variable) -> Value:
    if module.running_mean is None:
        raise InputError(f"{where}: it keeps no running statistics, so it is not affine")
    mean, variance = _array(module.running_mean, where), _array(module.running_var, where)
    scale = np.ones(mean.shape) if module.weight is None else _array(module.weight, where)
    shift = np.zeros(mean.shape) if module.bias is None else _array(module.bias, where)
    return op.batch_norm(x, scale, shift, mean, variance, exact(module.eps, where), where)


def _pool_windows(module: Any, x: Variable) -> win.Windows:
    rank = x.rows.ndim - 2
    kernel = _each(module.kernel_size, rank)
    strides = kernel if module.stride is None else _each(module.stride, rank)
    dilations = _each(getattr(module, "dilation", 1), rank)
    return win.Windows(kernel, strides, dilations, _each(module.padding, rank) * 2, module.ceil_mode)


def _max_pool(low: Lowering, where: str, module: Any, x: Variable) -> Value:
    if module.return_indices:
        raise InputError(f"{where}: return_indices is not supported")
    return win.max_pool(low, x, _pool_windows(module, x), where)


def _average_pool(low: Lowering, where: str, module: Any, x: Variable) -> Value:
    if getattr(module, "divisor_override", None) is not None:
        raise InputError(f"{where}: divisor_override is not supported")
    return win.average_pool(x, _pool_windows(module, x), module.count_include_pad, where)


def _prelu(low: Lowering, where: str, module: Any, x: Variable) -> Value:
    slope = np.asarray(_array(module.weight, where))
    return op.leaky_relu(low, x, slope.reshape(-1, *(1,) * (x.rows.ndim - 2)) if slope.size > 1 else slope, where)


def _same(low: Lowering, where: str, module: Any, x: Value) -> Value:
    return x


# -- functions and methods ----------------------------------------------------------------------------------------


def _binary(function: Callable[[Lowering, Value, Value, str], Value]) -> Callable[..., Any]:
    def lowered(low: Lowering, where: str, a: Any, b: Any) -> Any:
        if not any(isinstance(v, (Variable, np.ndarray)) for v in (a, b)):
            python = {"add": operator.add, "sub": operator.sub, "mul": operator.mul}  # sizes of tensors
            return python[where.split()[1]](a, b)
        return function(low, _array(a, where), _array(b, where), where)

    return lowered


def _clamp(low: Lowering, where: str, x: Variable, min: Any = None, max: Any = None) -> Value:
    lower, upper = (None if v is None or math.isinf(v) else exact(v, where) for v in (min, max))
    return op.clip(low, x, lower, upper, where)


def _hardtanh(
    low: Lowering, where: str, x: Variable, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False
) -> Value:
    return _clamp(low, where, x, min_val, max_val)


def _leaky(low: Lowering, where: str, x: Variable, negative_slope: float = 0.01, inplace: bool = False) -> Value:
    return op.leaky_relu(low, x, _array(negative_slope, where), where)


def _hard_sigmoid(low: Lowering, where: str, x: Variable, inplace: bool = False) -> Value:
    return op.clip(low, op.affine(x, Fraction(1, 6), Fraction(1, 2)), ZERO, ONE, where)


def _flatten(low: Lowering, where: str, x: Variable, start_dim: int = 0, end_dim: int = -1) -> Value:
    rank = x.rows.ndim
    start, end = range(rank)[start_dim], range(rank)[end_dim]
    return Variable(x.rows.reshape(*x.shape[:start], math.prod(x.shape[start : end + 1]), *x.shape[end + 1 :]))


def _reshape(low: Lowering, where: str, x: Variable, *shape: Any) -> Value:
    sizes = shape[0] if len(shape) == 1 and isinstance(shape[0], (tuple, list)) else shape
    return Variable(x.rows.reshape(tuple(sizes)))


def _cat(low: Lowering, where: str, tensors: Sequence[Value], dim: int = 0) -> Value:
    return low.settled(Variable(np.concatenate([op.as_variable(v, where).rows for v in tensors], axis=dim)))


def _item(low: Lowering, where: str, value: Any, index: Any) -> Any:
    return Variable(np.asarray(value.rows[index], dtype=object)) if isinstance(value, Variable) else value[index]


def _size(low: Lowering, where: str, x: Variable, dim: int | None = None) -> Any:
    return x.shape if dim is None else x.shape[dim]


def _attribute(low: Lowering, where: str, x: Any, name: str) -> Any:
    if name != "shape" or not isinstance(x, Variable):
        raise InputError(f"{where}: the attribute {name!r} of a tensor is not supported; only shape is")
    return x.shape


def _linear_function(low: Lowering, where: str, x: Variable, weight: Value, bias: Value | None = None) -> Value:
    product = op.matmul(x, np.asarray(weight).T, where)
    return product if bias is None else op.add(low, product, bias, where)


def _relu(low: Lowering, where: str, x: Variable, inplace: bool = False) -> Value:
    return op.relu(low, x)


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": lambda low, where, x: op.absolute(low, x, where),
    "add": _binary(op.add),
    "cat": _cat,
    "clamp": _clamp,
    "clip": _clamp,
    "contiguous": lambda low, where, x: x,
    "flatten": _flatten,
    "getattr": _attribute,
    "getitem": _item,
    "hardsigmoid": _hard_sigmoid,
    "iadd": _binary(op.add),
    "imul": _binary(lambda low, a, b, where: op.multiply(a, b, where)),
    "isub": _binary(op.subtract),
    "hardtanh": _hardtanh,
    "leaky_relu": _leaky,
    "linear": _linear_function,
    "matmul": lambda low, where, a, b: op.matmul(_array(a, where), _array(b, where), where),
    "maximum": _binary(op.maximum),
    "minimum": _binary(op.minimum),
    "mul": _binary(lambda low, a, b, where: op.multiply(a, b, where)),
    "neg": lambda low, where, x: op.negative(x, where),
    "relu": _relu,
    "relu6": lambda low, where, x, inplace=False: op.clip(low, x, ZERO, Fraction(6), where),
    "reshape": _reshape,
    "size": _size,
    "sub": _binary(op.subtract),
    "truediv": _binary(lambda low, a, b, where: op.divide(a, b, where)),
    "view": _reshape,
}
_MODULES: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(("AvgPool1d", "AvgPool2d", "AvgPool3d"), _average_pool),
    **dict.fromkeys(("BatchNorm1d", "BatchNorm2d", "BatchNorm3d"), _batch_norm),
    **dict.fromkeys(("Conv1d", "Conv2d", "Conv3d"), _conv),
    **dict.fromkeys(("Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "Identity"), _same),
    "Flatten": lambda low, where, m, x: _flatten(low, where, x, m.start_dim, m.end_dim),
    "Hardsigmoid": lambda low, where, m, x: _hard_sigmoid(low, where, x),
    "Hardtanh": lambda low, where, m, x: _hardtanh(low, where, x, m.min_val, m.max_val),
    "LeakyReLU": lambda low, where, m, x: _leaky(low, where, x, m.negative_slope),
    "Linear": _linear,
    **dict.fromkeys(("MaxPool1d", "MaxPool2d", "MaxPool3d"), _max_pool),
    "PReLU": _prelu,
    "ReLU": lambda low, where, m, x: op.relu(low, x),
    "ReLU6": lambda low, where, m, x: op.clip(low, x, ZERO, Fraction(6), where),
}
