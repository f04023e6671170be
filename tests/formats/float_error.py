"""How far a module's floats may be from its exact value: D roundings and the majorant M of torch_modules' docstring.

The program that torch.export notes is run by torch itself, on pairs (M, D): nothing of polyrelu takes part.
"""

from __future__ import annotations

import math
import warnings
from typing import Any

import torch

COMPARISONS = {"gt", "ge", "lt", "le"}
CLAMPED = {"clamp", "clamp_min", "clamp_max", "hardtanh", "relu6", "minimum", "maximum"}
SUMS = {"sum", "mean", "cumsum", "linalg_vector_norm", "avg_pool2d", "adaptive_avg_pool2d"}
PRODUCTS = {"linear", "matmul", "mm", "bmm", "mv", "einsum", "addmm", "conv1d", "conv2d", "conv_transpose2d"}
BATCH_NORM = 10  # variance + epsilon, root, reciprocal, epsilon and the root as floats, three products, two sums


def float_error(module: torch.nn.Module, points: torch.Tensor) -> torch.Tensor:
    """For each point of a batch, bounds on the distance of the module's own floats from the exact value."""
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.export.export(module, (points[:1],), strict=False).run_decompositions({})
        return torch.stack([_bound(program, point[None]) for point in points])


def _bound(program: Any, point: torch.Tensor) -> torch.Tensor:
    unit = torch.finfo(point.dtype).eps / 2
    majorant, roundings = _Pairs(program).run(point)
    return (majorant * math.expm1(roundings * math.log1p(unit)) * (1 + 1e-9) + 1e-30).flatten()


class _Pairs:
    def __init__(self, program: Any):
        self.program = program
        self.pairs: dict[Any, Any] = {}  # of what depends on the input
        self.constants: dict[Any, Any] = {}

    def run(self, point: torch.Tensor) -> tuple[torch.Tensor, int]:
        stored = {s.arg.name: s.target for s in self.program.graph_signature.input_specs}
        for node in self.program.graph.nodes:
            if node.op == "placeholder":
                target = stored[node.name]
                if target is None:
                    self.pairs[node] = point.double().abs(), 0
                else:
                    found = self.program.state_dict.get(target)
                    self.constants[node] = self.program.constants[target] if found is None else found
            elif node.op == "call_function":
                if any(n in self.pairs for n in node.all_input_nodes):
                    self.pairs[node] = self._pair(node)
                else:
                    self.constants[node] = node.target(
                        *torch.fx.node.map_arg(node.args, self.constants.get),
                        **torch.fx.node.map_arg(node.kwargs, self.constants.get),
                    )
        (output,) = next(n for n in self.program.graph.nodes if n.op == "output").args[0]
        return self.pairs[output]

    def _majorant(self, node: Any) -> Any:
        if node in self.pairs:
            return self.pairs[node][0]
        value = self.constants[node]
        return value.double().abs() if isinstance(value, torch.Tensor) and value.is_floating_point() else value

    def _pair(self, node: Any) -> Any:
        name = _name(node)
        args = torch.fx.node.map_arg(node.args, self._majorant)
        kwargs = torch.fx.node.map_arg(node.kwargs, self._majorant)
        depth = max(self.pairs[n][1] for n in node.all_input_nodes if n in self.pairs)
        if name in ("max", "min") and len(args) > 1:
            return [args[0].amax(args[1])], depth
        if name == "getitem":
            return args[0][args[1]], depth
        masked = any(_name(n) in COMPARISONS for n in node.all_input_nodes if n in self.pairs)
        return _majorant_of(name, node.target, args, kwargs, masked), depth + _roundings(name, args)


def _name(node: Any) -> str:
    return str(node.target).split(".")[1] if "." in str(node.target) else getattr(node.target, "__name__", "")


def _moduli(values: Any) -> Any:
    return [abs(v) if isinstance(v, (int, float)) else v for v in values]


def _majorant_of(name: str, target: Any, args: Any, kwargs: Any, masked: bool) -> Any:
    x = args[0]
    if name in ("neg", "abs", "relu", "dropout", "clone"):
        return x
    if name in ("sub", "rsub", *COMPARISONS):
        return x + _moduli(args)[1]
    if name in ("where", "masked_fill", "threshold") or masked:
        return _branches(name, args, masked)
    if name in CLAMPED:
        bounds = {"relu6": [0, 6]}.get(name, [b for b in (*args[1:], *kwargs.values()) if b is not None])
        for bound in _moduli(bounds):
            x = torch.maximum(x, torch.as_tensor(bound, dtype=x.dtype))
        return x
    if name in SPECIAL:
        return SPECIAL[name](*args)
    return target(*_moduli(args) if name in ("add", "div", "mul") else args, **kwargs)


def _branches(name: str, args: Any, masked: bool) -> Any:
    """Both branches and, if the condition is of the input, what is compared: no bend of the zoo is steeper than 1."""
    if name == "where":
        condition, a, b = args
        return torch.as_tensor(a) + torch.as_tensor(b) + (condition if masked else 0)
    if name == "masked_fill":
        return args[0] + abs(args[2]) + (args[1] if masked else 0)
    return sum(_moduli(args))


def _leaky(x: Any, slope: Any = 0.01) -> Any:
    slope = slope.reshape(-1, 1) if isinstance(slope, torch.Tensor) and slope.numel() > 1 else slope
    return x * (1 + slope)


def _batch_norm(x: Any, weight: Any, bias: Any, mean: Any, variance: Any, momentum: float, eps: float) -> Any:
    shape = (1, -1, *(1,) * (x.ndim - 2))
    scale = (weight / (variance + eps).sqrt()).reshape(shape)
    return [(x + mean.reshape(shape)) * scale + bias.reshape(shape)]


SPECIAL = {
    "_native_batch_norm_legit_no_training": _batch_norm,
    "_unsafe_view": torch.Tensor.reshape,
    "amin": torch.amax,
    "hardsigmoid": lambda x: (x + 3).clamp(min=6) / 6,
    "leaky_relu": _leaky,
    "lerp": lambda a, b, weight: a + (a + b) * weight,
    "min": torch.amax,
    "prelu": _leaky,
    "view": torch.Tensor.reshape,
}


def _roundings(name: str, args: Any) -> int:
    """How often an operation rounds; a Python number among its arguments is rounded, too."""
    if name in PRODUCTS:
        tensors = [a for arg in args for a in (arg if isinstance(arg, list) else [arg])]
        return max(a.numel() for a in tensors if isinstance(a, torch.Tensor)) + 2
    if name in SUMS:
        return args[0].numel() + 1
    return {"_native_batch_norm_legit_no_training": BATCH_NORM, "hardsigmoid": 4, "addcmul": 4, "lerp": 5}.get(name, 2)
