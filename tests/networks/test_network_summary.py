import itertools
import re
from fractions import Fraction
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.arithmetic.exact import flint_matrix
from polyrelu.networks.network_summary import _rank, image_dim, region_bound
from tests.strategies import matrices

rng = np.random.default_rng(0)


def network(*widths):
    return pr.Network([(rng.normal(size=(n, m)), rng.normal(size=n)) for m, n in itertools.pairwise(widths)])


def test_one_layer_has_zaslavskys_number_and_reaches_it():
    net = network(2, 7, 1)
    assert region_bound(net) == sum(comb(7, j) for j in range(3)) == len(pr.linear_regions(net, method="twin"))


def test_the_formula_of_serra_et_al_by_hand():
    """d = 2 and widths 2, 2: j1 = 0, 1, 2 leave rank 2, 1, 0, so 1 * (1 + 2 + 1) + 2 * (1 + 2) + 1 * 1."""
    assert region_bound(network(2, 2, 2, 1)) == 4 + 6 + 1


def test_identity_coordinates_keep_the_dimension():
    carried = pr.Layer([[1, 0], [0, 1], [1, 1]], [0, 0, 0], [False, False, True])
    last = pr.Layer(rng.normal(size=(2, 3)), [1, 1], True)
    assert region_bound(pr.Network([carried, last])) == 2 * (1 + 2 + 1)


@settings(max_examples=20)
@given(st.lists(st.integers(1, 4), min_size=3, max_size=4))
def test_no_network_has_more_regions(widths):
    net = network(min(widths[0], 2), *widths[1:])
    assert len(pr.linear_regions(net, method="twin")) <= region_bound(net)


def test_dimension_of_the_image():
    assert image_dim(network(2, 5, 3)) == (2, 2)
    assert image_dim(network(3, 5, 2)) == (2, 2)
    assert image_dim(pr.Network([([[1, 1], [2, 2]], [0, 0])])) == (1, 1)
    dead = pr.Network([([[0, 0]], [-1]), ([[1], [2]], [0, 5])])
    assert image_dim(dead) == (0, 0)
    # A rank that only a neuron switched off for ever takes away is not found by ranks of layers.
    never = pr.Network([([[1, 0], [0, 0]], [0, -1]), ([[1, 0], [0, 1]], [0, 0])])
    assert image_dim(never) == (1, 1)
    assert image_dim(pr.Network([([[1], [-1]], [0, 0]), ([[1, 0], [0, 1]], [0, 0])])) == (1, 1)


def test_summary_of_numbers():
    net = pr.Network([([["1/3", 0], [0, 1]], [0, 2]), ([[1, -1]], [0])])
    found = net.summary()
    assert found.widths == (2, 2, 1)
    assert (found.neurons, found.numbers, found.weights) == ((2, 0), (6, 3), (3, 2))
    assert found.floats == (False, True)
    assert found.method == pr.linear_regions(net, pr.Polyhedron.empty(2)).method
    text = str(found)
    assert "0      2       2        2     6                   3         rationals" in text
    assert f"linear regions: at most {region_bound(net)}" in text


def test_many_inputs_come_with_advice():
    wide = pr.Network([(np.eye(60), np.zeros(60)), (np.ones((1, 60)), [Fraction(0)])])
    assert wide.summary().region_bound == 2**60
    assert "60 inputs are many, so make all but 8 of them constant" in str(wide.summary())
    assert "at most about 10^18" in str(wide.summary())


@pytest.mark.long
def test_a_count_beyond_floats_is_a_power_of_ten():
    widths = (40, *[200] * 8, 1)
    digits = len(str(region_bound(network(*widths)))) - 1
    assert digits > 308
    assert re.search(rf"linear regions: at most about 10\^{digits}\b", str(network(*widths).summary()))


@pytest.mark.parametrize("depth", [1, 3])
def test_region_bounds_of_deep_networks_are_quick(depth):
    assert region_bound(network(50, *[100] * depth, 1)) > 10**20


@given(st.integers(1, 4), st.integers(1, 4), st.data())
def test_ranks_agree_with_elimination(rows, columns, data):
    entries = st.one_of(st.integers(-2, 2), st.sampled_from([Fraction(1, 3), Fraction(2**61 - 1), Fraction(-5, 2)]))
    matrix = flint_matrix(data.draw(matrices(rows, columns, entries)), columns)
    assert _rank(matrix) == matrix.rank()
