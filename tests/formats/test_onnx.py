import io
import math
from contextlib import redirect_stderr
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import polyrelu as pr

pytest.importorskip("onnx", reason="the package onnx reads these files: pip install 'polyrelu[onnx]'")

import onnx
from onnx import TensorProto, helper, numpy_helper

from polyrelu.formats.onnx_functions import power
from tests.formats.small_models import save_model
from tests.strategies import damaged, is_read_or_refused

rng = np.random.default_rng(0)


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


def f32(*shape):
    return rng.normal(size=shape).astype(np.float32)


def ints(*values):
    return np.array(values, dtype=np.int64)


NODE = helper.make_node
IMAGE = (1, 2, 5, 4)
# One entry or more for each operator; the test below demands that none is missing.
CASES = {
    "Abs": one("Abs", (1, 3)),
    "Add": one("Add", (1, 3), f32(2, 3)),
    "AveragePool": one("AveragePool", IMAGE, kernel_shape=[2, 3], strides=[2, 1], pads=[1, 1, 0, 1]),
    "AveragePool counted": one(
        "AveragePool", IMAGE, kernel_shape=[3, 2], strides=[2, 2], pads=[1, 0, 1, 1], count_include_pad=1, ceil_mode=1
    ),
    "BatchNormalization": one(
        "BatchNormalization", (1, 2, 3), f32(2), f32(2), f32(2), np.array([0.25, 2.25], dtype=np.float32), epsilon=0.0
    ),
    "Cast": model(
        [NODE("Cast", ["x"], ["d"], to=TensorProto.DOUBLE), NODE("Cast", ["d"], ["y"], to=TensorProto.FLOAT)], (1, 3)
    ),
    "Clip": one("Clip", (1, 4), np.float32(-0.5), np.float32(0.75)),
    "Clip below": one("Clip", (1, 4), np.float32(-0.5)),
    "Clip above": one("Clip", (1, 4), None, np.float32(0.5)),
    "Clip crossed": one("Clip", (1, 4), np.float32(0.5), np.float32(-0.5)),
    "Clip with attributes": one("Clip", (1, 4), opset=6, min=-0.5),
    "Concat": model(
        [NODE("Relu", ["x"], ["r"]), NODE("Concat", ["x", "r", "c"], ["y"], axis=-1)], (1, 2), {"c": f32(1, 2)}
    ),
    "Constant": model([NODE("Constant", [], ["c"], value_floats=[0.1, 2.0]), NODE("Mul", ["x", "c"], ["y"])], (1, 2)),
    "ConstantOfShape": model(
        [
            NODE("ConstantOfShape", ["s"], ["c"], value=numpy_helper.from_array(np.array([3.0], dtype=np.float32))),
            NODE("Add", ["x", "c"], ["y"]),
        ],
        (1, 2),
        {"s": ints(1, 2)},
    ),
    "Conv": one("Conv", IMAGE, f32(3, 2, 3, 2), f32(3), strides=[2, 1], pads=[1, 0, 1, 1]),
    "Conv dilated": one("Conv", IMAGE, f32(2, 2, 2, 2), dilations=[2, 3]),
    "Conv in groups": one("Conv", (1, 4, 5), f32(6, 2, 2), group=2),
    "Conv same": one("Conv", IMAGE, f32(1, 2, 2, 3), strides=[2, 3], auto_pad="SAME_UPPER"),
    "Conv same lower": one("Conv", IMAGE, f32(1, 2, 2, 2), auto_pad="SAME_LOWER"),
    "Div": one("Div", (1, 3), f32(3)),
    "Dropout": one("Dropout", (1, 3), np.float32(0.5)),
    "Expand": one("Expand", (1, 3), ints(2, 3)),
    "Flatten": one("Flatten", (1, 2, 3), axis=2),
    "Gather": one("Gather", (1, 4), ints(2, -1, 2), axis=1),
    "Gemm": one("Gemm", (1, 3), f32(2, 3), f32(2), transB=1, alpha=0.3, beta=0.7),
    "Gemm transposed": one("Gemm", (3, 1), f32(3, 2), transA=1),
    "GlobalAveragePool": one("GlobalAveragePool", IMAGE),
    "GlobalMaxPool": one("GlobalMaxPool", IMAGE),
    "HardSigmoid": one("HardSigmoid", (1, 4), alpha=0.4, beta=0.3),
    "Identity": one("Identity", (1, 3)),
    "LeakyRelu": one("LeakyRelu", (1, 3), alpha=0.1),
    "MatMul": one("MatMul", (1, 3), f32(3, 4)),
    "MatMul in batches": one("MatMul", (2, 3, 2), f32(2, 2, 3)),
    "MatMul by a vector": one("MatMul", (2, 3), f32(3)),
    "MatMul from the left": model([NODE("MatMul", ["c", "x"], ["y"])], (3, 2), {"c": f32(4, 3)}),
    "Max": model([NODE("Neg", ["x"], ["n"]), NODE("Max", ["x", "n", "c"], ["y"])], (1, 3), {"c": f32(1)}),
    "MaxPool": one("MaxPool", IMAGE, kernel_shape=[2, 3], strides=[2, 2], pads=[1, 1, 1, 0]),
    "MaxPool dilated": one("MaxPool", IMAGE, kernel_shape=[2, 2], dilations=[2, 1], ceil_mode=1, strides=[2, 2]),
    "Mean": model([NODE("Relu", ["x"], ["r"]), NODE("Mean", ["x", "r", "x"], ["y"])], (1, 3)),
    "Min": one("Min", (1, 3), f32(2, 3)),
    "Mul": one("Mul", (1, 3), f32(2, 1)),
    "Neg": one("Neg", (1, 3)),
    "PRelu": one("PRelu", IMAGE, f32(2, 1, 1)),
    "Pad": one("Pad", (1, 2, 3), ints(0, 1, 0, 0, 0, 2), np.float32(0.5)),
    "Pad older": one("Pad", (1, 3), opset=2, pads=[0, 1, 0, 2], value=1.5),
    "ReduceMax": one("ReduceMax", (1, 2, 3), axes=[-1], keepdims=0),
    "ReduceMean": one("ReduceMean", (1, 2, 3), axes=[1]),
    "ReduceMin": one("ReduceMin", (1, 2, 3)),
    "ReduceSum": one("ReduceSum", (1, 2, 3), ints(1, 2), keepdims=0),
    "Relu": one("Relu", (1, 3)),
    "Reshape": one("Reshape", (1, 2, 3), ints(0, -1, 2)),
    "Shape": model(
        [
            NODE("Shape", ["x"], ["s"]),
            NODE("Gather", ["s", "i"], ["n"]),
            NODE("Div", ["n", "k"], ["m"]),
            NODE("Concat", ["m", "l"], ["t"], axis=0),
            NODE("Reshape", ["x", "t"], ["y"]),
        ],
        (1, 4),
        {"i": ints(1), "k": ints(2), "l": ints(-1)},
    ),
    "Slice": one("Slice", (1, 3, 5), ints(-1, 0), ints(-(2**40), 2**40), ints(2, 1), ints(-2, 2)),
    "Slice older": one("Slice", (1, 5), opset=9, starts=[1], ends=[-1], axes=[1]),
    "Split": model(
        [NODE("Split", ["x", "s"], ["a", "b"], axis=1), NODE("Concat", ["b", "a"], ["y"], axis=1)],
        (1, 5),
        {"s": ints(2, 3)},
    ),
    "Squeeze": one("Squeeze", (1, 3, 1), ints(2)),
    "Sub": model([NODE("Sub", ["c", "x"], ["y"])], (1, 3), {"c": f32(3)}),
    "Sum": one("Sum", (1, 3), f32(3), f32(1, 3)),
    "Transpose": one("Transpose", (1, 2, 3), perm=[0, 2, 1]),
    "Unsqueeze": one("Unsqueeze", (1, 3), ints(0, -1)),
    "CastLike": one("CastLike", (1, 3), f32(1)),
    "ConvTranspose": one(
        "ConvTranspose", IMAGE, f32(2, 3, 3, 2), f32(3), strides=[2, 1], pads=[1, 0, 1, 1], output_padding=[1, 0]
    ),
    "ConvTranspose in groups": one("ConvTranspose", (1, 4, 5), f32(4, 3, 3), group=2, dilations=[2], strides=[3]),
    "ConvTranspose same": one("ConvTranspose", IMAGE, f32(2, 1, 3, 3), strides=[2, 2], auto_pad="SAME_UPPER"),
    "ConvTranspose of a shape": one("ConvTranspose", IMAGE, f32(2, 1, 3, 3), strides=[2, 2], output_shape=[9, 8]),
    "CumSum": one("CumSum", (1, 2, 4), np.int64(2)),
    "CumSum reversed": one("CumSum", (1, 2, 4), np.int64(-1), reverse=1, exclusive=1),
    "DepthToSpace": one("DepthToSpace", (1, 8, 2, 3), blocksize=2),
    "DepthToSpace by columns": one("DepthToSpace", (1, 8, 2, 3), blocksize=2, mode="CRD"),
    "Einsum": model(
        [NODE("Einsum", ["x", "c", "d"], ["y"], equation="bi, ij, j -> bj")], (2, 3), {"c": f32(3, 4), "d": f32(4)}
    ),
    "Einsum with an ellipsis": one("Einsum", (1, 2, 3), f32(3, 4), equation="...i,ij->j..."),
    "Einsum of a diagonal": one("Einsum", (3, 3), equation="ii"),
    "GatherElements": one("GatherElements", (1, 4), ints([3, -1, 0]), axis=1),
    "GatherND": one("GatherND", (2, 3), ints([1, 2], [0, -1])),
    "Pad reflected": one("Pad", (1, 2, 4), ints(0, 1, 2, 0, 0, 3), mode="reflect"),
    "Pad at the edge": one("Pad", (1, 2, 4), ints(0, 1, 2, 0, 0, 3), mode="edge"),
    "Pad less": one("Pad", (1, 2, 4), ints(0, -1, 2, 0, 0, -1), np.float32(0.5)),
    "ReduceL1": one("ReduceL1", (1, 2, 3), axes=[2]),
    "Resize": one("Resize", (1, 1, 3, 2), None, np.array([1, 1, 2, 2.5], dtype=np.float32)),
    "Resize smaller": one(
        "Resize", (1, 1, 5, 4), None, None, ints(1, 1, 2, 3), coordinate_transformation_mode="align_corners"
    ),
    "Resize asymmetric": one(
        "Resize",
        (1, 1, 3, 2),
        None,
        None,
        ints(1, 1, 7, 3),
        coordinate_transformation_mode="asymmetric",
        nearest_mode="ceil",
    ),
    "Resize linear": one("Resize", (1, 1, 3, 2), None, None, ints(1, 1, 5, 4), mode="linear"),
    "Resize linear for torch": one(
        "Resize",
        (1, 1, 3, 2),
        None,
        None,
        ints(1, 1, 1, 4),
        mode="linear",
        coordinate_transformation_mode="pytorch_half_pixel",
    ),
    "Resize cubic": one("Resize", (1, 1, 4, 5), None, None, ints(1, 1, 7, 9), mode="cubic", cubic_coeff_a=-0.5),
    "Resize cubic inside": one("Resize", (1, 1, 4, 5), None, None, ints(1, 1, 6, 9), mode="cubic", exclude_outside=1),
    "Resize some axes": one(
        "Resize", (1, 1, 3, 2), None, np.array([2.0], dtype=np.float32), opset=18, axes=[2], mode="linear"
    ),
    "Resize of a symmetric kind": one(
        "Resize",
        (1, 1, 3, 5),
        None,
        np.array([1, 1, 1.5, 0.7], dtype=np.float32),
        opset=19,
        mode="linear",
        coordinate_transformation_mode="half_pixel_symmetric",
    ),
    "Shrink": one("Shrink", (1, 5), lambd=0.5, bias=0.5),
    "Size": model(
        [NODE("Size", ["x"], ["n"]), NODE("Cast", ["n"], ["f"], to=1), NODE("Div", ["x", "f"], ["y"])], (1, 3)
    ),
    "SpaceToDepth": one("SpaceToDepth", (1, 2, 4, 2), blocksize=2),
    "Tile": one("Tile", (1, 3), ints(2, 2)),
    "Trilu": one("Trilu", (3, 3), np.int64(1)),
    "Trilu lower": one("Trilu", (2, 3), upper=0),
    "Upsample": one("Upsample", (1, 1, 3, 2), np.array([1, 1, 2, 3], dtype=np.float32), opset=9, mode="nearest"),
    "Where": model(
        [NODE("Where", ["m", "x", "c"], ["y"])], (1, 3), {"m": np.array([True, False, True]), "c": f32(2, 1)}
    ),
    # Functions of constants.
    **{
        kind: model([NODE(kind, ["c"], ["f"]), NODE("Add", ["x", "f"], ["y"])], (1, 3), {"c": f32(3) / 4 + shift})
        for kind, shift in {
            **dict.fromkeys(("Acos", "Asin", "Asinh", "Atan", "Atanh", "Ceil", "Cos", "Cosh", "Erf", "Exp"), 0),
            **dict.fromkeys(("Floor", "Reciprocal", "Sigmoid", "Sign", "Sin", "Sinh", "Softplus", "Softsign"), 0),
            **dict.fromkeys(("Acosh", "Log", "Sqrt"), 4),
            **dict.fromkeys(("Tan", "Tanh"), 0),
        }.items()
    },
    **{
        kind: model([NODE(kind, ["c"], ["f"], axes=[1]), NODE("Add", ["x", "f"], ["y"])], (1, 3), {"c": f32(2, 3) ** 2})
        for kind in ("ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceProd", "ReduceSumSquare")
    },
    **{
        kind: model(
            [NODE(kind, ["c", "d"], ["m"]), NODE("Where", ["m", "x", "k"], ["y"])],
            (1, 4),
            {"c": ints(1, 2, 3, 4), "d": ints(4, 2, 2, 9), "k": f32(1)},
        )
        for kind in ("Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual")
    },
    **{
        kind: model(
            [NODE(kind, ["c", "d"], ["m"]), NODE("Not", ["m"], ["n"]), NODE("Where", ["n", "x", "k"], ["y"])],
            (1, 4),
            {"c": np.array([True, False] * 2), "d": np.array([True, True, False, False]), "k": f32(1)},
        )
        for kind in ("And", "Or", "Xor")
    },
    "Not": model(
        [NODE("Not", ["m"], ["n"]), NODE("Where", ["n", "x", "k"], ["y"])],
        (1, 2),
        {"m": np.array([True, False]), "k": f32(1)},
    ),
    "Round": model(
        [NODE("Round", ["c"], ["f"]), NODE("Add", ["x", "f"], ["y"])],
        (1, 4),
        {"c": np.array([0.5, 1.5, -2.5, 1.2], dtype=np.float32)},
    ),
    "Pow": model(
        [NODE("Pow", ["c", "e"], ["f"]), NODE("Mul", ["x", "f"], ["y"])],
        (1, 5),
        {"c": np.array([4, 2, -3, 0.25, 5], dtype=np.float32), "e": np.array([1.5, -2, 3, 0.5, 0.3], dtype=np.float32)},
    ),
    "Range": model(
        [NODE("Range", ["a", "b", "c"], ["f"]), NODE("Add", ["x", "f"], ["y"])],
        (1, 4),
        {"a": np.float32(1), "b": np.float32(2.8), "c": np.float32(0.5)},
    ),
    "DequantizeLinear": model(
        [NODE("DequantizeLinear", ["q", "s", "z"], ["w"], axis=1), NODE("Mul", ["x", "w"], ["y"])],
        (1, 3),
        {
            "q": np.array([[1, -2, 3], [4, 5, -128]], dtype=np.int8),
            "s": np.array([0.5, 0.1, 2], dtype=np.float32),
            "z": np.array([0, 1, -1], dtype=np.int8),
        },
    ),
    "DequantizeLinear for all": model(
        [NODE("DequantizeLinear", ["q", "s"], ["w"]), NODE("Mul", ["x", "w"], ["y"])],
        (1, 2),
        {"q": np.array([[1, 2], [250, 5]], dtype=np.uint8), "s": np.float32(0.3)},
    ),
    "Relu of constants": model(
        [
            NODE("Relu", ["c"], ["r"]),
            NODE("ReduceMax", ["r"], ["m"], axes=[1], keepdims=1),
            NODE("Div", ["x", "m"], ["y"]),
        ],
        (1, 3),
        {"c": f32(2, 3) + 1},
    ),
    # Whole networks, with skip connections over several depths.
    "residual": model(
        [
            NODE("Conv", ["x", "w"], ["a"], pads=[1, 1]),
            NODE("BatchNormalization", ["a", "g", "b", "m", "v"], ["n"], epsilon=0.0),
            NODE("LeakyRelu", ["n"], ["l"]),
            NODE("Conv", ["l", "w"], ["c"], pads=[1, 1]),
            NODE("Add", ["c", "x"], ["s"]),
            NODE("MaxPool", ["s"], ["p"], kernel_shape=[2], strides=[2]),
            NODE("Clip", ["p", "lo", "hi"], ["k"]),
            NODE("Sub", ["k", "p"], ["y"]),
        ],
        (1, 2, 4),
        {"w": f32(2, 2, 3), "g": f32(2), "b": f32(2), "m": f32(2), "v": np.array([4, 1], dtype=np.float32)}
        | {"lo": np.float32(-1), "hi": np.float32(1)},
    ),
}


