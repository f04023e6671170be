"""Bounds of all slopes over boxes, against the Jacobians of all regions in them."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.bounds import slopes as module
from polyrelu.bounds.linear import LinearBounds
from polyrelu.bounds.slopes import NORMS, slopes
from tests.strategies import networks, wide_networks


def on_box(network, radius):
    dim = network.input_dim
    low, high = np.full((1, dim), -radius), np.full((1, dim), radius)
    return slopes(network.layers, LinearBounds(network.layers).over(low, high).layers)


def encloses(network, radius):
    found = on_box(network, radius)
    box = pr.Polyhedron.box([-radius] * network.input_dim, [radius] * network.input_dim)
    for tile in pr.linear_regions(network, box, "twin"):
        matrix = tile.affine_map()[1]
        for i, row in enumerate(matrix):
            for j, slope in enumerate(row):
                off = found.radius[0, j, i]
                assert off == np.inf or abs(slope - Fraction(found.middle[0, j, i])) <= Fraction(off)
        sizes = {
            "linf": max(sum(map(abs, row)) for row in matrix),
            "l1": max(sum(map(abs, column)) for column in zip(*matrix, strict=True)),
        }
        for norm, size in sizes.items():
            bound = found.norms(norm)[0]
            assert bound == np.inf or size <= Fraction(bound)


@settings(max_examples=30)
@given(st.one_of(networks(max_neurons=6), wide_networks()), st.sampled_from([1.0, 2.0**-6]))
def test_every_slope_is_enclosed(network, radius):
    encloses(network, radius)


def test_where_no_neuron_may_switch_bounds_are_the_slopes():
    rng = np.random.default_rng(2)
    net = pr.Network([(rng.standard_normal((5, 3)), [50, -50, 50, 50, -50]), (rng.standard_normal((2, 5)), [0, 0])])
    found = on_box(net, 1.0)
    assert found.radius.max() < 2.0**-40
    exact = np.array([[float(a) for a in row] for row in net.affine_map(net.activation_pattern((Fraction(0),) * 3))[0]])
    for norm in NORMS:
        order = {"linf": np.inf, "l1": 1, "l2": 2}[norm]
        assert np.linalg.norm(exact, order) <= found.norms(norm)[0]
    assert found.norms("linf")[0] <= np.linalg.norm(exact, np.inf) * (1 + 2.0**-40)


def test_a_neuron_that_may_switch_counts(monkeypatch):
    """Taken for active, it hides the slopes of the regions where it is silent."""
    net = pr.Network([([[1], [-1]], [0, 0]), ([[1, 3]], [0])])
    encloses(net, 1.0)
    monkeypatch.setattr(module, "_behind", lambda middle, radius, entered, mask: (middle, radius))
    with pytest.raises(AssertionError):
        encloses(net, 1.0)
