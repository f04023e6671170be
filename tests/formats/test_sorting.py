"""Comparator networks: the zero-one principle says that one sorts if it sorts all numbers 0 and 1."""

import itertools
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyrelu.formats.lowering import Lowering, Variable
from polyrelu.formats.sorting import ordered, stages


def run(count, places, numbers):
    now = list(numbers)
    for stage in stages(count, places):
        assert len({place for pair in stage for place in pair}) == 2 * len(stage), "comparators share a number"
        for i, j in stage:
            now[i], now[j] = min(now[i], now[j]), max(now[i], now[j])
    return [now[place] for place in places]


@pytest.mark.parametrize("count", range(1, 11))
def test_zeros_and_ones_are_sorted(count):
    for numbers in itertools.product((0, 1), repeat=count):
        assert run(count, range(count), numbers) == sorted(numbers)


@pytest.mark.parametrize("count", range(1, 9))
def test_single_places_get_the_right_numbers_with_fewer_comparators(count):
    for place in range(count):
        for numbers in itertools.product((0, 1), repeat=count):
            assert run(count, [place], numbers) == [sorted(numbers)[place]]
    every, one = (sum(map(len, stages(count, places))) for places in (range(count), [0]))
    assert one <= every
    assert one == count - 1, "the smallest of n takes n - 1 comparisons"


def test_depth_is_that_of_merge_exchange():
    assert [len(stages(count, range(count))) for count in (1, 2, 4, 8, 16, 17)] == [0, 1, 3, 6, 10, 15]


@given(st.lists(st.fractions(-3, 3, max_denominator=4), min_size=1, max_size=7))
def test_networks_sort_exactly(numbers):
    low = Lowering(len(numbers))
    columns = [Variable(rows) for rows in low.inputs((len(numbers), 1)).rows]
    found = ordered(low, columns, range(len(numbers)), "test")
    rows = [row for place in range(len(numbers)) for row in found[place].flat]
    network = low.network(Variable.of(rows, (len(rows),)))
    assert network(numbers).tolist() == sorted(map(Fraction, numbers))
    comparators = sum(map(len, stages(len(numbers), range(len(numbers)))))
    assert network.neuron_count == comparators, "one neuron for each comparator"
