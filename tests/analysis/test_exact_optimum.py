"""Optima from what floats say against optima by exact programs, and the proofs of both."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polyrelu.analysis import exact_optimum
from polyrelu.analysis.exact_optimum import Question
from polyrelu.analysis.goals import NORMS, ExactRow, Goal
from polyrelu.analysis.programs import propose
from polyrelu.analysis.relaxed_rows import Rows

KINDS = (None, *NORMS)


def question(seed, dim, kind, rows):
    """A random question on a box, and its rows in floats."""
    rng = np.random.default_rng(seed)
    numbers = rng.integers(-8, 9, (rows + (kind is None), dim + 1)) / 4
    exact = [ExactRow(tuple(map(Fraction, own[:-1])), Fraction(own[-1])) for own in numbers.tolist()]
    low, high = rng.integers(-6, 0, dim) / 2, rng.integers(0, 7, dim) / 2
    point = tuple(Fraction(int(v), 3) for v in rng.integers(-9, 10, dim)) if kind else ()
    asked = Question(Goal(kind, point), exact, tuple(map(Fraction, low)), tuple(map(Fraction, high)))
    return asked, Rows(numbers[:, :-1], numbers[:, -1], np.zeros(len(numbers))), low, high


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=12)
@given(seed=st.integers(0, 10**6), dim=st.integers(1, 5), rows=st.integers(0, 4))
def test_both_ways_agree(kind, seed, dim, rows):
    asked, floats, low, high = question(seed, dim, kind, rows)
    by_pivots = asked._by_pivots()
    hint = propose(asked.goal, floats, low, high)
    by_hint = None if hint is None else asked._by_hint(hint)
    for found in filter(None, (by_pivots, by_hint)):
        assert found.cost == by_pivots.cost
        bound = asked.goal.exact_bound(asked.rows, found.evidence, asked.low, asked.high)
        if found.cost is None:
            assert found.evidence.is_empty
            assert bound > 0
        else:
            assert bound == found.cost == asked.cost(found.point)
            assert asked._contains(found.point)


@pytest.mark.parametrize("kind", KINDS)
def test_floats_are_enough_in_many_dimensions(kind, monkeypatch):
    """Of most questions the equations at the optimum are found at once, so no program with all rows is needed."""
    monkeypatch.setattr(exact_optimum.Question, "_by_pivots", lambda self: None)
    found = 0
    for seed in range(6):
        asked, floats, low, high = question(seed, 60, kind, 5)
        if kind:  # from a point of the box, as people ask
            inside = tuple((a + 2 * b) / 3 for a, b in zip(asked.low, asked.high, strict=True))
            asked = replace(asked, goal=Goal(kind, inside))
        found += asked.optimum(propose(asked.goal, floats, low, high)) is not None
    assert found >= 4


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=8)
@given(seed=st.integers(0, 10**6), dim=st.integers(1, 4))
def test_float_bounds_are_below_the_optimum(kind, seed, dim):
    asked, floats, low, high = question(seed, dim, kind, 3)
    optimum = asked._by_pivots()
    rng = np.random.default_rng(seed)
    multipliers = np.abs(rng.standard_normal(len(floats.values)))
    support = None
    if kind is None:
        multipliers[0] = 1.0
    else:
        support = asked.goal.support(multipliers @ floats.values, low, high)
    bound = asked.goal.bound(floats, multipliers, support, low, high)
    assert optimum.cost is None or Fraction(bound) <= optimum.cost


def test_strict_rows_that_leave_nothing():
    half = Fraction(1, 2)
    rows = [ExactRow((Fraction(1),), -half), ExactRow((Fraction(-1),), half)]  # x <= 1/2 and x >= 1/2
    asked = Question(Goal("linf", (Fraction(0),)), rows, (Fraction(0),), (Fraction(1),))
    assert asked.why_empty([False, False], (), ()) is None
    evidence = asked.why_empty([True, False], (), ())
    assert evidence is not None
    assert asked.goal.exact_bound(rows, evidence, asked.low, asked.high) == 0
    assert evidence.multipliers[0] > 0
    only = Question(Goal("linf", (Fraction(0),)), rows[1:], (Fraction(0),), (half,))
    assert only.why_empty([False], (), ()) is None
    assert only.why_empty([False], (), {0}) is not None
