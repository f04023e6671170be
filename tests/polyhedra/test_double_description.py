"""The double description step by step against cddlib."""

import sys
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyrelu.polyhedra import cddlib, double_description
from polyrelu.polyhedra.double_description import Cone, cone_generators, cut
from polyrelu.polyhedra.generators import Generators
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support import limits

SMALL = st.integers(-3, 3)


def vectors(dim, **sizes):
    return st.lists(st.tuples(*[SMALL] * dim), **sizes)


@st.composite
def polyhedra(draw):
    dim = draw(st.integers(0, 4))
    rows = draw(vectors(dim + 1, max_size=9))
    flat = draw(vectors(dim + 1, max_size=2))
    return [(row[:-1], row[-1]) for row in rows], [(row[:-1], row[-1]) for row in flat], dim


def same_set(one, other, dim):
    hulls = (Polyhedron.from_generators(g.vertices, g.rays, g.lines, dim) for g in (one, other))
    return next(hulls) == next(hulls)


@given(polyhedra())
def test_generators_are_those_of_cddlib(asked):
    inequalities, equalities, dim = asked
    ours = cddlib._generators_step_by_step(inequalities, equalities, dim)
    theirs = cddlib.generators_from_halfspaces(inequalities, equalities, dim)
    assert len(ours.lines) == len(theirs.lines)
    assert bool(ours.vertices) == bool(theirs.vertices)
    if not ours.lines:
        assert set(ours.vertices) == set(theirs.vertices)
    assert len(ours.vertices) == len(theirs.vertices)
    assert len(ours.rays) == len(theirs.rays) or not ours.vertices
    if ours.vertices:
        assert same_set(ours, theirs, dim)


@given(
    st.integers(1, 4).flatmap(
        lambda d: st.tuples(st.just(d), vectors(d, min_size=1, max_size=8), vectors(d, max_size=3))
    )
)
def test_rows_are_those_of_cddlib(asked):
    dim, points, rays = asked
    exact = [[tuple(map(Fraction, v)) for v in kind] for kind in (points, [r for r in rays if any(r)])]
    generators = Generators(*map(tuple, exact))

    def as_set(rows):
        inequalities, equalities = rows
        return Polyhedron(
            [n for n, _ in (*inequalities, *equalities)],
            [o for _, o in (*inequalities, *equalities)],
            equalities=range(len(inequalities), len(inequalities) + len(equalities)),
            dim=dim,
        )

    ours = cddlib._halfspaces_step_by_step(generators, dim)
    theirs = cddlib.halfspaces_from_generators(generators, dim)
    assert (len(ours[1])) == len(theirs[1])
    assert as_set(ours) == as_set(theirs)


@given(st.integers(1, 5).flatmap(lambda d: st.tuples(vectors(d, max_size=9), vectors(d, min_size=1, max_size=1))))
def test_a_cut_gives_both_sides_and_what_is_between(asked):
    rows, (form,) = asked
    dim = len(form)
    cone = Cone([], [], [tuple(int(i == j) for j in range(dim)) for i in range(dim)])
    for number, row in enumerate(rows):
        cone = cut(cone, row, 1 << number).side(-1)
    parts = cut(cone, form, 1 << len(rows))
    for sign, more in ((-1, [form]), (1, [[-v for v in form]]), (0, [form, [-v for v in form]])):
        part = parts.side(sign)
        generators, lines = cone_generators([*rows, *more], [], dim)
        assert set(part.generators) == set(generators) or part.lines
        assert len(part.generators) == len(generators)
        assert len(part.lines) == len(lines)
        for generator, tight in zip(part.generators, part.tight, strict=True):
            slacks = [sum(a * v for a, v in zip(row, generator, strict=True)) for row in (*rows, form)]
            assert tight == sum(1 << k for k, slack in enumerate(slacks) if not slack)


@pytest.mark.parametrize("dim", [4, 5, 6])
def test_numpy_finds_the_same_neighbours(dim, monkeypatch):
    rows = [(*normal, -offset) for normal, offset in cross_polytope(dim)]
    rows += [(*[1] * dim, 0), (3, -2, 1, *[0] * (dim - 2))]
    found = []
    for many in (0, 10**9):
        monkeypatch.setattr(double_description, "_MANY", many)
        found.append(cone_generators(rows, [], dim + 1))
    assert found[0] == found[1]


def cross_polytope(dim):
    """{x : |x0| + ... <= 1}: 2^d facets, each vertex on half of them."""
    signs = np.stack(np.meshgrid(*[[-1, 1]] * dim), axis=-1).reshape(-1, dim).tolist()
    return [(tuple(row), 1) for row in signs]


def test_degenerate_polytopes_with_many_rows():
    rows = cross_polytope(6)
    assert cddlib.most_generators(len(rows), 6) > cddlib._FEW
    found = cddlib.generators_from_halfspaces(rows, [], 6)
    assert set(found.vertices) == {tuple(Fraction(s * (i == j)) for i in range(6)) for j in range(6) for s in (-1, 1)}
    facets, flat = cddlib.halfspaces_from_generators(Generators(found.vertices * 3), 6)
    assert len(facets) == 64
    assert not flat


def test_extreme_cones():
    assert cone_generators([], [], 0) == ([], [])
    assert cone_generators([], [], 2) == ([], [(1, 0), (0, 1)])
    assert cone_generators([(1, 0)], [], 2) == ([(-1, 0)], [(0, 1)])
    assert cone_generators([(0, 0), (1, 0), (-1, 0)], [], 2) == ([], [(0, 1)])
    rays, lines = cone_generators([(1, 1, 0)] * 3, [(0, 0, 1)], 3)
    assert (len(rays), len(lines)) == (1, 1)


def test_limits_are_heard():
    rng = np.random.default_rng(0)
    rows = [(tuple(map(int, row)), 1000) for row in np.rint(1000 * rng.normal(size=(60, 9)))]
    with limits.Limit(timeout=0.2).kept(), pytest.raises(limits.Stop):
        cddlib.generators_from_halfspaces(rows, [], 9)


@pytest.mark.parametrize("digits", [100, 1500, 3000, 5000])
def test_numbers_of_thousands_of_digits(digits):
    """More of them than Python converts to text, in the rows or only in the vertices that they make."""
    big = 10**digits
    P = Polyhedron([[-1, 0], [0, -1], [big + 1, big], [big, big + 7]], [0, 0, big + 3, big + 9])
    assert len(P.vertices) == 4
    for x, y in P.vertices:
        assert sum(h.slack((x, y)) == 0 for h in P.halfspaces) == 2
    again = Polyhedron.from_generators(P.vertices)
    assert again == P
    assert again.volume() == P.volume() > 0


def test_numbers_that_python_was_told_not_to_convert():
    before = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(640)
    try:
        P = Polyhedron.from_generators([[Fraction(1, 7**k)] * 2 for k in (0, 300, 900)] + [[1, 0]])
        assert len(P.vertices) == 3
    finally:
        sys.set_int_max_str_digits(before)
