r"""PyTorch modules as networks: the module is exported by ``torch.export``, and what it computes is lowered exactly.

Weights are their exact values, and Python floats (a slope, an epsilon, a constant in ``forward``) are what Python
stores, where PyTorch would round them to the tensor's type; casts from one type of floats to another change nothing.
The first axis of the input is the batch, of size 1.

**How far the module itself may be off.** It computes in floats, with a unit roundoff u (2^-24 for float32), what the
network computes exactly. Take the module's calls one by one, and let M be what they give with the moduli of all
constants and inputs, with sums for differences, and for ``where`` the larger branch and the multiple of what is
compared by which the branches differ. If no value overflows or is subnormal, and on the way to an entry there are at
most D roundings (n for a sum of n terms, n + 1 for products of rows of n, one more for a Python number, which PyTorch
rounds first), then the module's value is within

.. math:: ((1 + u)^D - 1) \, M

of the network's. By induction over the calls: sums, in any order, products by constants and quotients by them make one
factor :math:`1 + \delta`, :math:`|\delta| \le u`, of an operation that adds no more to the error than the operands'
errors times the moduli that make M; relu, maxima and moduli move two numbers no further apart, and round nothing; and
where a condition is decided otherwise than for exact numbers, what is compared is within its own error of zero.
``tests/formats/test_torch.py`` computes D and M for all its modules, and holds them to it.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any

from polyrelu.errors import InputError, MissingExtraError
from polyrelu.formats.aten_program import Program, network_of
from polyrelu.formats.torch_export import exported
from polyrelu.networks.network import Network
from polyrelu.support.arguments import as_whole, items, whole_number
from polyrelu.support.extras import require
from polyrelu.support.numerals import shown

_WHERE = "Network.from_torch"
_PASS = "pass input_shape, the shape of one input without the batch axis"


def from_torch(
    module: Any,
    input_shape: Sequence[int] | None = None,
    *,
    start: str | int | None = None,
    stop: str | int | None = None,
) -> Network:
    """The network that a PyTorch module computes, exactly, or the part of it between two places.

    Parameters' own expressions (``W.T``, ``W * mask``, ``weight_norm``) are constants with the floats that PyTorch
    computes for them: the module multiplies by these. See the module's docstring for how far its own floats may be off.

    Args:
        module: a ``torch.nn.Module`` in evaluation mode whose forward method takes one tensor.
        input_shape: the shape of that tensor without the batch axis; by default what the first Linear layer takes, or
            the one size among those of its parameters that forward accepts.
        start: a submodule's name: the map from that submodule's input on, ``"decoder"``. Or a number: without the first
            layers of the network, as ``net[start:]``.
        stop: a submodule's name: the map up to that submodule's output. Or a number: up to that layer of the network
            that the names leave, as ``net[:stop]``; its ReLUs are its last.

    Raises:
        InputError: not a module, in training mode, not to be exported, with an operation that is not piecewise linear
            (the message names the submodule and the line), or with a start that its output also goes around.
        DimensionError: shapes do not fit.
        InexactError: a weight is NaN or infinite.
        MissingExtraError: torch is not installed.
    """
    return _layers(network_of(program_of(module, input_shape, start, stop), _WHERE), start, stop)


def program_of(module: Any, input_shape: Any = None, start: Any = None, stop: Any = None) -> Program:
    """The program of the module between those places that are names; arguments and errors as in :func:`from_torch`."""
    torch = require("torch", _WHERE)
    if not hasattr(require("torch.export", _WHERE), "default_decompositions"):
        raise MissingExtraError(f"{_WHERE} needs torch 2.6 or later, this is {torch.__version__}")
    module = getattr(module, "_orig_mod", module)  # of a compiled module, the module
    if not isinstance(module, torch.nn.Module):
        raise InputError(f"{_WHERE}: {type(module).__name__} is not a torch.nn.Module")
    for name, part in module.named_modules():
        if any(torch.nn.parameter.is_lazy(p) for p in part.parameters(recurse=False)):
            raise InputError(f"{_WHERE}: {_title(name, part)} has no weights yet; run the module once")
        if part.training and type(part).__name__.startswith(("Dropout", "AlphaDropout", "BatchNorm", "RReLU")):
            raise InputError(f"{_WHERE}: {_title(name, part)} is in training mode; call module.eval() first")
    names = [_submodule(module, place, what) for place, what in ((start, "start"), (stop, "stop"))]
    example = _example(torch, module, input_shape)
    return exported(torch, *_between(torch, module, example, *names))


def _title(name: str, module: Any) -> str:
    return f"module {name!r} ({type(module).__name__})"


def _submodule(module: Any, place: Any, what: str) -> str | None:
    """The name of a submodule; None for a number or nothing."""
    if place is None or as_whole(place) is not None:
        return None
    names = [name for name, _ in module.named_modules() if name]
    if not isinstance(place, str) or place not in names:
        near = difflib.get_close_matches(place, names, 3) if isinstance(place, str) else []
        there = ", ".join(near or names[:10]) or "none"
        raise InputError(f"{_WHERE}: {what}: there is no submodule {shown(place)}; there are {there}")
    return place


def _layers(network: Network, start: Any, stop: Any) -> Network:
    """The layers between those places that are numbers."""
    count = len(network.layers)
    first, last = (None if isinstance(place, str) else place for place in (start, stop))
    if first is None and last is None:
        return network
    first = 0 if first is None else whole_number(first, f"{_WHERE}: start", 0, count - 1)
    last = count if last is None else whole_number(last, f"{_WHERE}: stop", first + 1, count)
    return network[first:last]


# -- the tensor that it takes -------------------------------------------------------------------------------------


def _example(torch: Any, module: Any, input_shape: Any) -> Any:
    """A tensor of zeros that the module takes."""
    parameters = [*module.parameters(), *module.buffers()]
    like = next((p for p in parameters if p.is_floating_point()), torch.zeros(()))

    def zeros(*shape: int) -> Any:
        return torch.zeros((1, *shape), dtype=like.dtype, device=like.device)

    if input_shape is not None:
        given = items(input_shape, f"{_WHERE}: input_shape", "pass the sizes without the batch axis, (1, 28, 28)")
        sizes = [whole_number(n, f"{_WHERE}: input_shape", 1) for n in given]
        return _taken(torch, module, zeros(*sizes))
    linear = next((m for m in module.modules() if isinstance(m, torch.nn.Linear)), None)
    if linear is not None and _takes(torch, module, zeros(linear.in_features)):
        return zeros(linear.in_features)
    fitting = [n for n in sorted({n for p in parameters for n in p.shape}) if _takes(torch, module, zeros(n))]
    if len(fitting) == 1:
        return zeros(fitting[0])
    if linear is not None and not fitting:
        return _taken(torch, module, zeros(linear.in_features))  # which says why it is not
    why = (
        f"takes {' and '.join(map(str, fitting))} numbers alike" if fitting else "has no parameter that tells its input"
    )
    raise InputError(f"{_WHERE}: {type(module).__name__} {why}; {_PASS}")


def _takes(torch: Any, module: Any, example: Any) -> bool:
    try:
        _taken(torch, module, example)
    except InputError:
        return False
    return True


def _taken(torch: Any, module: Any, example: Any) -> Any:
    """The tensor itself, which the module takes."""
    try:
        with torch.no_grad():
            module(example)
    except Exception as error:  # whatever the user's forward method raises
        reason = str(error).strip().partition("\n")[0]
        raise InputError(
            f"{_WHERE}: {type(module).__name__} does not take a tensor of shape {tuple(example.shape)} "
            f"({type(error).__name__}: {reason}); {_PASS}"
        ) from error
    return example


# -- the part between two submodules ------------------------------------------------------------------------------


def _between(torch: Any, module: Any, example: Any, start: str | None, stop: str | None) -> tuple[Any, tuple[Any, ...]]:
    """A module that computes the part between two submodules, and the tensors that it takes.

    It runs the whole module, but puts a tensor of its own in the place of what the first submodule is given, and
    returns what the last one returns. What is not needed for that is noted by the export, and not used.
    """

    class Part(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.module = module

        def forward(self, *tensors: Any) -> Any:
            returned: list[Any] = []
            hooks = []
            if start is not None:
                hooks.append(module.get_submodule(start).register_forward_pre_hook(lambda *_: tensors[0]))
            if stop is not None:
                hook = lambda part, args, value: returned.append(value)  # noqa: E731
                hooks.append(module.get_submodule(stop).register_forward_hook(hook))
            try:
                whole = self.module(tensors[-1])
            finally:
                for handle in hooks:
                    handle.remove()
            return whole if stop is None else returned[0]

    given, events = _observed(torch, module, example, start, stop)
    for name in {name for name in (start, stop) if name is not None}:
        times = events.count((name, "in"))
        if times != 1:
            raise InputError(f"{_WHERE}: forward calls {name!r} {times} times; name a submodule that it calls once")
    if start is not None and stop is not None and events.index((stop, "out")) < events.index((start, "in")):
        raise InputError(f"{_WHERE}: forward calls the stop {stop!r} before the start {start!r}; exchange them")
    part = Part()
    part.training = module.training  # train() would change the parts of the user's module
    return part, (example,) if start is None else (given, example)


def _observed(torch: Any, module: Any, example: Any, *names: str | None) -> tuple[Any, list[tuple[str, str]]]:
    """What the first of some submodules is given, and in which order they are called and return."""
    events: list[tuple[str, str]] = []
    values: list[Any] = []

    def watch(name: str) -> list[Any]:
        def enter(part: Any, args: Any) -> None:
            events.append((name, "in"))
            if name == names[0]:
                values.append(args)

        part = module.get_submodule(name)
        leave = lambda *_: events.append((name, "out"))  # noqa: E731
        return [part.register_forward_pre_hook(enter), part.register_forward_hook(leave)]

    hooks = [hook for name in sorted({n for n in names if n is not None}) for hook in watch(name)]
    try:
        _taken(torch, module, example)
    finally:
        for hook in hooks:
            hook.remove()
    if not values:
        return None, events
    if len(values[0]) != 1 or not isinstance(values[0][0], torch.Tensor):
        raise InputError(f"{_WHERE}: start: {names[0]!r} is given {len(values[0])} arguments; expected one tensor")
    return torch.zeros_like(values[0][0]), events
