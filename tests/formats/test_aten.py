"""Programs of PyTorch's operators, without PyTorch: those of a zoo of modules, kept as text, and their refusals."""

from fractions import Fraction

import numpy as np
import pytest

import polyrelu as pr
from polyrelu.formats.aten_program import Call, Program, Ref, network_of
from tests.formats.program_text import FOLDER, read, stored, written

NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))


@pytest.mark.parametrize("name", NAMES)
def test_exported_modules_are_networks_with_the_modules_own_values(name):
    program, points, values, bounds = stored(name)
    exact = network_of(program, name)(points.tolist())
    for value, expected, bound in zip(exact.ravel().tolist(), values.ravel(), bounds.ravel(), strict=True):
        assert abs(value - Fraction(float(expected))) <= Fraction(float(bound))


def test_the_zoo_is_large_enough():
    assert len(NAMES) >= 30


@pytest.mark.parametrize("name", NAMES)
def test_texts_are_read_as_they_were_written(name):
    program = stored(name)[0]
    assert written(read(written(program))) == written(program)


def program(*calls, shape=(1, 2), **constants):
    """The program of calls, ``(operator, args, kwargs)``, whose values are called 0, 1, ..., on the input x."""
    made = tuple(Call(str(i), name, args, kwargs, f"call {i}") for i, (name, args, kwargs) in enumerate(calls))
    arrays = {name: np.array(numbers) for name, numbers in constants.items()}
    return Program("x", shape, arrays, made, Ref(str(len(calls) - 1)))


X = Ref("x")


@pytest.mark.parametrize(
    ("calls", "expected"),
    [
        ([("add", (X, X), {"alpha": 2})], [9, -6]),
        ([("sub", (1, X), {})], [-2, 3]),
        ([("rsub", (X, 1), {"alpha": 2})], [-5, 5]),
        ([("div", (X, 4), {})], [Fraction(3, 4), Fraction(-1, 2)]),
        ([("pow", (X, 1), {})], [3, -2]),
        ([("addcdiv", (X, X, 2), {"value": 4})], [9, -6]),
        ([("clamp", (X, -1, 1), {})], [1, -1]),
        ([("clamp", (X, float("-inf"), 1), {})], [1, -2]),
        ([("clamp", (X, None, Ref("w")), {})], [2, -2]),
        ([("clamp_max", (X, 1), {})], [1, -2]),
        ([("softshrink", (X, 1), {})], [2, -1]),
        ([("rrelu", (X, 0.25, 0.75), {})], [3, -1]),
        ([("max", (X, 1), {}), ("getitem", (Ref("0"), 0), {})], [3]),
        ([("max", (X,), {})], [3]),
        ([("min", (X, Ref("w")), {})], [2, -2]),
        ([("unbind", (X, 1), {}), ("getitem", (Ref("0"), -1), {})], [-2]),
        ([("split", (X, [1, 1], 1), {}), ("getitem", (Ref("0"), 1), {})], [-2]),
        ([("gt", (X, 0), {}), ("logical_not", (Ref("0"),), {}), ("mul", (X, Ref("1")), {})], [0, -2]),
        ([("ge", (X, 3), {}), ("where", (Ref("0"), 3, X), {})], [3, -2]),
        ([("lt", (X, 0), {}), ("view", (Ref("0"), [2]), {}), ("where", (Ref("1"), 0, X), {})], [3, 0]),
        ([("gt", (X, X), {}), ("where", (Ref("0"), 5, X), {})], [3, -2]),
        ([("ge", (X, X), {}), ("where", (Ref("0"), 5, X), {})], [5, 5]),
        ([("mul", (X, Ref("m")), {})], [3, 0]),
        ([("_to_copy", (X,), {"dtype": "torch.float16"})], [3, -2]),
        ([("dropout", (X, 0.5, False), {})], [3, -2]),
        ([("pad", (X, [1, 1], "constant", 0.5), {})], [0.5, 3, -2, 0.5]),
        ([("pad", (X, [-1, 1], "replicate"), {})], [-2, -2]),
        ([("constant_pad_nd", (X, [0, 1]), {})], [3, -2, 0]),
        ([("cat", ([X, Ref("e"), X], 1), {})], [3, -2, 3, -2]),
        ([("outer", (Ref("0v"), Ref("w")), {})], None),
        ([("slice", (X, 1, 1, 9223372036854775807), {})], [-2]),
        ([("sort", (X, 1, True), {}), ("getitem", (Ref("0"), 0), {})], [3, -2]),
        ([("sort", (X,), {"stable": True, "dim": -1}), ("getitem", (Ref("0"), 0), {})], [-2, 3]),
        ([("topk", (X, 1, 1), {}), ("getitem", (Ref("0"), 0), {})], [3]),
        ([("topk", (X, 1, 1, False), {}), ("getitem", (Ref("0"), 0), {})], [-2]),
        ([("msort", (X,), {})], [3, -2]),
        ([("kthvalue", (X, 2, 1, True), {}), ("getitem", (Ref("0"), 0), {})], [3]),
        ([("median", (X,), {})], [-2]),
        ([("cummax", (X, 1), {}), ("getitem", (Ref("0"), 0), {})], [3, 3]),
        ([("cummin", (X, 1), {}), ("getitem", (Ref("0"), 0), {})], [3, -2]),
        ([("aminmax", (X,), {"dim": 1}), ("getitem", (Ref("0"), 1), {})], [3]),
        ([("linalg_vector_norm", (X, 1.0, [1], True), {})], [5]),
        ([("triu", (X, 1), {})], [0, -2]),
        ([("index_put", (X, [None, Ref("i")], 7), {})], [7, -2]),
    ],
)
def test_operators(calls, expected):
    if expected is None:
        calls, expected = [("view", (X, [2]), {}), ("outer", (Ref("0"), Ref("w")), {})], [6, 6, -4, -4]
    given = program(*calls, w=[2.0, 2.0], m=[True, False], e=np.zeros(0), i=[0])
    assert network_of(given, "test")([3, -2]).tolist() == expected


