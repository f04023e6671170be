"""Networks as ONNX files: the graph is walked from its output, and lowered node by node.

The numbers are those in the file. The input is one tensor, flattened in C order, and so is the output; a batch axis
(the first, if the file leaves its size open) is 1. Files with weights beside them, quantised numbers, control flow and
custom operators are refused. Reading needs the package ``onnx``; nothing in a file is ever run.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from polyrelu.errors import BudgetExceeded, InputError, PolyreluError
from polyrelu.formats.lowering import Lowering
from polyrelu.formats.onnx_node import Attributes, Node
from polyrelu.formats.onnx_operators import lower
from polyrelu.formats.operators import Value, as_variable
from polyrelu.formats.packed import MOST_NUMBERS, check_numbers, read_bytes
from polyrelu.networks.network import Network
from polyrelu.support.extras import require

_FLOATS = {1, 10, 11, 16}  # float, float16, double and bfloat16
_EXTERNAL = 1  # TensorProto.EXTERNAL


def read_onnx(path: Path, drop_final: str | None = None, input_shape: Sequence[int] | None = None) -> Network:
    """The network in an ONNX file.

    Args:
        path: the file.
        drop_final: the name of a last operator to leave out, for example ``"Softmax"``.
        input_shape: the shape of the input, where the file leaves more open than the batch axis.

    Raises:
        InputError: not an ONNX file, an operator is not supported (the message names it, the node and what is), a value
            is missing or circular, ``drop_final`` is not the last operator.
        DimensionError: shapes do not fit.
        InexactError: a weight is NaN or infinite.
        BudgetExceeded: the network is too large to be written as dense layers.
        MissingExtraError: the package onnx is not installed.
    """
    onnx = require("onnx", f"reading {path}")
    require("onnx.numpy_helper", f"reading {path}")
    content = read_bytes(path)
    try:
        model = onnx.ModelProto.FromString(content)
    except Exception as error:  # protobuf has its own class, which depends on the implementation
        raise InputError(f"{path}: not a readable ONNX file ({error})") from error
    return _Graph(onnx, model, path).lowered(drop_final, input_shape)


@dataclass
class _Graph:
    onnx: Any
    model: Any
    path: Path
    producers: dict[str, Any] = field(default_factory=dict)
    stored: dict[str, Any] = field(default_factory=dict)
    numbers: int = 0

    def __post_init__(self) -> None:
        graph = self.model.graph
        if not graph.node and not graph.output:
            raise InputError(f"{self.path}: not an ONNX file with a graph")
        if graph.sparse_initializer:
            raise InputError(f"{self.path}: has sparse initialisers, which are not supported; store them densely")
        if self.model.functions:
            raise InputError(
                f"{self.path}: has functions of its own; inline them with onnx.inliner.inline_local_functions"
            )
        for tensor in graph.initializer:
            if tensor.name in self.stored:
                raise InputError(f"{self.path}: two initialisers are called {tensor.name!r}")
            self.stored[tensor.name] = tensor
        for node in graph.node:
            for name in filter(None, node.output):
                if name in self.producers or name in self.stored:
                    raise InputError(f"{self.path}: two nodes or initialisers make the value {name!r}")
                self.producers[name] = node

    def lowered(self, drop_final: str | None, input_shape: Sequence[int] | None) -> Network:
        name, shape = self._input(input_shape)
        output = self._output(drop_final)
        order = self._order(output, name)
        low = Lowering(math.prod(shape), f"{self.path}: input {name!r} of shape {shape}")
        values: dict[str, Value] = {name: low.inputs(shape)}
        entries = 0
        for node in order:
            inputs = [self._value(key, values) if key else None for key in node.input]
            where = self._where(node)
            item = Node(low, node.op_type, inputs, self._attributes(node), self._opset(), _used(node), where)
            for key, value in zip(node.output, lower(item), strict=False):
                values[key] = value
                entries += math.prod(value.shape)
            if entries > MOST_NUMBERS:
                raise BudgetExceeded(f"{where}: the tensors up to here have over {MOST_NUMBERS} entries in all")
        return low.network(as_variable(self._value(output, values), f"{self.path}: output {output!r}"))

    def _where(self, node: Any) -> str:
        return f"{self.path}: node {node.name or (node.output[0] if node.output else '')!r} ({node.op_type})"

    def _opset(self) -> int:
        return max((item.version for item in self.model.opset_import if item.domain in {"", "ai.onnx"}), default=1)

    def _input(self, given: Sequence[int] | None) -> tuple[str, tuple[int, ...]]:
        inputs = [item for item in self.model.graph.input if item.name not in self.stored]
        if len(inputs) != 1:
            names = ", ".join(repr(item.name) for item in inputs) or "none"
            raise InputError(f"{self.path}: expected one input that is not an initialiser, found {names}")
        tensor = inputs[0].type.tensor_type
        if tensor.elem_type not in _FLOATS:
            raise InputError(
                f"{self.path}: the input {inputs[0].name!r} has ONNX type {tensor.elem_type}; expected floats"
            )
        dims = [d.dim_value if d.HasField("dim_value") and d.dim_value > 0 else 0 for d in tensor.shape.dim]
        if given is not None:
            shape = tuple(int(n) for n in given)
            fixed = len(dims) == len(shape) and all(d in {0, n} for d, n in zip(dims, shape, strict=True))
            if min(shape, default=1) < 1 or (tensor.HasField("shape") and not fixed):
                raise InputError(f"{self.path}: input_shape {shape} disagrees with the file's {_shown(dims)}")
            return inputs[0].name, shape
        if not tensor.HasField("shape") or 0 in dims[1:]:
            raise InputError(
                f"{self.path}: the input {inputs[0].name!r} has the open shape {_shown(dims)}; "
                "pass input_shape=(1, ...)"
            )
        return inputs[0].name, tuple(n or 1 for n in dims)

    def _output(self, drop_final: str | None) -> str:
        outputs = [item.name for item in self.model.graph.output]
        if len(outputs) != 1:
            raise InputError(f"{self.path}: expected one output, found {', '.join(map(repr, outputs)) or 'none'}")
        if drop_final is None:
            return str(outputs[0])
        last = self.producers.get(outputs[0])
        if last is None or last.op_type.lower() != drop_final.lower() or not last.input:
            found = "not an operator" if last is None else last.op_type
            raise InputError(f"{self.path}: drop_final is {drop_final!r}, but the last operator is {found}")
        return str(last.input[0])

    def _order(self, output: str, given: str) -> list[Any]:
        """The nodes that the output depends on, each after those it reads."""
        order: list[Any] = []
        state: dict[int, bool] = {}  # False while a node waits for what it reads
        stack = [self.producers[output]] if output in self.producers else []
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
                if before is None or name == given:
                    continue
                if state.get(id(before)) is False:
                    raise InputError(f"{self._where(node)}: the graph has a cycle through the value {name!r}")
                if id(before) not in state:
                    stack.append(before)
        return order

    def _value(self, name: str, values: dict[str, Value]) -> Value:
        if name not in values:
            if name not in self.stored:
                raise InputError(f"{self.path}: the value {name!r} is used, but no node or initialiser makes it")
            values[name] = self._array(self.stored[name], f"initialiser {name!r}")
        return values[name]

    def _array(self, tensor: Any, what: str) -> Value:
        if tensor.data_location == _EXTERNAL or tensor.external_data:
            raise InputError(
                f"{self.path}: {what} is kept in another file, which is not read; put it into this one with "
                "onnx.save(onnx.load(path), path, save_as_external_data=False)"
            )
        if min(tensor.dims, default=0) < 0:
            raise InputError(f"{self.path}: {what} has the shape {list(tensor.dims)}")
        self.numbers += math.prod(tensor.dims)
        check_numbers(self.numbers, self.path)
        try:
            array = np.asarray(self.onnx.numpy_helper.to_array(tensor))
        except PolyreluError:
            raise
        except Exception as error:  # of a damaged tensor; numpy_helper promises no class
            raise InputError(f"{self.path}: {what} is damaged ({error})") from error
        if array.dtype.kind not in "fiub" and str(array.dtype) != "bfloat16":
            raise InputError(f"{self.path}: {what} is of type {array.dtype}; only plain numbers are supported")
        return array

    def _attributes(self, node: Any) -> Attributes:
        found: dict[str, Any] = {}
        for item in node.attribute:
            try:
                value = self.onnx.helper.get_attribute_value(item)
            except ValueError as error:
                raise InputError(f"{self._where(node)}: attribute {item.name!r} is damaged ({error})") from error
            is_tensor = isinstance(value, self.onnx.TensorProto)
            found[item.name] = self._array(value, f"attribute {item.name!r}") if is_tensor else value
        return Attributes(found)


def _used(node: Any) -> int:
    return max((i + 1 for i, name in enumerate(node.output) if name), default=0)


def _shown(dims: Sequence[int]) -> str:
    return f"({', '.join(str(d or '?') for d in dims)})"
