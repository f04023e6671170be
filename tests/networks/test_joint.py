"""The joint network against its members, one point at a time."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.networks.joint import Inside, observing, side_by_side
from tests.strategies import networks

THIRDS = [Fraction(k, 3) for k in (-4, -1, 0, 2, 5)]
DEEP = pr.Network([([[1, 2], [-1, 1]], [0, 1]), ([[1, -3]], [-1]), ([[2], [1]], [0, 1])], relu=[True, True, False])


def points(dim, count=4):
    return [tuple(THIRDS[(3 * i + 2 * j) % 5] for j in range(dim)) for i in range(count)]


@given(st.lists(networks(max_inputs=2, max_neurons=4), min_size=1, max_size=3))
def test_side_by_side_returns_what_each_returns(members):
    joint = side_by_side(members)
    assert joint.neuron_count == sum(one.neuron_count for one in members)
    for point in points(sum(one.input_dim for one in members)):
        rest, expected = list(point), []
        for one in members:
            expected += one.evaluate([rest[: one.input_dim]])[0]
            rest = rest[one.input_dim :]
        assert joint.evaluate([point])[0] == tuple(expected)


@given(networks(max_inputs=3, max_neurons=4), st.data())
def test_inputs_in_common(network, data):
    dim = network.input_dim
    wiring = [tuple(data.draw(st.permutations(range(dim)))) for _ in range(2)]
    joint = side_by_side([network, network], wiring)
    assert joint.input_dim == dim
    for point in points(dim):
        own = [network.evaluate([[point[j] for j in places]])[0] for places in wiring]
        assert joint.evaluate([point])[0] == (*own[0], *own[1])


@given(networks(max_inputs=2, max_neurons=5), st.data())
def test_values_inside_are_those_of_the_layers(network, data):
    """By the networks of the first layers, without and with their ReLUs; patterns stay as they are."""
    places = [(k, i) for k, layer in enumerate(network.layers) for i in range(layer.output_dim)]
    if not places:
        return
    chosen = data.draw(st.lists(st.tuples(st.sampled_from(places), st.booleans()), max_size=4))
    seen = [Inside(k, i, before) for (k, i), before in chosen]
    wide = observing(network, seen)
    for point in points(network.input_dim):
        expected = list(network.evaluate([point])[0])
        for (k, i), before in chosen:
            layer = network.layers[k]
            bare = pr.Layer(layer.weight, layer.bias, False if before else layer.relu)
            expected += [pr.Network([*network.layers[:k], bare]).evaluate([point])[0][i]]
        assert wide.evaluate([point])[0] == tuple(expected)
        signs = [[on for layer in net.activation_pattern(point) for on in layer] for net in (wide, network)]
        assert signs[0] == signs[1]


def test_no_neuron_is_doubled():
    wide = observing(DEEP, [Inside(2, 1), Inside(0, 0), Inside(1, 0, True)])
    assert wide.neuron_count == DEEP.neuron_count
    assert wide([1, 1]).tolist() == [0, 1, 1, 3, -1]  # y, then h2_1, h0_0 and z1_0
    assert [str(value) for value in (Inside(2, 1), Inside(1, 0, True))] == ["h2_1", "z1_0"]


@pytest.mark.parametrize(
    ("ask", "error", "message"),
    [
        (lambda: side_by_side([]), pr.InputError, "there is no network"),
        (lambda: side_by_side([DEEP], [(0,)]), pr.DimensionError, r"take \[2\] inputs, but the wiring says \[1\]"),
        (lambda: observing(DEEP, [Inside(3, 0)]), pr.InputError, "h3_0: there is no layer 3; layers are 0 to 2"),
        (lambda: observing(DEEP, [Inside(1, 1, True)]), pr.InputError, "z1_1: layer 1 has coordinates 0 to 0"),
    ],
)
def test_refusals(ask, error, message):
    with pytest.raises(error, match=message):
        ask()
