"""Programs of tensors: calls of PyTorch's operators, one after the other, as plain data.

:mod:`polyrelu.formats.torch_export` makes them of modules, and :func:`network_of` makes networks of them, without
PyTorch. Whatever does not depend on the input has been computed before, and stands among the constants.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from polyrelu.errors import InputError, PolyreluError
from polyrelu.formats.aten_conditions import CONDITIONS
from polyrelu.formats.aten_operators import OPERATORS
from polyrelu.formats.aten_orders import ORDERS
from polyrelu.formats.aten_shapes import SHAPES
from polyrelu.formats.aten_site import Site
from polyrelu.formats.aten_windows import WINDOWS
from polyrelu.formats.lowering import Lowering
from polyrelu.networks.network import Network

_TABLE = {**SHAPES, **OPERATORS, **ORDERS, **WINDOWS, **CONDITIONS}


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SMOOTH = _words(
    """
    _log_softmax _softmax acos asin atan celu cos cosh elu erf exp exp2 expm1 gelu glu group_norm hardswish
    instance_norm layer_norm log log10 log1p log2 log_sigmoid log_softmax logsumexp mish native_group_norm
    native_layer_norm pow prod reciprocal rms_norm rsqrt scaled_dot_product_attention selu sigmoid silu sin sinh softmax
    softplus sqrt square std tan tanh var var_mean
    """
)
JUMPING = _words(
    """
    argmax argmin argsort bernoulli ceil embedding eq floor fmod frac hardshrink heaviside histc ne nonzero remainder
    round sgn sign trunc unique
    """
)
"""The names of those that are refused because they are not continuous."""
UNDERSTOOD = _SMOOTH | JUMPING | _TABLE.keys()
"""The names of the operators that are lowered, or refused with a reason."""


@dataclass(frozen=True)
class Ref:
    """Stands, among the arguments of a call, for a value of the program."""

    name: str


@dataclass(frozen=True)
class Call:
    """``name = operator(*args, **kwargs)``.

    Attributes:
        operator: its name without namespace and overload, ``"add"``.
        place: where the module says so, for messages.
    """

    name: str
    operator: str
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    place: str


@dataclass(frozen=True)
class Program:
    """A function of one tensor.

    Attributes:
        input, shape: the input's name and its shape, with an axis for a batch of one.
        constants: arrays by name.
        output: what it returns.
    """

    input: str
    shape: tuple[int, ...]
    constants: Mapping[str, NDArray[Any]]
    calls: tuple[Call, ...]
    output: Ref


def network_of(program: Program, where: str) -> Network:
    """The network that a program computes, exactly.

    Raises:
        InputError: an operator is not supported or not piecewise linear; the message says where it stands.
        DimensionError: shapes do not fit.
        InexactError: a constant is NaN or infinite.
        BudgetExceeded: it is too large to be written as dense layers.
    """
    low = Lowering(math.prod(program.shape), where)
    values: dict[str, Any] = {program.input: low.inputs(program.shape), **program.constants}
    for call in program.calls:
        values[call.name] = _lowered(low, call, values, where)
    return low.network(Site(low, where, "the output").variable(values[program.output.name]))


def _lowered(low: Lowering, call: Call, values: Mapping[str, Any], where: str) -> Any:
    site = Site(low, f"{where}: {call.place}", call.operator)
    if call.operator not in _TABLE:
        raise InputError(refusal(call.operator, site.where))
    args, kwargs = _resolved(list(call.args), values), _resolved(dict(call.kwargs), values)
    try:
        return _TABLE[call.operator](site, *args, **kwargs)
    except PolyreluError:
        raise
    except (ValueError, TypeError, LookupError, AttributeError, AssertionError, ArithmeticError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise InputError(f"{site.where}: {call.operator} cannot be lowered here ({reason})") from error


def refusal(operator: str, where: str) -> str:
    """Why an operator cannot be lowered."""
    why = "is not supported"
    if operator in _SMOOTH:
        why = "is not piecewise linear"
    elif operator in JUMPING:
        why = "is not continuous"
    return f'{where}: {operator} {why}; read the network up to a module before it with stop="its name"'


def _resolved(value: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(value, Ref):
        return values[value.name]
    if isinstance(value, dict):
        return {key: _resolved(item, values) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_resolved(item, values) for item in value]
    return value
