"""Rows: primitive, with the solutions and the text that their numbers say."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.polyhedra.halfspace import Halfspace
from tests.strategies import coordinates, halfspaces, points, relations

AXES = ["v0", "v1", "v2"]


@given(normal=points(3), offset=coordinates, relation=relations(), x=points(3))
def test_a_row_holds_where_its_numbers_do(normal, offset, relation, x):
    row = Halfspace.of(normal, offset, relation)
    left = sum(a * v for a, v in zip(normal, x, strict=True))
    assert row.holds(x) == {"<=": left <= offset, "<": left < offset, "==": left == offset}[relation]
    assert (row.slack(x) > 0) == (left < offset) or relation == "=="
    assert row.is_trivial == (not any(normal))


@given(normal=points(3), offset=coordinates, relation=relations(), factor=st.fractions(Fraction(1, 9), 9))
def test_multiples_are_the_same_row(normal, offset, relation, factor):
    row = Halfspace.of(normal, offset, relation)
    assert Halfspace.of([factor * v for v in normal], factor * offset, relation) == row
    assert all(isinstance(v, int) for v in (*row.normal, row.offset))
    if relation == "==":
        assert Halfspace.of([-v for v in normal], -offset, relation) == row


@given(row=halfspaces(3), x=points(3))
def test_what_violates_a_row_is_everything_else(row, x):
    assert row.holds(x) + sum(other.holds(x) for other in row.violated()) == 1
    assert row.closed().holds(x) == (row.holds(x) or (row.relation == "<" and row.boundary().holds(x)))


@given(row=halfspaces(3))
def test_the_text_says_the_row(row):
    if not row.is_trivial:
        assert pr.parse(row.format(AXES), 3, ["v"]).halfspaces == (row,)


def test_sides_and_parallels():
    assert Halfspace.side(1, -1, Fraction(1, 3), 3) == Halfspace.of([0, -1, 0], Fraction(1, 3) * -1)
    assert Halfspace.parallel((1, 2), Fraction(1, 3), "<") == Halfspace.of([1, 2], Fraction(1, 3), "<")
    assert Halfspace.of([Fraction(1, 2), Fraction(-1, 4)], 1).format(["a", "b"]) == "2*a - b <= 4"
    with pytest.raises(pr.InputError, match="unknown relation '>'"):
        Halfspace.of([1], 0, ">")  # type: ignore[arg-type]
