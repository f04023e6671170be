"""Intervals of patterns, as numbers and as bits."""

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from polyrelu.engines.cells.intervals import Interval, dealt_out


@st.composite
def intervals(draw):
    digits = draw(st.integers(0, 70))
    first, last = sorted(draw(st.tuples(*[st.integers(0, (1 << digits) - 1)] * 2)))
    return Interval(first, last, digits)


@given(intervals(), st.data())
def test_all_patterns_begin_with_the_prefix(interval, data):
    one = data.draw(st.integers(interval.first, interval.last))
    prefix = interval.prefix
    assert f"{one:0{interval.digits}b}"[: len(prefix)] == "".join("01"[sign] for sign in prefix)
    around = Interval.beginning(prefix, interval.digits)
    assert around.first <= interval.first
    assert interval.last <= around.last
    assert around.meets(interval)


def test_the_prefix_is_the_longest():
    assert Interval(0b0110, 0b0111, 4).prefix == [False, True, True]
    assert Interval(0b0111, 0b1000, 4).prefix == []
    assert Interval(0b0111, 0b0111, 4).prefix == [False, True, True, True]
    assert Interval.whole(0).prefix == []


@given(intervals(), st.data())
def test_parts_make_up_the_whole(interval, data):
    more = data.draw(st.lists(st.integers(interval.first, interval.last), max_size=5))
    parts = interval.cut(sorted({interval.first, *more}))
    assert (parts[0].first, parts[-1].last) == interval[:2]
    assert all(one.last + 1 == other.first for one, other in itertools.pairwise(parts))
    assert not any(one.meets(other) for one, other in itertools.pairwise(parts))


def test_packed_as_patterns_are():
    interval = Interval(0b1, 0b1010000011, 10)
    assert interval.packed == (bytes([0, 0b01000000]), bytes([0b10100000, 0b11000000]))
    assert Interval.whole(0).packed == (b"", b"")


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=40), st.integers(1, 8))
def test_groups_keep_the_order(weights, most):
    groups = dealt_out(range(len(weights)), np.array(weights), most)
    assert list(itertools.chain.from_iterable(groups)) == list(range(len(weights)))
    assert 1 <= len(groups) <= most


def test_groups_are_of_about_the_same_weight():
    assert dealt_out(range(6), np.array([1.0, 1, 1, 1, 1, 1]), 3) == [[0, 1], [2, 3], [4, 5]]
    assert dealt_out(range(4), np.array([9.0, 1, 1, 1]), 2) == [[0], [1, 2, 3]]
    assert dealt_out(range(2), np.array([np.nan, np.nan]), 2) == [[0], [1]]
