"""Trees of Dense layers, as Flax and JAX keep them."""

from typing import Any

import numpy as np
import pytest

import polyrelu as pr

RNG = np.random.default_rng(6)
FIRST: Any
LAST: Any
FIRST, LAST = ({"kernel": RNG.normal(size=s).astype(np.float32), "bias": np.zeros(s[1])} for s in ((3, 4), (4, 2)))
NETWORK = pr.Network([(FIRST["kernel"].T, FIRST["bias"]), (LAST["kernel"].T, LAST["bias"])])


@pytest.mark.parametrize(
    ("tree", "order"),
    [
        ({"Dense_0": FIRST, "Dense_1": LAST}, None),
        ({"Dense_10": LAST, "Dense_2": FIRST}, None),
        ({"params": {"Dense_0": FIRST, "Dense_1": LAST}}, None),
        ({"params": {"body": {"Dense_0": FIRST}, "head": {"Dense_1": LAST}}}, None),
        ({"body": {"in": FIRST}, "out": LAST}, ["body/in", "out"]),
        ({"l0": {"w": FIRST["kernel"]}, "l1": {"w": LAST["kernel"], "b": LAST["bias"]}}, None),
    ],
)
def test_trees_have_their_numbers(tree, order):
    assert pr.Network.from_flax(tree, order) == NETWORK


def test_one_layer_needs_no_number():
    assert pr.Network.from_flax({"head": LAST}).widths == (4, 2)
    assert pr.Network.from_flax(LAST).widths == (4, 2)


def test_half_precision_of_brains():
    dtypes = pytest.importorskip("ml_dtypes")
    kernel = np.array([[0.5, 3.0]], dtype=dtypes.bfloat16)
    assert pr.Network.from_flax({"Dense_0": {"kernel": kernel}})([2]).tolist() == [1, 6]


@pytest.mark.parametrize(
    ("tree", "order", "message"),
    [
        ([FIRST], None, "expected a mapping of layers, got list"),
        ({}, None, "no layer with a kernel"),
        ({"a": FIRST, "b": LAST}, None, "the names a, b do not end in different numbers"),
        ({"a": FIRST, "b": LAST}, ["a"], r"order is \['a'\], but the layers are a, b"),
        ({"Dense_0": FIRST, "scale": 3}, None, "scale stands beside layers, and is none"),
        ({"Norm_0": {"scale": [1], "bias": [1]}}, None, "layer Norm_0: has scale, bias; expected a kernel"),
        ({"Conv_0": {"kernel": np.zeros((2, 2, 1, 1))}}, None, r"the kernel has shape \(2, 2, 1, 1\)"),
        ({"Dense_0": {"kernel": [["x"]]}}, None, "has the type <U1; expected real numbers"),
        ({"Dense_0": {"kernel": [[np.inf]]}}, None, "is not a finite number"),
        ({"Dense_0": LAST, "Dense_1": FIRST}, None, "layer 0 returns 2 coordinates but layer 1 takes 3"),
    ],
)
def test_others_are_refused(tree, order, message):
    with pytest.raises(pr.PolyreluError, match=message):
        pr.Network.from_flax(tree, order)


def test_trees_that_go_round_are_refused():
    tree: dict[str, Any] = {}
    tree["a"] = tree
    with pytest.raises(pr.InputError, match="more than 32 levels deep"):
        pr.Network.from_flax(tree)
