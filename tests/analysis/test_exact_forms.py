"""Forms in integers over one number: each operation against Fractions."""

import itertools
from fractions import Fraction

import numpy as np
import pytest

from polyrelu.analysis.exact_forms import Box, Forms, entering, over_one_number, pulled_back
from polyrelu.networks.layer import Layer

THIRD = Fraction(1, 3)


def drawn(seed, rows, columns):
    """Fractions with different denominators, of which some are zero."""
    rng = np.random.default_rng(seed)
    return [[Fraction(int(rng.integers(-9, 10)), int(rng.integers(1, 8))) for _ in range(columns)] for _ in range(rows)]


def forms_of(rows):
    integers, scale = over_one_number(v for row in rows for v in row)
    width = len(rows[0])
    return Forms([integers[k * width : (k + 1) * width] for k in range(len(rows))], scale)


def at(row, point):
    return sum((a * v for a, v in zip(row, point, strict=False)), row[-1])


@pytest.mark.parametrize("seed", range(5))
def test_what_enters_is_the_layer(seed):
    (bias, *weight) = drawn(seed, 5, 4)
    layer = Layer(weight, bias, True)
    forms = entering(layer, [2, 0, 2], [1, -1, -1])
    expected = [(*(s * v for v in weight[i]), s * bias[i]) for i, s in ((2, 1), (0, -1), (2, -1))]
    assert forms.fractions() == expected


@pytest.mark.parametrize("seed", range(5))
def test_a_step_back_takes_the_line_that_its_sign_asks_for(seed):
    (bias, *weight) = drawn(seed, 4, 3)
    layer = Layer(weight, bias, [True, True, False])
    rows = drawn(seed + 100, 3, 4)
    rng = np.random.default_rng(seed)
    lines = rng.uniform(0, 1, 3), rng.uniform(0, 1, 3), rng.uniform(0, 2, 3)
    found = pulled_back(forms_of(rows), layer, lines).fractions()
    below, above, offset = ([Fraction(v) for v in line.tolist()] for line in lines)
    for row, own in zip(rows, found, strict=True):
        expected = [Fraction(0)] * 3 + [row[-1]]
        for v, a, b, t, w, c in zip(row, below, above, offset, weight, bias, strict=False):
            slope = a if v > 0 else b
            expected = [e + v * slope * x for e, x in zip(expected, (*w, c), strict=True)]
            expected[-1] += v * t if v < 0 else 0
        assert list(own) == expected


@pytest.mark.parametrize("seed", range(5))
def test_the_least_value_is_at_a_corner(seed):
    rows = drawn(seed, 4, 4)
    low, high = drawn(seed + 50, 2, 3)
    low, high = map(min, low, high), map(max, low, high)
    low, high = list(low), list(high)
    corners = list(itertools.product(*zip(low, high, strict=True)))
    assert Box.of(low, high).least(forms_of(rows)) == [min(at(row, corner) for corner in corners) for row in rows]


def test_an_end_that_is_not_known_is_missed_only_where_it_is_needed():
    box = Box.of([THIRD, None], [None, Fraction(2)])
    rows = [[THIRD, Fraction(0), Fraction(1)], [THIRD, -THIRD, Fraction(1)], [-THIRD, Fraction(0), Fraction(1)]]
    rows.append([Fraction(0), THIRD, Fraction(1)])
    assert box.least(forms_of(rows)) == [Fraction(10, 9), Fraction(4, 9), None, None]


def test_sums_and_others_over_another_number():
    one, other = drawn(1, 2, 3), drawn(2, 1, 3)
    together = forms_of(one).and_others(forms_of(other))
    assert together.fractions() == [tuple(row) for row in (*one, *other)]
    weights = [Fraction(1, 5), Fraction(0), Fraction(-7, 2)]
    expected = [
        sum((w * v for w, v in zip(weights, column, strict=True)), Fraction(0))
        for column in zip(*one, *other, strict=True)
    ]
    assert together.sum(weights).fractions() == [tuple(expected)]