def sample(net, count=8):
    """Inputs that float32 stores, of which some are zero."""
    points = np.random.default_rng(1).normal(size=(count, net.input_dim)).astype(np.float32)
    points[0] = 0
    return points


@pytest.mark.filterwarnings("ignore::polyrelu.errors.RoundedWarning")
@pytest.mark.parametrize("name", CASES)
def test_operators_agree_with_onnxruntime(tmp_path, name):
    runtime = pytest.importorskip(
        "onnxruntime", reason="agreement is compared with onnxruntime: pip install onnxruntime"
    )
    made = CASES[name]
    session = runtime.InferenceSession(made.SerializeToString(), providers=["CPUExecutionProvider"])
    shape = session.get_inputs()[0].shape
    net = pr.load_network(save(tmp_path / "net.onnx", made))
    for point in sample(net):
        (expected,) = session.run(None, {"x": point.reshape(shape)})
        exact = net(point.tolist()).astype(np.float64)
        assert np.allclose(exact, expected.ravel(), rtol=1e-5, atol=1e-5), name
    assert net.output_dim == expected.size


def test_a_plain_chain_lowers_to_its_own_matrices(tmp_path):
    """Also with a dead neuron, one that nothing reads, and a scaling and a transposition that are folded in."""
    W0, b0, W1 = f32(4, 3), f32(4), f32(2, 4)
    W0[1], b0[1], W1[:, 2] = 0, 0, 0
    nodes = [
        NODE("Transpose", ["x"], ["t"], perm=[1, 0]),
        NODE("MatMul", ["w0", "t"], ["a"]),
        NODE("Add", ["a", "b0"], ["h"]),
        NODE("Relu", ["h"], ["r"]),
        NODE("Flatten", ["r"], ["f"], axis=0),
        NODE("Gemm", ["f", "w1"], ["g"], transB=1),
        NODE("Div", ["g", "three"], ["y"]),
    ]
    stored = {"w0": W0, "b0": b0[:, None], "w1": W1, "three": np.float32(3)}
    net = pr.load_network(save(tmp_path / "net.onnx", model(nodes, (1, 3), stored)))
    assert net.widths == (3, 4, 2)
    assert [layer.relu for layer in net.layers] == [(True,) * 4, (False,) * 2]
    assert net.layers[0].weight.tolist() == [[Fraction(float(v)) for v in row] for row in W0]
    assert net.layers[0].bias.tolist() == [Fraction(float(v)) for v in b0]
    assert net.layers[1].weight.tolist() == [[Fraction(float(v)) / 3 for v in row] for row in W1]


