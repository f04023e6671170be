"""Going down from region to region: the ends of descents, and what a stopped one knows."""

import math
from fractions import Fraction

import pytest

import polyrelu as pr
from polyrelu.analysis import descent
from polyrelu.analysis.descent import Descent
from polyrelu.networks.questions import given_domain
from tests import zoo

ABSOLUTE = zoo.NETWORKS["absolute value"]


def test_it_ends_where_nothing_is_below():
    down = Descent(ABSOLUTE, pr.Polyhedron.box([-2], [3]))
    down.run()
    assert (down.value, down.point, down.attained, down.complete, down.ray) == (0, (Fraction(0),), True, True, None)
    assert down.steps >= 1


def test_an_open_end_is_held_against_all_regions():
    """The first region that has the value does not attain it, and another one does."""
    hat = pr.Network([([[1], [-1], [1]], [-1, -1, 0]), ([[1, 1, 0]], [0])])  # zero on [-1, 1]
    down = Descent(hat, given_domain("x0 > 1/2 and x0 < 3", hat, "test"))
    down.run()
    assert (down.value, down.attained) == (0, True)
    assert down.point is not None
    assert down.domain.contains(down.point)


def test_a_ray_on_which_there_is_no_end():
    falling = pr.Network([([[1], [-1]], [0, 0]), ([[-1, 1]], [0])])  # -x
    down = Descent(falling, given_domain("x0 >= 0", falling, "test"))
    down.run()
    assert down.value is None
    assert down.ray == (1,)
    assert down.least() == -math.inf


def test_a_stopped_descent_keeps_its_value_and_a_bound(monkeypatch):
    def stopped(*args, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(descent, "verify", stopped)
    down = Descent(ABSOLUTE, pr.Polyhedron.box([1], [3]))
    with pytest.raises(KeyboardInterrupt):
        down.run()
    assert not down.complete
    assert down.value == 1
    assert -3 <= down.least() <= 1
