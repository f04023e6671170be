"""Networks as ONNX files: the graph is walked from its output, and lowered node by node.

The numbers are those in the file, or in a file in its folder. The input is a tensor, flattened in C order, or several,
one after the other, and the output is a tensor; a batch axis (the first, if the file leaves its size open) is 1.
Functions of the file are inlined. Quantised activations, control flow and custom operators are refused. Reading needs
the package ``onnx``; nothing in a file is ever run.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from polyrelu.errors import BudgetExceeded, InputError
from polyrelu.formats.aten_site import Condition, Jumping
from polyrelu.formats.lowering import Lowering, Variable
from polyrelu.formats.onnx_node import Attributes, Given, Node
from polyrelu.formats.onnx_operators import BRANCHES, lower
from polyrelu.formats.onnx_tensors import Tensors
from polyrelu.formats.operators import as_variable
from polyrelu.formats.packed import MOST_NUMBERS, read_bytes
from polyrelu.networks.network import Network
from polyrelu.support.extras import require

_ALONG_ONE_AXIS = 13  # the version since which softmax has one axis, and not all from one on
_BY_GROUPS = {"softmax", "logsoftmax"}
_FLOATS = {1, 10, 11, 16}  # float, float16, double and bfloat16


def read_onnx(
    path: Path,
    drop_final: str | None = None,
    input_shape: Sequence[int] | None = None,
    output_name: str | Sequence[str] | None = None,
) -> Network:
    """The network in an ONNX file.

    Args:
        path: the file.
        drop_final: the name of a last operator to leave out, for example ``"Softmax"``.
        input_shape: the shape of the input, where the file leaves more open than the batch axis.
        output_name: the value that the network returns, an output or any value inside; by default the only output. Of
            several it returns the values one after the other.

    Raises:
        InputError: not an ONNX file, an operator is not supported (the message names it, the node and what is), a value
            is missing or circular, ``drop_final`` is not the last operator.
        DimensionError: shapes do not fit.
        InexactError: a weight is NaN or infinite.
        BudgetExceeded: the network is too large to be written as dense layers.
        MissingExtraError: the package onnx is not installed.
    """
    return _graph(path).lowered(drop_final, input_shape, output_name)


class Interface(NamedTuple):
    """What a graph takes and returns.

    Attributes:
        inputs: for each input that is not an initialiser, by name, how many numbers it has.
        outputs: the names of the outputs.
    """

    inputs: dict[str, int]
    outputs: tuple[str, ...]


def read_interface(path: Path) -> Interface:
    """What the graph in an ONNX file takes and returns, in the file's order; errors as for :func:`read_onnx`."""
    return _graph(path).interface()


def _graph(path: Path) -> _Graph:
    onnx = require("onnx", f"reading {path}")
    require("onnx.numpy_helper", f"reading {path}")
    content = read_bytes(path)
    try:
        model = onnx.ModelProto.FromString(content)
    except Exception as error:  # protobuf has its own class, which depends on the implementation
        raise InputError(f"{path}: not a readable ONNX file ({error})") from error
    return _Graph(onnx, _inlined(model, path), path)


def _inlined(model: Any, path: Path) -> Any:
    """The model with the nodes of its functions in the place of those that call them."""
    if not model.functions:
        return model
    inliner = require("onnx.inliner", f"reading {path}")
    try:
        return inliner.inline_local_functions(model)
    except Exception as error:  # of a damaged model; the inliner promises no class
        raise InputError(f"{path}: its functions cannot be inlined ({error})") from error