def test_a_final_relu_makes_no_identity_layer(tmp_path):
    net = pr.load_network(save(tmp_path / "net.onnx", one("Relu", (1, 3))))
    assert [layer.relu for layer in net.layers] == [(True,) * 3]


def test_residual_streams_are_carried_once(tmp_path):
    """x + f(x) + g(...) is carried as its n coordinates, not as all the neurons that went into it."""
    nodes, name, width = [], "x", 3
    for i in range(4):
        nodes += [NODE("MatMul", [name, "w"], [f"a{i}"]), NODE("Relu", [f"a{i}"], [f"r{i}"])]
        nodes += [NODE("MatMul", [f"r{i}", "w"], [f"b{i}"]), NODE("Add", [name, f"b{i}"], [f"s{i}"])]
        name = f"s{i}"
    weight = f32(width, width)
    net = pr.load_network(save(tmp_path / "net.onnx", model(nodes, (1, width), {"w": weight}, output=name)))
    assert net.widths == (3, 6, 6, 6, 6, 3)
    W = [[Fraction(float(v)) for v in row] for row in weight.T]

    def times(v):
        return [sum(a * b for a, b in zip(row, v, strict=True)) for row in W]

    for point in sample(net, 5):
        state = [Fraction(float(v)) for v in point]
        exact = net(point.tolist()).tolist()
        for _ in range(4):
            state = [s + t for s, t in zip(state, times([max(v, 0) for v in times(state)]), strict=True)]
        assert exact == state


