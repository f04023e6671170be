"""Rows by their entries: the same numbers, and the same answers, as rows that are whole."""

import pickle
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.arithmetic.exact import flint_matrix, matrix_rows
from polyrelu.networks import layer as layer_module
from polyrelu.networks import sparse_rows
from polyrelu.networks.fixed_inputs import Folding
from polyrelu.networks.layer import Layer
from polyrelu.networks.sparse_rows import SparseRows, all_entries, entries_of, rows_of
from tests.strategies import networks

entries = st.sampled_from([Fraction(0)] * 3 + [Fraction(1), Fraction(-3, 2), Fraction(1, 3), Fraction(2**1100)])


@st.composite
def twin_layers(draw):
    """A layer, and the same with its rows by their entries."""
    n, d = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    rows = tuple(tuple(draw(entries) for _ in range(d)) for _ in range(n))
    offsets = tuple(draw(entries) for _ in range(n))
    relu = [draw(st.booleans()) for _ in range(n)]
    sparse = SparseRows(tuple(map(entries_of, rows)), d)
    return Layer.from_rows(rows, offsets, relu, d), Layer.from_rows(sparse, offsets, relu, d)


def sparsely(network):
    """The same network with all rows by their entries."""
    return pr.Network(
        Layer.from_rows(SparseRows(tuple(all_entries(own.rows)), own.input_dim), own.offsets, own.relu, own.input_dim)
        for own in network.layers
    )


@given(both=twin_layers(), data=st.data())
def test_layers_are_the_same_whichever_way_their_rows_are_kept(both, data):
    whole, sparse = both
    assert sparse.is_sparse
    assert not whole.is_sparse
    assert whole == sparse
    assert sparse == whole
    assert hash(whole) == hash(sparse)
    assert pickle.loads(pickle.dumps(sparse)) == whole
    assert tuple(sparse.rows) == whole.rows
    assert sparse.weight.tolist() == whole.weight.tolist()
    assert sparse.weight_count == whole.weight_count
    assert np.array_equal(sparse.float_weight, whole.float_weight)
    assert sparse.is_float == whole.is_float
    assert matrix_rows(sparse.augmented) == matrix_rows(whole.augmented)
    n, d = whole.output_dim, whole.input_dim
    outputs = data.draw(st.lists(st.integers(0, n - 1), unique=True))
    inputs = data.draw(st.lists(st.integers(0, d - 1), unique=True))
    assert sparse.read_by(outputs) == whole.read_by(outputs)
    assert sparse.restricted(outputs, inputs, [True] * len(outputs)) == whole.restricted(
        outputs, inputs, [True] * len(outputs)
    )
    columns = flint_matrix([[data.draw(entries) for _ in range(3)] for _ in range(d + 1)], 3)
    assert matrix_rows(sparse.after(columns)) == matrix_rows(whole.after(columns))
    forms = flint_matrix([[data.draw(entries) for _ in range(n + 1)] for _ in range(2)], n + 1)
    assert matrix_rows(sparse.pulled_back(forms)) == matrix_rows(whole.pulled_back(forms))


@given(network=networks(max_inputs=3, max_neurons=5), data=st.data())
def test_questions_have_the_same_answers(network, data):
    other = sparsely(network)
    dim = network.input_dim
    point = data.draw(st.lists(st.fractions(-2, 2, max_denominator=3), min_size=dim, max_size=dim))
    assert other([point]).tolist() == network([point]).tolist()
    floats = np.array([point], dtype=np.float64)
    for one, two in zip(other.evaluate_with_bound(floats), network.evaluate_with_bound(floats), strict=True):
        assert np.allclose(one, two)
    fixed = data.draw(st.booleans())
    low = [Fraction(1, 2) if fixed and not j else Fraction(-2) for j in range(dim)]
    high = [Fraction(1, 2) if fixed and not j else Fraction(2) for j in range(dim)]
    domain = pr.Polyhedron.box(low, high)
    target = pr.Polyhedron([[1] * network.output_dim], [1])
    tiles, expected = pr.preimage(other, target, domain), pr.preimage(network, target, domain)
    assert [(t.pattern, t.polyhedron, t.affine_map()) for t in tiles] == [
        (t.pattern, t.polyhedron, t.affine_map()) for t in expected
    ]
    assert tiles.locate(floats).tolist() == expected.locate(floats).tolist()
    assert other.with_inputs() == network.with_inputs()
    folding = Folding.of(domain)
    if folding is not None:
        assert folding.layer(other.layers[0]) == folding.layer(network.layers[0])


def test_which_rows_are_kept_whole():
    size = sparse_rows._ALWAYS_WHOLE
    unit = {0: Fraction(1)}
    assert isinstance(rows_of([unit, unit], size), SparseRows)
    assert not isinstance(rows_of([unit], size), SparseRows)
    full = dict.fromkeys(range(size // 2), Fraction(1))
    assert not isinstance(rows_of([full, full], size), SparseRows)
    assert rows_of([{0: Fraction(0), 1: Fraction(2)}, {}], size).entries == ({1: 2}, {})


def test_slices_of_rows_and_rows_after_them():
    rows = SparseRows(({0: Fraction(1)}, {1: Fraction(2)}), 2)
    assert rows[1:] == ((0, 2),)
    assert rows[-1] == (0, 2)
    more = rows.__add__([(Fraction(3), Fraction(0))])
    assert isinstance(more, SparseRows)
    assert more == ((1, 0), (0, 2), (3, 0))
    assert rows != ((1, 0),)
    assert rows != "rows"


def test_floats_of_enormous_rows_are_refused_and_bounds_are_not(monkeypatch):
    sparse = sparsely(pr.Network([([[1, 0], [0, 2]], [0, 1])]))
    monkeypatch.setattr(layer_module, "LARGEST_ARRAY", 3)
    monkeypatch.setattr(layer_module, "_AT_ONCE", 1)
    with pytest.raises(pr.BudgetExceeded, match=r"Layer\(2 -> 2, .* make most inputs constant in the domain"):
        sparse.layers[0].float_weight  # noqa: B018
    with pytest.raises(pr.BudgetExceeded):
        sparse.layers[0].augmented  # noqa: B018
    values, bounds = sparse.evaluate_with_bound(np.array([[3.0, 4.0]]))
    assert values.tolist() == [[3.0, 9.0]]
    assert (bounds < 1e-12).all()
    assert sparse([3, 4]).tolist() == [3, 9]
