"""Queries of several networks, copies of one, and values inside, against the networks themselves."""

import itertools
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import helper

import polyrelu as pr
from polyrelu.formats.vnnlib import parse_property, parse_query
from tests.formats.small_models import doubling, save_model
from tests.strategies import networks

ABSOLUTE = pr.Network([([[1], [-1]], [0, 0]), ([[1, 1]], [0])])  # |x|
RELU = pr.Network([([[1]], [0]), ([[1]], [0])])
TWO = (
    "(declare-network f (declare-input X real [1])(declare-output Y real [1]))"
    "(declare-network g {like}(declare-input A real [1])(declare-output B real [1]))"
)
CLOSE = "(assert (<= -1 X[0] 1))(assert (== X[0] A[0]))"


def test_two_networks_are_asked_side_by_side():
    query = parse_query(TWO.format(like="") + CLOSE + "(assert (< Y[0] B[0]))")
    assert query.names == ("f", "g")
    assert repr(query) == "Query(f, g: Property(R^1 -> R^2: 1 domain, 1 target))"
    assert query.wiring == ((0,), (0,))  # inputs that are equal are one
    assert pr.verify(query.joint({"f": ABSOLUTE, "g": RELU}), query.prop).status == "holds"
    found = pr.verify(query.joint({"f": RELU, "g": ABSOLUTE}), query.prop)
    assert found.point is not None
    assert found.value is not None
    values = {tensor.name: list(entries) for tensor, entries in query.assignment(found.point, found.value)}
    assert list(values) == ["X", "Y", "A", "B"]
    assert values["X"] == values["A"]
    assert values["Y"][0] == max(0, values["X"][0]) < abs(values["A"][0]) == values["B"][0]


def test_outputs_of_several_softmaxes_are_not_compared_as_those_of_one():
    """Comparisons of sigmoids are those of what enters them; of softmaxes, only within each."""
    two = parse_query(TWO.format(like="(equal-to f)") + CLOSE + "(assert (< Y[0] B[0]))")
    assert two.before_final("Tanh") == two.prop
    with pytest.raises(pr.InputError, match="about Y and B, each with a Softmax of its own"):
        two.before_final("Softmax")
    with pytest.raises(pr.InputError, match="about several runs, each with a LogSoftmax of its own"):
        pr.before_final(two.of_one_network("two"), "LogSoftmax")


def test_inputs_are_one_only_where_they_always_are():
    """Not in one of two alternatives, and not two of one network."""
    either = parse_query(TWO.format(like="") + "(assert (or (== X[0] A[0]) (and (<= X[0] A[0]) (>= Y[0] 3))))")
    assert either.wiring == ((0,), (1,))
    inside = TWO.format(like="").replace("X real [1]", "X real [2]") + "(assert (== X[0] X[1]))"
    assert parse_query(inside).wiring == ((0, 1), (2,))
    through = inside + "(assert (== A[0] X[0]))(assert (== X[1] A[0]))"
    query = parse_query(through + "(assert (> Y[0] 3))")
    assert query.wiring == ((0, 0), (0,))
    both = pr.Network([([[1, 2]], [0])])
    assert query.joint({"f": both, "g": RELU})([5]).tolist() == [15, 5]
    own = "(declare-network f (declare-input X real [2])(declare-output Y real [1]))(assert (== X[0] X[1]))"
    assert parse_query(own).wiring == ((0, 1),)


def test_copies_of_one_network_are_a_property_of_it():
    """|x| is no growing function, and relu is."""
    falls = TWO.format(like="(equal-to f)") + "(assert (<= -1 X[0] A[0] 1))(assert (> Y[0] B[0]))"
    asked = parse_property(falls)
    assert (asked.input_dim, asked.output_dim, asked.domain_dim) == (1, 1, 2)
    assert asked.target_names == ["y0", "y0'"]
    assert pr.verify(RELU, asked).status == "holds"
    found = pr.verify(ABSOLUTE, asked)
    assert found.value == (abs(found.point[0]), abs(found.point[1]))
    assert found.value[0] > found.value[1]
    assert parse_query(falls).names == ("f",)


@given(st.lists(networks(max_inputs=1, max_neurons=3), min_size=2, max_size=2), st.data())
def test_what_is_asked_of_two_means_what_it_says(nets, data):
    if any(net.input_dim != 1 or not net.output_dim for net in nets):
        return
    coefficients = data.draw(st.lists(st.integers(-2, 2), min_size=4, max_size=4))
    shapes = [(1, net.output_dim) for net in nets]
    heads = [
        f"(declare-network n{k} (declare-input X{k} real [1])(declare-output Y{k} real [1,{m}]))"
        for k, (_, m) in enumerate(shapes)
    ]
    terms = " ".join(
        f"(* {c} {n})" for c, n in zip(coefficients, ("X0[0]", "X1[0]", "Y0[0,0]", "Y1[0,0]"), strict=True)
    )
    query = parse_query("".join(heads) + f"(assert (and (<= -2 X0[0] 2) (<= -2 X1[0] 2) (>= (+ {terms}) 1)))")
    joint = query.joint({"n0": nets[0], "n1": nets[1]})
    for point in itertools.product([Fraction(k, 2) for k in (-4, -1, 0, 2)], repeat=2):
        own = [net.evaluate([[v]])[0] for net, v in zip(nets, point, strict=True)]
        value = query.prop.asked_of(joint).evaluate([point])[0]
        total = sum(c * v for c, v in zip(coefficients, (*point, own[0][0], own[1][0]), strict=True))
        inside = [p.domain.contains(point) and p.targets[0].contains(value) for p in query.prop.disjuncts]
        assert any(inside) == (total >= 1)