def test_bfloat16_weights_are_their_exact_values(tmp_path):
    stored = helper.make_tensor("c0", TensorProto.BFLOAT16, (2, 1), [0.1, -3.0])
    made = model([NODE("MatMul", ["x", "c0"], ["y"])], (1, 2))
    made.graph.initializer.append(stored)
    (found,) = pr.load_network(save(tmp_path / "net.onnx", made)).layers[0].weight.tolist()
    assert found == [Fraction(205, 2048), -3]


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_weights_are_their_exact_values(tmp_path, kind):
    weight = np.array([[0.1], [1e-4]], dtype=kind)
    made = one("MatMul", (1, 2), weight)
    net = pr.load_network(save(tmp_path / "net.onnx", made))
    assert net.layers[0].weight.tolist() == [[Fraction(float(v)) for v in weight[:, 0]]]


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("Sqrt", 2.25, Fraction(3, 2)),
        ("Exp", 0.0, 1),
        ("Log", 1.0, 0),
        ("Reciprocal", 3.0, Fraction(1, 3)),
        ("Tanh", 0.0, 0),
        ("Softsign", -3.0, Fraction(-3, 4)),
    ],
)
def test_rational_values_of_functions_are_exact(tmp_path, kind, value, expected):
    net = pr.load_network(save(tmp_path / "net.onnx", on_constant(kind, [value])))
    assert net([0])[0] == expected


