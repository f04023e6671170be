"""Canonical rows by certified floats are those of exact arithmetic."""

import itertools
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from polyrelu.engines.branch import facets
from polyrelu.engines.branch.facets import canonical
from polyrelu.engines.branch.library import IsFacet, walk_library
from polyrelu.polyhedra.halfspace import Halfspace
from polyrelu.polyhedra.polyhedron import Polyhedron
from tests.engines.branch import programs
from tests.engines.cells.harness.harness import shared_folder

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


# -- what floats say of each row --------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def walk(tmp_path_factory):
    return programs.compiled(shared_folder(tmp_path_factory))


def said_of(walk, tile, point, monkeypatch):
    """Of each row of a tile, what floats say of it, and how many pivots that takes."""
    found, spent = dict[Any, Any](), np.zeros(1, np.int64)

    def faced(space, forms, sides, point, beyond):
        n, dim = forms.rows.shape
        answers, ends = (
            np.zeros(n, np.uint8),
            np.concatenate([space.low, space.high, space.inner_low, space.inner_high]),
        )
        own = map(np.ascontiguousarray, forms)
        factor = float(space.forms.factor)
        walk.call("faced", dim, n, *own, sides, ends, space.forms.moduli, factor, point, beyond, answers, spent)
        rows = [row for row in dict.fromkeys(tile.halfspaces) if not row.is_trivial]
        found.update(zip(rows, map(IsFacet, answers.tolist()), strict=True))
        return list(found.values())

    monkeypatch.setattr(facets, "facets", faced)
    assert canonical(tile, point).halfspaces == tile.canonical().halfspaces
    return found, int(spent[0])


def drawn(seed):
    """A simple polytope of up to four dimensions, with rows that say nothing, and its middle."""
    rng = np.random.default_rng([3, seed])
    dim = 1 + seed % 4
    halfspaces = [
        Halfspace.of([int(v) for v in rng.integers(-50, 51, dim)], Fraction(int(rng.integers(20, 160))))
        for _ in range(int(rng.integers(1, 8)))
    ]
    tile = Polyhedron.from_halfspaces([*halfspaces, *Polyhedron.box([-1] * dim, [2] * dim).halfspaces], dim)
    return Polyhedron.from_halfspaces([tile.halfspaces[i] for i in rng.permutation(len(tile.halfspaces))], dim)


def exactly(tile, row):
    """Whether a row is a facet of a tile, says nothing, or does not touch it."""
    if row in tile.canonical().halfspaces:
        return IsFacet.YES
    touched = tile & Polyhedron([row.normal], [row.offset], equalities=[0])
    return IsFacet.NEVER if touched.is_empty() else IsFacet.NO


@pytest.mark.parametrize("seed", range(24))
def test_each_row_of_a_simple_polytope_is_what_it_is(walk, seed, monkeypatch):
    """Floats leave nothing in doubt there."""
    tile = drawn(seed)
    found, _ = said_of(walk, tile, point_in(tile), monkeypatch)
    for row, said in found.items():
        assert said == exactly(tile, row)


@pytest.mark.parametrize("dim", [2, 3, 5])
def test_a_look_straight_ahead_does_for_facets_of_a_cube_and_a_cross(walk, dim, monkeypatch):
    """From the middle, without a linear program."""
    cube = Polyhedron.box([-1] * dim, [1] * dim)
    cut = [Halfspace.of(signs, Fraction(2 * dim - 1, 2)) for signs in itertools.product([-1, 1], repeat=dim)]
    for tile in (cube, cube & Polyhedron.from_halfspaces(cut, dim)):
        found, pivots = said_of(walk, tile, np.zeros(dim), monkeypatch)
        assert set(found.values()) == {IsFacet.YES}
        assert pivots == 0


def faced(walk, rows, doubts, point, ends, sides=None):
    """Answers for rows with their constants behind, all of whose numbers are exact, and pivots."""
    own, (n, dim) = np.array(rows, dtype=np.float64), (len(rows), len(point))
    forms = *map(np.ascontiguousarray, (own[:, :-1], own[:, -1])), np.array(doubts, dtype=np.float64)
    box, beyond = np.array(ends, dtype=np.float64), np.ones(dim)
    answers, spent = np.zeros(n, np.uint8), np.zeros(1, np.int64)
    of_rows = np.array(sides or [0] * n, dtype=np.int32)
    walk.call("faced", dim, n, *forms, of_rows, box, np.ones(dim), 0.0, np.array(point), beyond, answers, spent)
    return list(map(IsFacet, answers.tolist())), int(spent[0])


@pytest.mark.parametrize(
    ("rows", "doubts", "first"),
    [
        ([[1, -0.5]], [0.3], IsFacet.YES),
        ([[1, -0.5]], [0.75], IsFacet.DOUBT),
        ([[1, -0.5], [1, -0.9]], [0.1, 0.0], IsFacet.YES),
        ([[1, -0.5], [1, -0.9]], [0.1, 0.35], IsFacet.DOUBT),
    ],
)
def test_a_facet_is_seen_beyond_its_doubt_and_inside_of_all_others(walk, rows, doubts, first):
    """Of x <= 1/2, and x <= 9/10, in [0, 1]."""
    assert faced(walk, rows, doubts, [0.1], [[0], [1], [0], [1]])[0][0] == first


def test_what_is_straight_ahead_may_be_at_an_end(walk):
    """From (-1, 1/4) ahead of x <= 0 the other coordinate stays what it is."""
    for inner in ([[-2, 0.25], [1, 0.25]], [[-2, 0.0], [1, 0.25]], [[-2, 0.25], [1, 1]]):
        found = faced(walk, [[1, 0, 0]], [0], [-1.0, 0.25], [[-2, 0], [1, 1], *inner])
        assert found == ([IsFacet.YES], 0)


@pytest.mark.parametrize(("doubt", "first"), [(0.0, IsFacet.NEVER), (0.02, IsFacet.NEVER), (0.3, IsFacet.DOUBT)])
def test_multipliers_of_rows_in_doubt_prove_less(doubt, first):
    """Whether x <= 1/2 is a facet beside x <= 2/5, of which floats are far off."""
    box = *([np.array([end]) for end in (0.0, 1.0, 0.0, 1.0, 1.0)]), 0.0
    forms = np.ones((2, 1)), np.array([-0.5, -0.4]), np.array([0.02, doubt])
    sides, point = np.zeros(2, np.int32), np.array([0.1])
    assert IsFacet(walk_library().facets(1, box, forms, sides, point, np.ones(1))[0]) == first
