from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.networks.affine_outputs import signs_at
from polyrelu.networks.pattern_cells import pattern_cell
from tests.networks.test_affine_outputs import any_signs
from tests.strategies import networks, points


@given(networks(), st.data())
def test_a_cell_has_the_points_whose_signs_agree(network, data):
    signs = data.draw(any_signs(network))
    low, high = [-2] * network.input_dim, [2] * network.input_dim
    cell = pattern_cell(network.layers, signs, pr.Polyhedron.box(low, high))
    for drawn in data.draw(st.lists(points(network.input_dim), min_size=1, max_size=4)):
        x = tuple(map(Fraction, drawn))
        there = signs_at(network.layers, x)
        agrees = all(
            not sign or (sign > 0) == on
            for own, given in zip(there, signs, strict=True)
            for sign, on in zip(own, given, strict=True)
        )
        assert cell.contains(x) == (agrees and all(-2 <= v <= 2 for v in x))


@given(networks(), st.data())
def test_a_point_lies_in_the_cell_of_its_own_pattern(network, data):
    x = tuple(map(Fraction, data.draw(points(network.input_dim))))
    cell = pattern_cell(network.layers, network.activation_pattern(x), pr.Polyhedron.whole_space(network.input_dim))
    assert cell.contains(x)
