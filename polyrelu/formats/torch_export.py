"""PyTorch modules as programs of tensors: ``torch.export`` runs the module on a tensor without numbers and takes notes.

What is noted is what the module does in evaluation mode on a batch of one, in the operators of PyTorch, without
changes in place: hooks, parametrisations and functions of any library are in it, and Python's control flow is resolved.
A value that does not depend on the input (``W.T``, a mask times a weight, a normalised weight) is computed here by
PyTorch itself, in the module's own type of numbers, because that rounded value is what the module multiplies by.
Operators that are not known are replaced by those that PyTorch makes them of, if it says of which.
"""

from __future__ import annotations

import io
import logging
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np

from polyrelu.errors import InputError
from polyrelu.formats.aten_program import JUMPING, UNDERSTOOD, Call, Program, Ref
from polyrelu.support.tensors import plain

_WHERE = "Network.from_torch"
_ROUNDS = 4
"""How often operators are replaced by simpler ones."""
_LONGEST_CODE = 80
_OF_SHAPES = frozenset(["empty_like", "full_like", "new_full", "new_ones", "new_zeros", "ones_like", "zeros_like"])
"""Operators that ask a tensor for its shape and type alone."""
_FRAME = re.compile(r'File "(?P<file>[^"]+)", line (?P<line>\d+), in .*\n\s*(?P<code>.*)')


def exported(torch: Any, module: Any, inputs: tuple[Any, ...]) -> Program:
    """The program of a module on a tensor of the shape of the last input; the first, if there are two, is a start.

    Args:
        torch: the package.
        module: takes the inputs.
        inputs: one tensor; or the tensor that stands for the value at the start, and the module's own input, which
            nothing may need any more.

    Raises:
        InputError: the module cannot be exported, returns no single tensor, or its output depends on both inputs.
    """
    with _quiet(), torch.no_grad(), _all_frames(torch):
        try:
            traced = _without_softshrink(torch, torch.export.export(module, inputs, strict=False)).run_decompositions(
                {}
            )
        except Exception as error:  # whatever the user's forward method raises on a tensor without numbers
            raise InputError(f"{_WHERE}: torch.export cannot follow the module ({_reason(error)})") from error
        for _ in range(_ROUNDS):
            graph = _Graph(torch, traced)
            table = torch.export.default_decompositions()
            unknown = {n.target for n in graph.calls if _name(n) not in UNDERSTOOD and n.target in table}
            if not unknown:
                break
            traced = traced.run_decompositions({operator: table[operator] for operator in unknown})
        return graph.program(len(inputs) == 2)


def _reason(error: Exception) -> str:
    said = str(error).strip().partition("\n")[0]
    if type(error).__name__ == "GuardOnDataDependentSymNode":
        return "its forward method decides by the numbers in its input, which is not piecewise linear in general"
    return f"{type(error).__name__}: {said}"


