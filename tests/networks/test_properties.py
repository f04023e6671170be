import itertools
from fractions import Fraction

import pytest

import polyrelu as pr
from polyrelu.networks.properties import active, between, inactive, level, wins

POINTS = list(itertools.product((-1, 0, Fraction(1, 2), 1), repeat=3))


@pytest.mark.parametrize("k", range(3))
def test_constructors_mean_what_they_say(k):
    for point in POINTS:
        others = [v for j, v in enumerate(point) if j != k]
        assert wins(k, 3).contains(point) == all(point[k] >= v for v in others)
        assert wins(k, 3, strict=True).contains(point) == all(point[k] > v for v in others)
        assert active(k, 3).contains(point) == (point[k] > 0)
        assert inactive(k, 3).contains(point) == (point[k] <= 0)
        assert level(k, "1/2", 3).contains(point) == (point[k] == Fraction(1, 2))
        assert between(k, 0, 0.5, 3).contains(point) == (0 <= point[k] <= Fraction(1, 2))


def test_constructors_in_small_dimensions():
    assert wins(0, 1) == pr.Polyhedron.whole_space(1)
    assert between(0, 1, 1, 1) == level(0, 1, 1)
    assert level(0, "0.1", 1) == pr.parse("y0 == 0.1", dim=1)


@pytest.mark.parametrize("constructor", [wins, active, inactive])
@pytest.mark.parametrize("k", [-1, 2, 0.5, True])
def test_coordinates_that_do_not_exist_are_refused(constructor, k):
    with pytest.raises(pr.InputError, match="choose from 0 to 1"):
        constructor(k, 2)


def test_bounds_are_checked():
    with pytest.raises(pr.InputError, match="low 2 is above high 1; swap them"):
        between(0, 2, 1, dim=1)
    with pytest.raises(pr.InexactError, match="level: bound"):
        level(0, float("nan"), dim=1)
