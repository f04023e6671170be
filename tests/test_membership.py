from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import polyrelu as pr
from tests.strategies import networks, polyhedra


@given(networks(), st.data())
def test_float_points_are_classified_as_exact_evaluation_does(network, data):
    targets = data.draw(st.lists(polyhedra(network.output_dim, max_rows=3), min_size=1, max_size=2))
    seed = data.draw(st.integers(0, 2**32))
    xs = np.random.default_rng(seed).integers(-4, 5, (20, network.input_dim)) / 2.0
    values = network([[Fraction(v) for v in x] for x in xs.tolist()])
    expected = [any(target.contains(value) for target in targets) for value in values]
    assert pr.maps_into(network, targets, xs).tolist() == expected


def test_a_point_that_floats_misjudge():
    """0.1 + 0.2 - 0.3 is 2^-54 in floats' own exact terms but 5.6e-17 when computed; the sign of the rest is exact."""
    net = pr.Network([([[1, 1, -1]], [0])])
    point = np.array([[0.1, 0.2, 0.3]])
    true = Fraction(0.1) + Fraction(0.2) - Fraction(0.3)
    assert net(point)[0, 0] != true
    level = pr.Polyhedron([[1]], [true])
    assert pr.maps_into(net, level, point).tolist() == [True]
    assert pr.maps_into(net, pr.Polyhedron([[1]], [true], strict=True), point).tolist() == [False]


def test_spaces_are_checked():
    net = pr.Network([([[1, 1, -1]], [0])])
    with pytest.raises(pr.DimensionError, match=r"R\^2 but the network's outputs in R\^1"):
        pr.maps_into(net, pr.Polyhedron.whole_space(2), np.zeros((1, 3)))
    with pytest.raises(pr.DimensionError, match=r"\(n, 3\)"):
        pr.maps_into(net, pr.Polyhedron.whole_space(1), np.zeros((1, 2)))