@contextmanager
def _quiet() -> Iterator[None]:
    """Nothing of what PyTorch logs, warns of and prints while it tries; errors say what failed."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        nowhere = io.StringIO()
        with warnings.catch_warnings(), redirect_stdout(nowhere), redirect_stderr(nowhere):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


@contextmanager
def _all_frames(torch: Any) -> Iterator[None]:
    """Operators are noted with the line of the user's that called for them, also where it is in a helper function.

    PyTorch keeps lines of forward methods alone; where it does not say how it chooses, these are what messages name.
    """
    tracer: Any = getattr(getattr(torch.fx, "proxy", None), "TracerBase", None)
    chosen = getattr(tracer, "_filter_traceback_frames", None)
    if chosen is None:
        yield
        return

    def since_forward(tracing: Any, frames: Any) -> Any:
        names = [frame.name for frame in frames]
        return type(frames)(frames[names.index("forward") :]) if "forward" in names else chosen(tracing, frames)

    tracer._filter_traceback_frames = since_forward
    try:
        yield
    finally:
        tracer._filter_traceback_frames = chosen


def _without_softshrink(torch: Any, traced: Any) -> Any:
    """The program with ``x - clamp(x, -l, l)`` for softshrink, which PyTorch itself takes to pieces that jump."""
    aten, graph = torch.ops.aten, traced.graph
    for node in [n for n in graph.nodes if n.target is aten.softshrink.default]:
        x, width = node.args[0], node.args[1] if len(node.args) > 1 else node.kwargs.get("lambd", 0.5)
        with graph.inserting_before(node):
            core = graph.call_function(aten.clamp.default, (x, -width, width))
            rest = graph.call_function(aten.sub.Tensor, (x, core))
        core.meta, rest.meta = dict(node.meta), dict(node.meta)
        node.replace_all_uses_with(rest)
        graph.erase_node(node)
    return traced


class _Graph:
    """An exported program, and which of its values depend on the input.

    Attributes:
        calls: the nodes that depend on the input and that the output needs, in order.
    """

    def __init__(self, torch: Any, traced: Any) -> None:
        self.torch, self.traced = torch, traced
        self.homes = str(Path(torch.__file__).parent), str(Path(__file__).parents[1])
        kinds = torch.export.graph_signature.InputKind
        self.targets = {s.arg.name: s.target for s in traced.graph_signature.input_specs if s.kind != kinds.USER_INPUT}
        nodes = list(traced.graph.nodes)
        self.inputs = [n for n in nodes if n.op == "placeholder" and n.name not in self.targets]
        self.output = _single_output(torch, traced, nodes)
        self.depending = {n: frozenset([n]) for n in self.inputs}
        for node in nodes:
            if node.op == "call_function" and not _asks_for_shapes(node):
                sources = frozenset().union(*(self.depending.get(n, frozenset()) for n in node.all_input_nodes))
                if sources:
                    self.depending[node] = sources
        needed = _needed(self.output, self.depending)
        self.calls = [n for n in nodes if n in needed and n.op == "call_function"]
        self._computed: dict[Any, Any] = {}

    def program(self, started: bool) -> Program:
        """The program of what depends on the first input.

        Raises:
            InputError: a second input is needed, too, or a value is drawn at random.
        """
        first = self.inputs[0]
        for node in self.calls:
            if started and self.inputs[1] in self.depending[node]:
                raise InputError(
                    f"{_WHERE}: {self._place(node)}: what comes after the start also needs what came before it (a "
                    "connection that skips the start), so it is no function of the value there; choose another start"
                )
        constants: dict[str, Any] = {}
        calls = []
        for node in self.calls:
            args, kwargs = self._arguments(node.args, constants), self._arguments(node.kwargs, constants)
            calls.append(Call(node.name, _asked_for(node), tuple(args), kwargs, self._place(node)))
        if self.output not in self.depending:
            self._arguments(self.output, constants)
        return Program(first.name, tuple(first.meta["val"].shape), constants, tuple(calls), Ref(self.output.name))

    def _arguments(self, value: Any, constants: dict[str, Any]) -> Any:
        """Arguments as plain data; the constants among them are put into ``constants``."""
        if isinstance(value, (list, tuple)):
            return [self._arguments(v, constants) for v in value]
        if isinstance(value, Mapping):
            return {key: self._arguments(v, constants) for key, v in value.items()}
        if isinstance(value, self.torch.fx.Node):
            if value not in self.depending:
                constants[value.name] = np.asarray(plain(self._constant(value), f"{_WHERE}: {value.name}"))
            return Ref(value.name)
        return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)

    def _constant(self, node: Any) -> Any:
        """The value of a node that does not depend on the input, computed by PyTorch."""
        if node not in self._computed:
            self._computed[node] = self._stored(node) if node.op == "placeholder" else self._evaluated(node)
        return self._computed[node]

    def _stored(self, node: Any) -> Any:
        target = self.targets[node.name]
        found = self.traced.state_dict.get(target)
        return self.traced.constants[target] if found is None else found

    def _evaluated(self, node: Any) -> Any:
        if node.op != "call_function":
            raise InputError(f"{_WHERE}: {self._place(node)}: {node.op} of {node.target} is not supported")
        tags = getattr(node.target, "tags", ())
        if self.torch.Tag.nondeterministic_seeded in tags:
            raise InputError(
                f"{_WHERE}: {self._place(node)}: {_name(node)} draws random numbers; the module is no function"
            )
        if _asks_for_shapes(node):
            like = node.args[0].meta["val"]
            shaped = self.torch.empty(like.shape, dtype=like.dtype, device=like.device)
            return node.target(shaped, *self._values(node.args[1:]), **self._values(node.kwargs))
        return node.target(*self._values(node.args), **self._values(node.kwargs))

    def _place(self, node: Any) -> str:
        """Where a node comes from: its module, and the line of the user's code that called for it."""
        frames = list(_FRAME.finditer(node.meta.get("stack_trace") or ""))
        own = [frame for frame in frames if not frame["file"].startswith(self.homes)]
        stack = [path for path in (node.meta.get("nn_module_stack") or {}).values() if path[0].removeprefix("module")]
        parts = []
        if stack:
            path, kind = stack[-1]
            kind = kind if isinstance(kind, str) else kind.__name__
            parts.append(f"module {_module_name(path)!r} ({kind.rpartition('.')[2]})")
        if own:
            frame = own[-1]
            parts.append(f"line {frame['line']} of {Path(frame['file']).name}, {_shortened(frame['code'].strip())!r}")
        return ", ".join(parts) or node.name

    def _values(self, value: Any) -> Any:
        return self.torch.fx.node.map_arg(value, self._constant)


def _needed(output: Any, depending: Mapping[Any, Any]) -> set[Any]:
    """The nodes that depend on an input and that the output is made of."""
    needed, waiting = set(), [output]
    while waiting:
        node = waiting.pop()
        if node in depending and node not in needed:
            needed.add(node)
            if not _asks_for_shapes(node):
                waiting += node.all_input_nodes
    return needed


def _single_output(torch: Any, traced: Any, nodes: list[Any]) -> Any:
    kinds = torch.export.graph_signature.OutputKind
    names = [spec.arg.name for spec in traced.graph_signature.output_specs if spec.kind == kinds.USER_OUTPUT]
    if len(names) != 1:
        raise InputError(
            f"{_WHERE}: the module returns {len(names)} tensors; expected one. Name the submodule that returns the one "
            'you mean: stop="its name"'
        )
    return next(node for node in nodes if node.name == names[0])


def _asks_for_shapes(node: Any) -> bool:
    return node.op == "call_function" and _name(node) in _OF_SHAPES


def _name(node: Any) -> str:
    """``add`` for ``aten.add.Tensor``."""
    target = node.target
    return str(target).split(".")[1] if hasattr(target, "overloadpacket") else getattr(target, "__name__", str(target))


def _asked_for(node: Any) -> str:
    """The name of a node's operator; or of the function that it is a piece of, if that is what jumps."""
    function = str((node.meta.get("torch_fn") or ("", ""))[1]).rpartition(".")[2]
    return function if function in JUMPING else _name(node)


def _shortened(code: str) -> str:
    return code if len(code) <= _LONGEST_CODE else f"{code[:_LONGEST_CODE]} ..."


def _module_name(path: str) -> str:
    """The name of a submodule, without the wrapper around the whole."""
    return path.removeprefix("module.")
