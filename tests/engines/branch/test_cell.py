from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyrelu.arithmetic import float_lp
from polyrelu.arithmetic.float_lp import Proposal
from polyrelu.engines.branch.affine import AffineOn
from polyrelu.engines.branch.cell import Answer, Cell, Space, look, narrowed
from polyrelu.polyhedra.halfspace import Halfspace
from polyrelu.polyhedra.polyhedron import Polyhedron
from tests.mutants import mutated


def cube(dim, rows=()):
    low, high = -np.ones(dim), np.ones(dim)
    space = Space(AffineOn(low, high, 20, 1), low, high, np.nextafter(low, 0), np.nextafter(high, 0))
    cell = Cell(space.forms.of_rows([]), low, high, np.zeros((0, dim)))
    for row in rows:
        cell = cell.within(space.forms.of_rows([row]), np.zeros((0, dim)))
    return space, cell


small_rows = st.builds(Halfspace.of, st.tuples(*[st.integers(-3, 3)] * 2), st.integers(-2, 3)).filter(
    lambda row: any(row.normal)
)


@given(rows=st.lists(small_rows, max_size=5), asked=small_rows)
def test_answers_are_true(rows, asked):
    """Against exact arithmetic, for a cell of which no point is known."""
    space, cell = cube(2, rows)
    closed = Polyhedron.box([-1, -1], [1, 1]) & Polyhedron.from_halfspaces([*rows, asked], 2)
    found = look(cell, space.forms.of_rows([asked]), space)
    if found.answer is Answer.YES:
        assert len(found.points)
        for point in found.points.tolist():
            exact = tuple(map(Fraction, point))
            assert all(row.slack(exact) > 0 for row in closed.halfspaces)
    elif found.answer is Answer.NO:
        assert not closed.is_full_dimensional()
    elif found.answer is Answer.NEVER:
        assert closed.is_empty()


@given(row=small_rows, low=st.floats(-1, 0), high=st.floats(0, 1))
def test_narrowed_boxes_lose_nothing(row, low, high):
    space, _ = cube(2)
    ends = np.array([low, -1.0]), np.array([1.0, high])
    first, last = narrowed(*ends, space.forms.of_rows([row]))
    assert (first >= ends[0]).all()
    assert (last <= ends[1]).all()
    left = Polyhedron.box(ends[0].tolist(), ends[1].tolist()) & Polyhedron.from_halfspaces([row], 2)
    if not left.is_empty():
        assert left.is_subset(Polyhedron.box(first.tolist(), last.tolist()))


def test_a_narrowed_box_needs_its_doubt():
    space, _ = cube(2)
    row, ends = Halfspace.of([3, 10], -2), (np.array([-1.0, -0.1]), np.ones(2))
    exact = (Fraction(-2) - 10 * Fraction(-0.1)) / 3
    assert Fraction(narrowed(*ends, space.forms.of_rows([row]))[1][0].item()) >= exact
    careless = mutated(narrowed, "2.0 * doubt - constant", "-8.0 * doubt - constant")
    assert Fraction(careless(*ends, space.forms.of_rows([row]))[1][0].item()) < exact


@pytest.mark.parametrize("room", [-1.0, 1.0])
def test_a_solver_that_lies_is_not_believed(room, monkeypatch):
    space, cell = cube(2, [Halfspace.of([1, 1], -1)])
    wrong = np.array([5.0, -9.0])
    monkeypatch.setattr(float_lp, "most_room", lambda rows, *_: Proposal(wrong, room, np.full(len(rows), 1.0)))
    inside, outside = Halfspace.of([-1, -1], Fraction(3, 2)), Halfspace.of([-1, -1], Fraction(1, 2))
    assert look(cell, space.forms.of_rows([inside]), space).answer in (Answer.DOUBT, Answer.YES)
    assert look(cell, space.forms.of_rows([outside]), space).answer in (Answer.DOUBT, Answer.NEVER)
    monkeypatch.setattr(float_lp, "most_room", lambda *_: None)
    assert look(cell, space.forms.of_rows([inside]), space).answer is Answer.DOUBT


def test_points_and_boxes_are_asked_before_programs(monkeypatch):
    space, cell = cube(2)
    monkeypatch.setattr(float_lp, "most_room", None)
    known = Cell(cell.rows, cell.low, cell.high, np.array([[0.5, 0.5], [-0.5, 0.5]]))
    found = look(known, space.forms.of_rows([Halfspace.of([1, 0], 0)]), space)
    assert (found.answer, found.points.tolist(), found.by_program) == (Answer.YES, [[-0.5, 0.5]], False)
    assert look(known, space.forms.of_rows([Halfspace.of([1, 0], -2)]), space).answer is Answer.NEVER
