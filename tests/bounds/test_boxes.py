from fractions import Fraction

import numpy as np
import pytest

import polyrelu as pr
from polyrelu.bounds.boxes import BoxSearch
from tests.extreme_networks import plain_network

TARGET = pr.parse("y0 >= 1", dim=1)
TENT = pr.Network([([[1, 0], [-1, 0], [0, 1]], [0, 0, 0]), ([[1, 1, -1]], [0])])  # |x0| - relu(x1)


def search(net, target, ripe=0, radius=1.0):
    dim = net.input_dim
    return BoxSearch(net.layers, target, np.full(dim, -radius), np.full(dim, radius), ripe)


def parts(asked, most=200):
    """All parts that are handed out, in batches."""
    found = []
    while asked.bounded < most and (batch := asked.step()) is not None:
        found.append(batch)
    return found


@pytest.mark.parametrize("seed", range(4))
def test_what_is_mapped_into_the_target_is_in_a_part_that_is_ripe_or_waits(seed):
    rng = np.random.default_rng(seed)
    net = plain_network(rng)
    points = rng.uniform(-1, 1, (2000, net.input_dim))
    value = net.evaluate([tuple(map(Fraction, points[0].tolist()))])[0][0]
    target = pr.Polyhedron([[-1, *[0] * (net.output_dim - 1)]], [-value])
    asked = search(net, target, ripe=2)
    ripe = [batch.chosen(np.flatnonzero(asked.are_ripe(batch))) for batch in parts(asked, 60)]
    inside = points[pr.maps_into(net, target, points)]
    assert len(inside)
    for x in inside:
        assert any(((own.low <= x) & (x <= own.high)).all(axis=1).any() for own in [*ripe, *asked.waiting])
    assert asked.bounded >= asked.excluded


def test_what_bounds_decide_is_split_until_they_do():
    asked = search(TENT, pr.parse("y0 >= 1.01", dim=1), ripe=-1)
    assert asked.step() is not None
    left = parts(asked)
    assert left == [] or not len(left[-1])
    assert asked.step() is None
    assert asked.excluded == (asked.bounded + 1) // 2


def test_parts_are_halved_where_the_bound_moves_most():
    first = search(TENT, TARGET, ripe=-1).step()
    low, high, parents = first.halves()
    assert parents.tolist() == [0, 0]
    assert (high - low).tolist() in ([[1.0, 2.0], [1.0, 2.0]], [[2.0, 1.0], [2.0, 1.0]])
    assert first.middles().tolist() == [[0.0, 0.0]]
    assert first.corners()[0, 1] == -1.0  # where relu(x1) is least


def test_few_neurons_that_may_switch_make_a_part_ripe():
    asked = search(TENT, TARGET, ripe=3)
    first = asked.step()
    assert first.doubtful.tolist() == [3]
    assert asked.are_ripe(first).tolist() == [True]
    assert asked.step() is None


def test_what_is_as_thin_as_floats_is_ripe():
    one = np.ones(2)
    asked = BoxSearch(TENT.layers, pr.parse("y0 >= -1", dim=1), one, np.nextafter(one, 2), -1)
    first = asked.step()
    assert first is not None
    assert asked.are_ripe(first).tolist() == [True]
    assert asked.step() is None


def test_a_target_without_rows_is_not_excluded():
    asked = search(TENT, pr.Polyhedron.whole_space(1), ripe=-1)
    assert len(parts(asked, 7)[-1])
    assert asked.excluded == 0
