"""Every operator of the newest ONNX: read exactly, read on constants, or refused with a reason; and as onnxruntime."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import polyrelu as pr

pytest.importorskip("onnx", reason="the package onnx reads these files: pip install 'polyrelu[onnx]'")

from onnx import TensorProto, defs, helper, numpy_helper

from polyrelu.formats.onnx_operators import CONSTANTS_ONLY, SUPPORTED
from polyrelu.formats.onnx_refusals import REFUSED
from tests.formats.test_onnx import CASES, NODE, f32, ints, model, one, save

ROOT = Path(__file__).parent.parent.parent
OPERATORS = {schema.name: schema for schema in defs.get_all_schemas() if not schema.domain}


def constant(kind, *stored, shape=None, scalar=np.float32, opset=17, **attributes):
    """A model that multiplies x by what an operator makes of constants."""
    names = [f"c{i}" for i in range(len(stored))]
    cast = [] if scalar is np.float32 else [NODE("Cast", ["f"], ["g"], to=TensorProto.FLOAT)]
    nodes = [NODE(kind, names, ["f"], **attributes), *cast, NODE("Mul", ["x", "g" if cast else "f"], ["y"])]
    return model(nodes, shape or (1,), dict(zip(names, map(np.asarray, stored), strict=True)), opset=opset)


def masked(kind, *after, **stored):
    """A model that compares x with a constant, and goes on."""
    return model([NODE(kind, ["x", "t"], ["m"]), *after], (1, 4), {"t": np.zeros(1, dtype=np.float32), **stored})


def branching(condition):
    """A model that chooses by a constant between two branches, of which one is in a function that is none of ours."""
    graphs = {
        name: helper.make_graph(
            [NODE(kind, ["h", "w" if kind == "Add" else ""][: 1 + (kind == "Add")], [name])],
            name,
            [],
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, None)],
            [numpy_helper.from_array(np.array(3, np.float32), "w")] if kind == "Add" else [],
        )
        for name, kind in (("then_branch", "Add"), ("else_branch", "Sin"))
    }
    if not condition:
        graphs["then_branch"], graphs["else_branch"] = graphs["else_branch"], graphs["then_branch"]
    nodes = [NODE("Relu", ["x"], ["h"]), NODE("Less", ["a", "b"], ["c"]), NODE("If", ["c"], ["y"], **graphs)]
    low, high = (1, 2) if condition else (2, 1)
    return model(nodes, (1, 3), {"a": np.float32(low), "b": np.float32(high)})


CAST = NODE("Cast", ["m"], ["f"], to=TensorProto.FLOAT)
SOME = f32(2, 3)
WHOLE = np.array([[-7, 2, 5], [0, 3, -1]], dtype=np.int32)
NATURAL = np.array([3, 9, 12], dtype=np.uint8)
FACTORS = {"two": np.float32(2), "one": np.float32(1)}
MORE = {
    # Conditions on the input.
    "Greater": masked("Greater", NODE("Where", ["m", "x", "t"], ["y"])),
    "GreaterOrEqual": masked("GreaterOrEqual", CAST, NODE("Mul", ["f", "x"], ["y"])),
    "Less": masked("Less", NODE("Mul", ["x", "two"], ["d"]), NODE("Where", ["m", "d", "x"], ["y"]), **FACTORS),
    "LessOrEqual": masked("LessOrEqual", NODE("Not", ["m"], ["n"]), NODE("Where", ["n", "x", "t"], ["y"])),
    "Where moved": masked(
        "Greater",
        NODE("Unsqueeze", ["m", "axis"], ["u"]),
        NODE("Unsqueeze", ["x", "axis"], ["v"]),
        NODE("Where", ["u", "v", "t"], ["y"]),
        axis=ints(0),
    ),
    # Places.
    "CenterCropPad": one("CenterCropPad", (1, 3), ints(2, 2), opset=18),
    "CenterCropPad odd": one("CenterCropPad", (2, 5), ints(2, 5), opset=18, axes=[1, 0]),
    "Compress": one("Compress", (2, 3), np.array([True, False, True]), axis=1),
    "Compress all": one("Compress", (2, 3), np.array([False, True, True, False, True])),
    "EyeLike": model([NODE("EyeLike", ["x"], ["e"], k=1), NODE("Add", ["x", "e"], ["y"])], (2, 3)),
    "GatherND in batches": one("GatherND", (2, 3), ints(1, 2).reshape(2, 1), batch_dims=1),
    "OneHot": constant("OneHot", ints(1, -1, 5), ints(3), f32(2), shape=(3, 3), axis=0),
    "ReverseSequence": one("ReverseSequence", (3, 2), ints(2, 3)),
    "ReverseSequence by batch": one("ReverseSequence", (2, 3, 2), ints(3, 1), batch_axis=0, time_axis=1),
    "ScatterElements": one("ScatterElements", (2, 3), ints(1, 0, 1).reshape(1, 3), f32(1, 3)),
    "ScatterElements added": one(
        "ScatterElements", (2, 3), ints(1, 1, 0).reshape(1, 3), f32(1, 3), opset=18, axis=1, reduction="add"
    ),
    "ScatterElements largest": one(
        "ScatterElements", (2, 3), ints(1, 1, 0).reshape(1, 3), f32(1, 3), opset=18, axis=-1, reduction="max"
    ),
    "Scatter": one("Scatter", (2, 3), ints(1, 0).reshape(1, 2), f32(1, 2), opset=10),
    "ScatterND": one("ScatterND", (3, 2), ints(2, 0).reshape(2, 1), f32(2, 2)),
    "ScatterND least": one("ScatterND", (3,), ints(2, 0).reshape(2, 1), f32(2), opset=18, reduction="min"),
    "TopK": one("TopK", (2, 5), ints(3), outputs=2),
    "TopK smallest": one("TopK", (4, 2), ints(2), outputs=2, axis=0, largest=0),
    "TopK older": one("TopK", (1, 4), opset=9, outputs=2, k=2),
    # Windows.
    "Col2Im": one("Col2Im", (1, 8, 4), ints(3, 3), ints(2, 2), opset=18),
    "Col2Im sparse": one("Col2Im", (1, 4, 4), ints(4, 4), ints(2, 2), opset=18, strides=[2, 2]),
    "GlobalLpPool": one("GlobalLpPool", (1, 2, 3, 2), p=1),
    "LpPool": one("LpPool", (1, 2, 4, 3), p=1, kernel_shape=[2, 2], strides=[2, 1], pads=[1, 0, 0, 1]),
    "MaxPool with places": one("MaxPool", (1, 1, 4), kernel_shape=[2], outputs=2),
    "ThresholdedRelu": one("ThresholdedRelu", (1, 3), alpha=0.0),
    # Functions of constants.
    "BlackmanWindow": constant("BlackmanWindow", np.int64(5), shape=(5,)),
    "HammingWindow": constant("HammingWindow", np.int64(6), shape=(6,), periodic=0),
    "HannWindow": constant("HannWindow", np.int64(4), shape=(4,)),
    "QuantizeLinear": constant("QuantizeLinear", 4 * SOME, np.float32(0.5), np.uint8(3), shape=(2, 3), scalar=np.uint8),
    "QuantizeLinear halves": constant(
        "QuantizeLinear", np.arange(-9, 9, dtype=np.float32), np.float32(2), np.int8(-126), shape=(18,), scalar=np.int8
    ),
    "QuantizeLinear by rows": constant(
        "QuantizeLinear",
        SOME,
        np.array([0.25, 0.1], np.float32),
        np.array([1, -3], np.int8),
        shape=(2, 3),
        scalar=np.int8,
        axis=0,
    ),
    "If": branching(True),
    "Pow of the input": one("Pow", (2, 3), np.array([0, 1, 1], np.int64)),
    "If not": branching(False),
    "ArgMax": constant("ArgMax", SOME, shape=(1, 3), scalar=np.int64),
    "ArgMin": constant("ArgMin", SOME, shape=(2,), scalar=np.int64, axis=1, keepdims=0),
    "ArgMax last": constant("ArgMax", WHOLE % 2, shape=(2, 1), scalar=np.int64, axis=1, select_last_index=1),
    "BitShift": constant("BitShift", NATURAL, NATURAL // 3, shape=(3,), scalar=np.uint8, direction="RIGHT"),
    "BitwiseAnd": constant("BitwiseAnd", WHOLE, WHOLE[:1], shape=(2, 3), scalar=np.int32, opset=18),
    "BitwiseNot": constant("BitwiseNot", WHOLE, shape=(2, 3), scalar=np.int32, opset=18),
    "BitwiseOr": constant("BitwiseOr", WHOLE, WHOLE[:1], shape=(2, 3), scalar=np.int32, opset=18),
    "BitwiseXor": constant("BitwiseXor", WHOLE, WHOLE[:1], shape=(2, 3), scalar=np.int32, opset=18),
    "Celu": constant("Celu", SOME, shape=(2, 3), alpha=0.7),
    "Det": constant("Det", f32(2, 3, 3), shape=(2,)),
    "Elu": constant("Elu", SOME, shape=(2, 3), alpha=1.5),
    "Gelu": constant("Gelu", SOME, shape=(2, 3), opset=20),
    "Gelu by tanh": constant("Gelu", SOME, shape=(2, 3), opset=20, approximate="tanh"),
    "HardSwish": constant("HardSwish", 4 * SOME, shape=(2, 3)),
    "Hardmax": constant("Hardmax", SOME, shape=(2, 3)),
    "Hardmax older": constant("Hardmax", f32(2, 2, 2), shape=(2, 2, 2), opset=11),
    "IsInf": constant("IsInf", np.array([1, np.inf, -np.inf, np.nan], np.float32), shape=(4,), scalar=np.bool_),
    "IsNaN": constant("IsNaN", np.array([1, np.inf, np.nan], np.float32), shape=(3,), scalar=np.bool_),
    "LogSoftmax": constant("LogSoftmax", SOME, shape=(2, 3), axis=0),
    "LpNormalization": constant("LpNormalization", SOME, shape=(2, 3)),
    "LpNormalization of degree one": constant("LpNormalization", SOME, shape=(2, 3), axis=0, p=1),
    "Mish": constant("Mish", SOME, shape=(2, 3), opset=18),
    "Mod": constant("Mod", WHOLE, np.array([3, -2, 4], np.int32), shape=(2, 3), scalar=np.int32),
    "Mod of floats": constant("Mod", SOME, np.array([0.5, -0.25, 2], np.float32), shape=(2, 3), fmod=1),
    "NonZero": constant("NonZero", WHOLE, shape=(1, 5), scalar=np.int64),
    "Selu": constant("Selu", SOME, shape=(2, 3)),
    "Softmax": constant("Softmax", SOME, shape=(2, 3)),
    "Softmax older": constant("Softmax", f32(2, 2, 2), shape=(2, 2, 2), opset=11),
}
NEWER = {"CumProd", "Swish"}
"""Operators that the runtime does not have yet; their values are held to formulas below."""


def points(net, count=6):
    """Inputs that float32 stores, of which some are zero."""
    found = np.random.default_rng(1).normal(size=(count, net.input_dim)).astype(np.float32)
    found[0] = 0
    return found


@pytest.mark.filterwarnings("ignore::polyrelu.errors.RoundedWarning")
@pytest.mark.parametrize("name", MORE)
def test_operators_agree_with_onnxruntime(tmp_path, name):
    runtime = pytest.importorskip("onnxruntime", reason="agreement is compared with onnxruntime")
    made = MORE[name]
    session = runtime.InferenceSession(made.SerializeToString(), providers=["CPUExecutionProvider"])
    net = pr.load_network(save(tmp_path / "net.onnx", made))
    shape = [d.dim_value for d in made.graph.input[0].type.tensor_type.shape.dim]
    for point in points(net):
        expected = session.run(["y"], {"x": point.reshape(shape)})[0].ravel()
        exactly = net([float(v) for v in point])
        assert np.allclose([float(v) for v in exactly], expected, rtol=2e-5, atol=2e-6), name


@pytest.mark.filterwarnings("ignore::polyrelu.errors.RoundedWarning")
def test_operators_that_are_newer_than_the_runtime(tmp_path):
    product = constant("CumProd", SOME, ints(1), shape=(2, 3), opset=26)
    assert np.allclose(
        pr.load_network(save(tmp_path / "a.onnx", product))(np.ones((1, 6))), np.cumprod(SOME, axis=1).reshape(1, 6)
    )
    swish = constant("Swish", SOME, shape=(2, 3), opset=24, alpha=0.5)
    assert np.allclose(
        pr.load_network(save(tmp_path / "b.onnx", swish))(np.ones((1, 6))),
        (SOME / (1 + np.exp(-0.5 * SOME))).reshape(1, 6),
    )


ALONG_AN_AXIS = {
    "along an axis": (one("Add", (2, 3, 2), SOME[0], opset=6, broadcast=1, axis=1), lambda x: x + SOME[0][:, None]),
    "from the end": (one("Mul", (2, 2, 3), SOME, opset=6, broadcast=1, axis=-2), lambda x: x * SOME),
    "by default at the end": (one("Div", (2, 3), 1 / SOME[0], opset=6, broadcast=1), lambda x: x / (1 / SOME[0])),
    "of one shape": (one("Sub", (2, 3), SOME, opset=6), lambda x: x - SOME),
}


@pytest.mark.parametrize("name", ALONG_AN_AXIS)
def test_before_version_7_a_second_input_stands_along_an_axis(tmp_path, name):
    made, function = ALONG_AN_AXIS[name]
    shape = [d.dim_value for d in made.graph.input[0].type.tensor_type.shape.dim]
    net = pr.load_network(save(tmp_path / "net.onnx", made))
    for point in points(net, 3).astype(np.float64):
        assert np.allclose(net(point[None]), function(point.reshape(shape)).reshape(1, -1))


def test_every_operator_is_read_or_refused_with_a_reason():
    assert set(SUPPORTED) | set(REFUSED) == set(OPERATORS)
    assert not set(SUPPORTED) & set(REFUSED)
    assert set(SUPPORTED) >= CONSTANTS_ONLY


def test_there_is_a_case_for_every_operator():
    assert NEWER | {name.split(" ")[0] for name in {**CASES, **MORE}} >= set(SUPPORTED)


@pytest.mark.parametrize("kind", sorted(REFUSED))
def test_refusals_say_why(tmp_path, kind):
    path = save(tmp_path / "net.onnx", one(kind, (1, 2)))
    with pytest.raises(pr.InputError) as caught:
        pr.load_network(path)
    assert f"{path}: node 'the_node' ({kind}): the operator {kind}: {REFUSED[kind]}" in str(caught.value)


@pytest.mark.parametrize("kind", sorted(CONSTANTS_ONLY - {"Range"}))
def test_what_is_read_on_constants_is_refused_on_the_input(tmp_path, kind):
    with pytest.raises(pr.InputError, match=f"{kind} depends on the network's input: it "):
        pr.load_network(save(tmp_path / "net.onnx", one(kind, (1, 2))))


BAD = {
    "a branch by the input": (
        model([NODE("Greater", ["x", "t"], ["c"]), NODE("If", ["c"], ["y"])], (1,), {"t": np.zeros(1, np.float32)}),
        "its condition is no constant truth value, so what it returns may jump",
    ),
    "a power of the input": (
        one("Pow", (1, 2), np.array([1, 2], np.float32)),
        "Pow depends on the network's input: it is not",
    ),
    "no branch": (model([NODE("If", ["c"], ["y"])], (1,), {"c": np.array(True)}), "0 graphs called then_branch"),
    "a type of many bits": (
        constant("QuantizeLinear", SOME, np.float32(1), np.int32(0)),
        "expected integers of 8 or 16 bits",
    ),
    "a scale of zero": (constant("QuantizeLinear", SOME, np.float32(0)), "a scale is zero"),
    "a jump": (masked("Greater", NODE("Where", ["m", "one", "t"], ["y"]), **FACTORS), "jumps, or may"),
    "a sum of truth values": (masked("Greater", CAST, NODE("Add", ["f", "x"], ["y"])), "Add of truth values"),
    "the places of the largest": (
        model([NODE("TopK", ["x", "k"], ["v", "i"]), NODE("Gather", ["x", "i"], ["y"])], (1, 4), {"k": ints(1)}),
        "the places of largest entries that depend",
    ),
    "an open order": (one("TopK", (1, 4), ints(2), outputs=2, sorted=0), "leaves the order of the values open"),
    "too many branches": (
        model(
            [NODE("Greater", ["x", "t"], ["m"]), NODE("Where", ["m", "x", "t"], ["y"])],
            (1, 2**17 + 1),
            {"t": np.zeros(1, dtype=np.float32)},
        ),
        "Greater has conditions for a tensor of shape .*, over 131072",
    ),
    "too many to sort": (one("TopK", (1, 2**17), ints(3)), "putting numbers in order: .* has over 1048576 entries"),
    "a threshold": (one("ThresholdedRelu", (1, 2), alpha=0.5), "jumps at its threshold"),
    "a norm": (one("GlobalLpPool", (1, 1, 2)), "the norm of degree 2 is not piecewise linear"),
    "a reduction": (
        one("ScatterND", (3,), ints(1).reshape(1, 1), f32(1), reduction="mean"),
        "the reduction is 'mean'; expected one of none, add",
    ),
    "axes that disagree": (one("GatherND", (2, 3), ints(1).reshape(1, 1), batch_dims=1), "do not agree"),
    "no matrix": (constant("Det", f32(2, 3)), "expected square matrices"),
    "a remainder of zero": (constant("Mod", SOME, np.zeros(3, np.float32), fmod=1), "divisor has a zero"),
    "bits of floats": (constant("BitwiseNot", SOME, opset=18), "takes integers, got float32"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_nodes_are_refused(tmp_path, name):
    made, message = BAD[name]
    with pytest.raises(pr.PolyreluError, match=message) as caught:
        pr.load_network(save(tmp_path / "net.onnx", made))
    assert "net.onnx" in str(caught.value)


def test_a_where_bends_exactly_at_its_condition(tmp_path):
    """Also at the condition's boundary, where a strict comparison and a weak one say different things."""
    for kind in ("Greater", "GreaterOrEqual"):
        net = pr.load_network(save(tmp_path / "net.onnx", masked(kind, NODE("Where", ["m", "x", "t"], ["y"]))))
        assert [str(v) for v in net([0, "1/3", -2, "-1/3"])] == ["0", "1/3", "0", "0"]


def test_the_table_is_up_to_date():
    script = ROOT / "scripts" / "operator_table.py"
    made = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stdout + made.stderr
