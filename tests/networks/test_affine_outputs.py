from fractions import Fraction

from flint import fmpq_mat
from hypothesis import given
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.arithmetic.exact import flint_matrix, matrix_rows
from polyrelu.networks.activation_pattern import SignVector
from polyrelu.networks.affine_outputs import Outputs, matrix_and_offset, outputs_before, pulled_back, signs_at
from tests.strategies import networks, points


def values_before_relu(network, point):
    """What enters the ReLU of each layer, in plain Fractions."""
    for layer in network.layers:
        before = [
            sum((w * x for w, x in zip(row, point, strict=True)), b)
            for row, b in zip(layer.rows, layer.offsets, strict=True)
        ]
        yield [before[i] for i, masked in enumerate(layer.relu) if masked]
        point = [max(v, Fraction(0)) if masked else v for v, masked in zip(before, layer.relu, strict=True)]


def any_signs(network):
    return st.tuples(*(st.tuples(*[st.booleans()] * sum(layer.relu)) for layer in network.layers)).map(SignVector)


@given(networks(), st.data())
def test_signs_at_a_point(network, data):
    x = tuple(map(Fraction, data.draw(points(network.input_dim))))
    expected = tuple(tuple((v > 0) - (v < 0) for v in own) for own in values_before_relu(network, x))
    assert signs_at(network.layers, x) == expected
    assert network.activation_pattern(x) == tuple(tuple(sign > 0 for sign in own) for own in expected)


@given(networks(), st.data())
def test_forwards_backwards_and_remembered_are_one_map(network, data):
    outputs = Outputs(network.layers)
    for signs in data.draw(st.lists(any_signs(network), min_size=1, max_size=3)):
        matrix, offset = network.affine_map(signs)
        for depth in range(len(network.layers) + 1):
            assert outputs.before(signs.before(depth)) == outputs_before(network.layers, signs.before(depth))
        assert matrix_and_offset(outputs.before(signs)) == (matrix, offset)
        identity = [[int(i == j) for j in range(network.output_dim + 1)] for i in range(network.output_dim)]
        forms = flint_matrix(identity, network.output_dim + 1)
        kept = fmpq_mat(forms)
        rows = pulled_back(forms, network.layers, signs)
        assert rows == tuple((*row, c) for row, c in zip(matrix, offset, strict=True))
        assert forms == kept


def test_the_homogeneous_matrix_of_a_layer():
    layer = pr.Layer([[1, 2], [0, "1/3"], [5, 6]], [7, 8, 9], relu=True)
    expected = ((1, 2, 7), (0, Fraction(1, 3), 8), (5, 6, 9), (0, 0, 1))
    assert matrix_rows(layer.homogeneous) == expected