@dataclass
class _Graph:
    onnx: Any
    model: Any
    path: Path
    producers: dict[str, Any] = field(default_factory=dict)
    stored: dict[str, Any] = field(default_factory=dict)
    entries: int = 0  # of all values that were made

    def __post_init__(self) -> None:
        self.tensors = Tensors(self.onnx, self.path)
        graph = self.model.graph
        if not graph.node and not graph.output:
            raise InputError(f"{self.path}: not an ONNX file with a graph")
        if graph.sparse_initializer:
            raise InputError(f"{self.path}: has sparse initialisers, which are not supported; store them densely")
        self._take(graph)

    def _take(self, graph: Any) -> None:
        """Note what makes the values of a graph: the whole one, or a branch."""
        for tensor in graph.initializer:
            if tensor.name in self.stored:
                raise InputError(f"{self.path}: two initialisers are called {tensor.name!r}")
            self.stored[tensor.name] = tensor
        for node in graph.node:
            for name in filter(None, node.output):
                if name in self.producers or name in self.stored:
                    raise InputError(f"{self.path}: two nodes or initialisers make the value {name!r}")
                self.producers[name] = node

    def interface(self) -> Interface:
        sizes = {name: math.prod(shape) for name, shape in self._inputs(None).items()}
        return Interface(sizes, tuple(item.name for item in self.model.graph.output))

    def lowered(
        self, drop_final: str | None, input_shape: Sequence[int] | None, output_name: str | Sequence[str] | None
    ) -> Network:
        inputs = self._inputs(input_shape)
        names = (output_name,) if output_name is None or isinstance(output_name, str) else output_name
        outputs = [self._output(drop_final, name) for name in names]
        sizes = [math.prod(shape) for shape in inputs.values()]
        said = ", ".join(f"{name!r} of shape {shape}" for name, shape in inputs.items())
        low = Lowering(sum(sizes), f"{self.path}: input {said}")
        rows, ends = low.inputs((sum(sizes),)).rows, np.cumsum(sizes)[:-1]
        parts = zip(inputs.items(), np.split(rows, ends), strict=True)
        values: dict[str, Given] = {name: Variable(part.reshape(shape)) for (name, shape), part in parts}
        self._evaluate(outputs, low, values)
        found = [self._returned(name, values) for name in outputs]
        if drop_final is not None:
            for name, value in zip(outputs, found, strict=True):
                self._require_one_group(name, drop_final, value.shape)
        if len(found) == 1:
            return low.network(found[0])
        all_rows = [row for value in found for row in value.flat]
        return low.network(Variable.of(all_rows, (len(all_rows),)))

    def _evaluate(self, names: Sequence[str], low: Lowering, values: dict[str, Given]) -> None:
        """Lower the nodes that some values depend on, of those that are not there."""
        for node in self._order(names, values):
            where = self._where(node)
            taken = [self._value(key, values) if key else None for key in node.input]
            if node.op_type == BRANCHES:
                made = self._branch(node, taken[0], low, values)
            else:
                made = lower(Node(low, node.op_type, taken, self._attributes(node), self._opset(), _used(node), where))
            for key, value in zip(node.output, made, strict=False):
                values[key] = value
                self.entries += math.prod(value.shape)
            if self.entries > MOST_NUMBERS:
                raise BudgetExceeded(f"{where}: the tensors up to here have over {MOST_NUMBERS} entries in all")

    def _branch(self, node: Any, condition: Given | None, low: Lowering, values: dict[str, Given]) -> list[Given]:
        """What the branch of an ``If`` returns that a constant condition chooses; the other one is not looked at."""
        if condition is None or isinstance(condition, Variable | Condition | Jumping) or condition.size != 1:
            raise InputError(
                f"{self._where(node)}: its condition is no constant truth value, so what it returns may jump; use "
                "Where with branches that meet, or export the network with its branches decided"
            )
        name = "then_branch" if condition.ravel()[0] else "else_branch"
        graphs = [item.g for item in node.attribute if item.name == name]
        if len(graphs) != 1:
            raise InputError(f"{self._where(node)}: has {len(graphs)} graphs called {name}; expected one")
        self._take(graphs[0])
        names = [item.name for item in graphs[0].output]
        self._evaluate(names, low, values)
        return [self._value(name, values) for name in names]

    def _require_one_group(self, name: str, drop_final: str, shape: Sequence[int]) -> None:
        """Refuse to leave out an operator that works on several groups of numbers apart, each a softmax of its own.

        What is said about all of its outputs as if they were one group would be wrong.
        """
        if drop_final.lower() not in _BY_GROUPS:
            return
        for node in self.model.graph.node:
            if node.op_type.lower() == drop_final.lower() and node.input[0] == name:
                joined = self._opset() < _ALONG_ONE_AXIS
                axis = range(len(shape))[int(self._attributes(node).get("axis", 1 if joined else -1))]
                size = math.prod(shape[axis:]) if joined else shape[axis]
                if size != math.prod(shape):
                    raise InputError(
                        f"{self._where(node)}: takes {size} of {math.prod(shape)} numbers at a time, so it cannot be "
                        f"left out as one operator; ask about what enters it by output_name={name!r}"
                    )

    def _returned(self, name: str, values: dict[str, Given]) -> Variable:
        found = self._value(name, values)
        if isinstance(found, Condition | Jumping):
            raise InputError(f"{self.path}: output {name!r} steps from one value to another; choose another output")
        return as_variable(found, f"{self.path}: output {name!r}")

    def _where(self, node: Any) -> str:
        return f"{self.path}: node {node.name or (node.output[0] if node.output else '')!r} ({node.op_type})"

    def _opset(self) -> int:
        return max((item.version for item in self.model.opset_import if item.domain in {"", "ai.onnx"}), default=1)

    def _inputs(self, given: Sequence[int] | None) -> dict[str, tuple[int, ...]]:
        """The inputs that are not initialisers, and their shapes, in the file's order."""
        inputs = [item for item in self.model.graph.input if item.name not in self.stored]
        if not inputs:
            raise InputError(f"{self.path}: there is no input that is not an initialiser")
        if len(inputs) > 1 and given is not None:
            names = ", ".join(repr(item.name) for item in inputs)
            raise InputError(f"{self.path}: input_shape is for a single input, and there are {names}; leave it out")
        return {item.name: self._shape(item, given) for item in inputs}

    def _shape(self, item: Any, given: Sequence[int] | None) -> tuple[int, ...]:
        tensor = item.type.tensor_type
        if tensor.elem_type not in _FLOATS:
            raise InputError(f"{self.path}: the input {item.name!r} has ONNX type {tensor.elem_type}; expected floats")
        dims = [d.dim_value if d.HasField("dim_value") and d.dim_value > 0 else 0 for d in tensor.shape.dim]
        if given is not None:
            shape = tuple(int(n) for n in given)
            fixed = len(dims) == len(shape) and all(d in {0, n} for d, n in zip(dims, shape, strict=True))
            if min(shape, default=1) < 1 or (tensor.HasField("shape") and not fixed):
                raise InputError(f"{self.path}: input_shape {shape} disagrees with the file's {_shown(dims)}")
            return shape
        if not tensor.HasField("shape") or 0 in dims[1:]:
            raise InputError(
                f"{self.path}: the input {item.name!r} has the open shape {_shown(dims)}; pass input_shape=(1, ...)"
            )
        return tuple(n or 1 for n in dims)

    def _output(self, drop_final: str | None, output_name: str | None) -> str:
        outputs = [item.name for item in self.model.graph.output]
        if output_name is not None:
            if output_name not in self.producers:
                raise InputError(
                    f"{self.path}: no node makes a value called {output_name!r}; the outputs are "
                    f"{', '.join(map(repr, outputs)) or 'none'}, and values inside have the names of the nodes' outputs"
                )
            outputs = [output_name]
        if len(outputs) != 1:
            raise InputError(
                f"{self.path}: expected one output, found {', '.join(map(repr, outputs)) or 'none'}; choose with "
                "output_name"
            )
        if drop_final is None:
            return str(outputs[0])
        last = self.producers.get(outputs[0])
        if last is None or last.op_type.lower() != drop_final.lower() or not last.input:
            found = "not an operator" if last is None else last.op_type
            raise InputError(f"{self.path}: drop_final is {drop_final!r}, but the last operator is {found}")
        return str(last.input[0])

    def _order(self, outputs: Sequence[str], given: Collection[str]) -> list[Any]:
        """The nodes that outputs depend on, each after those it reads."""
        order: list[Any] = []
        state: dict[int, bool] = {}  # False while a node waits for what it reads
        stack = [self.producers[name] for name in outputs if name in self.producers]
        while stack:
            node = stack[-1]
            if id(node) in state:
                stack.pop()
                if not state[id(node)]:
                    state[id(node)] = True
                    order.append(node)
                continue
            state[id(node)] = False
            if node.domain not in {"", "ai.onnx"}:
                raise InputError(f"{self._where(node)}: the operator is from {node.domain!r}, not a standard one")
            for name in node.input:
                before = self.producers.get(name)
                if before is None or name in given:
                    continue
                if state.get(id(before)) is False:
                    raise InputError(f"{self._where(node)}: the graph has a cycle through the value {name!r}")
                if id(before) not in state:
                    stack.append(before)
        return order

    def _value(self, name: str, values: dict[str, Given]) -> Given:
        if name not in values:
            if name not in self.stored:
                raise InputError(f"{self.path}: the value {name!r} is used, but no node or initialiser makes it")
            values[name] = self.tensors.array(self.stored[name], f"initialiser {name!r}")
        return values[name]

    def _attributes(self, node: Any) -> Attributes:
        found: dict[str, Any] = {}
        for item in node.attribute:
            try:
                value = self.onnx.helper.get_attribute_value(item)
            except ValueError as error:
                raise InputError(f"{self._where(node)}: attribute {item.name!r} is damaged ({error})") from error
            is_tensor = isinstance(value, self.onnx.TensorProto)
            found[item.name] = self.tensors.array(value, f"attribute {item.name!r}") if is_tensor else value
        return Attributes(found)


def _used(node: Any) -> int:
    return max((i + 1 for i, name in enumerate(node.output) if name), default=0)


def _shown(dims: Sequence[int]) -> str:
    return f"({', '.join(str(d or '?') for d in dims)})"
