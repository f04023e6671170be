"""Bounds of all slopes over boxes, against the Jacobians of all regions in them."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.arithmetic.spectral import spectral_norm
from polyrelu.bounds import slopes as module
from polyrelu.bounds.linear import LinearBounds
from polyrelu.bounds.slopes import NORMS, SlopeBounds, half_the_signs, slopes
from tests.strategies import networks, wide_networks


def on_box(network, radius):
    dim = network.input_dim
    low, high = np.full((1, dim), -radius), np.full((1, dim), radius)
    known = LinearBounds(network.layers).over(low, high).layers
    return slopes(network.layers, known, np.eye(dim)), {
        n: SlopeBounds(network.layers).norms(known, n)[0] for n in NORMS
    }


def encloses(network, radius):
    found, bounds = on_box(network, radius)
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
            for bound in (found.norms(norm)[0], bounds[norm]):
                assert bound == np.inf or size <= Fraction(bound)
        below, _ = spectral_norm(matrix)
        assert below <= bounds["l2"] <= found.norms("l2")[0]


@settings(max_examples=30)
@given(st.one_of(networks(max_neurons=6), wide_networks()), st.sampled_from([1.0, 2.0**-6]))
def test_every_slope_is_enclosed(network, radius):
    encloses(network, radius)


def test_where_no_neuron_may_switch_bounds_are_the_slopes():
    rng = np.random.default_rng(2)
    net = pr.Network([(rng.standard_normal((5, 3)), [50, -50, 50, 50, -50]), (rng.standard_normal((2, 5)), [0, 0])])
    found, bounds = on_box(net, 1.0)
    assert found.radius.max() < 2.0**-40
    exact = np.array([[float(a) for a in row] for row in net.affine_map(net.activation_pattern((Fraction(0),) * 3))[0]])
    for norm in NORMS:
        order = {"linf": np.inf, "l1": 1, "l2": 2}[norm]
        assert np.linalg.norm(exact, order) <= bounds[norm] <= found.norms(norm)[0] * (1 + 2.0**-40)
    assert bounds["linf"] <= np.linalg.norm(exact, np.inf) * (1 + 2.0**-40)


def test_a_neuron_that_may_switch_counts(monkeypatch):
    """Taken for active, it hides the slopes of the regions where it is silent."""
    net = pr.Network([([[1], [-1]], [0, 0]), ([[1, 3]], [0])])
    encloses(net, 1.0)
    monkeypatch.setattr(module, "_behind", lambda middle, radius, entered, mask: (middle, radius))
    with pytest.raises(AssertionError):
        encloses(net, 1.0)


def test_what_cancels_between_inputs_or_outputs_is_not_added_up():
    """Of relu(x0 + x1) the slopes are between 0 and 1, of relu(x0 - x1) too, and their sum has no two at once."""
    crossing = [[1, 1], [1, -1]]
    net = pr.Network([(crossing, [0, 0]), ([[1, 0], [0, 1]], [0, 0])])
    found, bounds = on_box(net, 1.0)
    assert bounds["linf"] == pytest.approx(2)
    one = pr.Network([(crossing, [0, 0]), ([[1, 1]], [0])])
    found, bounds = on_box(one, 1.0)
    assert found.norms("linf")[0] >= 3
    assert bounds["linf"] == pytest.approx(2)
    other = pr.Network([([[1]], [0]), ([[1], [-1]], [0, 0]), (crossing, [0, 0])])
    found, bounds = on_box(other, 1.0)
    assert found.norms("l1")[0] >= 3
    assert bounds["l1"] == pytest.approx(2)


def test_many_inputs_and_outputs_are_added_up(monkeypatch):
    monkeypatch.setattr(module, "_MOST_SIGNED", 0)
    rng = np.random.default_rng(3)
    net = pr.Network([(rng.standard_normal((5, 2)), rng.standard_normal(5)), (rng.standard_normal((3, 5)), [0, 0, 0])])
    encloses(net, 1.0)


def test_half_the_signs():
    assert half_the_signs(0) == [()]
    assert half_the_signs(1) == [(1,)]
    assert half_the_signs(2) == [(1, 1), (1, -1)]