@pytest.fixture
def doubled(tmp_path):
    return doubling(tmp_path / "doubled.onnx")


def test_hidden_values_are_found_by_their_names(doubled):
    declared = (
        '(declare-network f (declare-input X real [2])(declare-hidden H real [2] "h")(declare-output Y real [2]))'
    )
    query = parse_query(declared + "(assert (and (<= -1 X[0] 1) (<= -1 X[1] 1) (< H[0] -1) (> Y[1] X[1])))")
    joint = query.joint({"f": doubled})
    assert joint([1, -3]).tolist() == [2, 0, 2, -6]  # outputs, and hidden values after them
    found = pr.verify(joint, query.prop)
    assert found.point is not None
    assert found.value is not None
    values = {tensor.name: list(entries) for tensor, entries in query.assignment(found.point, found.value[:4])}
    assert list(values) == ["X", "H", "Y"]
    assert values["H"] == [2 * v for v in values["X"]]
    with pytest.raises(pr.InputError, match="about values inside f"):
        parse_property(declared)
    missing = parse_query(declared.replace('"h"', '"k"'))
    with pytest.raises(pr.InputError, match="no node makes a value called 'k'"):
        missing.joint({"f": doubled})


def test_several_inputs_and_outputs_by_order_and_by_name(tmp_path):
    nodes = [
        helper.make_node("Add", ["a", "two"], ["p"]),
        helper.make_node("Relu", ["b"], ["q"]),
    ]
    path = save_model(tmp_path / "two.onnx", nodes, [("p", [2]), ("q", [1])], [("a", [2]), ("b", [1])])
    ordered = (
        "(declare-network f (declare-input A real [2])(declare-input B real [1])"
        "(declare-output P real [2])(declare-output Q real [1]))"
    )
    query = parse_query(ordered + "(assert (> P[1] Q[0]))")
    assert query.joint({"f": path})([1, 2, -3]).tolist() == [3, 4, 0]
    named = (
        '(declare-network f (declare-input B real [1] "b")(declare-input A real [2] "a")'
        '(declare-output Q real [1] "q")(declare-output P real [2] "p"))'
    )
    query = parse_query(named + "(assert (> P[1] Q[0]))")
    assert query.joint({"f": path})([-3, 1, 2]).tolist() == [0, 3, 4]
    wrong = parse_query(named.replace('"b"', '"c"'))
    with pytest.raises(pr.InputError, match="inputs called c, a are declared; a, b exist"):
        wrong.joint({"f": path})
    short = parse_query(named.replace("A real [2]", "A real [3]"))
    with pytest.raises(pr.DimensionError, match="'a' has 2 numbers, but A real"):
        short.joint({"f": path})
    few = parse_query(ordered.replace("(declare-output Q real [1])", ""))
    with pytest.raises(pr.InputError, match="outputs: 1 are declared, but there are p, q"):
        few.joint({"f": path})


def test_networks_that_do_not_fit_are_refused(tmp_path, doubled):
    query = parse_query(TWO.format(like="(isomorphic-to f)") + "(assert (< Y[0] B[0]))")
    with pytest.raises(pr.InputError, match="the property is about f, g, and what is said is of f"):
        query.joint({"f": RELU})
    with pytest.raises(pr.DimensionError, match="g declares 1 inputs but the network has 2"):
        query.joint({"f": RELU, "g": pr.Network([([[1, 2]], [0])])})
    with pytest.raises(pr.InputError, match=r"is about the networks f and g; read it by load_query"):
        parse_property(TWO.format(like="") + "(assert true)")
    other = TWO.replace("B real [1]", "B real [2]")
    with pytest.raises(pr.ParseError, match=r"'g' is to be like 'f', but their outputs have shapes \[2\] and \[1\]"):
        parse_query(other.format(like="(equal-to f)"))
    with pytest.raises(pr.InputError, match="there is no file"):
        pr.load_query(tmp_path / "missing.vnnlib")
    (tmp_path / "net.npz").write_bytes(b"")
    hidden = '(declare-network f (declare-input X real [1])(declare-hidden H real [1] "h")(declare-output Y real [1]))'
    with pytest.raises(pr.InputError, match="have names in ONNX files only"):
        parse_query(hidden).joint({"f": tmp_path / "net.npz"})
