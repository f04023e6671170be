"""Small ONNX files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import onnx
from onnx import TensorProto, helper

_Shapes = Iterable[tuple[str, Sequence[int]]]


def save_model(path: Path, nodes: Sequence[Any], outputs: _Shapes, inputs: _Shapes = (("x", [2]),)) -> Path:
    """A graph of these nodes, in which ``two`` is the number 2 and ``tenth`` the float next to 1/10."""
    takes, returns = (
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape)) for name, shape in ends]
        for ends in (inputs, outputs)
    )
    stored = [helper.make_tensor(name, TensorProto.FLOAT, [], [v]) for name, v in (("two", 2.0), ("tenth", 0.1))]
    graph = helper.make_graph(list(nodes), "g", takes, returns, stored)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.save(model, str(path))
    return path


def doubling(path: Path) -> Path:
    """relu(2 x) of two numbers; 2 x is called h."""
    nodes = [helper.make_node("Mul", ["x", "two"], ["h"]), helper.make_node("Relu", ["h"], ["y"])]
    return save_model(path, nodes, [("y", [2])])
