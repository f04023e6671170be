"""Small ONNX files for tests."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

RNG_SEED = 0


def tensors(**arrays):
    return {name: np.asarray(array) for name, array in arrays.items()}


def model(nodes, shape, stored=(), output="y", opset=17, kind=TensorProto.FLOAT):
    """A model with input x of a shape and initialisers from a dict; the output's shape is left open."""
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info("x", kind, shape)],
        [helper.make_tensor_value_info(output, kind, None)],
        [numpy_helper.from_array(array, name) for name, array in dict(stored).items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def save(path, made):
    path.write_bytes(made.SerializeToString())
    return path


def one(kind, shape, *stored, opset=17, outputs=1, **attributes):
    """A model of a single node, with a list of arrays (or None) as its further inputs."""
    names = ["x", *("" if array is None else f"c{i}" for i, array in enumerate(stored))]
    node = helper.make_node(kind, names, ["y", *(f"z{i}" for i in range(outputs - 1))], name="the_node", **attributes)
    arrays = {f"c{i}": np.asarray(array) for i, array in enumerate(stored) if array is not None}
    return model([node], shape, arrays, opset=opset)


__all__ = ["helper", "model", "one", "onnx", "save", "tensors"]
