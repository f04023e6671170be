"""Boxes and fixed coordinates by their bounds alone, against the general ways."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.arithmetic.lp import maximise
from polyrelu.polyhedra import canonical, cddlib, interior
from polyrelu.polyhedra.bounding_box import box_of
from polyrelu.polyhedra.guide import look_between
from polyrelu.polyhedra.halfspace import Halfspace
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.polyhedra.sides import sides_of
from tests.strategies import polyhedra

NUMBERS = st.fractions(-3, 3, max_denominator=4)


@pytest.fixture
def without_search(monkeypatch):
    """No double description and no linear program."""

    def refuse(*_, **__):
        raise AssertionError("a search in a box")

    monkeypatch.setattr(cddlib, "_double_description", refuse)
    monkeypatch.setattr(interior, "maximise", refuse)
    monkeypatch.setattr(canonical, "maximise", refuse)


@st.composite
def mostly_sides(draw):
    """Rows with a single nonzero entry, and few others: what becomes a box, has fixed coordinates, or is empty."""
    dim = draw(st.integers(1, 4))
    rows = []
    for _ in range(draw(st.integers(0, 2 * dim + 2))):
        j, entry = draw(st.integers(0, dim - 1)), draw(st.sampled_from([-2, -1, 1, 3]))
        relation = draw(st.sampled_from(["<=", "<=", "<=", "<", "=="]))
        rows.append(Halfspace.of([entry * int(k == j) for k in range(dim)], draw(NUMBERS), relation))
    for _ in range(draw(st.integers(0, 2))):
        normal = draw(st.lists(st.integers(-2, 2), min_size=dim, max_size=dim))
        rows.append(Halfspace.of(normal, draw(NUMBERS), draw(st.sampled_from(["<=", "<", "=="]))))
    return Polyhedron.from_halfspaces(draw(st.permutations(rows)), dim)


def plain_reduction(polyhedron):
    """Every row by a linear program of its own."""
    halfspaces = polyhedron.halfspaces
    return canonical.reduce(halfspaces, polyhedron.ambient_dim)


def is_empty_by_program(polyhedron):
    lifted = polyhedron._lift()
    best = maximise([*[0] * polyhedron.ambient_dim, 1], *canonical.split_rows(lifted.halfspaces))
    return best.point is None or not best.value


@given(polyhedron=mostly_sides())
def test_bounds_say_what_linear_programs_and_the_double_description_say(polyhedron):
    dim = polyhedron.ambient_dim
    assert polyhedron.is_empty() == is_empty_by_program(polyhedron)
    if polyhedron.is_empty():
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(canonical, "rows_hit", lambda rows, inside: frozenset())
        patch.setattr(canonical, "_sides_that_are_facets", lambda rows, dim: (frozenset(), frozenset()))
        expected = plain_reduction(polyhedron)
    assert polyhedron.canonical().halfspaces == expected.canonical_rows()
    assert len(polyhedron.irredundant().halfspaces) == len(expected.canonical_rows())
    assert polyhedron.irredundant() == polyhedron
    assert polyhedron.dim == dim - len(expected.equalities)
    generators = cddlib._double_description(*canonical.split_rows(polyhedron.halfspaces), dim)
    assert polyhedron.is_bounded() == (not generators.rays and not generators.lines)
    hull = Polyhedron.from_generators(polyhedron.vertices, polyhedron.rays, polyhedron.lines, dim)
    assert hull == polyhedron.closure() == Polyhedron.from_generators(*generators, dim=dim)
    for point in (polyhedron.sample_point(), polyhedron.relative_interior_point(), polyhedron.simple_point()):
        assert all(row.holds(point) for row in polyhedron.halfspaces)
        assert polyhedron.contains(point)
    assert all(row.slack(polyhedron.relative_interior_point()) > 0 for row in polyhedron.facets)
    least, most = box_of(polyhedron)
    for j in range(dim):
        unit = [int(k == j) for k in range(dim)]
        value = maximise(unit, *canonical.split_rows([h.closed() for h in polyhedron.halfspaces])).value
        assert most[j] == (math.inf if value is None else value)
        value = maximise([-v for v in unit], *canonical.split_rows([h.closed() for h in polyhedron.halfspaces])).value
        assert least[j] == (-math.inf if value is None else -value)


@given(polyhedron=mostly_sides(), data=st.data())
def test_points_and_subsets_by_bounds(polyhedron, data):
    numbers = st.one_of(NUMBERS, st.sampled_from([Fraction(1, 3), Fraction(3)]))
    point = tuple(data.draw(numbers) for _ in range(polyhedron.ambient_dim))
    assert polyhedron.contains(point) == all(row.holds(point) for row in polyhedron.halfspaces)
    floats = np.array([[float(v) for v in point]])
    exact = [Fraction(v) for v in floats[0].tolist()]
    assert polyhedron.contains(floats)[0] == all(row.holds(exact) for row in polyhedron.halfspaces)
    box = Polyhedron.box([-1] * polyhedron.ambient_dim, [2] * polyhedron.ambient_dim)
    escapes = [Polyhedron.from_halfspaces([v], box.ambient_dim) for h in box.halfspaces for v in h.violated()]
    assert polyhedron.is_subset(box) == all(is_empty_by_program(polyhedron & outside) for outside in escapes)


@given(polyhedron=polyhedra(3, max_rows=5))
def test_what_floats_propose_is_true(polyhedron):
    rows = [row for row in polyhedron.halfspaces if not row.is_trivial]
    around = Polyhedron.box([-2] * 3, [2] * 3)
    point, impossible = look_between(around.sides, rows)
    within = Polyhedron.from_halfspaces([*around.halfspaces, *rows], 3)
    assert point is None or within.contains(point)
    assert not impossible or is_empty_by_program(within)


def test_floats_propose_where_they_should():
    sides = Polyhedron.box([0] * 3, [1] * 3).sides
    far = [Halfspace((1, 1, 1), 1, "<"), Halfspace((-1, -1, -2), -3, "<")]
    assert look_between(sides, far) == (None, True)
    near = [Halfspace((1, 1, 1), 2, "<"), Halfspace((-1, -1, -2), -2, "<")]
    point, impossible = look_between(sides, near)
    assert not impossible
    assert point is not None
    assert all(row.holds(point) for row in near)
    steep = Halfspace((1, 10**400, 1), 10**399, "<")
    point, impossible = look_between(sides, [steep])
    assert not impossible
    assert point is None or steep.holds(point)


@pytest.mark.parametrize("dim", [30, 300])
def test_boxes_of_many_dimensions_need_no_search(dim, without_search):
    box = Polyhedron.box([0] * dim, [Fraction(j + 1, 3) for j in range(dim)])
    rows = Polyhedron.from_halfspaces([*box.halfspaces, *box.halfspaces[::-1]], dim)  # only recognisable as one
    for same in (box, rows):
        assert (same.is_empty(), same.dim, same.is_bounded()) == (False, dim, True)
        assert same.canonical() == box
        assert len(same.facets) == len(same.irredundant().halfspaces) == 2 * dim
        assert same.contains(same.simple_point())
        assert same.relative_interior_point()[1] == Fraction(1, 3)
        assert same.is_subset(Polyhedron.box([-1] * dim, [dim] * dim))
        assert not same.is_subset(Polyhedron.box([0] * dim, [1] * dim))
        assert box_of(same)[1][2] == 1
        with pytest.raises(pr.BudgetExceeded, match=f"a box in {dim} dimensions has 2\\^{dim}"):
            _ = same.vertices
    assert (box & Polyhedron.box([-1] * dim, [0] * dim)).dim == 0
    assert (box & Polyhedron.box([-2] * dim, [-1] * dim)).is_empty()


def test_a_halfspace_of_a_large_box_needs_no_search(without_search):
    dim = 200
    box = Polyhedron.box([0] * dim, [1] * dim)
    cut = box & Polyhedron([[1] * dim], [Fraction(1, 2)])  # leaves no upper bound a facet
    assert len(cut.canonical().halfspaces) == dim + 1
    assert cut.dim == dim
    assert (box & Polyhedron([[1] * dim], [-1])).is_empty()
    assert len((box & Polyhedron([[1] * dim], [dim])).canonical().halfspaces) == 2 * dim


def test_fixed_coordinates_leave_a_small_set():
    dim = 120
    values = [Fraction(j, 7) for j in range(2, dim)]
    box = Polyhedron.box([0, 0, *values], [1, 1, *values])
    triangle = box & Polyhedron([[1, 1, *[1] * (dim - 2)]], [1 + sum(values)])
    assert triangle.dim == 2
    assert {vertex[:2] for vertex in triangle.vertices} == {(0, 0), (1, 0), (0, 1)}
    assert all(vertex[2:] == tuple(values) for vertex in triangle.vertices)
    assert len(triangle.facets) == 3
    assert triangle.contains(triangle.simple_point())
    assert triangle.unfixed() == Polyhedron([[1, 1], [-1, 0], [0, -1]], [1, 0, 0])


def test_ties_are_told_exactly():
    sides = Polyhedron.box([0] * 4, [1] * 4).sides
    least = Halfspace((-3, -1, -1, 0), -5, "<=")  # only where the first three are 1
    assert look_between(sides, [least])[0][:3] == (1, 1, 1)
    assert look_between(sides, [least._replace(relation="<")]) == (None, True)
    slanted = [Halfspace((2, -1, 0, 0), 0, "<="), Halfspace((-2, 1, 0, 0), 0, "<="), Halfspace((1, 1, 3, 0), 1, "<=")]
    point, impossible = look_between(sides, slanted)
    assert not impossible
    assert point is not None
    assert all(row.holds(point) for row in slanted)
    assert look_between(sides, [slanted[0], slanted[1]._replace(relation="<")]) == (None, True)


def test_rows_that_hold_in_a_corner_only_fix_it(without_search):
    dim = 150
    box = Polyhedron.box([0] * dim, [1] * dim)
    corner = box & Polyhedron([[-2, *[-1] * (dim - 2), 0]], [-dim])
    assert corner.dim == 1
    assert corner == Polyhedron.box([*[1] * (dim - 1), 0], [1] * dim)
    assert len(corner.vertices) == 2
    assert (box & Polyhedron([[-1] * dim], [-dim], strict=True)).is_empty()


def test_floats_next_to_bounds():
    third = Fraction(1, 3)
    nearest = 1 / 3
    sides = sides_of([((3,), 1, "<=")], 1)
    points = np.array([[nearest], [np.nextafter(nearest, 1)], [np.nextafter(nearest, 0)]])
    assert sides.hold_at_floats(points).tolist() == [Fraction(v) <= third for (v,) in points.tolist()]
    exactly = sides_of([((2,), 1, "<")], 1)
    assert exactly.hold_at_floats(np.array([[0.5], [np.nextafter(0.5, 0)]])).tolist() == [False, True]
    huge = sides_of([((1,), 10**400, "<="), ((-1,), 10**400, "<=")], 1)
    assert huge.hold_at_floats(np.array([[1.7e308], [-1.7e308]])).all()
    beyond = sides_of([((-1,), -(10**400), "<=")], 1)
    assert not beyond.hold_at_floats(np.array([[1.7e308]])).any()
