from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given

from polyrelu.bounds.relaxation import relu_lines
from tests.mutants import mutated
from tests.strategies import wide_floats

RELU = np.array([True])


def lines_at(function, low, high, mask=RELU):
    """The slopes and the offset, exact, and the interval's ends."""
    found = function(np.array([[low]]), np.array([[high]]), mask)
    return *(Fraction(v.item()) for v in found), Fraction(low), Fraction(high)


def lie_around_relu(below, above, offset, low, high):
    """Checked at the ends and at zero, between which all three functions are affine."""
    between = [z for z in (low, Fraction(0), high) if low <= z <= high]
    return all(below * z <= max(z, 0) <= above * z + offset for z in between) and 0 <= below <= 1


@given(wide_floats, wide_floats)
def test_lines_lie_around_relu_at_every_magnitude(first, second):
    low, high = sorted([first, second])
    if max(abs(low), abs(high)) <= 2.0**300:
        assert lie_around_relu(*lines_at(relu_lines, low, high))


def test_lines_are_tight():
    assert lines_at(relu_lines, -1.0, 3.0)[:2] == (1, Fraction(3, 4))
    assert float(lines_at(relu_lines, -1.0, 3.0)[2]) == pytest.approx(0.75, rel=2**-50)
    assert lines_at(relu_lines, -3.0, 1.0)[0] == 0
    assert lines_at(relu_lines, 0.0, 3.0)[:3] == (1, 1, 0)
    assert lines_at(relu_lines, -3.0, 0.0)[:3] == (0, 0, 0)
    assert lines_at(relu_lines, -3.0, 3.0, np.array([False]))[:3] == (1, 1, 0)


def test_what_is_unknown_has_no_line():
    low, high = np.array([[-np.inf, np.nan, -1.0]]), np.array([[1.0, 1.0, np.inf]])
    assert not np.isfinite(relu_lines(low, high, np.ones(3, dtype=np.bool_)).offset).any()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("np.nextafter(-slope * low, np.inf)", "-slope * low"),
        ("np.nextafter(np.nextafter(1.0 - slope, np.inf) * high, np.inf)", "(1.0 - slope) * high"),
        ("np.maximum(falls, rises)", "falls"),
        ("np.maximum(falls, rises)", "rises"),
    ],
)
def test_no_rounding_is_spared(old, new):
    careless = mutated(relu_lines, old, new)
    rng = np.random.default_rng(0)
    ends = rng.uniform(0.1, 1, (400, 2)).tolist()
    assert all(lie_around_relu(*lines_at(relu_lines, -low, high)) for low, high in ends)
    assert not all(lie_around_relu(*lines_at(careless, -low, high)) for low, high in ends)
