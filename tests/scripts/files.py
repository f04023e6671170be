"""Networks and properties made by the tests, in files like those that the scripts read."""

import numpy as np
import pytest


def write(directory, name, network, text):
    onnx = pytest.importorskip("onnx", reason="the scripts read ONNX: pip install 'polyrelu[onnx]'")
    helper, numpy_helper = onnx.helper, onnx.numpy_helper
    nodes, stored, name_before = [], [], "x"
    for i, layer in enumerate(network.layers):
        weight, bias = (np.asarray(a, dtype=np.float32) for a in (layer.float_weight.T, layer.float_bias))
        stored += [numpy_helper.from_array(weight, f"W{i}"), numpy_helper.from_array(bias, f"b{i}")]
        nodes += [
            helper.make_node("MatMul", [name_before, f"W{i}"], [f"p{i}"]),
            helper.make_node("Add", [f"p{i}", f"b{i}"], [f"a{i}"]),
        ]
        name_before = f"a{i}"
        if all(layer.relu):
            nodes.append(helper.make_node("Relu", [f"a{i}"], [f"r{i}"]))
            name_before = f"r{i}"
    sides = [
        helper.make_tensor_value_info(n, onnx.TensorProto.FLOAT, [1, d])
        for n, d in (("x", network.input_dim), (name_before, network.output_dim))
    ]
    graph = helper.make_graph(nodes, "g", sides[:1], sides[1:], stored)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    (directory / f"{name}.onnx").write_bytes(model.SerializeToString())
    (directory / f"{name}.vnnlib").write_text(text)
    arrays = {
        f"{k}{i}": v
        for i, layer in enumerate(network.layers)
        for k, v in (("W", layer.float_weight), ("b", layer.float_bias))
    }
    np.savez(directory / f"{name}.npz", **arrays)


def property_text(network, comparison):
    names = [
        f"(declare-const {letter}_{i} Real)"
        for letter, dim in (("X", network.input_dim), ("Y", network.output_dim))
        for i in range(dim)
    ]
    return "\n".join([*names, "(assert (<= -1 X_0 1))", "(assert (<= -1 X_1 1))", f"(assert {comparison})"])
