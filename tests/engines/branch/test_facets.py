"""Canonical rows by certified floats are those of exact arithmetic."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from polyrelu.engines.branch import facets
from polyrelu.engines.branch.facets import canonical
from polyrelu.engines.branch.library import IsFacet
from polyrelu.polyhedra.halfspace import Halfspace
from polyrelu.polyhedra.polyhedron import Polyhedron

NOWHERE = np.full(3, np.nan)
CUBE = Polyhedron.box([-1] * 3, [1] * 3)
rows = st.builds(
    Halfspace.of,
    st.tuples(*[st.integers(-2, 2)] * 3).filter(any),
    st.integers(-1, 6).map(lambda v: Fraction(v, 2)),
    st.sampled_from(["<=", "<=", "<"]),
)


def point_in(tile):
    """A float point strictly inside a set of full dimension."""
    return np.array([float(v) for v in tile.relative_interior_point()])


@given(rows=st.lists(rows, max_size=8))
def test_canonical_rows_are_the_exact_ones(rows):
    """With rows that are equal, that touch the set in a corner, and that are strict."""
    tile = CUBE & Polyhedron.from_halfspaces(rows, 3)
    assume(tile.is_full_dimensional())
    point = point_in(tile)
    assume(all(row.slack(tuple(map(Fraction, point.tolist()))) > 0 for row in tile.halfspaces))
    found = canonical(Polyhedron.from_halfspaces(tile.halfspaces, 3), point)
    assert found.canonical().halfspaces == tile.canonical().halfspaces
    assert found.halfspaces == tile.canonical().halfspaces
    assert found.facets == tile.facets


def test_floats_decide_what_is_not_degenerate(monkeypatch):
    tile = CUBE & Polyhedron.from_halfspaces([Halfspace.of([1, 2, 1], 1), Halfspace.of([1, 1, 1], 4)], 3)
    monkeypatch.setattr(Polyhedron, "canonical", None)
    found = canonical(tile, np.zeros(3))
    assert len(found.facets) == 7


@pytest.mark.parametrize("tile", [CUBE & Polyhedron([[1, 1, 0]], [0], equalities=[0]), Polyhedron.empty(3)])
def test_without_a_point_inside_exact_arithmetic_decides(tile):
    assert canonical(tile, NOWHERE) == tile.canonical()


def test_a_lie_about_rows_is_another_set(monkeypatch):
    tile = CUBE & Polyhedron.from_halfspaces([Halfspace.of([1, 1, 1], 4)], 3)
    monkeypatch.setattr(facets, "facets", lambda _space, forms, *_: [IsFacet.YES] * len(forms.constants))
    assert canonical(tile, np.zeros(3)).halfspaces != tile.canonical().halfspaces
