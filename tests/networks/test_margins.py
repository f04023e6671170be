"""The margin of a class as the output of a network."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.networks.margins import margin_network
from tests.strategies import networks


def margin_at(value, k):
    return value[k] - max(v for j, v in enumerate(value) if j != k)


@settings(max_examples=25)
@given(networks(), st.data())
def test_it_is_the_margin_at_every_point(network, data):
    if network.output_dim < 2:
        with pytest.raises(pr.InputError, match="margin: the network has one output"):
            margin_network(network, 0)
        return
    k = data.draw(st.integers(0, network.output_dim - 1))
    x = tuple(data.draw(st.fractions(-3, 3, max_denominator=5)) for _ in range(network.input_dim))
    assert margin_network(network, k).evaluate([x])[0] == (margin_at(network.evaluate([x])[0], k),)


@pytest.mark.parametrize("classes", [2, 3, 4, 5, 8, 9])
def test_any_number_of_classes(classes):
    values = [Fraction((7 * j) % 11, 3) for j in range(classes)]
    net = pr.Network([([[0]] * classes, values)], relu=[False])
    for k in range(classes):
        found = margin_network(net, k)
        assert found.evaluate([(Fraction(0),)])[0] == (margin_at(values, k),)
        assert len(found.layers) <= 2 + (classes - 1).bit_length()


def test_a_class_that_is_not_there():
    net = pr.Network([([[1], [2]], [0, 0])])
    with pytest.raises(pr.InputError, match="margin: class"):
        margin_network(net, 2)
