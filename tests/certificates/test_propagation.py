"""Affine pieces: they cover the set, and on each the network is the map that it states."""

from fractions import Fraction

from hypothesis import assume, given, settings
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.arithmetic.exact import exact_vector, primitive
from polyrelu.certificates.exact_set import ExactSet, Row, as_point
from polyrelu.certificates.propagation import NetworkPart, affine_pieces
from polyrelu.polyhedra.polyhedron import Polyhedron
from tests.strategies import domains, networks, points, witnesses


@settings(max_examples=50)
@given(st.data())
def test_affine_pieces_cover_and_are_affine(data):
    net = data.draw(networks(max_inputs=2, max_width=3, max_depth=2, max_neurons=5))
    domain = data.draw(domains(net.input_dim)) or Polyhedron.whole_space(net.input_dim)
    region = ExactSet.of(map(Row.of, domain.halfspaces), net.input_dim)
    assume(region is not None)
    assert region is not None
    part = NetworkPart.of(net, frozenset(range(net.output_dim)), frozenset())
    pieces = list(affine_pieces(region, part))
    assert part.outputs == tuple(range(net.output_dim))
    assert all(piece.region.dim == domain.dim for piece in pieces)
    assert all(piece.signs == part.signs_at(piece.region.point) for piece in pieces)
    for x in [*witnesses(domain), exact_vector(data.draw(points(net.input_dim)), "point")]:
        if x not in domain:
            continue
        point = primitive((*x, Fraction(1)))
        around = [piece for piece in pieces if all(Row(form, ">=").holds(point) for form in piece.region.forms)]
        assert around
        for piece in around:
            values = tuple(sum(int(m) * v for m, v in zip(row, point, strict=True)) for row in piece.affine.table())
            assert as_point(values) == net.evaluate([x])[0]
            assert all(s * t >= 0 and (s or not t) for s, t in zip(piece.signs, part.signs_at(point), strict=True))


def test_the_part_that_matters():
    net = pr.Network([([[1], [2], [3]], [0, 0, 0]), ([[1, 0, 0], [0, 1, 0]], [0, 0])])
    part = NetworkPart.of(net, frozenset([1]), frozenset([2]))
    assert (part.outputs, part.neurons) == ((1,), (1, 2))
    assert [layer.output_dim for layer in part.layers] == [2, 1]


def test_signs_at_a_point():
    net = pr.Network([([[1], [-1], [0]], [0, Fraction(1, 2), 0]), ([[1, 1, 1]], [-1])], relu=[True, True])
    part = NetworkPart.of(net, frozenset([0]), frozenset(range(4)))
    assert part.signs_at((1, 1)) == (1, -1, 0, 0)
    assert part.signs_at((-1, 2)) == (-1, 1, 0, 0)
    assert part.signs_at((3, 1)) == (1, -1, 0, 1)
