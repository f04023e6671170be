"""Exact sets against polyhedra, whose double description shares nothing with theirs."""

from fractions import Fraction

import pytest
from flint import fmpz_mat
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from polyrelu.arithmetic.exact import primitive
from polyrelu.certificates.exact_set import ExactSet, Row, as_point
from polyrelu.polyhedra.halfspace import Halfspace
from polyrelu.polyhedra.polyhedron import Polyhedron
from tests.mutants import mutated
from tests.strategies import halfspaces, points, polyhedra


def set_of(halfspaces, dim):
    return ExactSet.of(map(Row.of, halfspaces), dim)


def intersection(P, *halfspaces):
    return P & Polyhedron.from_halfspaces(halfspaces, P.ambient_dim)


def agree(found, P):
    """Whether a set is a polyhedron: its generators are those, its inner point is one, its dimension is that."""
    assert (found is None) == P.is_empty()
    if found is None:
        return
    assert found.dim == P.dim
    assert all(h.relation == "==" or h.slack(as_point(found.point)) > 0 for h in P.canonical().halfspaces)
    vertices, rays, lines = P.generators
    expected = {primitive((*v, 1)) for v in vertices} | {primitive((*r, 0)) for r in rays}
    generators = [vector for vector, _ in found.generators]
    assert len(found.lines) == len(lines)
    if not lines:
        assert sorted(generators) == sorted(expected)
        return
    own = Polyhedron.from_generators(
        [as_point(v) for v in generators if v[-1]],
        [v[:-1] for v in generators if not v[-1]],
        [line[:-1] for line in found.lines],
    )
    assert own == P.closure()
    assert len(generators) == len(expected)


@given(polyhedra())
def test_a_set_is_its_polyhedron(P):
    agree(set_of(P.halfspaces, P.ambient_dim), P)


@settings(max_examples=300)
@given(st.data(), st.integers(1, 4))
def test_cuts_one_after_the_other(data, dim):
    P = data.draw(polyhedra(dim, max_rows=8))
    found = set_of(P.halfspaces, dim)
    assume(found is not None)
    for row in data.draw(st.lists(halfspaces(dim), min_size=1, max_size=4)):
        P = intersection(P, row)
        found = found.cut(Row.of(row))
        agree(found, P)
        if found is None:
            break


def degenerate(dim):
    """The cross-polytope and its multiples cut off by planes through many of its vertices."""
    corner = [Halfspace.of([1 - 2 * (k >> j & 1) for j in range(dim)], 1) for k in range(2**dim)]
    return [*corner, *(Halfspace.of([int(j == k) for j in range(dim)], Fraction(1, 2)) for k in range(dim))]


def test_vertices_on_more_rows_than_they_need():
    for dim in (2, 3, 4):
        rows = degenerate(dim)
        agree(set_of(rows, dim), Polyhedron.from_halfspaces(rows, dim))


@given(st.data(), st.integers(1, 3))
def test_halves(data, dim):
    P, row = data.draw(polyhedra(dim)), data.draw(halfspaces(dim, st.just("<=")))
    found = set_of(P.halfspaces, dim)
    assume(found is not None)
    form = Row.of(row).form
    ((*values,),) = found.values(fmpz_mat([list(form)]))
    assume(min(values) < 0 < max(values))
    above, below = found.halves(form)
    opposite = Halfspace(tuple(-v for v in row.normal), -row.offset, "<=")
    agree(above, intersection(P, row))
    agree(below, intersection(P, opposite))


@settings(max_examples=200)
@given(st.data(), st.integers(1, 3))
def test_a_breach_is_a_point_that_breaks_a_row(data, dim):
    P, rows = data.draw(polyhedra(dim)), data.draw(st.lists(halfspaces(dim), max_size=3))
    found = set_of(P.halfspaces, dim)
    assume(found is not None)
    breach = found.breach([*map(Row.of, rows)])
    assert (breach is None) == P.is_subset(Polyhedron.from_halfspaces(rows, dim))
    if breach is not None:
        assert as_point(breach) in P
        assert not all(row.holds(as_point(breach)) for row in rows)
        assert not all(Row.of(row).holds(breach) for row in rows)


@settings(max_examples=200)
@given(st.data(), st.integers(1, 3))
def test_a_row_is_met_or_not(data, dim):
    P, rows = data.draw(polyhedra(dim)), data.draw(st.lists(halfspaces(dim), max_size=3))
    found = set_of(P.halfspaces, dim)
    assume(found is not None)
    assert found.meets([*map(Row.of, rows)]) == all(not intersection(P, row).is_empty() for row in rows)


@given(st.data(), st.integers(0, 3))
def test_rows_and_what_breaks_them(data, dim):
    row, x = data.draw(halfspaces(dim)), data.draw(points(dim))
    point = primitive((*map(Fraction, x), Fraction(1)))
    assert as_point(point) == tuple(map(Fraction, x))
    assert Row.of(row).holds(point) == row.holds(as_point(point))
    assert Row.of(row).holds(point) != any(broken.holds(point) for broken in Row.of(row).broken())


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("_is_edge", "rank ==", "rank <"),
        ("_is_edge", "- 2", "- 3"),
        ("_crossings", "if count < rest:", "if count <= rest:"),
        ("_straightened", 'self.span + (row.sign != "==")', "self.span"),
        ("_kept", "v * sign > 0", "v * sign < 0"),
    ],
)
def test_a_wrong_cut_is_noticed(monkeypatch, name, old, new):
    monkeypatch.setattr(ExactSet, name, mutated(getattr(ExactSet, name), old, new))
    with pytest.raises((AssertionError, ValueError, TypeError)):
        test_vertices_on_more_rows_than_they_need()