@pytest.mark.parametrize("kind", ["Exp", "Sigmoid"])
def test_values_far_below_the_least_float_are_zero_and_announced(tmp_path, kind):
    with pytest.warns(pr.RoundedWarning, match="irrational"):
        net = pr.load_network(save(tmp_path / "net.onnx", on_constant(kind, [-1e30])))
    assert net([0])[0] == 0


def test_irrational_values_are_the_nearest_floats_and_announced(tmp_path):
    with pytest.warns(pr.RoundedWarning, match="1 of 1 values are irrational"):
        net = pr.load_network(save(tmp_path / "net.onnx", on_constant("Exp", [1.0])))
    assert net([0])[0] == Fraction(math.e)


@given(st.fractions(0, 50, max_denominator=40), st.integers(-6, 6), st.integers(1, 5))
def test_powers_are_exact_where_they_are_rational(base, numerator, degree):
    if base == 0 and numerator < 0:
        return
    value, is_exact = power(base**degree, Fraction(numerator, degree), "test")
    assert is_exact
    assert value == base**numerator
    rough, is_exact = power(base**degree + 1, Fraction(1, 2), "test")
    root = (base**degree + 1) ** Fraction(1, 2)
    assert is_exact == (rough * rough == base**degree + 1)
    assert float(rough) == pytest.approx(root)


def test_irrational_standard_deviations_are_announced(tmp_path):
    made = one("BatchNormalization", (1, 1), *[np.array([v], dtype=np.float32) for v in (1, 0, 0, 2)], epsilon=0.0)
    with pytest.warns(pr.RoundedWarning, match="1 of 1 standard deviations"):
        net = pr.load_network(save(tmp_path / "net.onnx", made))
    assert net.layers[0].weight.tolist() == [[1 / Fraction(2**0.5)]]


