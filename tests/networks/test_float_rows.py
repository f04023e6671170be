"""Rows by their floats: the same numbers, and the same answers, as rows of Fractions."""

import pickle
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.arithmetic.exact import flint_matrix, matrix_rows
from polyrelu.networks import float_rows
from polyrelu.networks import layer as layers
from polyrelu.networks.fixed_inputs import Folding
from polyrelu.networks.float_rows import FloatRows
from polyrelu.networks.layer import Layer
from tests.strategies import networks

NUMBERS = [0.0, -0.0, 1.0, -1.5, 0.1, 2.0**-1074, -(2.0**-1060), 1.7e308, -(2.0**52 + 1)]


@pytest.fixture(autouse=True, scope="module")
def of_any_size():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(float_rows, "LEAST_FLOATS", 1)
        yield


def by_floats(layer):
    """The layer with its weights rounded to floats, and its rows by these."""
    return Layer(layer.float_weight, layer.offsets, layer.relu)


@st.composite
def twin_layers(draw):
    """A layer, and the same with its rows by their floats."""
    n, d = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    floats = [[draw(st.sampled_from(NUMBERS)) for _ in range(d)] for _ in range(n)]
    offsets = [draw(st.sampled_from([Fraction(0), Fraction(1, 3), Fraction(-5, 8)])) for _ in range(n)]
    relu = [draw(st.booleans()) for _ in range(n)]
    return Layer(floats, offsets, relu), Layer(np.array(floats), offsets, relu)


@given(both=twin_layers(), data=st.data())
def test_layers_are_the_same_whichever_way_their_rows_are_kept(both, data):
    whole, own = both
    assert isinstance(own.rows, FloatRows)
    assert not isinstance(whole.rows, FloatRows)
    assert whole == own
    assert own == whole
    assert own == Layer(own.float_weight, own.offsets, own.relu)
    assert hash(whole) == hash(own)
    assert pickle.loads(pickle.dumps(own)) == whole
    assert tuple(own.rows) == tuple(whole.rows)
    assert (*own.rows[:1], *own.rows[1:]) == own.rows.__add__([]) == whole.rows
    assert own.weight.tolist() == whole.weight.tolist()
    assert own.weight_count == whole.weight_count
    assert np.array_equal(own.float_weight.view(np.int64), whole.float_weight.view(np.int64))
    assert not own.float_weight.flags.writeable
    assert own.is_float == whole.is_float
    assert matrix_rows(own.augmented) == matrix_rows(whole.augmented)
    n, d = whole.output_dim, whole.input_dim
    outputs = data.draw(st.lists(st.integers(0, n - 1), unique=True))
    inputs = data.draw(st.lists(st.integers(0, d - 1), unique=True))
    assert own.read_by(outputs) == whole.read_by(outputs)
    assert own.restricted(outputs, inputs, [True] * len(outputs)) == whole.restricted(
        outputs, inputs, [True] * len(outputs)
    )
    numbers = st.fractions(-2, 2, max_denominator=5)
    columns = flint_matrix([[data.draw(numbers) for _ in range(2)] for _ in range(d + 1)], 2)
    assert own.after(columns) == whole.after(columns)
    forms = flint_matrix([[data.draw(numbers) for _ in range(n + 1)] for _ in range(2)], n + 1)
    assert own.pulled_back(forms) == whole.pulled_back(forms) == forms * whole.homogeneous


def test_what_is_no_large_matrix_of_finite_floats_is_kept_as_ever(monkeypatch):
    assert FloatRows.of(np.array([[1, 2]])) is None
    assert FloatRows.of([[1.0, 2.0]]) is None
    assert FloatRows.of(np.array([1.0])) is None
    with pytest.raises(pr.InexactError, match=r"weight\[0\]\[1\]"):
        Layer(np.array([[1.0, np.nan]]), [0], True)
    monkeypatch.setattr(float_rows, "LEAST_FLOATS", 3)
    assert FloatRows.of(np.ones((1, 2))) is None
    assert FloatRows.of(np.ones((3, 1), dtype=np.float16)) == ((1,), (1,), (1,))


@given(network=networks(max_inputs=2, max_neurons=4))
def test_answers_are_the_same(network):
    own = pr.Network(map(by_floats, network.layers))
    assert all(isinstance(layer.rows, FloatRows) for layer in own.layers if layer.input_dim and layer.output_dim)
    whole = pr.Network(Layer.from_rows(tuple(o.rows), o.offsets, o.relu, o.input_dim) for o in own.layers)
    low, high = [Fraction(-2)] * own.input_dim, [Fraction(2)] * own.input_dim
    one, other = (pr.linear_regions(net, (low, high)) for net in (own, whole))
    assert [(t.pattern, t.polyhedron, t.affine_map()) for t in one] == [
        (t.pattern, t.polyhedron, t.affine_map()) for t in other
    ]
    point = tuple(Fraction(i + 1, 3) for i in range(own.input_dim))
    assert own.evaluate([point]) == whole.evaluate([point])
    assert own.with_inputs() == whole.with_inputs()
    fixed = Folding.of(pr.Polyhedron.box([1] * own.input_dim, [1] + [2] * (own.input_dim - 1)))
    assert fixed is not None
    assert fixed.layers(own.layers) == fixed.layers(whole.layers)


@given(both=twin_layers(), data=st.data())
def test_what_a_large_layer_returns_is_found_part_by_part(both, data):
    points = data.draw(st.integers(1, 3))
    table = [
        [data.draw(st.sampled_from([0, 1, Fraction(-2, 7)])) for _ in range(points)] for _ in range(both[0].input_dim)
    ]
    values = flint_matrix([*table, [1] * points], points)
    expected = matrix_rows(both[0].augmented * values)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(layers, "_AT_A_TIME", data.draw(st.integers(1, 8)))
        for own in both:
            afresh = Layer.from_rows(own.rows, own.offsets, own.relu, own.input_dim)
            assert matrix_rows(afresh.after(values)) == expected
            assert ("augmented" in vars(afresh)) == (len(afresh._parts) == 1)
