"""Images of domains: what a network returns lies in them, and each of their points is returned."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.analysis.images import without_contained
from tests import zoo
from tests.strategies import networks, witnesses


def is_reached(network, domain, value):
    """Whether an output is one of the domain's, by its preimage."""
    dim = network.output_dim
    rows = [[int(i == j) for j in range(dim)] for i in range(dim)]
    return len(pr.preimage(network, pr.Polyhedron(rows, value, equalities=range(dim)), domain)) > 0


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(networks(max_inputs=2, max_width=3, max_depth=2, max_neurons=4), st.booleans())
def test_an_image_is_what_is_returned(network, is_open):
    domain = zoo.square(1, network.input_dim)
    domain = pr.Polyhedron(domain.A, domain.b, strict=is_open)
    sets = pr.image(network, domain)
    for x in np.random.default_rng(0).uniform(-1, 1, (20, network.input_dim)):
        value = network.evaluate([[Fraction(v) for v in x]])[0]
        assert any(one.contains(value) for one in sets)
    for one in sets:
        for y in witnesses(one)[:4]:
            assert not one.contains(y) or is_reached(network, domain, y)
    for one in sets:
        assert not any(one.is_subset(other) for other in sets if other is not one)


@pytest.mark.parametrize("name", ["ring", "strips", "two rays", "strict target", "point", "skip connection"])
def test_the_image_of_a_preimage_lies_in_the_target(name):
    tiling = zoo.tiling(name)
    sets = tiling.image()
    assert sets
    assert all(one.is_subset(tiling.targets[0]) for one in sets)
    for tile in tiling:
        value = tiling.network.evaluate([tile.point()])[0]
        assert any(one.contains(value) for one in sets)


def test_what_lies_in_another_set_is_left_out_in_every_order():
    small, large = pr.Polyhedron.box([0], [1]), pr.Polyhedron.box([0], [2])
    for sets in ([small, large], [large, small], [small, large, small, pr.Polyhedron.box([1], [1])]):
        assert without_contained(sets) == (large,)


def test_flat_images_and_nothing():
    pair = pr.Network([([[1], [-1]], [0, 0]), ([[1, 1], [1, 0]], [0, 0])])
    assert [one.dim for one in pr.image(pair, ([-2], [1]))] == [1, 1]
    assert pr.image(pair, pr.Polyhedron.empty(1)) == ()
    assert pr.image(pair, ([0], [0])) == (pr.Polyhedron.box([0, 0], [0, 0]),)
    with pytest.raises(pr.Interrupted):
        pr.image(zoo.NETWORKS["space"], None, timeout=1e-9)