def test_final_operators_are_dropped_on_request_only(tmp_path):
    nodes = [NODE("Relu", ["x"], ["r"]), NODE("Softmax", ["r"], ["y"], name="last")]
    path = save(tmp_path / "net.onnx", model(nodes, (1, 3)))
    with pytest.raises(
        pr.InputError, match=r"node 'last' \(Softmax\).*not piecewise linear.*drop_final=\"Softmax\"; before_final says"
    ):
        pr.load_network(path)
    assert pr.load_network(path, drop_final="Softmax").widths == (3, 3)
    with pytest.raises(pr.InputError, match="drop_final is 'ArgMax', but the last operator is Softmax"):
        pr.load_network(path, drop_final="ArgMax")


def beside(tmp_path, **said):
    """A model whose weights are in a file beside it, which says of them what is given."""
    made = one("Add", (1, 3), f32(3))
    tensor = made.graph.initializer[0]
    (tmp_path / "weights.bin").write_bytes(b"\0" * 8 + tensor.raw_data)
    del tensor.external_data[:]
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in ({"location": "weights.bin", "offset": "8"} | said).items():
        tensor.external_data.add(key=key, value=value)
    values = np.frombuffer(tensor.raw_data, dtype=np.float32).tolist()
    tensor.ClearField("raw_data")
    return save(tmp_path / "net.onnx", made), values


@pytest.mark.parametrize(
    ("opset", "options", "whole"), [(18, {}, False), (18, {"axis": 0}, False), (12, {"axis": 0}, True), (12, {}, False)]
)
def test_an_operator_on_several_groups_is_not_left_out_as_one(opset, options, whole, tmp_path):
    """Before, a comparison of outputs of two softmaxes was taken for one of what enters them."""
    nodes = [helper.make_node("Add", ["x", "two"], ["h"]), helper.make_node("Softmax", ["h"], ["y"], **options)]
    path = save_model(tmp_path / "m.onnx", nodes, [("y", [2, 2])], [("x", [2, 2])])
    model = onnx.load(path)
    model.opset_import[0].version = opset
    onnx.save(model, path)
    if whole:
        assert pr.load_network(path, drop_final="Softmax").output_dim == 4
    else:
        with pytest.raises(pr.InputError, match=r"2 of 4 numbers at a time.*output_name='h'"):
            pr.load_network(path, drop_final="Softmax")
    assert pr.load_network(path, output_name="h").output_dim == 4


@pytest.mark.parametrize("said", [{}, {"length": "12"}, {"location": "./weights.bin"}])
def test_weights_in_a_file_beside_the_model(tmp_path, said):
    path, values = beside(tmp_path, **said)
    assert pr.load_network(path)([0, 0, 0]).tolist() == list(map(Fraction, values))


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"location": "../weights.bin"}, "not in the model's folder"),
        ({"location": "/etc/passwd"}, "not in the model's folder"),
        ({"location": ""}, "not in the model's folder"),
        ({"location": "link.bin"}, "not in the model's folder"),
        ({"location": "a\0b"}, "not in the model's folder"),
        ({"location": "other.bin"}, "not there"),
        ({"location": "."}, "not there"),
        ({"offset": "9"}, "takes 12 bytes"),
        ({"offset": "-1"}, "takes 12 bytes"),
        ({"offset": "x"}, "not understood"),
        ({"length": "11"}, "takes 12 bytes, but the file says 11"),
    ],
)
def test_weights_that_are_not_where_they_should_be(tmp_path, said, message):
    (tmp_path / "model").mkdir()
    (tmp_path / "weights.bin").write_bytes(b"\0" * 99)
    (tmp_path / "model" / "link.bin").symlink_to(tmp_path / "weights.bin")
    path, _ = beside(tmp_path / "model", **said)
    with pytest.raises(pr.InputError, match=message):
        pr.load_network(path)


def test_functions_in_the_file_are_inlined(tmp_path):
    twice = helper.make_function(
        "mine", "Twice", ["a"], ["b"], [NODE("Add", ["a", "a"], ["b"])], [helper.make_opsetid("", 17)]
    )
    made = model([NODE("Twice", ["x"], ["t"], domain="mine"), NODE("Relu", ["t"], ["y"])], (1, 2))
    made.functions.append(twice)
    made.opset_import.append(helper.make_opsetid("mine", 1))
    assert pr.load_network(save(tmp_path / "net.onnx", made))([3, -1]).tolist() == [6, 0]


def test_several_inputs_follow_one_another(tmp_path):
    made = model([NODE("MatMul", ["x", "w"], ["m"]), NODE("Sub", ["m", "z"], ["y"])], (1, 2), {"w": f32(2, 3)})
    made.graph.input.append(helper.make_tensor_value_info("z", TensorProto.FLOAT, (1, 3)))
    net = pr.load_network(save(tmp_path / "net.onnx", made))
    assert net.input_dim == 5
    weight = numpy_helper.to_array(made.graph.initializer[0])
    assert net([0, 1, 1, 2, 3]).tolist() == [Fraction(float(w)) - k for k, w in enumerate(weight[1], 1)]
    with pytest.raises(pr.InputError, match="input_shape is for a single input, and there are 'x', 'z'"):
        pr.load_network(tmp_path / "net.onnx", input_shape=(1, 2))


