"""Claimed counterexamples, looked at anew."""

from fractions import Fraction

import pytest
from hypothesis import given

import polyrelu as pr
from polyrelu.analysis.replay import float_counterexample, in_floats, replay
from tests.strategies import networks

ABSOLUTE = pr.Network([([[1], [-1]], [0, 0]), ([[1, 1]], [0])])
THIRD = Fraction(1, 3)


@given(networks(max_inputs=2, max_neurons=4))
def test_what_verify_finds_is_one_and_what_is_none_says_why(network):
    if not network.output_dim:
        return
    asked = pr.Property.of(network, "y0 > 1/3", ([-1] * network.input_dim, [1] * network.input_dim))
    found = pr.verify(network, asked)
    if found.point is not None:
        again = replay(network, asked, found.point)
        assert (again.value, again.place, bool(again)) == (found.value, found.place, True)
    outside = replay(network, asked, (Fraction(3),) * network.input_dim)
    is_outside = network.input_dim > 0 or network.evaluate([()])[0][0] <= THIRD
    assert bool(outside) != is_outside
    assert not is_outside or outside.missed


def test_rows_that_are_missed_are_named():
    asked = pr.Property.of(ABSOLUTE, "y0 > 2 and x0 < y0", ([-1], [3]))
    assert replay(ABSOLUTE, asked, (Fraction(-1),)).missed == ("y0 > 2 is missed by 1",)
    on_edge = replay(ABSOLUTE, asked, (Fraction(2),)).missed
    assert "y0 > 2 is met with equality, and strict" in on_edge
    assert len(on_edge) == 2
    nothing = pr.Property(1, 1, ())
    assert replay(ABSOLUTE, nothing, (Fraction(0),)).missed == ("the property has no case: nothing breaks it",)


def test_values_of_others_are_held_against_the_property():
    asked = pr.Property.of(ABSOLUTE, "y0 > 2", ([-3], [3]))
    assert not replay(ABSOLUTE, asked, (Fraction(3),), (Fraction(2),))
    assert replay(ABSOLUTE, asked, (Fraction(1),), (Fraction(5, 2),)).value == (Fraction(5, 2),)


def exactly(network):
    return lambda point: network.evaluate([point])[0]


def test_counterexamples_of_floats():
    asked = pr.Property.of(ABSOLUTE, "y0 >= 1/3", (["-1/3"], ["1/3"]))
    found = pr.verify(ABSOLUTE, asked)
    assert found.point is not None
    assert found.place is not None
    assert abs(found.point[0]) == THIRD
    assert float_counterexample(ABSOLUTE, asked, found.place, found.point, exactly(ABSOLUTE)) is None
    wider = pr.Property.of(ABSOLUTE, "y0 >= 1/3", (["-1/3"], ["0.34"]))
    near = float_counterexample(ABSOLUTE, wider, (0, 0), (THIRD,), exactly(ABSOLUTE))
    assert near is not None
    assert in_floats(near.point) == near.point
    assert replay(ABSOLUTE, wider, near.point)
    assert float_counterexample(ABSOLUTE, wider, (0, 0), (THIRD,), lambda point: None) is None
    assert float_counterexample(ABSOLUTE, wider, (0, 0), (THIRD,), lambda point: (Fraction(0),)) is None


@pytest.mark.parametrize(
    ("value", "expected"), [(THIRD, Fraction(11184811, 2**25)), (Fraction(10**400), None), (Fraction(2**128), None)]
)
def test_rounding_to_binary32(value, expected):
    found = in_floats((value,))
    assert found == (None if expected is None else (expected,))
