from fractions import Fraction

import numpy as np
import pytest

import polyrelu as pr
from polyrelu.networks.layer import neuron_places, neuron_starts


def test_layer_views():
    layer = pr.Layer(np.array([[0.5, 1]]), ["1/3"], relu=True)
    assert layer.weight.tolist() == [[Fraction(1, 2), 1]]
    assert layer.bias.tolist() == [Fraction(1, 3)]
    assert layer.float_weight.tolist() == [[0.5, 1.0]]
    assert layer.float_bias.tolist() == [1 / 3]
    for array in (layer.weight, layer.bias, layer.float_weight, layer.float_bias):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 1


def test_numbers_beyond_the_floats_are_infinite_as_floats():
    layer = pr.Layer([[10**400, 1]], [Fraction(-(10**400), 3)], relu=False)
    assert layer.float_weight.tolist() == [[np.inf, 1.0]]
    assert layer.float_bias.tolist() == [-np.inf]
    assert not layer.is_float
    _, bound = pr.Network([layer]).evaluate_with_bound(np.array([[0.0, 1.0], [1.0, 1.0]]))
    assert np.isposinf(bound).all()
    assert pr.Network([layer])([1, 1]).tolist() == [Fraction(2 * 10**400, 3) + 1]


def test_the_floats_of_a_layer_made_of_floats_are_a_copy():
    weight = np.array([[1.5, -0.0], [5e-324, -1e308]]).T
    layer = pr.Layer(weight, [0, 0], relu=True)
    weight[0, 0] = 7
    assert layer.float_weight.tolist() == [[1.5, 5e-324], [0.0, -1e308]]
    assert not np.signbit(layer.float_weight[1, 0])
    assert not layer.float_weight.flags.writeable
    assert layer.is_float
    assert layer.rows[0][0] == Fraction(3, 2)
    assert layer.restricted([1], [1, 0], [True]).float_weight.tolist() == [[-1e308, 0.0]]


def test_neurons_are_counted_through_the_layers():
    masks = ([True, False, True], [False, False], [False, True])
    layers = [pr.Layer([[1]] * len(mask), [0] * len(mask), mask) for mask in masks]
    assert [layer.neurons for layer in layers] == [(0, 2), (), (1,)]
    assert [layer.neuron_count for layer in layers] == [2, 0, 1]
    assert neuron_starts(layers) == [0, 2, 2, 3]
    assert neuron_places(layers) == [(0, 0), (0, 2), (2, 1)]
    assert neuron_starts([]) == [0]