def test_any_value_may_be_the_output(tmp_path):
    made = model([NODE("Neg", ["x"], ["a"]), NODE("Relu", ["a"], ["b"]), NODE("Neg", ["b"], ["y"])], (1, 1))
    made.graph.output.append(helper.make_tensor_value_info("a", TensorProto.FLOAT, None))
    path = save(tmp_path / "net.onnx", made)
    with pytest.raises(pr.InputError, match="found 'y', 'a'; choose with output_name"):
        pr.load_network(path)
    with pytest.raises(pr.InputError, match="no node makes a value called 'c'; the outputs are 'y', 'a'"):
        pr.load_network(path, output_name="c")
    values = {name: pr.load_network(path, output_name=name)([-2])[0] for name in "aby"}
    assert values == {"a": 2, "b": 2, "y": -2}
    assert pr.load_network(path, output_name="b", drop_final="relu")([3])[0] == -3


def test_open_shapes(tmp_path):
    path = save(tmp_path / "net.onnx", one("Relu", ("batch", 3)))
    assert pr.load_network(path).input_dim == 3
    path = save(tmp_path / "net.onnx", one("Relu", ("batch", "length")))
    with pytest.raises(pr.InputError, match=r"open shape \(\?, \?\); pass input_shape"):
        pr.load_network(path)
    assert pr.load_network(path, input_shape=(1, 4)).input_dim == 4
    with pytest.raises(pr.InputError, match="disagrees"):
        pr.load_network(path, input_shape=(4,))


def external(made):
    made.graph.initializer[0].data_location = TensorProto.EXTERNAL
    made.graph.initializer[0].external_data.add(key="location", value="../../etc/passwd")
    return made


def on_constant(kind, values):
    nodes = [NODE(kind, ["c"], ["f"]), NODE("Add", ["x", "f"], ["y"])]
    return model(nodes, (1, 1), {"c": np.array(values, dtype=np.float32)})


