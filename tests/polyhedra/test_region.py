"""Regions against polyhedra, and one cut against a whole double description."""

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.polyhedra.region import Region
from tests.strategies import halfspaces, polyhedra


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
