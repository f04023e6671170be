"""Regions against polyhedra, one cut against a whole double description, and the laws of affine pieces."""

from hypothesis import assume, given, settings
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.arithmetic.exact import exact_vector, matrix_rows
from polyrelu.networks.affine_pieces import NetworkPart, Region, affine_pieces
from polyrelu.polyhedra.polyhedron import Polyhedron
from tests.strategies import domains, halfspaces, networks, points, polyhedra, witnesses


def canonical(region):
    """The set as a Polyhedron, and its generators as a set."""
    return Polyhedron.from_halfspaces(region.rows, region.ambient_dim), set(map(tuple, region.generators.table()))


@given(polyhedra())
def test_a_region_is_its_polyhedron(P):
    region = Region.of(P.halfspaces, P.ambient_dim)
    assert (region is None) == P.is_empty()
    if region is not None:
        assert Polyhedron.from_halfspaces(region.rows, P.ambient_dim) == P
        assert region.dim == P.dim
        assert all(h.relation == "==" or h.slack(region.point) > 0 for h in P.canonical().halfspaces)


@settings(max_examples=200)
@given(st.data(), st.integers(1, 3))
def test_a_cut_is_the_same_as_starting_anew(data, dim):
    P = data.draw(polyhedra(dim))
    region = Region.of(P.halfspaces, dim)
    assume(region is not None)
    rows = data.draw(st.lists(halfspaces(dim), min_size=1, max_size=3))
    cut, anew = region.cut(*rows), Region.of((*P.halfspaces, *rows), dim)
    assert (cut is None) == (anew is None)
    if cut is not None:
        (set_cut, generators_cut), (set_anew, generators_anew) = canonical(cut), canonical(anew)
        assert set_cut == set_anew
        if cut.is_pointed:
            assert generators_cut == generators_anew


@given(st.data(), st.integers(1, 3))
def test_violations_and_misses(data, dim):
    P, row = data.draw(polyhedra(dim)), data.draw(halfspaces(dim))
    region = Region.of(P.halfspaces, dim)
    assume(region is not None)
    point = region.violation(row)
    H = Polyhedron.from_halfspaces([row], dim)
    assert (point is None) == P.is_subset(H)
    assert point is None or (point in P and not row.holds(point))
    assert not region.misses(row) or (P & H).is_empty()


@settings(max_examples=50)
@given(st.data())
def test_affine_pieces_cover_and_are_affine(data):
    net = data.draw(networks(max_inputs=2, max_width=3, max_depth=2, max_neurons=5))
    domain = data.draw(domains(net.input_dim)) or Polyhedron.whole_space(net.input_dim)
    region = Region.of(domain.halfspaces, net.input_dim)
    assume(region is not None)
    part = NetworkPart.of(net, frozenset(range(net.output_dim)), frozenset())
    assert region is not None
    pieces = list(affine_pieces(region, part))
    assert part.outputs == tuple(range(net.output_dim))
    sets = [Polyhedron.from_halfspaces(piece.region.rows, net.input_dim) for piece in pieces]
    assert all(P.dim == domain.dim for P in sets)
    for x in [*witnesses(domain), exact_vector(data.draw(points(net.input_dim)), "point")]:
        around = [piece for piece, P in zip(pieces, sets, strict=True) if x in P]
        assert bool(around) == (x in domain)
        for piece in around:
            *rows, last = matrix_rows(piece.affine)
            assert last == (0,) * net.input_dim + (1,)
            values = tuple(sum(m * v for m, v in zip(row, (*x, 1), strict=True)) for row in rows)
            assert values == net.evaluate([x])[0]
            assert all(s * t >= 0 and (s or not t) for s, t in zip(piece.flat_signs, part.signs_at(x), strict=True))
    assert all(piece.flat_signs == part.signs_at(piece.region.point) for piece in pieces)


def test_the_part_that_matters():
    net = pr.Network([([[1], [2], [3]], [0, 0, 0]), ([[1, 0, 0], [0, 1, 0]], [0, 0])])
    part = NetworkPart.of(net, frozenset([1]), frozenset([2]))
    assert (part.outputs, part.neurons) == ((1,), (1, 2))
    assert [layer.output_dim for layer in part.layers] == [2, 1]