TWO = [NODE("Relu", ["x"], ["a"]), NODE("Neg", ["x"], ["b"])]
BAD = {
    "product": (model([*TWO, NODE("Mul", ["a", "b"], ["y"])], (1, 2)), "both depend on the input"),
    "attention": (model([*TWO, NODE("MatMul", ["a", "b"], ["y"])], (2, 2)), "attention"),
    "cycle": (model([NODE("Add", ["x", "b"], ["a"]), NODE("Relu", ["a"], ["b"])], (1, 2), output="b"), "cycle"),
    "missing": (model([NODE("Add", ["x", "w"], ["y"])], (1, 2)), "'w' is used, but no node or initialiser"),
    "twice": (model([NODE("Relu", ["x"], ["y"]), NODE("Neg", ["x"], ["y"])], (1, 2)), "make the value 'y'"),
    "nan": (one("Add", (1, 2), np.array([0, np.nan], dtype=np.float32)), r"\[1\]: nan is not a finite"),
    "external": (external(one("Add", (1, 2), f32(2))), "not in the model's folder"),
    "domain": (model([NODE("Relu", ["x"], ["y"], domain="com.me")], (1, 2)), "from 'com.me'"),
    "no output": (model([], (1, 2)), "'y' is used"),
    "shapes": (one("Add", (1, 2), f32(3)), r"the shapes \(1, 2\) and \(3,\) do not broadcast"),
    "inner": (one("MatMul", (1, 2), f32(3, 2)), "cannot be multiplied"),
    "zero": (one("Div", (1, 2), np.zeros(1, dtype=np.float32)), "divisor has a zero"),
    "huge": (model([NODE("Relu", ["x"], ["y"])], (1, 2**40)), "has over 1048576 entries"),
    "expanded": (one("Expand", (1, 1), ints(2**20, 2**20)), "has over 1048576 entries"),
    "huge kernel": (one("MaxPool", (1, 1, 4), kernel_shape=[2], strides=[1], pads=[2**40, 2**40]), "has over"),
    "squared": (
        model(
            [NODE("Mul", [f"c{i}", f"c{i}"], [f"c{i + 1}"]) for i in range(60)] + [NODE("Add", ["x", "c60"], ["y"])],
            (1, 2),
            {"c0": f32(1)},
        ),
        "bits, over the limit",
    ),
    "products": (
        model(
            [NODE("ConstantOfShape", ["s"], ["c"]), NODE("MatMul", ["c", "x"], ["y"])],
            (2**9, 2**9),
            {"s": ints(2**9, 2**9)},
        ),
        "takes 134217728 products",
    ),
    "unrounded": (one("Cast", (1, 2), to=TensorProto.INT64), "rounds"),
    "steps": (one("Sign", (1, 2)), "steps from one value to another"),
    "comparison": (one("Greater", (1, 2), f32(2)), "output 'y' steps from one value to another"),
    "equality": (one("Equal", (1, 2), f32(2)), "Equal depends on the network's input: it steps"),
    "not linear": (one("Sigmoid", (1, 2)), "not piecewise linear; it is read where it takes constants"),
    "jump": (one("Shrink", (1, 2), lambd=0.5, bias=0.0), "jumps at the threshold"),
    "attention by Einsum": (
        model([*TWO, NODE("Einsum", ["a", "b"], ["y"], equation="ij,ij->i")], (1, 2)),
        "not piecewise linear",
    ),
    "root": (on_constant("Sqrt", [-1.0]), "-1 has no real square root"),
    "logarithm": (on_constant("Log", [0.0]), "0 has no logarithm"),
    "reciprocal": (on_constant("Reciprocal", [0.0]), "zero has no reciprocal"),
    "far": (on_constant("Exp", [1e4]), "beyond the range of floats"),
    "farther": (on_constant("Exp", [1e30]), "beyond the range of floats"),
    "outside": (on_constant("Acos", [2.0]), "not a finite number"),
    "great power": (
        model(
            [NODE("Pow", ["c", "e"], ["f"]), NODE("Add", ["x", "f"], ["y"])], (1, 1), {"c": f32(1), "e": f32(1) + 1e9}
        ),
        "power has over",
    ),
    "cropped": (one("Pad", (1, 3), ints(0, -2, 0, -2)), "take more than there is"),
    "corners": (
        one("Resize", (1, 1, 2, 2), None, None, ints(1, 1, 3, 3), coordinate_transformation_mode="tf_crop_and_resize"),
        "tf_crop_and_resize",
    ),
    "training": (one("Dropout", (1, 2), np.float32(0.5), np.array(True)), "evaluation mode"),
    "broadcasting along an axis": (
        one("Add", (1, 2), f32(1), broadcast=1, axis=0),
        "attributes axis, broadcast are not",
    ),
    "integers": (model([NODE("Relu", ["x"], ["y"])], (1, 2), kind=TensorProto.INT64), "has ONNX type 7"),
    "malformed": (one("Transpose", (1, 2), perm=[0, 5]), "node is malformed"),
    "axis": (one("Concat", (1, 2), f32(1, 2), axis=3), "axis 3 is out of range"),
    "variance": (one("BatchNormalization", (1, 1), *[np.full(1, -1, dtype=np.float32)] * 4), "must be positive"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_graphs_are_refused(tmp_path, name):
    made, message = BAD[name]
    with pytest.raises(pr.PolyreluError, match=message) as caught:
        pr.load_network(save(tmp_path / "net.onnx", made))
    assert "net.onnx" in str(caught.value)


def test_the_tensors_of_a_graph_are_counted(tmp_path, monkeypatch):
    monkeypatch.setattr("polyrelu.formats.onnx_reader.MOST_NUMBERS", 5)
    assert pr.load_network(save(tmp_path / "net.onnx", one("Relu", (1, 5)))).widths == (5, 5)
    with pytest.raises(pr.BudgetExceeded, match="over 5 entries in all"):
        pr.load_network(save(tmp_path / "net.onnx", one("Relu", (1, 6))))


def test_large_convolutions_are_kept_by_their_weights(tmp_path):
    path = save(tmp_path / "net.onnx", one("Conv", (1, 1, 64, 64), f32(2, 1, 2, 2), f32(2)))
    (layer,) = pr.load_network(path).layers
    assert layer.is_sparse
    assert layer.weight_count == 4 * layer.output_dim == 4 * 2 * 63 * 63
    inputs, given = pr.load_network(path), rng.normal(size=(1, 1, 64, 64)).astype(np.float32)
    onnxruntime = pytest.importorskip("onnxruntime")
    (expected,) = onnxruntime.InferenceSession(path).run(None, {"x": given})
    assert np.allclose(inputs(given.reshape(1, -1).astype(np.float64)), expected.reshape(1, -1), atol=1e-5)


def test_a_layer_has_so_many_weights(tmp_path, monkeypatch):
    monkeypatch.setattr("polyrelu.formats.lowering.LARGEST_MATRIX", 5)
    with pytest.raises(pr.BudgetExceeded, match="a layer from 6 to 6 coordinates has more than 5 weights"):
        pr.load_network(save(tmp_path / "net.onnx", one("Relu", (1, 6))))


def test_the_extra_is_named_when_onnx_is_missing(tmp_path, monkeypatch):
    path = save(tmp_path / "net.onnx", one("Relu", (1, 2)))
    monkeypatch.setitem(__import__("sys").modules, "onnx", None)
    with pytest.raises(pr.MissingExtraError, match=r"pip install 'polyrelu\[onnx\]'"):
        pr.load_network(path)


WHOLE = [CASES[name].SerializeToString() for name in ("residual", "Gemm", "Shape", "MaxPool", "Slice", "Conv")]


@pytest.mark.filterwarnings("ignore::polyrelu.RoundedWarning")
@given(st.data())
def test_damaged_files_are_refused_or_read_but_never_crash(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "damaged.onnx"
    path.write_bytes(data.draw(damaged(data.draw(st.sampled_from(WHOLE)))))
    with redirect_stderr(io.StringIO()):
        assert is_read_or_refused(path)
