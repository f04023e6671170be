"""What is made of tiles, against tilings that have them all."""

from collections import Counter
from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.runs.folds import Tally, exact_sum
from tests.strategies import questions


@given(st.lists(st.floats(0, allow_infinity=False)))
def test_sums_are_exact(values):
    assert exact_sum(np.array(values, dtype=np.float64)) == sum(map(Fraction, values), Fraction(0))


@settings(max_examples=15, deadline=None)
@given(questions(max_inputs=2, max_width=4, max_depth=2, max_neurons=6), st.integers(1, 30))
def test_a_measure_is_that_of_the_tiling(question, cuts):
    tiling = pr.preimage(*question)
    found = pr.measure(*question, cuts=cuts)
    assert found.tiles == len(tiling) == sum(found.dims.values())
    assert Counter(tile.polyhedron.dim for tile in tiling) == found.dims
    domain = tiling.domain
    if found.volume is None:
        assert not domain.is_bounded()
    elif len(tiling):
        assert tiling.volume(exact=True) in found.volume
        assert tiling.share(exact=True) in found.share
    assert sum(found.walls.values()) == sum(number * count for number, count in found.facets.items())


def test_tallies_add_up():
    one = Tally(2, Counter({1: 2}), Counter({3: 2}), (1, 2, 3), Fraction(1, 3), Fraction(1, 2))
    assert one + Tally() == one
    assert (one + one).walls == (2, 4, 6)
    assert (one + one).high == 1