def test_constant_outputs_are_networks_too():
    given = Program("x", (1, 2), {"c": np.array([1.5])}, (), Ref("c"))
    assert network_of(given, "test")([3, -2]).tolist() == [1.5]


@pytest.mark.parametrize(
    ("calls", "error", "message"),
    [
        ([("sigmoid", (X,), {})], pr.InputError, 'call 0: sigmoid is not piecewise linear; .*stop="its name"'),
        ([("floor", (X,), {})], pr.InputError, "call 0: floor is not continuous"),
        ([("fft", (X,), {})], pr.InputError, "call 0: fft is not supported"),
        ([("mul", (X, X), {})], pr.InputError, "both depend on the input is not piecewise linear"),
        ([("div", (1, X), {})], pr.InputError, "division by a tensor that depends on the input"),
        ([("div", (X, 0), {})], pr.InputError, "the divisor has a zero"),
        ([("div", (X, 2), {"rounding_mode": "floor"})], pr.InputError, "rounding_mode='floor' is not continuous"),
        ([("pow", (X, 2), {})], pr.InputError, "power with exponent 2 is not piecewise linear"),
        ([("add", (X, X), {"alpha": X})], pr.InputError, "an argument that depends on the input is not supported"),
        ([("add", (X, "a"), {})], pr.InputError, "add of str is not supported"),
        ([("add", (X, float("nan")), {})], pr.InexactError, "call 0: add: nan is not a finite number"),
        ([("view", (X, [3]), {})], pr.InputError, "call 0: view cannot be lowered here .*reshape"),
        ([("dropout", (X,), {})], pr.InputError, "call 0: dropout is in training mode"),
        ([("rrelu", (X,), {"training": True})], pr.InputError, "in training mode"),
        ([("batch_norm", (X, None, None, None, None, True, 0.1, 1e-5), {})], pr.InputError, "batch's own statistics"),
        ([("_to_copy", (X,), {"dtype": "torch.int64"})], pr.InputError, "cast .* to torch.int64 is not continuous"),
        ([("gt", (X, 0), {})], pr.InputError, "the output of truth values that depend on the input"),
        ([("gt", (X, 0), {}), ("sum", (Ref("0"),), {})], pr.InputError, "sum of truth values that depend on the input"),
        ([("gt", (X, 0), {}), ("where", (Ref("0"), X, 1), {})], pr.InputError, "where with a condition .* jumps"),
        ([("gt", (X, 0), {}), ("where", (Ref("0"),), {})], pr.InputError, "where without values"),
        ([("logical_not", (X,), {})], pr.InputError, "logical_not of numbers"),
        ([("linalg_vector_norm", (X, 2), {})], pr.InputError, "norm of order 2 is not piecewise linear"),
        (
            [("max", (X, 1), {}), ("getitem", (Ref("0"), 1), {})],
            pr.InputError,
            "the output of the places of largest or smallest entries",
        ),
        ([("sort", (X,), {}), ("getitem", (Ref("0"), 1), {})], pr.InputError, "the places of largest or smallest"),
        ([("topk", (X, 1, 1, True, False), {})], pr.InputError, "topk with sorted=False leaves the order open"),
        ([("hardshrink", (X, 1), {})], pr.InputError, "call 0: hardshrink is not continuous"),
        ([("index", (X, [None, X]), {})], pr.InputError, "indices that depend on the input"),
        ([("index_put", (X, [], X, True), {})], pr.InputError, "that accumulates is not supported"),
        ([("expand", (X, [2**21, 2]), {})], pr.BudgetExceeded, "over 1048576 entries"),
        ([("upsample_nearest1d", (X, [3]), {})], pr.InputError, "are no whole numbers"),
    ],
)
def test_what_cannot_be_lowered_is_named_with_its_place(calls, error, message):
    with pytest.raises(error, match=message):
        network_of(program(*calls), "test")
