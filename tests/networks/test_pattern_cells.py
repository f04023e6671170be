from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.arithmetic.exact import primitive
from polyrelu.networks.affine_outputs import signs_at
from polyrelu.networks.pattern_cells import Placed, pattern_cell, refine
from polyrelu.polyhedra.cell import INFINITY, cell_of
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


@given(networks())
def test_all_of_space_is_cut_until_cells_are_pointed_as_its_rows_say(network):
    layer, d = network.layers[0], network.input_dim
    whole = cell_of([], [], d)
    for part in refine(Placed(whole), network.layers, 0, lambda count: None, until_pointed=True):
        begun = part.begun or [2 * sign - 1 for sign in part.signs[0]]
        cut = [k for k, sign in enumerate(begun) if sign and k in part.cell.facets]
        forms = [row_form(layer, k, begun[k]) for k in cut]
        same = cell_of(forms, cut, d)
        assert sorted(part.cell.generators) == sorted(same.generators)
        assert len(part.cell.lines) == len(same.lines)
        by_facet = dict(zip(part.cell.generators, part.cell.tight, strict=True))
        for generator, tight in zip(same.generators, same.tight, strict=True):
            names = {facet for j, facet in enumerate(same.facets) if tight >> j & 1} - {INFINITY}
            mask = by_facet[generator]
            assert {facet for j, facet in enumerate(part.cell.facets) if mask >> j & 1} - {INFINITY} == names


def row_form(layer, k, sign):
    """Row k of the layer's ReLU neurons, as a form that is at most zero on the side of the sign."""
    i = layer.neurons[k]
    return primitive([-sign * v for v in (*layer.rows[i], layer.offsets[i])])
